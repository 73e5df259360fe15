//! Texts: literals, and `"${a} and ${b}"`.

use crate::base::Span;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast::{self, TextPart};

use super::{Checker, Typed, union};

impl Checker<'_> {
    /// A text; one with values inside is missing where one of them is.
    pub(super) fn text(&mut self, expr: &ast::Expr, parts: &[TextPart]) -> Typed {
        if let [TextPart::Plain(plain)] = parts {
            return self.constant(expr, Literal::Text(plain.clone()), TypeKind::Text);
        }
        let (mut pieces, mut values, mut wrong) = (Vec::new(), Vec::new(), false);
        for part in parts {
            match part {
                TextPart::Plain(plain) => pieces.push(Expr {
                    kind: ExprKind::Literal(Literal::Text(plain.clone())),
                    ty: TypeKind::Text.required(),
                    text: plain.clone().into(),
                }),
                TextPart::Expr(inner) => {
                    let typed = self.expr(inner);
                    wrong |= typed.is_error() || !self.spelled(&typed, inner.span);
                    pieces.push(typed.expr.clone());
                    values.push(typed);
                }
            }
        }
        if wrong {
            return self.error(expr);
        }
        if values.is_empty() {
            return self.constant(expr, Literal::Text(String::new()), TypeKind::Text);
        }
        let ty = Type {
            kind: TypeKind::Text,
            optional: values.iter().any(|value| value.expr.ty.optional),
        };
        self.typed(expr, ExprKind::Interpolate(pieces), ty, union(&values))
    }

    /// Whether a value has one spelling on every engine; what has not is said.
    fn spelled(&mut self, value: &Typed, at: Span) -> bool {
        use TypeKind::{Bool, Date, Decimal, Enum, Float, Int, Text, Timestamp, Uuid};
        let (text, kind) = (&value.expr.text, value.kind());
        let diagnostic = match kind {
            Text | Int | Bool | Date | Timestamp | Decimal { .. } | Uuid | Enum { .. } => return true,
            TypeKind::Null => Diagnostic::new(Code::NULL_LITERAL, at, "a text with `null` inside is always missing")
                .found("always missing")
                .help("leave it out"),
            kind => {
                let message = format!("`{text}` is {kind}, which has no spelling of its own in a text");
                Diagnostic::new(Code::NOT_SPELLED, at, message).found(format!("this is {kind}"))
            }
        };
        let fixed = |written: String, diagnostic: Diagnostic| {
            diagnostic
                .help(format!("write `${{{written}}}`"))
                .fix(format!("write `{written}`"), at, written)
        };
        self.say(match kind {
            Float => fixed(format!("text({text}, digits: 2)"), diagnostic),
            TypeKind::List(_) => fixed(format!("join({text}, \", \")"), diagnostic),
            TypeKind::Duration => diagnostic.help(format!(
                "say in which unit: `${{text({text} / 1 hour, digits: 1)}}` counts hours"
            )),
            TypeKind::Struct(_) | TypeKind::Object => {
                diagnostic.help(format!("write one of its fields: `${{{text}.FIELD}}`"))
            }
            TypeKind::Null => diagnostic,
            _ => diagnostic.help(format!("make it a text first: `${{text({text})}}`")),
        });
        false
    }
}
