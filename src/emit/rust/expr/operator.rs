//! Operators, comparisons, `like`, `matches`, texts with `${ }`.

use super::lift::{Answer, Gives};
use super::{Lowered, Lowering, literal, some};
use crate::emit::rust::code::{Code, Level, Value, quoted};
use crate::emit::rust::types::{Held, Shape, is_text, shape};
use crate::plan::expr::{ArithmeticOp, CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::TypeKind;

/// Arithmetic by its operator and the kinds of both sides: how it is written, and what it gives. `{digits}` are those of
/// the answer.
const ARITHMETIC: &[(ArithmeticOp, Kind, Kind, &str, Gives)] = {
    use ArithmeticOp::{Add, Divide, Multiply, Remainder, Subtract};
    use Gives::{Checked, CheckedMaybe, Maybe, Value};
    use Kind::{Date, Decimal, Duration, Float, Int, Timestamp};
    &[
        (Add, Int, Int, "{0}.checked_add({1})", Checked),
        (Subtract, Int, Int, "{0}.checked_sub({1})", Checked),
        (Multiply, Int, Int, "{0}.checked_mul({1})", Checked),
        (Divide, Int, Int, "arithmetic::quotient({0}, {1})", Maybe),
        (Remainder, Int, Int, "arithmetic::remainder({0}, {1})", Maybe),
        (Add, Float, Float, "arithmetic::finite({0} + {1})", Checked),
        (Subtract, Float, Float, "arithmetic::finite({0} - {1})", Checked),
        (Multiply, Float, Float, "arithmetic::finite({0} * {1})", Checked),
        (
            Divide,
            Float,
            Float,
            "arithmetic::float_quotient({0}, {1})",
            CheckedMaybe,
        ),
        (Remainder, Float, Float, "arithmetic::float_remainder({0}, {1})", Maybe),
        (Add, Decimal, Decimal, "{0}.plus::<_, _, {digits}>({1})", Checked),
        (Subtract, Decimal, Decimal, "{0}.minus::<_, _, {digits}>({1})", Checked),
        (Multiply, Decimal, Decimal, "{0}.times::<_, _, {digits}>({1})", Checked),
        (
            Divide,
            Decimal,
            Decimal,
            "{0}.over::<_, _, {digits}>({1})",
            CheckedMaybe,
        ),
        (
            Remainder,
            Decimal,
            Decimal,
            "{0}.rest::<_, _, {digits}>({1})",
            CheckedMaybe,
        ),
        (Add, Date, Duration, "arithmetic::date_plus({0}, {1})", Checked),
        (Subtract, Date, Duration, "arithmetic::date_minus({0}, {1})", Checked),
        (Add, Duration, Date, "arithmetic::date_plus({1}, {0})", Checked),
        (Subtract, Date, Date, "arithmetic::between_dates({0}, {1})", Value),
        (Add, Timestamp, Duration, "arithmetic::time_plus({0}, {1})", Checked),
        (
            Subtract,
            Timestamp,
            Duration,
            "arithmetic::time_minus({0}, {1})",
            Checked,
        ),
        (Add, Duration, Timestamp, "arithmetic::time_plus({1}, {0})", Checked),
        (
            Subtract,
            Timestamp,
            Timestamp,
            "arithmetic::between_times({0}, {1})",
            Value,
        ),
        (Add, Duration, Duration, "{0}.checked_add({1})", Checked),
        (Subtract, Duration, Duration, "{0}.checked_sub({1})", Checked),
        (Multiply, Duration, Int, "{0}.checked_mul({1})", Checked),
        (Multiply, Int, Duration, "{0}.checked_mul({1})", Checked),
        (Divide, Duration, Int, "arithmetic::part({0}, {1})", CheckedMaybe),
        (Divide, Duration, Duration, "arithmetic::quotient({0}, {1})", Maybe),
        (Remainder, Duration, Duration, "arithmetic::remainder({0}, {1})", Maybe),
    ]
};

/// A kind of operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Decimal,
    Date,
    Timestamp,
    Duration,
}

fn kind_of(kind: &TypeKind) -> Option<Kind> {
    Some(match kind {
        TypeKind::Int => Kind::Int,
        TypeKind::Float => Kind::Float,
        TypeKind::Decimal { .. } => Kind::Decimal,
        TypeKind::Date => Kind::Date,
        TypeKind::Timestamp => Kind::Timestamp,
        TypeKind::Duration => Kind::Duration,
        _ => return None,
    })
}

/// An int beside a decimal is one itself, and beside a float a float.
fn widened(code: &Code, from: &TypeKind, to: Kind) -> Code {
    match (from, to) {
        (TypeKind::Int, Kind::Decimal) => {
            Code::template("Decimal::<20, 0>(i128::from({0}))", std::slice::from_ref(code)).using("Decimal")
        }
        (TypeKind::Int, Kind::Float) => code.cast("f64"),
        _ => code.clone(),
    }
}

impl Lowering<'_> {
    pub(super) fn not(&mut self, operand: &Expr) -> Lowered {
        let operand = self.operand(operand);
        self.lift(vec![operand], Answer::plain(&TypeKind::Bool), |parts| {
            Code::unary("!", &parts[0])
        })
    }

    pub(super) fn negate(&mut self, operand: &Expr, whole: &Expr) -> Lowered {
        let kind = &operand.ty.kind;
        let lowered = self.operand(operand);
        match kind {
            TypeKind::Int | TypeKind::Duration => {
                self.lift(vec![lowered], Answer::checked(kind, &whole.text), |parts| {
                    Code::method(&parts[0], "checked_neg", &[])
                })
            }
            TypeKind::Float => self.lift(vec![lowered], Answer::plain(kind), |parts| {
                Code::call(&Code::path("arithmetic::float_negated"), parts)
            }),
            _ => self.lift(vec![lowered], Answer::plain(kind), |parts| Code::unary("-", &parts[0])),
        }
    }

    pub(super) fn logic(&mut self, op: LogicOp, left: &Expr, right: &Expr) -> Lowered {
        // Both sides are asked, so that a row is turned away whichever of them overflows.
        let (left, right) = (self.operand(left), self.operand(right));
        let (operator, level, function) = match op {
            LogicOp::And => ("&&", Level::And, "logic::and"),
            LogicOp::Or => ("||", Level::Or, "logic::or"),
        };
        let optional = left.optional || right.optional;
        let [left, right] = [left, right].map(|side| {
            let is_optional = side.optional;
            let code = self.code(side, "side");
            if optional && !is_optional { some(&code) } else { code }
        });
        let code = match optional {
            true => Code::call(&Code::path(function), &[left, right]),
            false => Code::binary(operator, level, &left, &right),
        };
        Lowered::new(code, &TypeKind::Bool, Held::Copied, optional)
    }

    pub(super) fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Lowered {
        let operator = op.symbol();
        let operands = vec![self.operand(left), self.operand(right)];
        self.lift(operands, Answer::plain(&TypeKind::Bool), |parts| {
            Code::binary(operator, Level::Compare, &parts[0], &parts[1])
        })
    }

    /// `is`: two missing values are equal.
    pub(super) fn same(&mut self, left: &Expr, right: &Expr, negated: bool) -> Lowered {
        let (left, right) = (self.operand(left), self.operand(right));
        let optional = left.optional || right.optional;
        let [left, right] = [left, right].map(|side| {
            let is_optional = side.optional;
            let code = self.code(side, "side");
            if optional && !is_optional { some(&code) } else { code }
        });
        let operator = if negated { "!=" } else { "==" };
        Lowered::plain(Code::binary(operator, Level::Compare, &left, &right))
    }

    pub(super) fn arithmetic(&mut self, op: ArithmeticOp, left: &Expr, right: &Expr, whole: &Expr) -> Lowered {
        let kinds = (kind_of(&left.ty.kind), kind_of(&right.ty.kind));
        let (from, to) = (&left.ty.kind, &right.ty.kind);
        let (Some(mut first), Some(mut second)) = kinds else {
            // A side is `null`: so is the answer, once both sides were asked.
            return self.nothing([left, right], &whole.ty.kind);
        };
        let decimal = matches!(whole.ty.kind, TypeKind::Decimal { .. });
        let wide = match (first, second) {
            (Kind::Int, Kind::Int) if decimal => Kind::Decimal,
            (Kind::Int, other @ (Kind::Decimal | Kind::Float)) | (other @ (Kind::Decimal | Kind::Float), Kind::Int) => {
                other
            }
            _ => Kind::Int,
        };
        if wide != Kind::Int {
            (first, second) = (wide, wide);
        }
        let found = ARITHMETIC
            .iter()
            .find(|(of, a, b, ..)| *of == op && (*a, *b) == (first, second));
        let Some((.., template, gives)) = found else {
            unreachable!("the plan has no such arithmetic");
        };
        let template = match whole.ty.kind {
            TypeKind::Decimal { precision, scale } => template.replace("{digits}", &format!("{precision}, {scale}")),
            _ => (*template).to_owned(),
        };
        let operands = vec![self.operand(left), self.operand(right)];
        let answer = Answer {
            gives: *gives,
            ..Answer::checked(&whole.ty.kind, &whole.text)
        };
        self.lift(operands, answer, |parts| {
            let parts = [widened(&parts[0], from, first), widened(&parts[1], to, second)];
            Code::template(&template, &parts)
        })
    }

    /// A missing answer, once all operands were asked.
    pub(super) fn nothing<'e>(&mut self, operands: impl IntoIterator<Item = &'e Expr>, kind: &TypeKind) -> Lowered {
        for operand in operands {
            if !matches!(operand.kind, ExprKind::Lambda { .. }) {
                self.operand(operand);
            }
        }
        literal::literal(&Literal::Null, kind, &self.shared.structs)
    }

    pub(super) fn is_null(&mut self, value: &Expr, negated: bool) -> Lowered {
        let operand = self.operand(value);
        let optional = operand.optional;
        let code = self.code(operand, "value");
        let answer = match (optional, negated) {
            (true, false) => Code::method(&code, "is_none", &[]),
            (true, true) => Code::method(&code, "is_some", &[]),
            (false, _) => {
                if code.fails {
                    self.bind("_value", Value::Code(code));
                }
                Code::plain(if negated { "true" } else { "false" })
            }
        };
        Lowered::plain(answer)
    }

    pub(super) fn is_in(&mut self, value: &Expr, list: &[Literal], negated: bool) -> Lowered {
        let kind = &value.ty.kind;
        let operand = self.operand(value);
        let mut items: Vec<Code> = Vec::new();
        for item in list {
            let lowered = literal::literal(item, kind, &self.shared.structs);
            if let Value::Code(code) = lowered.value
                && items.iter().all(|other| other.as_str() != code.as_str())
            {
                items.push(code);
            }
        }
        let patterns = is_text(kind) || matches!(kind, TypeKind::Int | TypeKind::Duration);
        let whole = shape(kind) != Shape::Plain && !is_text(kind);
        self.lift(vec![operand], Answer::plain(&TypeKind::Bool), |parts| {
            let alternatives = || items.iter().map(Code::as_str).collect::<Vec<_>>().join(" | ");
            let found = match (items.as_slice(), patterns) {
                ([], _) => Code::wrapped("matches!(", &parts[0], ", _ if false)"),
                (_, true) => Code::wrapped("matches!(", &parts[0], &format!(", {})", alternatives())),
                (items, false) if whole => {
                    let same = |item: &Code| Code::binary("==", Level::Compare, &parts[0], &Code::unary("&", item));
                    let tests = items.iter().map(same);
                    tests
                        .reduce(|left, right| Code::binary("||", Level::Or, &left, &right))
                        .unwrap_or_else(|| Code::plain("false"))
                }
                (items, false) => {
                    let value = Code::unary("&", &parts[0]);
                    Code::method(&Code::array("", items), "contains", &[value])
                }
            };
            let found = items
                .iter()
                .flat_map(|item| &item.uses)
                .fold(found, |code, used| code.using(used));
            if negated { Code::unary("!", &found) } else { found }
        })
    }

    /// A pattern that is only a text, a start, an end or a part is asked for as such.
    pub(super) fn like(&mut self, value: &Expr, pattern: &str, negated: bool) -> Lowered {
        let operand = self.operand(value);
        let plain = !pattern.contains(['_', '\\']);
        let inside = pattern.trim_matches('%');
        let (start, end) = (pattern.starts_with('%'), pattern.ends_with('%'));
        let simple = plain && !inside.contains('%');
        let template = match (simple, start, end) {
            (true, _, _) if inside.is_empty() && start => None,
            (true, false, false) => Some("=="),
            (true, false, true) => Some("starts_with"),
            (true, true, false) => Some("ends_with"),
            (true, true, true) => Some("contains"),
            (false, ..) => None,
        };
        let name = template
            .is_none()
            .then(|| self.statics.of("like", "Like", "Like::new", pattern));
        self.lift(vec![operand], Answer::plain(&TypeKind::Bool), |parts| {
            let text = Code::text(inside);
            let found = match (&name, template) {
                (Some(name), _) => Code::method(&Code::name(name), "holds", parts),
                (None, Some("==")) => {
                    let operator = if negated { "!=" } else { "==" };
                    return Code::binary(operator, Level::Compare, &parts[0], &text);
                }
                (None, method) => Code::method(&parts[0], method.unwrap_or("contains"), &[text]),
            };
            if negated { Code::unary("!", &found) } else { found }
        })
    }

    pub(super) fn matches(&mut self, value: &Expr, pattern: &str, negated: bool) -> Lowered {
        let operand = self.operand(value);
        let regex = self.regex(pattern);
        self.lift(vec![operand], Answer::plain(&TypeKind::Bool), |parts| {
            let found = Code::method(&regex, "is_match", parts);
            if negated { Code::unary("!", &found) } else { found }
        })
    }

    /// The static of a regular expression, in which all that differs between engines is said.
    pub(super) fn regex(&mut self, pattern: &str) -> Code {
        let explicit = pipec_runtime::functions::regex::explicit(pattern).unwrap_or_else(|_| pattern.to_owned());
        Code::name(&self.statics.of("pattern", "regex::Regex", "regex::checked", &explicit))
    }

    /// `"${a} and ${b}"`: the canonical texts of its parts are what Rust prints of them.
    pub(super) fn interpolate(&mut self, parts: &[Expr]) -> Lowered {
        // Texts as they stand in the format, and between them parts, which have none.
        let mut format = Vec::new();
        let mut operands = Vec::new();
        for part in parts {
            if let ExprKind::Literal(Literal::Text(text)) = &part.kind {
                let text = quoted(&text.replace('{', "{{").replace('}', "}}"));
                format.push(Some(text.get(1..text.len() - 1).unwrap_or_default().to_owned()));
                continue;
            }
            format.push(None);
            operands.push(self.operand(part));
        }
        let answer = Answer {
            held: Held::Owned,
            ..Answer::plain(&TypeKind::Text)
        };
        self.lift(operands, answer, |parts| formatted(&format, &typed(parts)))
    }
}

/// Nothing in a format says which number a literal is.
fn typed(parts: &[Code]) -> Vec<Code> {
    parts.iter().map(Code::typed).collect()
}

/// `format!("{a} and {}", b.len())`
fn formatted(format: &[Option<String>], parts: &[Code]) -> Code {
    let mut text = String::new();
    let mut others = Vec::new();
    let mut parts_left = parts.iter();
    for written in format {
        match written {
            Some(written) => text.push_str(written),
            None => {
                let Some(part) = parts_left.next() else { continue };
                let named = part.is_variable();
                text.push_str(&format!("{{{}}}", if named { part.as_str() } else { "" }));
                others.extend((!named).then(|| part.clone()));
            }
        }
    }
    let mut arguments = vec![Code::plain(format!("\"{text}\""))];
    arguments.extend(others);
    let mut code = Code::call(&Code::plain("format!"), &arguments);
    code.uses
        .extend(parts.iter().flat_map(|part| part.uses.iter().cloned()));
    code
}
