//! `match x { "a" => 1, 2..5 => 2, null => 3, _ => 0 }`: patterns are literals, lists of them, ranges, `null` and `_`.

use crate::base::Span;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

use super::{Checker, Typed, union};

/// What an arm holds.
enum Pattern {
    /// Any of these literals.
    Values(Vec<Typed>),
    /// From the first to the second, both in.
    Range(Box<Typed>, Box<Typed>),
    /// A missing value.
    Null,
    /// `_`
    Rest,
}

struct Arm {
    /// Where its pattern stands.
    at: Span,
    pattern: Pattern,
    value: Typed,
}

impl Checker<'_> {
    /// `match value { PATTERN => VALUE, … }`
    pub(super) fn matching(
        &mut self,
        expr: &ast::Expr,
        value: &ast::Expr,
        arms: &[(ast::Expr, ast::Expr)],
        hint: Option<&TypeKind>,
    ) -> Typed {
        let value = self.expr(value);
        let answers: Vec<_> = arms.iter().map(|(_, answer)| answer).collect();
        let answers = self.beside(&answers, hint);
        let (mut wrong, mut checked) = (value.is_error(), Vec::new());
        for ((pattern, _), answer) in arms.iter().zip(answers) {
            wrong |= answer.is_error();
            let at = pattern.span;
            // Where the value is wrong nothing can be said of its patterns.
            let pattern = if value.is_error() {
                None
            } else {
                self.pattern(pattern, &value)
            };
            match pattern {
                Some(pattern) => checked.push(Arm {
                    at,
                    pattern,
                    value: answer,
                }),
                None => wrong = true,
            }
        }
        if wrong || !self.told_apart(&value, &checked) || !self.all_cases(expr, &value, &checked) {
            return self.error(expr);
        }
        let answers: Vec<_> = checked.iter().map(|arm| &arm.value).collect();
        let Some(kind) = self.meet(&answers, None, "the arms of `match` have two types") else {
            return self.error(expr);
        };
        self.matched_arms(expr, value, checked, kind)
    }

    /// A pattern against the value; what is none is said.
    fn pattern(&mut self, pattern: &ast::Expr, value: &Typed) -> Option<Pattern> {
        match &pattern.kind {
            ast::ExprKind::Name(name) if name == "_" => Some(Pattern::Rest),
            ast::ExprKind::Null => Some(Pattern::Null),
            ast::ExprKind::Bad => None,
            ast::ExprKind::Range { low, high } => {
                let (low, high) = (self.pattern_value(low, value)?, self.pattern_value(high, value)?);
                if !ty::ordered(value.kind()) {
                    let message = format!("values of type {} have no order, so no range holds them", value.kind());
                    let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, pattern.span, message).found("a range");
                    self.say(diagnostic.help("write the values: `[\"a\", \"b\"] => …`"));
                    return None;
                }
                let (low, high) = (self.literal_of(low, value)?, self.literal_of(high, value)?);
                Some(Pattern::Range(Box::new(low), Box::new(high)))
            }
            ast::ExprKind::List(items) if !matches!(value.kind(), TypeKind::List(_)) => {
                let values: Option<Vec<_>> = items
                    .iter()
                    .map(|item| {
                        let item = self.pattern_value(item, value)?;
                        self.literal_of(item, value)
                    })
                    .collect();
                values.map(Pattern::Values)
            }
            _ => {
                let typed = self.pattern_value(pattern, value)?;
                Some(Pattern::Values(vec![self.literal_of(typed, value)?]))
            }
        }
    }

    /// One value of a pattern: a variant by its bare name, or a literal.
    fn pattern_value(&mut self, pattern: &ast::Expr, value: &Typed) -> Option<Typed> {
        if let ast::ExprKind::Name(name) = &pattern.kind {
            match value.kind() {
                // A variant of the enum comes before any column of its name.
                TypeKind::Enum { variants, .. } if variants.contains(name) => {
                    return Some(self.constant(pattern, Literal::Text(name.clone()), value.kind().clone()));
                }
                TypeKind::Enum { name: of, variants } => {
                    let near = crate::base::suggest(name, variants.iter().map(String::as_str));
                    let diagnostic = super::convert::unknown_variant(pattern.span, name, of, variants, near);
                    self.say(diagnostic);
                    return None;
                }
                _ => {
                    let message =
                        format!("a pattern is a value that is known when the project is compiled, not `{name}`");
                    let diagnostic = Diagnostic::new(Code::MATCH_ARM, pattern.span, message).found("a name");
                    let text = format!("\"{name}\"");
                    self.say(match value.kind() {
                        TypeKind::Text => diagnostic.help(format!("a text has quotes: write `{text}`")).fix(
                            format!("write `{text}`"),
                            pattern.span,
                            text,
                        ),
                        _ => diagnostic.help("compare with `if` where the value is one of the row"),
                    });
                    return None;
                }
            }
        }
        let typed = self.expr_for(pattern, Some(value.kind()));
        (!typed.is_error()).then_some(typed)
    }

    /// The literal of a pattern, as one of the value's kind.
    fn literal_of(&mut self, typed: Typed, value: &Typed) -> Option<Typed> {
        if typed.value().is_none() {
            let message = format!(
                "a pattern is a value that is known when the project is compiled, not `{}`",
                typed.expr.text
            );
            let diagnostic = Diagnostic::new(Code::MATCH_ARM, typed.span, message).found("not a literal");
            self.say(diagnostic.help("compare with `if … then … else …`"));
            return None;
        }
        if *typed.kind() == TypeKind::Bool && *value.kind() != TypeKind::Bool {
            let message = format!(
                "`{}` is a condition, and `{}` is {}",
                typed.expr.text,
                value.expr.text,
                value.kind()
            );
            let diagnostic = Diagnostic::new(Code::MATCH_ARM, typed.span, message).found("this is bool");
            self.say(diagnostic.help("compare with `if … then … else …`"));
            return None;
        }
        self.meet(&[value, &typed], Some(typed.span), "no value is held by this arm")?;
        let known = self.convert(typed, value.kind());
        if known.is_error() {
            return None;
        }
        if known.value().is_none() {
            let (text, kind) = (&known.expr.text, value.kind());
            let message = format!("no value of type {kind} is `{text}`");
            let diagnostic = Diagnostic::new(Code::BAD_LITERAL, known.span, message).found("never held");
            self.say(diagnostic.help(format!("write a value of type {kind}")));
            return None;
        }
        Some(known)
    }

    /// Whether each arm can be reached; the first that cannot is said.
    fn told_apart(&mut self, value: &Typed, arms: &[Arm]) -> bool {
        let mut held: Vec<(Literal, Span)> = Vec::new();
        let (mut rest, mut null) = (None::<Span>, None::<Span>);
        for arm in arms {
            let at = arm.at;
            let earlier = match &arm.pattern {
                Pattern::Null => null.replace(at),
                Pattern::Rest => rest.replace(at),
                Pattern::Range(..) => None,
                Pattern::Values(values) => values.iter().find_map(|typed| {
                    let known = typed.value()?;
                    let first = held.iter().find(|(other, _)| *other == known).map(|(_, span)| *span);
                    held.push((known, typed.span));
                    first
                }),
            };
            let behind = rest.filter(|rest| *rest != at);
            if let Some(first) = earlier.or(behind) {
                let message = format!("this arm of `match` is never reached: `{}`", self.text_of(at));
                let word = if earlier.is_some() {
                    "the same case"
                } else {
                    "`_` holds all that is left"
                };
                let diagnostic = Diagnostic::new(Code::MATCH_ARM, at, message)
                    .found("held by an arm before it")
                    .label(first, word);
                self.say(match earlier.is_some() {
                    true => diagnostic.help("leave it out"),
                    false => diagnostic.help("write `_` last"),
                });
                return false;
            }
            if let (Pattern::Null, false) = (&arm.pattern, value.expr.ty.optional) {
                let message = format!("`{}` is always there, so no row takes this arm", value.expr.text);
                let diagnostic = Diagnostic::new(Code::MATCH_ARM, at, message)
                    .found("never missing")
                    .label(value.span, format!("this is {}", value.expr.ty));
                self.say(diagnostic.help("leave it out"));
                return false;
            }
        }
        true
    }

    /// Whether every value is held; what is not is said.
    fn all_cases(&mut self, expr: &ast::Expr, value: &Typed, arms: &[Arm]) -> bool {
        if arms.iter().any(|arm| matches!(arm.pattern, Pattern::Rest)) {
            return true;
        }
        let held = |literal: &Literal| {
            arms.iter().any(|arm| match &arm.pattern {
                Pattern::Values(values) => values.iter().any(|typed| typed.value().as_ref() == Some(literal)),
                _ => false,
            })
        };
        let missing: Vec<String> = match value.kind() {
            TypeKind::Enum { variants, .. } => {
                let open = |variant: &&String| !held(&Literal::Text((*variant).clone()));
                variants.iter().filter(open).cloned().collect()
            }
            TypeKind::Bool => {
                let open = |known: &&bool| !held(&Literal::Bool(**known));
                [true, false].iter().filter(open).map(bool::to_string).collect()
            }
            _ => vec!["_".to_owned()],
        };
        if missing.is_empty() {
            return true;
        }
        let shown: Vec<_> = missing.iter().map(|case| format!("`{case}`")).collect();
        let message = match value.kind() {
            TypeKind::Enum { .. } | TypeKind::Bool => format!("`match` leaves {} out", shown.join(", ")),
            kind => format!("`match` of a {kind} needs `_` for all other values"),
        };
        let diagnostic = Diagnostic::new(Code::MATCH_CASES, value.span, message)
            .found(format!("this is {}", value.expr.ty))
            .label(expr.span, "these arms do not hold every value");
        let arm = match self.place {
            super::Place::Step => format!("_ => reject \"another {}\"", plain_word(&value.expr.text)),
            _ => "_ => …".to_owned(),
        };
        let help = match missing.first().is_some_and(|case| case == "_") {
            true => format!("add `{arm}`"),
            false => format!("add an arm for {}, or `{arm}`", shown.join(", ")),
        };
        self.say(diagnostic.help(help));
        false
    }

    /// The typed `match`. Literals alone stay one table; where there are ranges each arm is a condition, in order.
    fn matched_arms(&mut self, expr: &ast::Expr, value: Typed, arms: Vec<Arm>, kind: TypeKind) -> Typed {
        let labels = union(arms.iter().map(|arm| &arm.value).chain([&value]));
        let missing_held = arms
            .iter()
            .any(|arm| matches!(arm.pattern, Pattern::Rest | Pattern::Null));
        let mut ty = Type {
            kind,
            optional: (value.expr.ty.optional && !missing_held) || arms.iter().any(|arm| arm.value.expr.ty.optional),
        };
        let ranges = arms.iter().any(|arm| matches!(arm.pattern, Pattern::Range(..)));
        let (mut table, mut conditions, mut otherwise) = (Vec::new(), Vec::new(), None);
        for arm in arms {
            let answer = self.branch_value(arm.value, &ty);
            if answer.is_error() {
                return self.error(expr);
            }
            match arm.pattern {
                Pattern::Rest => otherwise = Some(answer.expr),
                Pattern::Values(values) if !ranges => {
                    table.push((values.iter().filter_map(Typed::value).collect(), answer.expr));
                }
                pattern => match self.held(expr, &value, pattern) {
                    Some(condition) => conditions.push((condition, answer.expr)),
                    None => return self.error(expr),
                },
            }
        }
        ty::label_inside(&mut ty.kind, &value.labels);
        if !conditions.is_empty() && otherwise.is_none() {
            // What is missing is held by a condition, so the last literals are all that is left.
            otherwise = table.pop().map(|(_, answer)| answer);
        }
        let node = |kind| Expr {
            kind,
            ty: ty.clone(),
            text: self.text_of(expr.span),
        };
        let rest = match (table.is_empty(), otherwise) {
            (true, Some(otherwise)) => otherwise,
            (_, otherwise) => node(ExprKind::Match {
                value: Box::new(value.expr),
                arms: table,
                otherwise: otherwise.map(Box::new),
            }),
        };
        let whole = conditions.into_iter().rev().fold(rest, |otherwise, (condition, then)| {
            node(ExprKind::If {
                condition: Box::new(condition),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            })
        });
        Typed {
            expr: whole,
            labels,
            span: expr.span,
        }
    }

    /// The condition under which a pattern holds the value.
    fn held(&mut self, expr: &ast::Expr, value: &Typed, pattern: Pattern) -> Option<Expr> {
        let value = value.clone();
        let held = match pattern {
            Pattern::Range(low, high) => self.within(expr, value, *low, *high),
            Pattern::Values(values) => {
                let list = values.iter().filter_map(Typed::value).collect();
                self.answer(expr, [value], |[value]| ExprKind::In {
                    value: Box::new(value),
                    list,
                    negated: false,
                })
            }
            Pattern::Null | Pattern::Rest => {
                let asked = self.answer(expr, [value], |[value]| ExprKind::IsNull {
                    value: Box::new(value),
                    negated: false,
                });
                return Some(required(asked.expr));
            }
        };
        (!held.is_error()).then_some(held.expr)
    }
}

fn required(mut condition: Expr) -> Expr {
    condition.ty.optional = false;
    condition
}

/// A name as a word of a sentence in quotes.
fn plain_word(text: &str) -> &str {
    let name = text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    if name { text } else { "value" }
}
