//! Typed expressions: what is left when names, types and literals are settled.
//!
//! Every engine lowers exactly these. Semantics on all of them is that of "Semantics on every engine" in the
//! language reference: a missing argument gives a missing answer except where a node says otherwise.

use super::types::Type;
use crate::base::Excerpt;

/// A typed expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it does.
    pub kind: ExprKind,
    /// Its type. Operands of one comparison, `in`, `if`, `??` have the same kind (checking puts `Cast`s).
    pub ty: Type,
    /// As the author wrote it, on one line, for comments, names of checks and reasons.
    pub text: Excerpt,
}

/// What an expression does.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A value known at compile time.
    Literal(Literal),
    /// A column in scope. Those of the other side of a `join` are called `ALIAS.column`.
    Column(String),
    /// A parameter of the `row => …` around it.
    Local(String),
    /// A value known only at deployment.
    Param(String),
    /// `x.field` of a struct or an object (missing if `x` is), or of a `json` (missing if it has no such member).
    Member {
        /// The struct, object or json.
        of: Box<Expr>,
        /// The field, in lower case for structs, as written for json.
        field: String,
    },
    /// `list[i]` (from 0), `map[key]`, `json[i]`; missing where there is no such entry.
    Index {
        /// The list, map or json.
        of: Box<Expr>,
        /// An int, or a text for maps.
        index: Box<Expr>,
    },
    /// `[a, b]`; all of the list's item type.
    List(Vec<Expr>),
    /// `{ a: 1, b: 2 }`, in the order of the struct's fields.
    Struct(Vec<(String, Expr)>),
    /// `"${a} and ${b}"`: texts and values, joined; missing if a value is.
    Interpolate(Vec<Expr>),
    /// `match x { "a" => 1, _ => 0 }`: the first arm that holds `x`; a missing `x` takes `_`, or is missing.
    Match {
        /// What is looked at.
        value: Box<Expr>,
        /// Literals of the same kind, and what they give. Together they are all cases where there is no `_`.
        arms: Vec<(Vec<Literal>, Expr)>,
        /// `_`.
        otherwise: Option<Box<Expr>>,
    },
    /// `row => …`, only as an argument of a function on lists or maps.
    Lambda {
        /// Its parameters, read as [`ExprKind::Local`].
        params: Vec<String>,
        /// What it gives.
        body: Box<Expr>,
    },
    /// A call of a project's own `fn`.
    Own {
        /// Its name, in [`super::Plan::functions`].
        function: String,
        /// All arguments, in the order of its declaration; defaults are filled in.
        arguments: Vec<Expr>,
    },
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
    /// `x is y`: equal, or both missing; never missing itself.
    Same {
        /// Left side.
        left: Box<Expr>,
        /// Right side, of the same kind.
        right: Box<Expr>,
        /// `is not`.
        negated: bool,
    },
    /// `x like "a%"`: `%` any text, `_` one code point, `\\` escapes; missing if `x` is.
    Like {
        /// What is looked at.
        value: Box<Expr>,
        /// The pattern as written.
        pattern: String,
        /// `not like`.
        negated: bool,
    },
    /// `x matches "…"`: whether the regular expression is found anywhere in it; missing if `x` is.
    Matches {
        /// What is searched.
        value: Box<Expr>,
        /// The expression, in the common syntax of all engines.
        pattern: String,
        /// `not matches`.
        negated: bool,
    },
    /// `x in xs` for a list that is not of literals: found, else missing if `x` or an item is missing, else false.
    Contains {
        /// What is looked up.
        value: Box<Expr>,
        /// The list.
        list: Box<Expr>,
        /// `not in`.
        negated: bool,
    },
    /// `+ - * / %` on numbers; `+ -` of a `date` or `timestamp` and a duration; `-` of two dates or timestamps; durations
    /// with each other and with ints. Overflow rejects the row with reason `overflow in TEXT`; `/` and `%` by zero are
    /// missing.
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
    /// A value as one of this expression's type: int to decimal or float, decimal to one of no smaller scale, required to
    /// optional, the same inside of lists, maps and structs. Nothing is lost; too many digits for a decimal reject the row.
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
    Divide,
    Remainder,
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
    /// Microseconds.
    Duration(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A json value's text, keys sorted.
    Json(String),
    /// Items in order.
    List(Vec<Literal>),
    /// Entries sorted by key.
    Map(Vec<(String, Literal)>),
    /// Fields in the struct's order.
    Struct(Vec<(String, Literal)>),
}

/// An aggregate of a `group`, or a function over the rows of a `window`.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Its name: `count`, `count_distinct`, `sum`, `min`, `max`, `percentile`, `lag` …
    pub function: String,
    /// What it is over, then what else it takes (`percentile`'s share, `lag`'s distance); `count()` has none. Missing
    /// values are left out.
    pub arguments: Vec<Expr>,
    /// `order by` inside of the call: expression, and whether it is descending.
    pub order: Vec<(Expr, bool)>,
    /// Its type: `sum` of decimal(p, s) is decimal(min(38, p + 10), s), of int is int (overflow fails the run).
    pub ty: Type,
    /// As the author wrote it.
    pub text: Excerpt,
}
