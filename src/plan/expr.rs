//! Typed expressions: what is left when names, types and literals are settled.
//!
//! Every engine lowers exactly these. Semantics on all of them is that of "Semantics on every engine" in the
//! language reference: a missing argument gives a missing answer except where a node says otherwise.

use super::types::Type;

/// A typed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it does.
    pub kind: ExprKind,
    /// Its type. Operands of one comparison, `in`, `if`, `??` have the same kind (checking puts `Cast`s).
    pub ty: Type,
    /// As the author wrote it, on one line, for comments, names of checks and reasons.
    pub text: String,
}

/// What an expression does.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A value known at compile time.
    Literal(Literal),
    /// A column in scope.
    Column(String),
    /// A scalar function of the standard library, arguments in the order of its declaration.
    Call {
        /// Its name: `len`, `date`, `pseudonym` …
        function: String,
        /// All arguments; defaults are filled in.
        arguments: Vec<Expr>,
    },
    /// Three-valued `not`.
    Not(Box<Expr>),
    /// `-x`, overflow rejects the row.
    Negate(Box<Expr>),
    /// Three-valued `and`, `or`. Both sides are evaluated: a `reject` or an overflow in either turns the row away.
    Logic {
        /// `and` or `or`.
        op: LogicOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `== != < <= > >=`; missing if either side is.
    Compare {
        /// Which.
        op: CompareOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side, of the same kind.
        right: Box<Expr>,
    },
    /// `+ - *` on ints or decimals; overflow rejects the row with reason `overflow in TEXT`.
    Arithmetic {
        /// Which.
        op: ArithmeticOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `x is null`, `x is not null`; never missing.
    IsNull {
        /// What is asked.
        value: Box<Expr>,
        /// `is not null`.
        negated: bool,
    },
    /// `x in [literals]`; missing if `x` is; the list holds no null.
    In {
        /// What is looked up.
        value: Box<Expr>,
        /// Literals of the same kind.
        list: Vec<Literal>,
        /// `not in`.
        negated: bool,
    },
    /// `if c then a else b`; a missing condition is false; only the branch taken may reject.
    If {
        /// The condition.
        condition: Box<Expr>,
        /// Where it holds.
        then: Box<Expr>,
        /// Where it does not.
        otherwise: Box<Expr>,
    },
    /// `value ?? default`; `default` is only reached (and may only reject) where `value` is missing.
    Coalesce {
        /// What may be missing.
        value: Box<Expr>,
        /// What stands in for it; may be `Reject`.
        default: Box<Expr>,
    },
    /// `reject "reason"`: the row goes to quarantine with this reason.
    Reject(String),
    /// A widening that loses nothing, to this expression's type: int to decimal, decimal to a wider one, required to optional.
    Cast(Box<Expr>),
}

/// `and`, `or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LogicOp {
    And,
    Or,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl CompareOp {
    /// How it is written: in `.pipe`, Rust and Python alike.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Equal => "==",
            CompareOp::NotEqual => "!=",
            CompareOp::Less => "<",
            CompareOp::LessEqual => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterEqual => ">=",
        }
    }
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
}

/// A value known at compile time, already of the type that its place asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An int.
    Int(i64),
    /// A float.
    Float(f64),
    /// A decimal: its digits without the point; precision and scale are in the expression's type.
    Decimal {
        /// The number times ten to the scale.
        unscaled: i128,
        /// Digits behind the point.
        scale: u8,
    },
    /// A text, or an enum's variant.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00Z.
    Timestamp(i64),
    /// Lower case, with hyphens.
    Uuid(String),
}

/// An aggregate of a `group`.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Its name: `count`, `count_distinct`, `sum`, `min`, `max`.
    pub function: String,
    /// What it is over; `count()` has none. Missing values are left out.
    pub argument: Option<Expr>,
    /// Its type: `sum` of decimal(p, s) is decimal(min(38, p + 10), s), of int is int (overflow fails the run).
    pub ty: Type,
    /// As the author wrote it.
    pub text: String,
}
