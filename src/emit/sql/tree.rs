//! SQL as small trees with precedence, and the one place that escapes what an author wrote. It must not know plans.

use std::fmt::Write;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Sql {
    /// A column, or a parameter of a lambda, by its name.
    Name(String),
    /// A text.
    Text(String),
    /// What is written by the compiler alone: numbers, `NULL`, `TRUE`, `*`.
    Atom(String),
    /// `TYPE 'text'`.
    Typed(&'static str, String),
    /// `name(a, b)`; names are the compiler's own.
    Call(String, Vec<Sql>),
    /// `a OP b OP c`, from the left.
    Binary(&'static str, Vec<Sql>),
    /// `-x`.
    Minus(Box<Sql>),
    /// `NOT x`.
    Not(Box<Sql>),
    /// `x IS NULL`, `x IS NOT NULL`.
    IsNull(Box<Sql>, bool),
    /// `x IN (a, b)`.
    In(Box<Sql>, Vec<Sql>),
    /// `x LIKE 'pattern' ESCAPE '\'`.
    Like(Box<Sql>, String),
    /// `CASE WHEN a THEN b … ELSE c END`.
    Case(Vec<(Sql, Sql)>, Option<Box<Sql>>),
    /// `CAST(x AS type)`.
    Cast(Box<Sql>, String),
    /// `x -> …`.
    Lambda(Vec<String>, Box<Sql>),
    /// `ARRAY[a, b]`.
    Array(Vec<Sql>),
    /// `x.field`.
    Field(Box<Sql>, String),
    /// SQL of the compiler's own, with places `$0`, `$1` … for others.
    Template(String, Vec<Sql>),
    /// `call OVER (…)`.
    Over(Box<Sql>, Box<Window>),
    /// `call FILTER (WHERE condition)`.
    Filtered(Box<Sql>, Box<Sql>),
    /// `name(x, y ORDER BY z)`.
    Ordered(&'static str, Vec<Sql>, Vec<Order>),
    /// `EXISTS (SELECT 1 FROM table WHERE condition)`.
    Exists(String, Box<Sql>),
}

/// The rows that a function of a window sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What rows have in common.
    pub keys: Vec<Sql>,
    /// Their order.
    pub order: Vec<Order>,
    /// `ROWS BETWEEN …`.
    pub rows: Option<(Option<i64>, Option<i64>)>,
}

/// A part of an order: missing values are last, whichever way.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What is ordered by.
    pub value: Sql,
    /// From the largest.
    pub descending: bool,
}

impl Sql {
    /// SQL of the compiler's own that needs no parentheses anywhere.
    pub fn atom(text: impl Into<String>) -> Sql {
        Sql::Atom(text.into())
    }

    /// SQL of the compiler's own, with places for others.
    pub fn template(text: impl Into<String>, values: Vec<Sql>) -> Sql {
        Sql::Template(text.into(), values)
    }

    /// A column.
    pub fn name(name: impl Into<String>) -> Sql {
        Sql::Name(name.into())
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Sql {
        Sql::Text(text.into())
    }

    /// A call.
    pub fn call(name: impl Into<String>, arguments: Vec<Sql>) -> Sql {
        Sql::Call(name.into(), arguments)
    }

    /// `left OP right`.
    pub fn binary(op: &'static str, left: Sql, right: Sql) -> Sql {
        Sql::Binary(op, vec![left, right])
    }

    /// `CAST(self AS type)`.
    pub fn cast(self, ty: impl Into<String>) -> Sql {
        Sql::Cast(Box::new(self), ty.into())
    }

    /// `NOT self`.
    pub fn negated(self) -> Sql {
        Sql::Not(Box::new(self))
    }

    /// `NOT self` where that is asked for.
    pub fn negated_if(self, negated: bool) -> Sql {
        if negated { self.negated() } else { self }
    }

    /// `self IS NULL`.
    pub fn is_null(self) -> Sql {
        Sql::IsNull(Box::new(self), false)
    }

    /// `self IS NOT NULL`.
    pub fn is_there(self) -> Sql {
        Sql::IsNull(Box::new(self), true)
    }

    /// `CASE WHEN condition THEN value END`.
    pub fn when(condition: Sql, value: Sql) -> Sql {
        Sql::Case(vec![(condition, value)], None)
    }

    /// Whether it is as cheap and as short the second time that it is written.
    pub fn is_simple(&self) -> bool {
        match self {
            Sql::Name(_) | Sql::Text(_) | Sql::Atom(_) | Sql::Typed(..) => true,
            Sql::Field(of, _) | Sql::Minus(of) => of.is_simple(),
            Sql::Cast(of, _) => matches!(**of, Sql::Atom(_) | Sql::Text(_)),
            _ => false,
        }
    }

    /// How tightly its outermost operator binds; what stands in a place that asks for more gets parentheses.
    fn strength(&self) -> u8 {
        match self {
            Sql::Binary(op, _) => strength_of(op),
            Sql::Not(_) => 3,
            Sql::In(..) | Sql::Like(..) | Sql::IsNull(..) => 4,
            Sql::Lambda(..) => 0,
            Sql::Minus(_) => 8,
            Sql::Atom(text) if text.starts_with('-') => 8,
            Sql::Template(text, _) => match template_is_whole(text) {
                true => 10,
                false => 0,
            },
            _ => 10,
        }
    }
}

fn strength_of(op: &str) -> u8 {
    match op {
        "OR" => 1,
        "AND" => 2,
        "+" | "-" => 5,
        "||" => 5,
        "*" | "/" | "%" => 6,
        "AT TIME ZONE" => 9,
        _ => 4,
    }
}

/// Whether a template is one call, `CASE` or `CAST`, which nothing around it can take apart.
fn template_is_whole(text: &str) -> bool {
    let text = text.strip_suffix(" IGNORE NULLS").unwrap_or(text);
    if text.starts_with("CASE ") && text.ends_with(" END") && text.matches("CASE ").count() == 1 {
        return true;
    }
    if text.starts_with('$') && text.len() == 2 {
        return true;
    }
    let Some(open) = text.find('(') else {
        return text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    };
    if !text[..open].chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || open == 0 {
        return false;
    }
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

/// A text as SQL writes it: what is between quotes ends with the quote that is not doubled, and with nothing else.
fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for sign in text.chars() {
        if sign == quote {
            out.push(quote);
        }
        out.push(sign);
    }
    out.push(quote);
    out
}

/// A name, in quotes unless it is a plain one that SQL keeps for nothing else.
pub fn identifier(name: &str) -> String {
    let mut signs = name.chars();
    let starts = signs.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    let plain = starts && signs.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && !KEPT.contains(&name) {
        return name.to_owned();
    }
    quoted(name, '"')
}

/// Words that Trino or Athena's DDL keep, and those that a reader would take for SQL.
const KEPT: [&str; 121] = [
    "alter",
    "and",
    "as",
    "asc",
    "between",
    "bigint",
    "boolean",
    "by",
    "case",
    "cast",
    "char",
    "column",
    "constraint",
    "count",
    "create",
    "cross",
    "cube",
    "current_catalog",
    "current_date",
    "current_path",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "date",
    "day",
    "deallocate",
    "decimal",
    "default",
    "delete",
    "desc",
    "describe",
    "distinct",
    "double",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "execute",
    "exists",
    "external",
    "extract",
    "false",
    "filter",
    "first",
    "float",
    "for",
    "from",
    "full",
    "function",
    "group",
    "grouping",
    "having",
    "hour",
    "if",
    "in",
    "inner",
    "insert",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "json",
    "json_array",
    "json_exists",
    "json_object",
    "json_query",
    "json_value",
    "last",
    "left",
    "like",
    "limit",
    "listagg",
    "localtime",
    "localtimestamp",
    "map",
    "merge",
    "minute",
    "month",
    "natural",
    "normalize",
    "not",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "partition",
    "position",
    "prepare",
    "range",
    "recursive",
    "right",
    "rollup",
    "row",
    "rows",
    "second",
    "select",
    "set",
    "skip",
    "table",
    "then",
    "time",
    "timestamp",
    "trim",
    "true",
    "uescape",
    "union",
    "unnest",
    "using",
    "values",
    "when",
    "where",
    "with",
    "year",
];

impl std::fmt::Display for Sql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        write(self, 0, &mut out);
        f.write_str(&out)
    }
}

/// Writes an expression where its outermost operator has to bind this tightly.
fn write(sql: &Sql, wanted: u8, out: &mut String) {
    let around = sql.strength() < wanted;
    if around {
        out.push('(');
    }
    bare(sql, out);
    if around {
        out.push(')');
    }
}

fn list(items: &[Sql], out: &mut String) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(item, 0, out);
    }
}

fn bare(sql: &Sql, out: &mut String) {
    match sql {
        Sql::Name(name) => out.push_str(&identifier(name)),
        Sql::Text(text) => out.push_str(&quoted(text, '\'')),
        Sql::Atom(text) => out.push_str(text),
        Sql::Typed(ty, text) => {
            out.push_str(ty);
            out.push(' ');
            out.push_str(&quoted(text, '\''));
        }
        Sql::Call(name, arguments) => {
            out.push_str(name);
            out.push('(');
            list(arguments, out);
            out.push(')');
        }
        Sql::Binary(op, operands) => {
            let own = strength_of(op);
            for (at, operand) in operands.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                    out.push_str(op);
                    out.push(' ');
                }
                // Comparisons do not follow one another, and what is on the right binds tighter.
                let chains = matches!(*op, "AND" | "OR" | "||");
                write(
                    operand,
                    if chains || (at == 0 && own != 4) { own } else { own + 1 },
                    out,
                );
            }
        }
        Sql::Minus(of) => {
            out.push('-');
            write(of, 9, out);
        }
        Sql::Not(of) => {
            out.push_str("NOT ");
            write(of, 3, out);
        }
        Sql::IsNull(of, negated) => {
            write(of, 5, out);
            out.push_str(if *negated { " IS NOT NULL" } else { " IS NULL" });
        }
        Sql::In(of, items) => {
            write(of, 5, out);
            out.push_str(" IN (");
            list(items, out);
            out.push(')');
        }
        Sql::Like(of, pattern) => {
            write(of, 5, out);
            out.push_str(" LIKE ");
            out.push_str(&quoted(pattern, '\''));
            if pattern.contains('\\') {
                out.push_str(" ESCAPE '\\'");
            }
        }
        other => compound(other, out),
    }
}

/// Writes what holds other expressions between words of its own.
fn compound(sql: &Sql, out: &mut String) {
    match sql {
        Sql::Case(arms, otherwise) => {
            out.push_str("CASE");
            for (condition, value) in arms {
                out.push_str(" WHEN ");
                write(condition, 0, out);
                out.push_str(" THEN ");
                write(value, 0, out);
            }
            if let Some(otherwise) = otherwise {
                out.push_str(" ELSE ");
                write(otherwise, 0, out);
            }
            out.push_str(" END");
        }
        Sql::Cast(of, ty) => {
            out.push_str("CAST(");
            write(of, 0, out);
            let _ = write!(out, " AS {ty})");
        }
        Sql::Lambda(names, body) => {
            let names: Vec<String> = names.iter().map(|name| identifier(name)).collect();
            match names.as_slice() {
                [one] => out.push_str(one),
                _ => {
                    let _ = write!(out, "({})", names.join(", "));
                }
            }
            out.push_str(" -> ");
            write(body, 1, out);
        }
        Sql::Array(items) => {
            out.push_str("ARRAY[");
            list(items, out);
            out.push(']');
        }
        Sql::Field(of, field) => {
            write(of, 10, out);
            out.push('.');
            out.push_str(&identifier(field));
        }
        Sql::Template(text, arguments) => template(text, arguments, out),
        Sql::Over(call, window) => {
            write(call, 10, out);
            out.push_str(" OVER (");
            over(window, out);
            out.push(')');
        }
        Sql::Filtered(call, condition) => {
            write(call, 10, out);
            out.push_str(" FILTER (WHERE ");
            write(condition, 0, out);
            out.push(')');
        }
        Sql::Ordered(name, arguments, order) => {
            out.push_str(name);
            out.push('(');
            list(arguments, out);
            if !order.is_empty() {
                out.push_str(" ORDER BY ");
                orders(order, out);
            }
            out.push(')');
        }
        Sql::Exists(table, condition) => {
            let _ = write!(out, "EXISTS (SELECT 1 FROM {} WHERE ", identifier(table));
            write(condition, 0, out);
            out.push(')');
        }
        // The others are written above.
        _ => {}
    }
}

/// Fills a template: what stands alone between commas or parentheses needs none of its own.
fn template(text: &str, arguments: &[Sql], out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        if let Some(next) = after.strip_prefix("$$") {
            out.push('$');
            rest = next;
            continue;
        }
        let digits = after[1..].chars().take_while(char::is_ascii_digit).count();
        let number: usize = after[1..1 + digits].parse().unwrap_or(usize::MAX);
        let next = &after[1 + digits..];
        let free =
            (before.is_empty() && rest.len() == text.len() || before.ends_with(['(', '[']) || before.ends_with(", "))
                && (next.is_empty() || next.starts_with([')', ',', ']']) || next.starts_with(" AS "));
        if let Some(argument) = arguments.get(number) {
            write(argument, if free { 0 } else { 9 }, out);
        }
        rest = next;
    }
    out.push_str(rest);
}

fn over(window: &Window, out: &mut String) {
    let mut parts = Vec::new();
    if !window.keys.is_empty() {
        let mut part = "PARTITION BY ".to_owned();
        list(&window.keys, &mut part);
        parts.push(part);
    }
    if !window.order.is_empty() {
        let mut part = "ORDER BY ".to_owned();
        orders(&window.order, &mut part);
        parts.push(part);
    }
    if let Some((from, to)) = window.rows {
        parts.push(format!("ROWS BETWEEN {} AND {}", bound(from, true), bound(to, false)));
    }
    out.push_str(&parts.join(" "));
}

/// A list of what is ordered by.
pub fn orders(order: &[Order], out: &mut String) {
    for (at, part) in order.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(&part.value, 0, out);
        out.push_str(if part.descending {
            " DESC NULLS LAST"
        } else {
            " NULLS LAST"
        });
    }
}

fn bound(rows: Option<i64>, first: bool) -> String {
    match (rows, first) {
        (None, true) => "UNBOUNDED PRECEDING".to_owned(),
        (None, false) => "UNBOUNDED FOLLOWING".to_owned(),
        (Some(0), _) => "CURRENT ROW".to_owned(),
        (Some(rows), _) if rows < 0 => format!("{} PRECEDING", rows.unsigned_abs()),
        (Some(rows), _) => format!("{rows} FOLLOWING"),
    }
}
