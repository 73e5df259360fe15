//! `declassify(value, @class, because: "…")`: a label let go by its author, with a reason.
//!
//! The value stays as it is; that a label went, and why, is listed where the platform is governed.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::plan::types::TypeKind;
use crate::syntax::ast::{self, Argument, ExprKind};

use super::{Checker, Place, Typed};

/// What it is called.
pub const DECLASSIFY: &str = "declassify";
const FORM: &str = "write `declassify(VALUE, @CLASS, because: \"the reason\")`";

impl Checker<'_> {
    /// The value without the labels that are let go.
    pub(super) fn declassify(&mut self, expr: &ast::Expr, arguments: &[Argument], hint: Option<&TypeKind>) -> Typed {
        let Some((value, rest)) = arguments.split_first().filter(|(first, _)| first.name.is_none()) else {
            self.say(wrong(expr.span, "`declassify` does not say what is let go").found("no value"));
            return self.error(expr);
        };
        let mut typed = self.expr_for(&value.value, hint);
        let (mut labels, mut reason, mut right) = (Vec::new(), false, !typed.is_error());
        for argument in rest {
            match (&argument.name, &argument.value.kind) {
                (None, ExprKind::Label(name)) => labels.push(name.clone()),
                (Some(name), ExprKind::Text(parts)) if name.text == "because" => {
                    reason = true;
                    right &= self.reason(argument.value.span, parts);
                }
                (_, ExprKind::Bad) => return self.error(expr),
                (Some(name), _) if name.text == "because" => {
                    self.say(wrong(argument.value.span, "the reason of `declassify` is no text").found("not a text"));
                    return self.error(expr);
                }
                (Some(name), _) => {
                    let message = format!("`declassify` takes no `{}`", name.text);
                    self.say(wrong(name.span, &message).found("not an argument of it"));
                    return self.error(expr);
                }
                (None, _) => {
                    self.no_label(&argument.value);
                    return self.error(expr);
                }
            }
        }
        if labels.is_empty() {
            self.say(wrong(expr.span, "`declassify` names no class to let go").found("no label"));
            return self.error(expr);
        }
        if !reason {
            let diagnostic = wrong(expr.span, "`declassify` says no reason").found("no `because`");
            self.say(diagnostic);
            return self.error(expr);
        }
        if self.place != Place::Step && self.place != Place::Group {
            self.say(wrong(expr.span, "`declassify` stands in a step only").found("nothing is let go here"));
            return self.error(expr);
        }
        for label in &labels {
            right &= self.release(label, &mut typed);
        }
        match right {
            true => {
                typed.span = expr.span;
                typed
            }
            false => self.error(expr),
        }
    }

    /// What stands where a class is asked for is none; a class without its `@` is most often meant.
    fn no_label(&mut self, value: &ast::Expr) {
        let text = self.text_of(value.span);
        let message = format!("`{text}` is no label");
        let diagnostic = wrong(value.span, &message).found("a class is expected, with `@`");
        self.say(match self.ctx.classes.rule(&text) {
            Some(_) => diagnostic.fix(format!("write `@{text}`"), value.span, format!("@{text}")),
            None => diagnostic,
        });
    }

    fn reason(&mut self, span: crate::base::Span, parts: &[ast::TextPart]) -> bool {
        match crate::check::settings::plain(parts) {
            Ok(text) if text.trim().is_empty() => {
                self.say(wrong(span, "the reason of `declassify` is empty").found("nothing is said"));
                false
            }
            Ok(_) => true,
            Err(at) => {
                self.say(wrong(at, "the reason of `declassify` is known only later").found("not a text as it stands"));
                false
            }
        }
    }

    /// Takes one label off; one that is not there is a mistake, since a report would list what never was.
    fn release(&mut self, label: &ast::Name, typed: &mut Typed) -> bool {
        let Some(class) = self.ctx.classes.resolve(label, self.diagnostics) else {
            return false;
        };
        if typed.is_error() || typed.labels.remove(class) {
            return true;
        }
        let text = &typed.expr.text;
        let message = format!("`{text}` does not carry `@{class}`");
        let diagnostic = Diagnostic::new(Code::NOTHING_RELEASED, label.span, message);
        let carried: Vec<_> = typed.labels.iter().map(|label| format!("`@{label}`")).collect();
        self.say(match carried.as_slice() {
            [] => diagnostic
                .found("there is nothing to let go")
                .help(format!("write `{text}` alone")),
            some => diagnostic
                .found(format!("it carries {}", some.join(", ")))
                .help(format!("write {}", some.join(", "))),
        });
        typed.labels = BTreeSet::new();
        false
    }
}

fn wrong(span: crate::base::Span, message: &str) -> Diagnostic {
    Diagnostic::new(Code::DECLASSIFY, span, message).help(FORM)
}
