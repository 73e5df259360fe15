//! Tests of a platform: rows in, rows out.

use super::Input;
use super::expr::Literal;
use crate::base::Span;

/// A test of a transform.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its title.
    pub title: String,
    /// The transform.
    pub transform: String,
    /// Rows in, by what is read; what is not among them has no rows.
    pub given: Vec<Given>,
    /// Rows out, with the columns that each writes; `None` where nothing is said of rows.
    pub expect: Option<Vec<Vec<(String, Literal)>>>,
    /// How many rows are turned away.
    pub expect_rejected: Option<u64>,
    /// Where it stands.
    pub span: Span,
}

/// Rows of one thing that a transform under test reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// What is read, once among a test's.
    pub input: Input,
    /// Its rows. Columns that the author left out are filled, so each has all of the input's columns in order.
    pub rows: Vec<Vec<Literal>>,
}

impl Test {
    /// The rows of one thing that is read.
    pub fn rows(&self, input: &Input) -> &[Vec<Literal>] {
        let given = self.given.iter().find(|given| given.input == *input);
        given.map_or(&[], |given| &given.rows)
    }
}
