//! Expressions of the plan as Rust: straight-line, each part where its order says, so that the first reason in
//! program order turns a row away.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::code::{Block, Code, Level, Statement, Value, grouped};
use super::names::Names;
use super::types::{Held, held, is_text, rust_type};
use crate::plan::expr::{ArithmeticOp, CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::{Type, TypeKind};

/// An operand longer than this gets a name of its own.
const OPERAND_WIDTH: usize = 48;

/// A column in scope.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Its variable.
    pub name: String,
    /// How it is held.
    pub held: Held,
    /// Whether it is an `Option`.
    pub optional: bool,
}

/// An expression's Rust.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The value.
    pub value: Value,
    /// How it is held.
    pub held: Held,
    /// Whether it is an `Option`.
    pub optional: bool,
    /// Whether it never has a value, because it turns the row away.
    never: bool,
    /// Whether it borrows from a variable of this function, so that it cannot leave it.
    local: bool,
}

impl Lowered {
    fn new(code: Code, held: Held, optional: bool) -> Lowered {
        Lowered {
            value: Value::Code(code),
            held,
            optional,
            never: false,
            local: false,
        }
    }
}

/// Lowers expressions into statements before a value.
#[derive(Debug)]
pub struct Lowering {
    /// What comes before the value.
    pub statements: Vec<Statement>,
    /// Columns in scope.
    pub columns: BTreeMap<String, Binding>,
    /// Names of variables.
    pub names: Names,
}

impl Lowering {
    /// An expression, its operands in order before it.
    pub fn lower(&mut self, expr: &Expr) -> Lowered {
        match &expr.kind {
            ExprKind::Literal(value) => literal(value, &expr.ty.kind),
            ExprKind::Column(name) => self.column(name),
            ExprKind::Call { function, arguments } => self.call(function, arguments),
            ExprKind::Not(operand) => {
                let operand = self.operand(operand);
                lift(self, vec![operand], |parts| Code::unary("!", &parts[0]))
            }
            ExprKind::Negate(operand) => self.negate(operand, &expr.text),
            ExprKind::Logic { op, left, right } => self.logic(*op, left, right),
            ExprKind::Compare { op, left, right } => self.compare(*op, left, right),
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(*op, left, right, expr),
            ExprKind::IsNull { value, negated } => self.is_null(value, *negated),
            ExprKind::In { value, list, negated } => self.is_in(value, list, *negated),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.choice(condition, then, otherwise, &expr.ty),
            ExprKind::Coalesce { value, default } => self.coalesce(value, default, &expr.ty),
            ExprKind::Reject(reason) => {
                let mut lowered = Lowered::new(Code::leave(&reject("rule", reason)), Held::Copied, false);
                lowered.never = true;
                lowered
            }
            ExprKind::Cast(inner) => self.cast(inner, &expr.ty, &expr.text),
            _ => crate::plan::refused(),
        }
    }

    /// A condition as a plain `bool`: one that is missing does not hold.
    pub fn condition(&mut self, expr: &Expr) -> Code {
        let lowered = self.lower(expr);
        let optional = lowered.optional;
        let code = self.code(lowered, "holds");
        match optional {
            true => Code::binary("==", Level::Compare, &code, &Code::plain("Some(true)")),
            false => code,
        }
    }

    /// An expression for a variable of its own, which may outlive the variables that it was computed from.
    pub fn owned(&mut self, expr: &Expr) -> Lowered {
        let lowered = self.lower(expr);
        if let (Value::Code(code), Held::Owned, ExprKind::Column(_)) = (&lowered.value, lowered.held, &expr.kind) {
            return Lowered::new(Code::method(code, "clone", &[]), Held::Owned, lowered.optional);
        }
        self.detached(lowered)
    }

    /// A text that borrows from a variable, as one of its own.
    fn detached(&mut self, lowered: Lowered) -> Lowered {
        if !lowered.local {
            return lowered;
        }
        self.held_as(lowered, Held::Owned)
    }

    fn column(&self, name: &str) -> Lowered {
        match self.columns.get(name) {
            Some(binding) => Lowered::new(Code::name(&binding.name), binding.held, binding.optional),
            // A plan names only columns in scope.
            None => unreachable!("the plan has no column `{name}` here"),
        }
    }

    /// A value on one line, whatever it takes.
    fn code(&mut self, lowered: Lowered, wanted: &str) -> Code {
        match lowered.value {
            Value::Code(code) => code,
            value => self.bind(wanted, value),
        }
    }

    fn bind(&mut self, wanted: &str, value: Value) -> Code {
        let name = self.names.fresh(wanted);
        let code = Code::name(&name);
        self.statements.push(Statement::Let { name, ty: None, value });
        code
    }

    /// An operand: short, on one line, a text as `&str`.
    fn operand(&mut self, expr: &Expr) -> Lowered {
        let lowered = self.lower(expr);
        self.as_operand(lowered)
    }

    fn as_operand(&mut self, lowered: Lowered) -> Lowered {
        let Lowered {
            held,
            optional,
            never,
            local,
            ..
        } = lowered;
        let mut code = self.code(lowered, "value");
        let is_name = code
            .as_str()
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '#');
        let long = code.as_str().width() > OPERAND_WIDTH || matches!(held, Held::Owned | Held::Hex);
        // What may turn the row away does so in its turn, whatever the operands after it need.
        if code.fails || (!is_name && long) {
            code = self.bind("value", Value::Code(code));
        }
        let (code, local) = match (held, optional) {
            (Held::Owned, false) => (Code::method(&code, "as_str", &[]), true),
            (Held::Hex, false) => (Code::unary("&*", &code), true),
            (Held::Owned | Held::Hex, true) => (Code::method(&code, "as_deref", &[]), true),
            _ => (code, local),
        };
        let held = if held == Held::Copied { held } else { Held::Borrowed };
        Lowered {
            value: Value::Code(code),
            held,
            optional,
            never,
            local,
        }
    }

    fn call(&mut self, function: &str, arguments: &[Expr]) -> Lowered {
        let is_string = arguments.first().is_none_or(|argument| is_text(&argument.ty.kind));
        let mut operands: Vec<_> = arguments.iter().map(|argument| self.operand(argument)).collect();
        let local = operands.iter().any(|operand| operand.local);
        if matches!(function, "sha256" | "pseudonym") {
            if !is_string {
                let text = |parts: &[Code]| Code::method(&parts[0], "canonical", &[]).using("Canonical");
                let text = lift(self, operands, text);
                operands = vec![self.as_operand(Lowered {
                    held: Held::Owned,
                    ..text
                })];
            }
            let mut lowered = match function {
                "sha256" => lift_function(self, operands, &Code::path("functions::sha256")),
                _ => lift(self, operands, |parts| {
                    Code::method(&Code::name("key"), "pseudonym", parts)
                }),
            };
            lowered.held = Held::Hex;
            return lowered;
        }
        let mut lowered = lift_function(self, operands, &Code::path(&format!("functions::{function}")));
        match function {
            "lower" | "upper" => lowered.held = Held::Owned,
            "trim" => (lowered.held, lowered.local) = (Held::Borrowed, local),
            _ => {}
        }
        lowered
    }

    fn negate(&mut self, operand: &Expr, text: &str) -> Lowered {
        let is_int = operand.ty.kind == TypeKind::Int;
        let operand = self.operand(operand);
        if is_int {
            return lift_checked(self, vec![operand], text, |parts| {
                Code::method(&parts[0], "checked_neg", &[])
            });
        }
        lift(self, vec![operand], |parts| Code::unary("-", &parts[0]))
    }

    fn logic(&mut self, op: LogicOp, left: &Expr, right: &Expr) -> Lowered {
        // Both sides are asked, so that a row is turned away whichever of them overflows.
        let (left, right) = (self.operand(left), self.operand(right));
        let (operator, level, function) = match op {
            LogicOp::And => ("&&", Level::And, "logic::and"),
            LogicOp::Or => ("||", Level::Or, "logic::or"),
        };
        let optional = left.optional || right.optional;
        let [left, right] = [left, right].map(|side| {
            let code = self.code(side.clone(), "side");
            if optional && !side.optional { some(&code) } else { code }
        });
        let code = match optional {
            true => Code::call(&Code::path(function), &[left, right]),
            false => Code::binary(operator, level, &left, &right),
        };
        Lowered::new(code, Held::Copied, optional)
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr) -> Lowered {
        let operator = op.symbol();
        let operands = vec![self.operand(left), self.operand(right)];
        lift(self, operands, |parts| {
            Code::binary(operator, Level::Compare, &parts[0], &parts[1])
        })
    }

    fn arithmetic(&mut self, op: ArithmeticOp, left: &Expr, right: &Expr, whole: &Expr) -> Lowered {
        let operands = vec![self.operand(left), self.operand(right)];
        let (int, decimal) = match op {
            ArithmeticOp::Add => ("checked_add", "plus"),
            ArithmeticOp::Subtract => ("checked_sub", "minus"),
            ArithmeticOp::Multiply => ("checked_mul", "times"),
            _ => crate::plan::refused(),
        };
        let method = match whole.ty.kind {
            TypeKind::Decimal { precision, scale } => format!("{decimal}::<_, _, {precision}, {scale}>"),
            _ => int.to_owned(),
        };
        lift_checked(self, operands, &whole.text, |parts| {
            Code::method(&parts[0], &method, &parts[1..2])
        })
    }

    fn is_null(&mut self, value: &Expr, negated: bool) -> Lowered {
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
        Lowered::new(answer, Held::Copied, false)
    }

    fn is_in(&mut self, value: &Expr, list: &[Literal], negated: bool) -> Lowered {
        let kind = &value.ty.kind;
        let operand = self.operand(value);
        let mut items: Vec<String> = Vec::new();
        for item in list {
            if let Value::Code(code) = literal(item, kind).value {
                let text = code.as_str().to_owned();
                if !items.contains(&text) {
                    items.push(text);
                }
            }
        }
        let patterns = is_text(kind) || *kind == TypeKind::Int;
        let imports: Vec<&str> = rust_type(kind, "&str").1;
        lift(self, vec![operand], |parts| {
            let found = match (items.as_slice(), patterns) {
                ([], _) => Code::wrapped("matches!(", &parts[0], ", _ if false)"),
                (_, true) => Code::wrapped("matches!(", &parts[0], &format!(", {})", items.join(" | "))),
                (_, false) => Code::wrapped(&format!("[{}].contains(&", items.join(", ")), &parts[0], ")"),
            };
            let found = imports.iter().fold(found, |code, import| code.using(import));
            if negated { Code::unary("!", &found) } else { found }
        })
    }

    /// A block of its own: what comes before its value is only done where the block is reached.
    fn block(&mut self, expr: &Expr) -> (Vec<Statement>, Lowered) {
        let outer = std::mem::take(&mut self.statements);
        let lowered = self.owned(expr);
        (std::mem::replace(&mut self.statements, outer), lowered)
    }

    /// Ends a block with a value that is held in a certain way.
    fn ended(&mut self, block: (Vec<Statement>, Lowered), held: Held, optional: bool) -> Block {
        let (statements, lowered) = block;
        if lowered.never || (lowered.held == held && lowered.optional == optional) {
            return Block {
                statements,
                value: lowered.value,
            };
        }
        let outer = std::mem::replace(&mut self.statements, statements);
        let lowered = self.held_as(lowered, held);
        let value = match optional && !lowered.optional {
            true => Value::Code(some(&self.code(lowered, "chosen"))),
            false => lowered.value,
        };
        let statements = std::mem::replace(&mut self.statements, outer);
        Block { statements, value }
    }

    fn held_as(&mut self, lowered: Lowered, held: Held) -> Lowered {
        if lowered.held == held && !lowered.local {
            return lowered;
        }
        let (from, optional) = (lowered.held, lowered.optional);
        let code = self.code(lowered, "text");
        let is_none = code.as_str().starts_with("None::<");
        let code = match (from, optional) {
            _ if is_none => Code::plain("None::<String>"),
            (Held::Hex, false) => Code::method(&code, "to_string", &[]),
            (Held::Hex, true) => Code::method(&code, "map", &[Code::plain("|text| text.to_string()")]),
            (Held::Borrowed, false) => Code::method(&code, "to_owned", &[]),
            (Held::Borrowed, true) => Code::method(&code, "map", &[Code::plain("str::to_owned")]),
            _ => code,
        };
        Lowered::new(code, Held::Owned, optional)
    }

    fn choice(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr, ty: &Type) -> Lowered {
        let condition = self.condition(condition);
        let (then, otherwise) = (self.block(then), self.block(otherwise));
        if let (Value::Code(a), Value::Code(b), [], []) = (&then.1.value, &otherwise.1.value, &*then.0, &*otherwise.0) {
            match (a.as_str(), b.as_str()) {
                ("true", "false") => return Lowered::new(condition, Held::Copied, false),
                ("false", "true") => return Lowered::new(Code::unary("!", &condition), Held::Copied, false),
                (same, other) if same == other && !condition.fails => return then.1,
                _ => {}
            }
        }
        let never = then.1.never && otherwise.1.never;
        let (held, optional) = joined(&then.1, &otherwise.1, &ty.kind);
        let (then, otherwise) = (self.ended(then, held, optional), self.ended(otherwise, held, optional));
        Lowered {
            value: Value::If(Box::new((condition, then, otherwise))),
            held,
            optional,
            never,
            local: false,
        }
    }

    fn coalesce(&mut self, value: &Expr, default: &Expr, ty: &Type) -> Lowered {
        let value = self.owned(value);
        if !value.optional {
            return value;
        }
        if let ExprKind::Reject(reason) = &default.kind {
            let held = value.held;
            let code = self.code(value, "value");
            let code = Code::method(&code, "ok_or", &[reject("rule", reason)]).tried();
            return Lowered::new(code, held, false);
        }
        let default = self.block(default);
        let present = Lowered {
            optional: false,
            ..value.clone()
        };
        let (held, optional) = joined(&present, &default.1, &ty.kind);
        let value = if held == value.held {
            value
        } else {
            self.held_as(value, held)
        };
        let value = self.code(value, "value");
        let default = self.ended(default, held, optional);
        let lowered = match (&default.value, default.statements.is_empty() && !default.fails()) {
            (Value::Code(code), true) if optional => {
                Value::Code(Code::method(&value, "or", std::slice::from_ref(code)))
            }
            (Value::Code(code), true) => Value::Code(Code::method(&value, "unwrap_or", std::slice::from_ref(code))),
            _ if optional => {
                let name = self.names.fresh("value");
                let found = Statement::Let {
                    name: name.clone(),
                    ty: None,
                    value: Value::Code(value),
                };
                self.statements.push(found);
                let missing = Code::method(&Code::name(&name), "is_none", &[]);
                let kept = Block::of(Value::Code(Code::name(&name)));
                Value::If(Box::new((missing, default, kept)))
            }
            _ => Value::Match(Box::new((value, self.names.fresh("found"), default))),
        };
        Lowered {
            value: lowered,
            held,
            optional,
            never: false,
            local: false,
        }
    }

    fn cast(&mut self, inner: &Expr, ty: &Type, text: &str) -> Lowered {
        let TypeKind::Decimal { precision, scale } = ty.kind else {
            // From required to optional: whoever needs an `Option` makes one.
            return self.lower(inner);
        };
        let from = inner.ty.kind.clone();
        if from == ty.kind || !matches!(from, TypeKind::Int | TypeKind::Decimal { .. }) {
            return self.lower(inner);
        }
        let operand = self.operand(inner);
        lift_checked(self, vec![operand], text, |parts| match from {
            TypeKind::Int => Code::call(
                &Code::path(&format!("Decimal::<{precision}, {scale}>::from_int")),
                parts,
            ),
            _ => Code::method(&parts[0], &format!("cast::<{precision}, {scale}>"), &[]),
        })
    }
}

/// `Reject::kind("reason")`
pub fn reject(kind: &str, reason: &str) -> Code {
    Code::call(&Code::path(&format!("Reject::{kind}")), &[Code::text(reason)])
}

fn some(code: &Code) -> Code {
    Code::call(&Code::plain("Some"), std::slice::from_ref(code))
}

/// How the value of two branches is held.
fn joined(left: &Lowered, right: &Lowered, kind: &TypeKind) -> (Held, bool) {
    if left.never || right.never {
        let there = if left.never { right } else { left };
        return (there.held, there.optional);
    }
    let held = match (left.held, right.held) {
        _ if !is_text(kind) => Held::Copied,
        (left, right) if left == right => left,
        _ => Held::Owned,
    };
    (held, left.optional || right.optional)
}

fn literal(value: &Literal, kind: &TypeKind) -> Lowered {
    let code = match value {
        Literal::Null => {
            let (ty, imports) = rust_type(kind, "&str");
            let none = imports
                .into_iter()
                .fold(Code::plain(format!("None::<{ty}>")), Code::using);
            return Lowered::new(none, held(kind), true);
        }
        Literal::Bool(value) => Code::plain(value.to_string()),
        Literal::Int(value) => Code::number(*value),
        Literal::Float(value) => Code::float(*value),
        Literal::Decimal { unscaled, scale } => {
            let (precision, scale) = match kind {
                TypeKind::Decimal { precision, scale } => (*precision, *scale),
                _ => (38, *scale),
            };
            Code::plain(format!("Decimal::<{precision}, {scale}>({})", grouped(*unscaled))).using("Decimal")
        }
        Literal::Text(value) => return Lowered::new(Code::text(value), Held::Borrowed, false),
        Literal::Date(days) => Code::plain(format!("Date({})", grouped(i128::from(*days)))).using("Date"),
        Literal::Timestamp(micros) => {
            Code::plain(format!("Timestamp({})", grouped(i128::from(*micros)))).using("Timestamp")
        }
        Literal::Uuid(text) => {
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            Code::plain(format!("Uuid(0x{digits}_u128.to_be_bytes())")).using("Uuid")
        }
        _ => crate::plan::refused(),
    };
    Lowered::new(code, Held::Copied, false)
}

/// The literal of a field's default, and whether it is a text.
pub fn default_value(value: &Literal, kind: &TypeKind) -> Option<Code> {
    match literal(value, kind).value {
        Value::Code(code) if *value != Literal::Null => Some(code),
        _ => None,
    }
}

/// Applies an operation where every operand is there.
fn lift(lowering: &mut Lowering, operands: Vec<Lowered>, build: impl Fn(&[Code]) -> Code) -> Lowered {
    lift_with(lowering, operands, None, build)
}

/// As [`lift`], for an operation that is one function.
fn lift_function(lowering: &mut Lowering, operands: Vec<Lowered>, function: &Code) -> Lowered {
    if let [
        Lowered {
            value: Value::Code(code),
            optional: true,
            ..
        },
    ] = operands.as_slice()
    {
        return Lowered::new(
            Code::method(code, "map", std::slice::from_ref(function)),
            Held::Copied,
            true,
        );
    }
    lift(lowering, operands, |parts| Code::call(function, parts))
}

/// As [`lift`], for an operation that has no answer where it overflows: that turns the row away.
fn lift_checked(
    lowering: &mut Lowering,
    operands: Vec<Lowered>,
    text: &str,
    build: impl Fn(&[Code]) -> Code,
) -> Lowered {
    let overflow = reject("overflow", &format!("overflow in {text}"));
    lift_with(lowering, operands, Some(overflow), build)
}

fn lift_with(
    lowering: &mut Lowering,
    operands: Vec<Lowered>,
    error: Option<Code>,
    build: impl Fn(&[Code]) -> Code,
) -> Lowered {
    let mut parts = Vec::new();
    let mut optional = Vec::new();
    for operand in operands {
        let is_optional = operand.optional;
        let code = lowering.code(operand, "value");
        if is_optional {
            let name = lowering.names.fresh("present");
            parts.push(Code::name(&name));
            optional.push((name, code));
        } else {
            parts.push(code);
        }
    }
    let mut body = build(&parts);
    if let Some(error) = &error {
        body = Code::method(&body, "ok_or", std::slice::from_ref(error));
    }
    let code = match optional.as_slice() {
        [] if error.is_some() => return Lowered::new(body.tried(), Held::Copied, false),
        [] => return Lowered::new(body, Held::Copied, false),
        [(name, value)] => Code::method(value, "map", &[Code::closure(name, &[name], &body)]),
        [(first, a), (second, b), ..] => {
            let pair = Code::method(a, "zip", std::slice::from_ref(b));
            let closure = Code::closure(&format!("({first}, {second})"), &[first, second], &body);
            Code::method(&pair, "map", &[closure])
        }
    };
    let code = if error.is_some() {
        Code::method(&code, "transpose", &[]).tried()
    } else {
        code
    };
    Lowered::new(code, Held::Copied, true)
}
