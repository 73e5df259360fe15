//! Which form of a function takes which arguments, and what it answers then.

use std::fmt;

use crate::check::ty::{self, MAX_DIGITS};
use crate::plan::types::{Type, TypeKind};

use super::{Declaration, Pattern};

/// A form that takes the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// What each argument must be.
    pub arguments: Vec<TypeKind>,
    /// What the call answers.
    pub returns: Type,
}

impl Declaration {
    /// What the call answers for arguments of these types, or `None` if this form does not take them. A missing
    /// argument gives a missing answer; an aggregate leaves missing values out, so it answers nothing only where all
    /// of its values may be missing.
    pub fn takes_types(&self, types: &[Type]) -> Option<Match> {
        if types.len() != self.params.len() {
            return None;
        }
        let mut bound = None;
        let mut arguments = Vec::new();
        for (param, ty) in self.params.iter().zip(types) {
            arguments.push(self.argument(&param.ty, &ty.kind, &mut bound)?);
        }
        let kind = match &self.returns {
            Pattern::Kind(kind) => kind.clone(),
            Pattern::Decimal | Pattern::Variable(_) => self.widened(bound.unwrap_or(TypeKind::Error)),
        };
        let missing = types.iter().any(|ty| ty.optional);
        let optional = missing && (!self.aggregate || self.empty_is_missing);
        Some(Match {
            arguments,
            returns: Type { kind, optional },
        })
    }

    fn argument(&self, pattern: &Pattern, kind: &TypeKind, bound: &mut Option<TypeKind>) -> Option<TypeKind> {
        if *kind == TypeKind::Error {
            return Some(TypeKind::Error);
        }
        match pattern {
            Pattern::Kind(wanted) => (kind == wanted || *kind == TypeKind::Null).then(|| wanted.clone()),
            Pattern::Decimal => matches!(kind, TypeKind::Decimal { .. }).then(|| bound.insert(kind.clone()).clone()),
            Pattern::Variable(_) => {
                let word = ty::word(kind);
                let allowed = self.takes.is_empty() || self.takes.contains(&word);
                allowed.then(|| bound.insert(kind.clone()).clone())
            }
        }
    }

    fn widened(&self, kind: TypeKind) -> TypeKind {
        match kind {
            TypeKind::Decimal { precision, scale } => TypeKind::Decimal {
                precision: (precision + self.wider).min(MAX_DIGITS),
                scale,
            },
            other => other,
        }
    }
}

/// Prints a form as it is declared: `len(text: string) -> int`.
impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = self.params.iter().map(|param| format!("{}: {}", param.name, param.ty));
        let params: Vec<_> = params.collect();
        write!(f, "{}({}) -> {}", self.name, params.join(", "), self.returns)
    }
}

/// Prints a pattern as it is declared.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Kind(kind) => write!(f, "{kind}"),
            Pattern::Decimal => f.write_str("decimal"),
            Pattern::Variable(name) => f.write_str(name),
        }
    }
}
