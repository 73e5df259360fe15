//! Queries: a `WITH` that names what each step leaves, and what is selected of the last one. It must not know plans.

use std::fmt::Write;

use super::tree::{Order, Sql, identifier, orders};

/// The width up to which a list stays on one line.
const WIDTH: usize = 100;

/// What a query gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Named parts, each of which sees those before it.
    pub with: Vec<Part>,
    /// What comes of it.
    pub last: Rows,
}

/// A named part.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// What it does, as the author wrote it.
    pub comment: String,
    /// Its rows.
    pub rows: Rows,
}

/// Rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// Of one `SELECT`.
    One(Box<Select>),
    /// Of several.
    All(Vec<Select>),
    /// SQL of the compiler's own.
    Written(String),
}

/// `SELECT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// What is selected, and what it is called.
    pub items: Vec<(Sql, Option<String>)>,
    /// What is read.
    pub from: From,
    /// Which rows stay.
    pub filter: Option<Sql>,
    /// How many of the first items rows are grouped by.
    pub group: usize,
    /// In which order.
    pub order: Vec<Order>,
    /// How many at most.
    pub limit: Option<u64>,
}

/// What a `SELECT` reads.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// A table: the parts of its name.
    Table(Vec<String>),
    /// Two of them.
    Join {
        /// The left.
        left: String,
        /// `LEFT JOIN` and the like.
        kind: &'static str,
        /// The right.
        right: String,
        /// When rows belong together.
        on: Sql,
    },
    /// Each row with the entries of lists.
    Unnest {
        /// The rows.
        of: String,
        /// Whether rows without an entry stay.
        outer: bool,
        /// The lists.
        lists: Vec<Sql>,
        /// What their entries are called.
        names: Vec<String>,
    },
}

impl Select {
    /// Everything of a table.
    pub fn all_of(table: &str) -> Select {
        Select::of(table, vec![(Sql::atom("*"), None)])
    }

    /// Some of a table.
    pub fn of(table: &str, items: Vec<(Sql, Option<String>)>) -> Select {
        Select {
            items,
            from: From::Table(vec![table.to_owned()]),
            filter: None,
            group: 0,
            order: Vec::new(),
            limit: None,
        }
    }

    fn print(&self, indent: &str, out: &mut String) {
        let items: Vec<String> = self.items.iter().map(item).collect();
        let one = items.join(", ");
        if one.len() + indent.len() + 7 <= WIDTH {
            let _ = writeln!(out, "{indent}SELECT {one}");
        } else {
            let _ = writeln!(out, "{indent}SELECT");
            let lines: Vec<String> = items.iter().map(|item| format!("{indent}  {item}")).collect();
            let _ = writeln!(out, "{}", lines.join(",\n"));
        }
        self.from.print(indent, out);
        if let Some(filter) = &self.filter {
            let _ = writeln!(out, "{indent}WHERE {filter}");
        }
        if self.group > 0 {
            let places: Vec<String> = (1..=self.group).map(|at| at.to_string()).collect();
            let _ = writeln!(out, "{indent}GROUP BY {}", places.join(", "));
        }
        if !self.order.is_empty() {
            let mut by = String::new();
            orders(&self.order, &mut by);
            let _ = writeln!(out, "{indent}ORDER BY {by}");
        }
        if let Some(limit) = self.limit {
            let _ = writeln!(out, "{indent}LIMIT {limit}");
        }
    }
}

impl From {
    fn print(&self, indent: &str, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            From::Table(name) => {
                let name: Vec<String> = name.iter().map(|part| identifier(part)).collect();
                writeln!(out, "{indent}FROM {}", name.join("."))
            }
            From::Join { left, kind, right, on } => {
                let (left, right) = (identifier(left), identifier(right));
                writeln!(out, "{indent}FROM {left}\n{indent}{kind} {right} ON {on}")
            }
            From::Unnest {
                of,
                outer,
                lists,
                names,
            } => {
                let lists: Vec<String> = lists.iter().map(ToString::to_string).collect();
                let names: Vec<String> = names.iter().map(|name| identifier(name)).collect();
                let (join, on) = if *outer {
                    ("LEFT JOIN", " ON TRUE")
                } else {
                    ("CROSS JOIN", "")
                };
                let (of, lists, names) = (identifier(of), lists.join(", "), names.join(", "));
                writeln!(
                    out,
                    "{indent}FROM {of}\n{indent}{join} UNNEST({lists}) AS _entries ({names}){on}"
                )
            }
        };
    }
}

fn item((value, name): &(Sql, Option<String>)) -> String {
    match name {
        Some(name) if *value != Sql::Name(name.clone()) => format!("{value} AS {}", identifier(name)),
        _ => value.to_string(),
    }
}

impl Rows {
    fn print(&self, indent: &str, out: &mut String) {
        match self {
            Rows::One(select) => select.print(indent, out),
            Rows::All(selects) => {
                for (at, select) in selects.iter().enumerate() {
                    if at > 0 {
                        let _ = writeln!(out, "{indent}UNION ALL");
                    }
                    select.print(indent, out);
                }
            }
            Rows::Written(text) => {
                let _ = writeln!(out, "{indent}{text}");
            }
        }
    }
}

impl std::fmt::Display for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.print("", &mut out);
        f.write_str(&out)
    }
}

/// What an author wrote, where it can end no comment.
fn remark(text: &str) -> String {
    text.chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect()
}

impl std::fmt::Display for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        for (at, part) in self.with.iter().enumerate() {
            out.push_str(if at == 0 { "WITH\n" } else { ",\n" });
            if !part.comment.is_empty() {
                let _ = writeln!(out, "  -- {}", remark(&part.comment));
            }
            let _ = writeln!(out, "  {} AS (", identifier(&part.name));
            part.rows.print("    ", &mut out);
            out.push_str("  )");
        }
        if !self.with.is_empty() {
            out.push('\n');
        }
        self.last.print("", &mut out);
        f.write_str(out.trim_end())
    }
}
