//! The functions that can be called, as the standard library declares them.
//!
//! It must not know what any function does: engines lower them by name.

use crate::diag::Diagnostics;
use crate::syntax::ast;

/// The files that declare the functions of the language: path and text.
pub const FILES: &[(&str, &str)] = &[];

/// Every function that can be called.
#[derive(Clone, Debug, Default)]
pub struct Functions {}

impl Functions {
    /// Reads the declarations of the standard library's files ([`FILES`], parsed).
    pub fn read<'a>(_items: impl IntoIterator<Item = &'a ast::Item>, _diagnostics: &mut Diagnostics) -> Self {
        todo!()
    }

    /// Makes a project's own `fn` known by name, so that a call of it is not called unknown as well.
    pub fn declare_own(&mut self, _function: &ast::Function) {
        todo!()
    }

    /// Whether a scalar or aggregate function has this name.
    pub fn contains(&self, _name: &str) -> bool {
        todo!()
    }

    /// Whether the function may lower a label where its class says so.
    pub fn lowers(&self, _name: &str) -> bool {
        todo!()
    }
}
