//! Calls: of the standard library's functions by the table, and of a project's own.

use super::lift::{Answer, Gives};
use super::table::{self, Form, Take};
use super::{Lowered, Lowering, some};
use crate::emit::rust::code::{Code, Value};
use crate::emit::rust::types::{Held, Shape, shape};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::TypeKind;

impl Lowering<'_> {
    pub(super) fn call(&mut self, function: &str, arguments: &[Expr], expr: &Expr) -> Lowered {
        let sees_missing = matches!(function, "null_if" | "first_present");
        if !sees_missing && arguments.iter().any(|argument| argument.ty.kind == TypeKind::Null) {
            return self.nothing(arguments, &expr.ty.kind);
        }
        if let Some(lowered) = self.special(function, arguments, expr) {
            return lowered;
        }
        let Some(form) = table::form(function, arguments) else {
            // What no function of a stream can do is refused before a plan is made.
            unreachable!("the plan has no function `{function}` that takes these");
        };
        if form.code == SAME {
            return self.lower(&arguments[0]);
        }
        self.formed(form, arguments, expr)
    }

    fn formed(&mut self, form: &Form, arguments: &[Expr], expr: &Expr) -> Lowered {
        let mut operands = Vec::new();
        for (argument, take) in arguments.iter().zip(form.takes) {
            let operand = self.argument(argument, *take);
            operands.push(operand);
        }
        let kind = &expr.ty.kind;
        let held = match (form.held, shape(kind)) {
            (_, Shape::Plain) => Held::Copied,
            (held, _) => held,
        };
        let answer = Answer {
            kind,
            held,
            gives: form.gives,
            text: &expr.text,
        };
        let template = template(form.code, kind);
        self.lift(operands, answer, |parts| {
            let mut code = Code::template(&template, parts);
            code.uses.extend(form.uses.iter().map(|used| (*used).to_owned()));
            code
        })
    }

    /// An argument as the runtime's function takes it.
    fn argument(&mut self, argument: &Expr, take: Take) -> Lowered {
        match take {
            Take::Regex => match literal_text(argument) {
                Some(pattern) => {
                    let regex = self.regex(pattern);
                    Lowered::plain(Code::unary("&", &regex))
                }
                None => self.operand(argument),
            },
            Take::Zone => {
                let zone = literal_text(argument).unwrap_or("UTC");
                let wanted: String = zone
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                    .collect();
                let name = self.statics.of(&wanted, "zones::Zone", "zones::checked", zone);
                Lowered::plain(Code::unary("*", &Code::name(&name)))
            }
            Take::Format => {
                let pattern = literal_text(argument).unwrap_or_default();
                let name = self.statics.of("format", "Format", "Format::checked", pattern);
                Lowered::plain(Code::name(&name))
            }
            Take::Canonical if argument.ty.kind != TypeKind::Text => {
                let operand = self.operand(argument);
                if operand.shape == Shape::Text {
                    return operand;
                }
                let answer = Answer {
                    held: Held::Owned,
                    ..Answer::plain(&TypeKind::Text)
                };
                let text = self.lift(vec![operand], answer, |parts| {
                    Code::method(&parts[0], "canonical", &[]).using("Canonical")
                });
                self.as_operand(text)
            }
            Take::Present(_) => {
                let operand = self.operand(argument);
                match &argument.ty.kind {
                    TypeKind::List(item) if item.optional => {
                        let answer = Answer {
                            held: Held::Owned,
                            ..Answer::plain(&argument.ty.kind)
                        };
                        let present = self.lift(vec![operand], answer, |parts| {
                            Code::call(&Code::path("lists::present"), parts)
                        });
                        self.as_operand(present)
                    }
                    _ => operand,
                }
            }
            _ => self.operand(argument),
        }
    }

    /// A call of a project's own function: missing where an argument is that must be there.
    pub(super) fn own(&mut self, function: &str, arguments: &[Expr], kind: &TypeKind) -> Lowered {
        let Some(own) = self.shared.own.get(function) else {
            unreachable!("the plan has no such function here");
        };
        let mut operands: Vec<_> = arguments.iter().map(|argument| self.operand(argument)).collect();
        let mut whole = Vec::new();
        for (place, (operand, may_miss)) in operands.iter_mut().zip(&own.optional).enumerate() {
            // What the function itself may find missing is handed over as it is.
            if *may_miss {
                let is_optional = std::mem::replace(&mut operand.optional, false);
                if !is_optional && let Value::Code(code) = &operand.value {
                    operand.value = Value::Code(some(code));
                }
                whole.push(place);
            }
        }
        let gives = if own.may_miss { Gives::Maybe } else { Gives::Value };
        let answer = Answer {
            kind,
            held: if shape(kind) == Shape::Plain {
                Held::Copied
            } else {
                Held::Owned
            },
            gives,
            text: "",
        };
        let path = Code::path(&format!("own::{}", own.name));
        let key = own.uses_key.then(|| Code::name("key"));
        let params = own.uses_params.then(|| Code::name("params"));
        let build = |parts: &[Code]| {
            let mut arguments = parts.to_vec();
            arguments.extend(key.clone());
            arguments.extend(params.clone());
            Code::call(&path, &arguments)
        };
        match own.fails {
            true => self.lift_failing(operands, answer, build),
            false => self.lift(operands, answer, build),
        }
    }
}

/// The code of a form whose answer is its argument.
pub(super) const SAME: &str = "{0}";

/// A template with the digits of a decimal answer, or of a list's items.
fn template(code: &str, kind: &TypeKind) -> String {
    match kind {
        TypeKind::Decimal { precision, scale } => code
            .replace("{digits}", &format!("{precision}, {scale}"))
            .replace("{precision}", &precision.to_string()),
        _ => code.to_owned(),
    }
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text),
        ExprKind::Cast(inner) => literal_text(inner),
        _ => None,
    }
}
