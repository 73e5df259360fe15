//! Attributes of generated resources that are set otherwise. What the attributes are, only who makes resources knows.

use crate::base::Spanned;

/// `override aws_s3_bucket.raw { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The type of the resource, as Terraform calls it.
    pub resource: Spanned<String>,
    /// Its label.
    pub label: Spanned<String>,
    /// What the author said of it.
    pub doc: Option<String>,
    /// Why what was proved may be given up.
    pub because: Option<String>,
    /// What is set.
    pub attributes: Vec<Overridden>,
}

/// An attribute, or the nested blocks of a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Overridden {
    /// Its name, as the provider has it.
    pub name: Spanned<String>,
    /// Its value.
    pub value: Spanned<Constant>,
}

/// A value that needs nothing of a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `true`, `false`
    Bool(bool),
    /// A number, by its digits.
    Number(String),
    /// A text.
    Text(String),
    /// The value of a param.
    Param(String),
    /// The name of a secret.
    Secret(String),
    /// `[a, b]`
    List(Vec<Spanned<Constant>>),
    /// `{ a = b }`
    Block(Vec<Overridden>),
}

impl Override {
    /// `aws_s3_bucket.raw`
    pub fn address(&self) -> String {
        format!("{}.{}", self.resource.value, self.label.value)
    }
}
