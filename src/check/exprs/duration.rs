//! Quantities in expressions: durations. Rows hold no other dimension.

use crate::check::settings::quantity::{self, Dimension};
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;
use crate::syntax::ast;

use super::{Checker, Typed};

impl Checker<'_> {
    /// `30 days`, `1.5 hours`
    pub(super) fn quantity(&mut self, expr: &ast::Expr, number: &str, unit: &ast::Name) -> Typed {
        let Some((dimension, size)) = quantity::unit(&unit.text) else {
            let diagnostic = unknown_unit(number, unit);
            self.say(diagnostic);
            return self.error(expr);
        };
        if dimension != Dimension::Duration {
            let text = self.text_of(expr.span);
            let message = format!("`{text}` is {}, and rows hold no such values", dimension.text());
            let plain = in_base_units(number, dimension, size);
            let diagnostic = Diagnostic::new(Code::DIMENSION, expr.span, message).found("only durations are values");
            self.say(diagnostic.help(format!("write the number: `{plain}`")).fix(
                format!("write `{plain}`"),
                expr.span,
                plain,
            ));
            return self.error(expr);
        }
        match microseconds(number, size) {
            Some(length) => self.constant(expr, Literal::Duration(length), TypeKind::Duration),
            None => {
                let text = self.text_of(expr.span);
                let message = format!("`{text}` is no duration: it is too long, or finer than a microsecond");
                let diagnostic =
                    Diagnostic::new(Code::BAD_LITERAL, expr.span, message).found("not a whole number of microseconds");
                self.say(diagnostic.help("durations go up to 292,000 years"));
                self.error(expr)
            }
        }
    }
}

/// A number of units of so many milliseconds, exactly.
fn microseconds(number: &str, milliseconds: f64) -> Option<i64> {
    let digits = number.replace('_', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    let unit = milliseconds as i128 * 1_000;
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let scaled = unscaled.checked_mul(unit)?;
    (scaled % scale == 0).then(|| i64::try_from(scaled / scale).ok())?
}

/// What stands for a size, an amount or a share where a number is meant.
fn in_base_units(number: &str, dimension: Dimension, size: f64) -> String {
    let value = quantity::number(number);
    match dimension {
        Dimension::Size => format!("{}", value * size),
        Dimension::Share => format!("{}", value / 100.0),
        _ => number.to_owned(),
    }
}

fn unknown_unit(number: &str, unit: &ast::Name) -> Diagnostic {
    let name = &unit.text;
    let diagnostic =
        Diagnostic::new(Code::UNKNOWN_UNIT, unit.span, format!("no unit is called `{name}`")).found("not a unit");
    if matches!(name.as_str(), "month" | "months" | "quarter" | "quarters") {
        return diagnostic.help(format!(
            "months are not equally long: write `add_months(day, {number})`, or days"
        ));
    }
    match quantity::nearest(name) {
        Some(near) => {
            diagnostic
                .help(format!("did you mean `{number} {near}`?"))
                .fix(format!("write `{near}`"), unit.span, near)
        }
        None => diagnostic.help("write a duration: `30 s`, `5 min`, `2 hours`, `7 days`"),
    }
}

#[cfg(test)]
mod tests {
    use super::microseconds;

    #[test]
    fn durations_are_exact() {
        assert_eq!(microseconds("1.5", 3_600_000.0), Some(5_400_000_000));
        assert_eq!(microseconds("0.001", 1.0), Some(1));
        assert_eq!(microseconds("0.0001", 1.0), None);
        assert_eq!(microseconds("1_000", 86_400_000.0), Some(86_400_000_000_000));
        assert_eq!(microseconds("400_000", 365.0 * 86_400_000.0), None);
    }
}
