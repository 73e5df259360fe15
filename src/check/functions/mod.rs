//! The functions that can be called, as the standard library and the project declare them.
//!
//! It must not know what any function does: engines lower them by name.

mod digits;
mod examples;
mod matching;
mod read;

use std::collections::BTreeMap;
use std::fmt;

use crate::diag::Diagnostics;
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

pub use examples::{Example, examples};
pub use matching::{Argument, Match, Mismatch, resolved};

macro_rules! themes {
    ($($name:literal),* $(,)?) => {
        &[$((
            concat!("functions/", $name, ".pipe"),
            include_str!(concat!("../../../stdlib/functions/", $name, ".pipe")),
        )),*]
    };
}

/// The files that declare the functions of the language: path below `stdlib/`, and text.
pub const FILES: &[(&str, &str)] = themes![
    "text",
    "convert",
    "numbers",
    "time",
    "zones",
    "choice",
    "patterns",
    "lists",
    "maps",
    "json",
    "hash",
    "url",
    "geo",
    "aggregate",
    "window",
    "elsewhere",
];

/// Over what a function answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The values of one row.
    Scalar,
    /// The rows of a group, or, where it is `running`, those of a window up to the present one.
    Aggregate,
    /// The rows of a window around the present one.
    Window,
}

/// One form of a function; several of one name differ in what they take.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its name.
    pub name: String,
    /// What it does, for hover text and the reference.
    pub doc: Option<String>,
    /// What it takes.
    pub params: Vec<Param>,
    /// What it answers.
    pub returns: Pattern,
    /// Over what it answers.
    pub kind: Kind,
    /// Whether an aggregate may stand in a `window`.
    pub running: bool,
    /// Whether it answers for missing arguments as well; otherwise one missing argument gives a missing answer.
    pub sees_missing: bool,
    /// An aggregate's answer where no value is left is missing, not 0.
    pub empty_is_missing: bool,
    /// Whether a literal argument must have an answer, which is then given when the project is compiled.
    pub reads_literals: bool,
    /// Whether it lowers the labels whose class says so.
    pub lowers: bool,
    /// Whether its answer depends on the order of rows: `order by` in the call, or that of the window.
    pub needs_order: bool,
    /// Whether it answers on rows as they arrive.
    pub on_streams: bool,
    /// The kinds that a type variable may be; empty for any.
    pub takes: Vec<String>,
    /// What else people call it, for "did you mean".
    pub also: Vec<String>,
    /// What is written instead: the name is another language's, and no call of it is right.
    pub instead: Option<String>,
    /// Whether it is a project's own `fn`.
    pub own: bool,
    /// Calls and their results, as written.
    pub examples: Vec<ast::Expr>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub ty: Pattern,
    /// What it is where it is left out.
    pub default: Option<ast::Expr>,
    /// What a value that must be known when the project is compiled must be.
    pub constant: Option<Constant>,
}

/// What an argument must be that is known when the project is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// Anything.
    Any,
    /// A regular expression of the common syntax.
    Regex,
    /// What takes the place of a match: `$1` is the first group.
    Replacement,
    /// A pattern of dates and times.
    TimePattern,
    /// A name of the time zone database.
    TimeZone,
    /// A number from one to the other, both in.
    Between(String, String),
}

/// A type in a declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Exactly this kind.
    Kind(TypeKind),
    /// A decimal; what stands in its brackets are names where it is taken, and expressions where it is answered.
    Decimal(Vec<ast::Expr>),
    /// `T`: any kind, or one of `takes`.
    Variable(String),
    /// `list<T>`
    List(Box<Pattern>),
    /// `map<string, T>`
    Map(Box<Pattern>),
    /// `struct { … }`
    Struct(Vec<(String, Pattern)>),
    /// `T?`: may be missing; as an argument it is seen, and gives no missing answer by itself.
    Optional(Box<Pattern>),
    /// `T => U`
    Function {
        /// What its parameters are.
        params: Vec<Pattern>,
        /// What it gives.
        returns: Box<Pattern>,
    },
}

/// Every function that can be called.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    declared: BTreeMap<String, Vec<Declaration>>,
}

impl Functions {
    /// Reads the declarations among the standard library's items.
    pub fn read<'a>(items: impl IntoIterator<Item = &'a ast::Item>, diagnostics: &mut Diagnostics) -> Self {
        let mut functions = Functions::default();
        for item in items {
            if let ast::ItemKind::Function(function) = &item.kind {
                functions.add(read::declaration(function, item.doc.as_ref(), diagnostics));
            }
        }
        functions
    }

    fn add(&mut self, declaration: Declaration) {
        let forms = self.declared.entry(declaration.name.clone()).or_default();
        forms.push(declaration);
    }

    /// Makes a project's own `fn` known, so that it can be called. A function of the language of the same name stays
    /// what it is.
    pub fn declare_own(&mut self, function: &ast::Function, params: Vec<(String, Type)>, returns: Type) {
        if self.declared.contains_key(&function.name.text) {
            return;
        }
        let params = function.params.iter().zip(params).map(|(written, (name, ty))| Param {
            name,
            ty: Pattern::exactly(ty),
            default: written.default.clone(),
            constant: None,
        });
        let declaration = Declaration {
            params: params.collect(),
            returns: Pattern::exactly(returns),
            own: true,
            ..read::empty(function)
        };
        self.add(declaration);
    }

    /// Whether a function is a project's own.
    pub fn is_own(&self, name: &str) -> bool {
        self.forms(name).iter().any(|form| form.own)
    }

    /// The forms of a function, in the order of their declaration.
    pub fn forms(&self, name: &str) -> &[Declaration] {
        self.declared.get(name).map_or(&[], Vec::as_slice)
    }

    /// The forms of a function of one of these kinds.
    pub fn forms_of(&self, name: &str, kinds: &[Kind]) -> Vec<&Declaration> {
        let of_kind = |form: &&Declaration| kinds.contains(&form.kind);
        self.forms(name).iter().filter(of_kind).collect()
    }

    /// Every declaration, by name, then in order.
    pub fn iter(&self) -> impl Iterator<Item = &Declaration> {
        self.declared.values().flatten()
    }

    /// Whether a function has this name, and can be called.
    pub fn contains(&self, name: &str) -> bool {
        self.forms(name).iter().any(|form| form.instead.is_none())
    }

    /// Whether the function may lower a label where its class says so.
    pub fn lowers(&self, name: &str) -> bool {
        self.forms(name).iter().any(|form| form.lowers)
    }

    /// Whether a function has a form that is an aggregate.
    pub fn is_aggregate(&self, name: &str) -> bool {
        self.forms(name).iter().any(|form| form.kind == Kind::Aggregate)
    }

    /// Whether every form of a function answers for many rows.
    pub fn only_many_rows(&self, name: &str) -> bool {
        let forms = self.forms(name).iter();
        let callable = forms.clone().any(|form| form.instead.is_none());
        callable && forms.into_iter().all(|form| form.kind != Kind::Scalar)
    }

    /// Names that can be called, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let callable = |(_, forms): &(&String, &Vec<Declaration>)| forms.iter().any(|form| form.instead.is_none());
        self.declared.iter().filter(callable).map(|(name, _)| name.as_str())
    }

    /// The function that other languages call by this name, compared without case and `_`.
    pub fn also_called(&self, name: &str) -> Option<&str> {
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        let wanted = plain(name);
        let known = |form: &&Declaration| {
            form.instead.is_none() && form.also.iter().chain([&form.name]).any(|also| plain(also) == wanted)
        };
        self.iter().find(known).map(|form| form.name.as_str())
    }

    /// What is written instead of a function that only other languages have.
    pub fn instead_of(&self, name: &str) -> Option<&str> {
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        let wanted = plain(name);
        let known =
            |form: &&Declaration| plain(&form.name) == wanted || form.also.iter().any(|also| plain(also) == wanted);
        self.iter()
            .find_map(|form| Some(&form).filter(|form| known(form))?.instead.as_deref())
    }
}

impl Pattern {
    /// The pattern of one type.
    fn exactly(ty: Type) -> Pattern {
        let kind = Pattern::Kind(ty.kind);
        match ty.optional {
            true => Pattern::Optional(Box::new(kind)),
            false => kind,
        }
    }

    /// Whether a missing value is seen, not lifted over.
    pub fn sees_missing(&self) -> bool {
        matches!(self, Pattern::Optional(_))
    }
}

/// Prints a form as it is declared: `len(text: string) -> int`.
impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let param = |param: &Param| {
            let optional = if param.default.is_some() { " = …" } else { "" };
            format!("{}: {}{optional}", param.name, param.ty)
        };
        let params: Vec<_> = self.params.iter().map(param).collect();
        write!(f, "{}({}) -> {}", self.name, params.join(", "), self.returns)
    }
}

/// Prints a pattern as it is declared, a decimal without its digits.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Kind(kind) => write!(f, "{kind}"),
            Pattern::Decimal(_) => f.write_str("decimal"),
            Pattern::Variable(name) => f.write_str(name),
            Pattern::List(item) => write!(f, "list<{item}>"),
            Pattern::Map(value) => write!(f, "map<string, {value}>"),
            Pattern::Struct(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, ty)| format!("{name} : {ty}")).collect();
                write!(f, "struct {{ {} }}", fields.join(", "))
            }
            Pattern::Optional(inner) => write!(f, "{inner}?"),
            Pattern::Function { params, returns } => {
                let params: Vec<_> = params.iter().map(ToString::to_string).collect();
                match params.as_slice() {
                    [one] => write!(f, "{one} => {returns}"),
                    many => write!(f, "({}) => {returns}", many.join(", ")),
                }
            }
        }
    }
}
