//! Expressions of the plan as Rust: straight-line, each part where its order says, so that the first reason in
//! program order turns a row away.

mod branch;
mod call;
mod cast;
mod collection;
mod lift;
pub mod literal;
mod operator;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use unicode_width::UnicodeWidthStr;

use super::code::{Block, Code, Level, Statement, Value, without_unused};
use super::names::Names;
use super::nested::Structs;
use super::own::OwnFunctions;
use super::statics::Statics;
use super::types::{Held, Shape, borrowed, held, owned, shape};
use crate::plan::DatasetId;
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Type, TypeKind};

pub use literal::default_value;

/// An operand longer than this gets a name of its own.
const OPERAND_WIDTH: usize = 48;

/// What all files of a function share.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The structs inside of its rows.
    pub structs: Structs,
    /// The project's own functions that it calls.
    pub own: OwnFunctions,
    /// The columns of tables that are never missing, because they have a default.
    pub filled: BTreeSet<(DatasetId, String)>,
}

/// A column in scope.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Its variable.
    pub name: String,
    /// How it is held.
    pub held: Held,
    /// Whether it is an `Option`.
    pub optional: bool,
    /// The type of its values.
    pub kind: TypeKind,
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
    /// What it is borrowed as.
    shape: Shape,
    /// Whether it never has a value, because it turns the row away.
    never: bool,
    /// Whether it borrows from a variable of this function, so that it cannot leave it.
    local: bool,
}

impl Lowered {
    fn new(code: Code, kind: &TypeKind, held: Held, optional: bool) -> Lowered {
        Lowered {
            value: Value::Code(code),
            held,
            optional,
            shape: shape(kind),
            never: false,
            local: false,
        }
    }

    fn plain(code: Code) -> Lowered {
        Lowered::new(code, &TypeKind::Bool, Held::Copied, false)
    }

    fn borrowing(mut self, local: bool) -> Lowered {
        self.local = local;
        self
    }
}

/// Lowers expressions into statements before a value.
#[derive(Debug)]
pub struct Lowering<'s> {
    /// What comes before the value.
    pub statements: Vec<Statement>,
    /// Columns in scope.
    pub columns: BTreeMap<String, Binding>,
    /// Names of variables.
    pub names: Names,
    /// What is made once.
    pub statics: Statics,
    /// What all files of the function share.
    pub shared: &'s Shared,
    /// Parameters of the `row => …` around, innermost last.
    locals: Vec<(String, Lowered)>,
}

impl<'s> Lowering<'s> {
    /// With these statements done, and these columns in scope.
    pub fn new(
        statements: Vec<Statement>,
        columns: BTreeMap<String, Binding>,
        names: Names,
        shared: &'s Shared,
    ) -> Lowering<'s> {
        Lowering {
            statements,
            columns,
            names,
            statics: Statics::default(),
            shared,
            locals: Vec::new(),
        }
    }

    /// An expression, its operands in order before it.
    pub fn lower(&mut self, expr: &Expr) -> Lowered {
        match &expr.kind {
            ExprKind::Literal(value) => literal::literal(value, &expr.ty.kind, &self.shared.structs),
            ExprKind::Column(name) => self.column(name),
            ExprKind::Local(name) => self.local(name),
            ExprKind::Param(name) => param(name, &expr.ty.kind),
            ExprKind::Lambda { .. } => unreachable!("functions that take `row => …` lower it themselves"),
            ExprKind::Member { of, field } => self.member(of, field, &expr.ty),
            ExprKind::Index { of, index } => self.index(of, index, &expr.ty),
            ExprKind::List(items) => self.list(items, &expr.ty.kind),
            ExprKind::Struct(fields) => self.structure(fields, &expr.ty.kind),
            ExprKind::Interpolate(parts) => self.interpolate(parts),
            ExprKind::Match { value, arms, otherwise } => self.matched(value, arms, otherwise.as_deref(), &expr.ty),
            ExprKind::Own { function, arguments } => self.own(function, arguments, &expr.ty.kind),
            ExprKind::Call { function, arguments } => self.call(function, arguments, expr),
            ExprKind::Not(operand) => self.not(operand),
            ExprKind::Negate(operand) => self.negate(operand, expr),
            ExprKind::Logic { op, left, right } => self.logic(*op, left, right),
            ExprKind::Compare { op, left, right } => self.compare(*op, left, right),
            ExprKind::Same { left, right, negated } => self.same(left, right, *negated),
            ExprKind::Like {
                value,
                pattern,
                negated,
            } => self.like(value, pattern, *negated),
            ExprKind::Matches {
                value,
                pattern,
                negated,
            } => self.matches(value, pattern, *negated),
            ExprKind::Contains { value, list, negated } => self.contains(value, list, *negated),
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
                let mut lowered = Lowered::plain(Code::leave(&reject("rule", reason)));
                lowered.never = true;
                lowered
            }
            ExprKind::Cast(inner) => self.cast(inner, &expr.ty, &expr.text),
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
        if let (Value::Code(code), Held::Owned) = (&lowered.value, lowered.held)
            && code.is_name()
        {
            let code = Code::method(code, "clone", &[]);
            return Lowered {
                value: Value::Code(code),
                ..lowered
            };
        }
        self.detached(lowered)
    }

    /// What a function of the project's own answers: a value of its own, of this type.
    pub fn answer(&mut self, body: &Expr, returns: &Type) -> Lowered {
        let lowered = self.owned(body);
        if lowered.never || shape(&returns.kind) == Shape::Plain {
            return lowered;
        }
        self.held_as(lowered, Held::Owned)
    }

    /// What borrows from a variable, as something of its own.
    fn detached(&mut self, lowered: Lowered) -> Lowered {
        if !lowered.local {
            return lowered;
        }
        self.held_as(lowered, Held::Owned)
    }

    /// An expression as it stands inside of a list, a map or a struct of this type.
    fn stored(&mut self, expr: &Expr, ty: &Type) -> Code {
        let lowered = self.owned(expr);
        self.as_stored(lowered, ty)
    }

    fn as_stored(&mut self, lowered: Lowered, ty: &Type) -> Code {
        if lowered.never {
            return self.code(lowered, "value");
        }
        let held = if shape(&ty.kind) == Shape::Plain {
            Held::Copied
        } else {
            Held::Owned
        };
        let lowered = if held == Held::Owned {
            self.held_as(lowered, held)
        } else {
            lowered
        };
        let optional = lowered.optional;
        let code = self.code(lowered, "value");
        if ty.optional && !optional { some(&code) } else { code }
    }

    fn column(&self, name: &str) -> Lowered {
        match self.columns.get(name) {
            Some(binding) => Lowered::new(Code::name(&binding.name), &binding.kind, binding.held, binding.optional),
            // A plan names only columns in scope.
            None => unreachable!("the plan has no column `{name}` here"),
        }
    }

    fn local(&self, name: &str) -> Lowered {
        match self.locals.iter().rev().find(|(local, _)| local == name) {
            Some((_, lowered)) => lowered.clone(),
            None => unreachable!("the plan has no parameter `{name}` here"),
        }
    }

    /// A value on one line, whatever it takes.
    pub fn code(&mut self, lowered: Lowered, wanted: &str) -> Code {
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

    /// An operand: short, on one line, borrowed where it is not copied.
    fn operand(&mut self, expr: &Expr) -> Lowered {
        let lowered = self.lower(expr);
        self.as_operand(lowered)
    }

    fn as_operand(&mut self, lowered: Lowered) -> Lowered {
        let (held, optional, shape) = (lowered.held, lowered.optional, lowered.shape);
        let (never, local) = (lowered.never, lowered.local);
        let mut code = self.code(lowered, "value");
        let is_own = matches!(held, Held::Owned | Held::Hex);
        let long = code.as_str().width() > OPERAND_WIDTH || is_own;
        // What may turn the row away does so in its turn, whatever the operands after it need.
        if code.fails || (!code.is_name() && long) {
            code = self.bind("value", Value::Code(code));
        }
        Lowered {
            value: Value::Code(borrowed(&code, shape, held, optional)),
            held: if is_own { Held::Borrowed } else { held },
            optional,
            shape,
            never,
            local: local || is_own,
        }
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
            return read_alone(statements, lowered.value);
        }
        let outer = std::mem::replace(&mut self.statements, statements);
        let lowered = self.held_as(lowered, held);
        let value = match optional && !lowered.optional {
            true => Value::Code(some(&self.code(lowered, "chosen"))),
            false => lowered.value,
        };
        let statements = std::mem::replace(&mut self.statements, outer);
        read_alone(statements, value)
    }

    fn held_as(&mut self, lowered: Lowered, held: Held) -> Lowered {
        if lowered.held == held && !lowered.local {
            return lowered;
        }
        let (from, optional, shape) = (lowered.held, lowered.optional, lowered.shape);
        let code = self.code(lowered, "value");
        let is_none = code.as_str().starts_with("None::<");
        let code = match from {
            _ if is_none => Code::plain("None"),
            _ => owned(&code, shape, from, optional),
        };
        Lowered {
            value: Value::Code(code),
            held: Held::Owned,
            optional,
            shape,
            never: false,
            local: false,
        }
    }
}

/// A block without what nothing in it reads: its variables are its own.
fn read_alone(statements: Vec<Statement>, value: Value) -> Block {
    let mut live = BTreeSet::new();
    value.uses(&mut live);
    let statements = without_unused(statements, &mut live);
    Block { statements, value }
}

/// What only the deployment knows.
fn param(name: &str, kind: &TypeKind) -> Lowered {
    let field = Code::name("params").field(&super::names::identifier(name));
    match shape(kind) {
        Shape::Plain => Lowered::new(field, kind, Held::Copied, false),
        _ => Lowered::new(Code::method(&field, "as_str", &[]), kind, Held::Borrowed, false),
    }
}

/// `Reject::kind("reason")`
pub fn reject(kind: &str, reason: &str) -> Code {
    Code::call(&Code::path(&format!("Reject::{kind}")), &[Code::text(reason)])
}

/// `Some(code)`
pub fn some(code: &Code) -> Code {
    Code::call(&Code::plain("Some"), std::slice::from_ref(code))
}

/// How the values of branches are held, and whether one may be missing.
fn joined<'l>(branches: impl Iterator<Item = &'l Lowered>, kind: &TypeKind) -> (Held, bool) {
    let there: Vec<_> = branches.filter(|branch| !branch.never).collect();
    let optional = there.iter().any(|branch| branch.optional);
    let held = match there.first().map(|branch| branch.held) {
        None => Held::Copied,
        Some(_) if held(kind) == Held::Copied => Held::Copied,
        Some(first) if there.iter().all(|branch| branch.held == first) => first,
        Some(_) => Held::Owned,
    };
    (held, optional)
}
