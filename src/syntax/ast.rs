//! The tree that parsing gives: what the author wrote, with places, before any meaning.
//!
//! Parsing never fails: what cannot be read is a `Bad` node and a diagnostic beside the tree.
//! One tree serves the checker, the formatter and the editor; comments are kept beside it.

use crate::base::{FileId, Span};

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Which file.
    pub id: FileId,
    /// Its items, in order.
    pub items: Vec<Item>,
    /// Every `//` comment (not `///`), in order, for the formatter.
    pub comments: Vec<Comment>,
}

/// A `//` comment, without its end of line.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// From `//` to the end of the line.
    pub span: Span,
    /// Whether nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// `a`, `a.b.c`, `curated.*`, and `*` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The parts between dots, without a closing `*`.
    pub parts: Vec<Name>,
    /// Whether it ends in `.*`.
    pub star: bool,
    /// All of it.
    pub span: Span,
}

impl Path {
    /// The name of an item of a kind. A resource has one, its type and its label together: there may be many of one label.
    pub(super) fn of_item(self, kind: &str) -> Path {
        if kind != "override" {
            return self;
        }
        let name = Name {
            text: self.text(),
            span: self.span,
        };
        Path {
            parts: vec![name],
            ..self
        }
    }

    /// The path as text, `curated.*`.
    pub fn text(&self) -> String {
        let mut text = self
            .parts
            .iter()
            .map(|part| part.text.as_str())
            .collect::<Vec<_>>()
            .join(".");
        match (self.star, self.parts.is_empty()) {
            (true, true) => text.push('*'),
            (true, false) => text.push_str(".*"),
            (false, _) => {}
        }
        text
    }
}

/// `/// …` lines before an item, field or entry, joined by newlines, without the marks and one leading space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doc {
    /// The text.
    pub text: String,
    /// All of the lines.
    pub span: Span,
}

impl Doc {
    /// What a line says behind its `///` and one space.
    pub(crate) fn line(written: &str) -> &str {
        let text = written.trim_start_matches("///");
        text.strip_prefix(' ').unwrap_or(text).trim_end()
    }
}

/// A top-level item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its documentation.
    pub doc: Option<Doc>,
    /// What it is.
    pub kind: ItemKind,
    /// From its keyword to its end.
    pub span: Span,
}

/// The kinds of items.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum ItemKind {
    /// `KEYWORD NAME … { settings and clauses }`: pipeline, env, class, source, zone, retention, sink, serve,
    /// access, schedule, monitor, delivery, account, override; and, in the standard library, `item` and `variant`.
    Block(Block),
    /// `param NAME : TYPE = default`
    Param {
        name: Name,
        ty: TypeExpr,
        default: Option<Expr>,
    },
    /// `enum NAME { A, B }`
    Enum { name: Name, variants: Vec<EnumVariant> },
    /// `type NAME = TYPE`
    TypeAlias { name: Name, ty: TypeExpr },
    /// `schema NAME { fields }`
    Schema { name: Name, fields: Vec<Field> },
    /// `transform NAME : inputs -> target mode { settings and steps }`
    Transform(Transform),
    /// `fn name(a: T) -> T = expr`; in the standard library without `= expr` and with a block of settings.
    Function(Function),
    /// `test "NAME" for TRANSFORM { … }`
    Test(Test),
    /// `use "../platform"`
    Use { path: StrLit },
    /// What could not be read; the diagnostic was given.
    Bad(BadItem),
}

/// What is known of an item whose head could not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BadItem {
    /// `zone`, `source` …; the word that was meant, where that is known.
    pub keyword: Option<Name>,
    /// Its name.
    pub name: Option<Name>,
    /// What stands in its block.
    pub entries: Vec<Entry>,
}

/// An item that is a block of settings and clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// `zone`, `source` …
    pub keyword: Name,
    /// The item's name; that of an `override` is `RESOURCE.NAME`.
    pub name: Path,
    /// `: stream of S`, for sources.
    pub input: Option<SourceType>,
    /// `like PATH`.
    pub like: Option<Path>,
    /// `below NAME`, for classes; in the standard library `of PATH`, for variants.
    pub parent: Option<Path>,
    /// The settings and clauses; empty where the braces are left out.
    pub entries: Vec<Entry>,
}

/// `stream of S`, `table of S`, `objects of S`.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceType {
    /// `stream`, `table` or `objects`.
    pub shape: Name,
    /// The rows' type: a schema's name or a `struct { … }`.
    pub schema: TypeExpr,
}

/// An entry of a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its documentation.
    pub doc: Option<Doc>,
    /// What it is.
    pub kind: EntryKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of entries.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum EntryKind {
    /// `key = value`, `path.to.key = value`
    Setting { key: Path, value: Expr },
    /// `allow select on a.*, b.c columns [x, y] where COND` (access)
    Allow(Allow),
    /// `clear @label` (access)
    Clear { labels: Vec<Name> },
    /// `alarm KIND of TARGET over VALUE` (monitor); `alarm cost over 80 percent of budget` has no target
    Alarm {
        kind: Name,
        of: Option<Path>,
        over: Option<Expr>,
    },
    /// `given DATASET = [rows]` or `given DATASET from "file"` (test)
    Given { dataset: Path, rows: GivenRows },
    /// `expect [rows]` (test)
    ExpectRows { rows: Expr },
    /// `expect rejected N` (test)
    ExpectRejected { count: Expr },
    /// `NAME : TYPE = default in RANGE` with documentation: a declared setting (standard library only)
    Declare(Declare),
    /// A step of a transform.
    Step(Step),
    /// What could not be read; the diagnostic was given.
    Bad,
}

/// The rows of a `given`.
#[derive(Clone, Debug, PartialEq)]
pub enum GivenRows {
    /// A list in place.
    List(Expr),
    /// A file beside the project.
    File(StrLit),
}

/// `allow select on … columns … where …`
#[derive(Clone, Debug, PartialEq)]
pub struct Allow {
    /// `select`.
    pub action: Name,
    /// The datasets.
    pub on: Vec<Path>,
    /// The columns, where they are limited.
    pub columns: Option<Vec<Name>>,
    /// The rows, where they are limited.
    pub condition: Option<Expr>,
}

/// A setting that the standard library declares.
///
/// `retention : duration = 24 hours in 24 hours..8760 hours`, `shards : int in 1..500`,
/// `key : column?`, `capacity : variant kinesis.capacity = on_demand`, `stream : own | string = own`.
#[derive(Clone, Debug, PartialEq)]
pub struct Declare {
    /// The setting's name.
    pub name: Name,
    /// Its type: alternatives between `|`.
    pub ty: Vec<SettingType>,
    /// `?` behind the type: it may be left out and then is not there.
    pub optional: bool,
    /// Its default: it may be left out.
    pub default: Option<Expr>,
    /// `in RANGE`.
    pub bounds: Option<Expr>,
    /// `example VALUE`.
    pub example: Option<Expr>,
}

/// One alternative of a declared setting's type.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingType {
    /// `int`, `duration`, `variant`, `ref`, `list`, or a bare word that stands for itself (`own`).
    pub word: Name,
    /// What `variant`, `ref` and `list of` are about: `kinesis.capacity`, `zone`, `duration`.
    pub of: Option<Path>,
}

/// A transform.
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// Its name.
    pub name: Name,
    /// What it reads; several are `union`.
    pub inputs: Vec<Path>,
    /// What it writes; without it the transform is a view.
    pub target: Option<Target>,
    /// Settings, then steps.
    pub entries: Vec<Entry>,
}

/// `-> zone.dataset : Contract merge by keys`
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// `zone.dataset`.
    pub dataset: Path,
    /// The schema that the result must have.
    pub contract: Option<Name>,
    /// `append`, `overwrite`, `merge`, `history`.
    pub mode: Option<Name>,
    /// The keys of `merge by` and `history by`.
    pub keys: Vec<Name>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its word: `filter`, `derive` …
    pub word: Name,
    /// What it does.
    pub kind: StepKind,
}

/// The steps.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum StepKind {
    /// `filter COND`
    Filter(Expr),
    /// `derive NAME = EXPR …`
    Derive(Vec<Binding>),
    /// `select A, EXPR as B`
    Select(Vec<Binding>),
    /// `drop A, B`
    Drop(Vec<Name>),
    /// `rename A as B`: pairs of old and new
    Rename(Vec<(Name, Name)>),
    /// `explode [outer] LIST as NAME`
    Explode { outer: bool, list: Expr, name: Name },
    /// `dedupe by KEYS [keep first|last by COL] [within D]`
    Dedupe {
        keys: Vec<Name>,
        keep: Option<Keep>,
        within: Option<Expr>,
    },
    /// `join [KIND] OTHER [as NAME] on COND [within D]`
    Join {
        kind: Option<Name>,
        other: Path,
        alias: Option<Name>,
        on: Expr,
        within: Option<Expr>,
    },
    /// `union OTHER`
    Union(Path),
    /// `group by KEYS [every D [over D] [late D]] { NAME = AGG … }`
    Group {
        keys: Vec<Binding>,
        every: Option<Expr>,
        over: Option<Expr>,
        late: Option<Expr>,
        aggregates: Vec<Binding>,
    },
    /// `window by KEYS order by COLS [rows A..B] { NAME = FN … }`
    Window {
        keys: Vec<Name>,
        order: Vec<Order>,
        rows: Option<Rows>,
        columns: Vec<Binding>,
    },
    /// `session by KEYS gap D as NAME`
    Session { keys: Vec<Name>, gap: Expr, name: Name },
    /// `pivot by KEYS on COL { NAME = AGG for VALUE … }`: a row a key, a column for each value
    Pivot {
        keys: Vec<Name>,
        on: Expr,
        columns: Vec<Pivoted>,
    },
    /// `unpivot A, B as NAME, VALUE`: a row for each of the columns, with its name and its value
    Unpivot {
        columns: Vec<Name>,
        name: Name,
        value: Name,
    },
    /// `sort by COLS`
    Sort(Vec<Order>),
    /// `take N`
    Take(Expr),
    /// `expect NAME : COND else quarantine|drop|warn|fail`
    Expect {
        name: Name,
        condition: Expr,
        otherwise: Name,
    },
    /// `route { when COND -> TARGET … else -> TARGET }`
    Route {
        branches: Vec<(Expr, Path)>,
        otherwise: Option<Path>,
    },
    /// `run script "PATH" returns SCHEMA { settings }`, `run container { settings } returns SCHEMA`
    Run {
        what: Name,
        path: Option<StrLit>,
        returns: Option<TypeExpr>,
        entries: Vec<Entry>,
    },
}

/// `NAME = EXPR`, or `EXPR as NAME`, or a plain column, with documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// Its documentation.
    pub doc: Option<Doc>,
    /// The column's name; a plain column's own.
    pub name: Name,
    /// Its value; `None` for a plain column.
    pub value: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// `NAME = AGG for VALUE` of a `pivot`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pivoted {
    /// Its documentation.
    pub doc: Option<Doc>,
    /// The column's name.
    pub name: Name,
    /// What the column holds.
    pub aggregate: Expr,
    /// The value of the column behind `on` whose rows count.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// `rows -6..0`, `rows ..0`, `rows 0..`: rows before and behind a row, both ends in.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The first; without it all from the first on.
    pub from: Option<Expr>,
    /// The last; without it all to the last.
    pub to: Option<Expr>,
    /// All of it, from `rows`.
    pub span: Span,
}

/// `keep first by at`
#[derive(Clone, Debug, PartialEq)]
pub struct Keep {
    /// `first` or `last`.
    pub which: Name,
    /// The column that orders.
    pub by: Name,
}

/// `COL [asc|desc]`
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What orders.
    pub value: Expr,
    /// Whether `desc` stands behind it.
    pub descending: bool,
}

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// Its parameters; a default makes one optional.
    pub params: Vec<FnParam>,
    /// What it returns.
    pub returns: TypeExpr,
    /// Its body; `None` for a declared function of the standard library.
    pub body: Option<Expr>,
    /// Settings of a declared function: `examples = […]`, `lowers = …`.
    pub entries: Vec<Entry>,
}

/// `a: T`, `digits: int = 0`
#[derive(Clone, Debug, PartialEq)]
pub struct FnParam {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its default.
    pub default: Option<Expr>,
}

/// A test.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its title.
    pub title: StrLit,
    /// The transform under test.
    pub transform: Name,
    /// `given` and `expect` clauses.
    pub entries: Vec<Entry>,
}

/// A text without `${ }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrLit {
    /// Its value, escapes resolved.
    pub value: String,
    /// With its quotes.
    pub span: Span,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumVariant {
    /// Its documentation.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
}

/// A field of a schema or struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its documentation.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its labels without `@`: `key`, `pii`, `event_time` …
    pub labels: Vec<Name>,
    /// `= default`
    pub default: Option<Expr>,
    /// `check COND`
    pub check: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    /// What it is.
    pub kind: TypeExprKind,
    /// All of it.
    pub span: Span,
}

/// The forms of types.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum TypeExprKind {
    /// `int`, `Currency`, `decimal(12, 2)`, `list<T>`, `map<string, T>`; in the standard library's declarations numbers are
    /// expressions: `decimal(p + 10, s)`
    Named {
        name: Name,
        numbers: Vec<Expr>,
        types: Vec<TypeExpr>,
    },
    /// `struct { … }`
    Struct(Vec<Field>),
    /// `object { types = […], max = 5 MiB }`
    Object(Vec<Entry>),
    /// `T?`
    Optional(Box<TypeExpr>),
    /// `T => U`, `(T, U) => V` (standard library only)
    Function {
        params: Vec<TypeExpr>,
        returns: Box<TypeExpr>,
    },
    /// What could not be read.
    Bad,
}

/// An expression, or a setting's value.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// The forms of expressions and values. There are more of these than of anything else: what few of them have is kept
/// beside them.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant says what its fields are")]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`, `1_000`: digits without `_`
    Int(String),
    /// `3.14`: digits without `_`
    Decimal(String),
    /// `"text ${expr}"`
    Text(Vec<TextPart>),
    /// `24 hours`, `600 B`, `80 percent`, `3 times`: the number as written, and the unit's word
    Quantity { number: String, unit: Box<Name> },
    /// `2_000 per second`, `600 USD per month`, `1 per 15 min`: per is the duration's number (`1` if left out) and unit
    Rate {
        amount: Box<Expr>,
        count: Option<Box<str>>,
        per: Box<Name>,
    },
    /// `RATE of SIZE`, `80 percent of budget`: both sides
    Of { left: Box<Expr>, right: Box<Expr> },
    /// `pseudonym to pseudonymous`: what lowers a class, and the class that it leaves
    To { from: Box<Expr>, to: Box<Expr> },
    /// `5_000 per second for 10 min`
    For { rate: Box<Expr>, duration: Box<Expr> },
    /// `a`
    Name(String),
    /// `x.f`
    Member { of: Box<Expr>, name: Box<Name> },
    /// `x.*`
    Star(Box<Expr>),
    /// `x[i]`
    Index { of: Box<Expr>, index: Box<Expr> },
    /// `f(x, n: 2)`, `first(x order by y)`
    Call {
        function: Box<Expr>,
        arguments: Box<[Argument]>,
        order: Box<[Order]>,
    },
    /// `-x`, `not x`
    Unary { op: UnaryOp, value: Box<Expr> },
    /// `a + b` …
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `x is null`, `x is not null`, `a is b`
    Is {
        value: Box<Expr>,
        not: bool,
        other: Box<Expr>,
    },
    /// `x in […]`, `x not in […]`, `x in 1..3`
    In {
        value: Box<Expr>,
        not: bool,
        set: Box<Expr>,
    },
    /// `x [not] between a and b`
    Between {
        value: Box<Expr>,
        not: bool,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `2..10`
    Range { low: Box<Expr>, high: Box<Expr> },
    /// `if c then a else b`
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// `match x { "a" => 1, _ => 0 }`
    Match { value: Box<Expr>, arms: Vec<(Expr, Expr)> },
    /// `row => …`
    Lambda { params: Vec<Name>, body: Box<Expr> },
    /// `reject "reason"`
    Reject(Box<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ a: 1, b: 2 }`
    Record(Vec<(Name, Expr)>),
    /// `kinesis { retention = 24 hours }`, `3 times { first = 30 s }`: a value with settings of its own
    Variant { value: Box<Expr>, entries: Vec<Entry> },
    /// `@pii`
    Label(Name),
    /// What could not be read; the diagnostic was given.
    Bad,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPart {
    /// Plain text, escapes resolved.
    Plain(String),
    /// `${expr}`
    Expr(Expr),
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `name:`
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-x`
    Negate,
    /// `not x`
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Coalesce,
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Like,
    Matches,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
