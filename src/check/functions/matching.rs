//! Which form of a function takes which arguments, and what it answers then.
//!
//! It must not know how arguments are written: it sees their types, and where each one goes.

use std::collections::BTreeMap;

use crate::check::exprs::Typed;
use crate::check::exprs::meet::as_beside;
use crate::check::ty;
use crate::plan::expr::Literal;
use crate::plan::types::{Column, Type, TypeKind};
use crate::syntax::ast::{self, ExprKind};

use super::digits::{self, Digits};
use super::{Declaration, Kind, Pattern};

/// An argument of a call, as far as it is known before a form is chosen.
#[derive(Clone, Debug)]
pub enum Argument {
    /// A value.
    Value(Typed),
    /// `row => …`, with how many parameters it has: what they are is said by the form.
    Lambda(usize),
}

/// What type variables and names in brackets stand for.
#[derive(Clone, Debug, Default)]
pub struct Match {
    types: BTreeMap<String, Type>,
    digits: Digits,
}

/// Why a form does not take the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// The argument at this place of the call has a name that no parameter has.
    Name(usize),
    /// The argument at this place of the call is given twice.
    Twice(usize),
    /// There are too many or too few arguments.
    Count,
    /// The parameter at this place of the declaration is of another type.
    Type(usize),
}

impl Declaration {
    /// How many arguments it takes at least.
    pub fn least(&self) -> usize {
        self.params.iter().filter(|param| param.default.is_none()).count()
    }

    /// For each parameter the place of its argument in the call; `None` where it is left out and has a default.
    pub fn places(&self, arguments: &[ast::Argument]) -> Result<Vec<Option<usize>>, Mismatch> {
        let mut places = vec![None; self.params.len()];
        for (at, argument) in arguments.iter().enumerate() {
            let slot = match &argument.name {
                None => places.get_mut(at).ok_or(Mismatch::Count)?,
                Some(name) => {
                    let place = self.params.iter().position(|param| param.name == name.text);
                    let slot = place.and_then(|place| places.get_mut(place));
                    slot.ok_or(Mismatch::Name(at))?
                }
            };
            if slot.replace(at).is_some() {
                return Err(Mismatch::Twice(at));
            }
        }
        let missing = |(param, place): (&super::Param, &Option<usize>)| place.is_none() && param.default.is_none();
        match self.params.iter().zip(&places).any(missing) {
            true => Err(Mismatch::Count),
            false => Ok(places),
        }
    }

    /// What the type variables stand for if this form takes the arguments; `exactly` without any widening.
    pub fn takes(&self, places: &[Option<usize>], arguments: &[Argument], exactly: bool) -> Result<Match, Mismatch> {
        let mut found = Match::default();
        self.constants(places, arguments, &mut found);
        // Literals take the type of what they stand beside, so they come last.
        for literals in [false, true] {
            for (at, (param, place)) in self.params.iter().zip(places).enumerate() {
                let Some(argument) = place.and_then(|place| arguments.get(place)) else {
                    continue;
                };
                let taken = match argument {
                    Argument::Value(value) if value.literal().is_some() != literals => continue,
                    Argument::Lambda(_) if literals => continue,
                    Argument::Value(value) => self.value(&param.ty, value, exactly, &mut found),
                    Argument::Lambda(count) => {
                        matches!(&param.ty, Pattern::Function { params, .. } if params.len() == *count)
                    }
                };
                if !taken {
                    return Err(Mismatch::Type(at));
                }
            }
        }
        Ok(found)
    }

    /// Whole numbers among the arguments and defaults, which may decide how many digits an answer has.
    fn constants(&self, places: &[Option<usize>], arguments: &[Argument], found: &mut Match) {
        for (param, place) in self.params.iter().zip(places) {
            let given = place.and_then(|place| arguments.get(place));
            let number = match (given, param.default.as_ref().map(|default| &default.kind)) {
                (Some(Argument::Value(value)), _) => match value.literal() {
                    Some(Literal::Int(number)) => Some(*number),
                    _ => None,
                },
                (None, Some(ExprKind::Int(digits))) => digits.parse().ok(),
                _ => None,
            };
            if let Some(number) = number {
                found.digits.insert(param.name.clone(), number);
            }
        }
    }

    fn value(&self, pattern: &Pattern, value: &Typed, exactly: bool, found: &mut Match) -> bool {
        let ty = Type {
            kind: value.kind().clone(),
            optional: false,
        };
        self.accept(pattern, &ty, Some(value), exactly, found)
    }

    /// Whether a type is one that a pattern takes, and what its variables stand for then.
    fn accept(&self, pattern: &Pattern, ty: &Type, value: Option<&Typed>, exactly: bool, found: &mut Match) -> bool {
        let kind = &ty.kind;
        if *kind == TypeKind::Error {
            return true;
        }
        match pattern {
            Pattern::Optional(inner) => {
                let present = Type {
                    kind: kind.clone(),
                    optional: false,
                };
                self.accept(inner, &present, value, exactly, found)
            }
            // A value that may be missing inside of a list or map is not one that is always there.
            Pattern::Kind(_) | Pattern::Decimal(_) | Pattern::List(_) | Pattern::Map(_) if ty.optional => false,
            Pattern::Kind(wanted) => {
                ty::same(kind, wanted)
                    || *kind == TypeKind::Null
                    || (!exactly
                        && fits(
                            &value.map_or_else(|| kind.clone(), |value| as_beside(&value.expr, wanted)),
                            wanted,
                        ))
            }
            Pattern::Decimal(brackets) => self.decimal(brackets, kind, value, exactly, found),
            Pattern::Variable(name) => self.variable(name, ty, value, found),
            Pattern::List(item) => match kind {
                TypeKind::List(own) => self.accept(item, own, None, exactly, found),
                other => *other == TypeKind::Null,
            },
            Pattern::Map(item) => match kind {
                TypeKind::Map(own) => self.accept(item, own, None, exactly, found),
                other => *other == TypeKind::Null,
            },
            Pattern::Struct(fields) => match kind {
                TypeKind::Struct(own) if own.len() == fields.len() => {
                    let pairs = fields.iter().zip(own);
                    let mut all = pairs.map(|((name, pattern), column)| {
                        *name == column.name && self.accept(pattern, &column.ty, None, exactly, found)
                    });
                    all.all(|taken| taken)
                }
                other => *other == TypeKind::Null,
            },
            Pattern::Function { .. } => false,
        }
    }

    fn decimal(
        &self,
        brackets: &[ast::Expr],
        kind: &TypeKind,
        value: Option<&Typed>,
        exactly: bool,
        found: &mut Match,
    ) -> bool {
        let any = TypeKind::Decimal {
            precision: ty::MAX_DIGITS,
            scale: 0,
        };
        let own = match (kind, value) {
            (TypeKind::Decimal { .. }, _) => kind.clone(),
            (TypeKind::Null, _) => return true,
            (TypeKind::Int, Some(value)) if !exactly => as_beside(&value.expr, &any),
            (TypeKind::Int, None) if !exactly => TypeKind::Int,
            _ => return false,
        };
        let Some((precision, scale)) = ty::digits(&own) else {
            return false;
        };
        for (name, number) in brackets.iter().zip([precision, scale]) {
            if let ExprKind::Name(name) = &name.kind {
                found.digits.insert(name.clone(), i64::from(number));
            }
        }
        true
    }

    fn variable(&self, name: &str, ty: &Type, value: Option<&Typed>, found: &mut Match) -> bool {
        if ty.kind != TypeKind::Null && !self.takes.is_empty() && !self.takes.contains(&ty::word(&ty.kind)) {
            return false;
        }
        let Some(bound) = found.types.get(name) else {
            found.types.insert(name.to_owned(), ty.clone());
            return true;
        };
        let own = value.map_or_else(|| ty.kind.clone(), |value| as_beside(&value.expr, &bound.kind));
        let Some(kind) = ty::unify(&bound.kind, &own) else {
            return false;
        };
        let optional = bound.optional || ty.optional;
        found.types.insert(name.to_owned(), Type { kind, optional });
        true
    }

    /// What the call answers. A missing argument gives a missing answer; an aggregate leaves missing values out, so it
    /// answers nothing only where all of its values may be missing.
    pub fn answer(&self, found: &Match, places: &[Option<usize>], arguments: &[Argument]) -> Type {
        let ty = resolved(&self.returns, found);
        let lifts = |(param, place): (&super::Param, &Option<usize>)| {
            let given = place.and_then(|place| arguments.get(place));
            let missing = matches!(given, Some(Argument::Value(value)) if value.expr.ty.optional);
            missing && !param.ty.sees_missing() && !self.sees_missing
        };
        let missing = self.params.iter().zip(places).any(lifts);
        let lifted = match self.kind {
            Kind::Aggregate => missing && self.empty_is_missing,
            Kind::Scalar | Kind::Window => missing,
        };
        Type {
            optional: ty.optional || lifted,
            kind: ty.kind,
        }
    }
}

impl Match {
    /// Makes a type variable stand for a type, unless it does for one already: what a `row => …` gives.
    pub fn bind(&mut self, pattern: &Pattern, ty: &Type) {
        if let Pattern::Variable(name) = pattern {
            self.types.entry(name.clone()).or_insert_with(|| ty.clone());
        }
    }

    /// Whether a type variable stands for a type.
    pub fn is_bound(&self, pattern: &Pattern) -> bool {
        match pattern {
            Pattern::Variable(name) => self.types.contains_key(name),
            _ => true,
        }
    }
}

/// The type that a pattern is once its variables are known; the type of `null` where one is not.
pub fn resolved(pattern: &Pattern, found: &Match) -> Type {
    match pattern {
        Pattern::Kind(kind) => kind.clone().required(),
        Pattern::Decimal(brackets) => digits::decimal(brackets, &found.digits)
            .unwrap_or(TypeKind::Null)
            .required(),
        Pattern::Variable(name) => found.types.get(name).cloned().unwrap_or(TypeKind::Null.optional()),
        Pattern::List(item) => TypeKind::List(Box::new(resolved(item, found))).required(),
        Pattern::Map(value) => TypeKind::Map(Box::new(resolved(value, found))).required(),
        Pattern::Struct(fields) => {
            let fields = fields
                .iter()
                .map(|(name, pattern)| Column::new(name.as_str(), resolved(pattern, found)));
            TypeKind::Struct(fields.collect()).required()
        }
        Pattern::Optional(inner) => Type {
            optional: true,
            ..resolved(inner, found)
        },
        Pattern::Function { returns, .. } => resolved(returns, found),
    }
}

/// Whether a value of one kind may stand where the other is asked for: nothing is lost, or a decimal has fewer digits
/// before the point, and too many reject the row.
fn fits(own: &TypeKind, wanted: &TypeKind) -> bool {
    if ty::narrows(own, wanted) || matches!((own, wanted), (TypeKind::Int, TypeKind::Float)) {
        return true;
    }
    ty::unify(own, wanted).is_some_and(|both| ty::same(&both, wanted))
}
