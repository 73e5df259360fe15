//! Blocks, the statements in them and the values that they end with: what each mentions, and whether it may leave the
//! function. Knows nothing of layout.

use std::collections::BTreeSet;

use super::Code;

/// Statements and the value that they end with.
#[derive(Clone, Debug)]
pub struct Block {
    /// Statements.
    pub statements: Vec<Statement>,
    /// The value.
    pub value: Value,
}

/// An expression that may take several lines.
#[derive(Clone, Debug)]
pub enum Value {
    /// On one line.
    Code(Code),
    /// `if … else …`
    If(Box<(Code, Block, Block)>),
    /// `match … { PATTERN => …, … }`
    Match(Box<(Code, Vec<(String, Block)>)>),
    /// `before |parameters| block after`
    Closure(Box<Closure>),
    /// `Name { field: value, … }`
    Fields(Box<(Code, Vec<(String, Code)>)>),
}

/// A call whose last argument is a closure of several lines.
#[derive(Clone, Debug)]
pub struct Closure {
    /// `lists::map(list, `, and what that mentions.
    pub before: Code,
    /// `|item|`, `|item| -> Result<_, Reject>`
    pub parameters: String,
    /// The names that the parameters bind.
    pub bound: Vec<String>,
    /// What it does.
    pub body: Block,
    /// Whether it is one that may fail: its value stands in `Ok( )`, and the call has a `?`.
    pub tried: bool,
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `// text`
    Comment(String),
    /// `let name: ty = value;`
    Let {
        /// The variable.
        name: String,
        /// Its type, where it cannot be told from the value.
        ty: Option<String>,
        /// The value.
        value: Value,
    },
    /// `let mut name = Vec::new();`: what statements after it push to.
    Gather(String),
    /// `code;`
    Do(Code),
    /// `if condition { body }`, each line of the body a statement.
    If(Code, Vec<Code>),
    /// `head { body }`: `for item in list`, `if let Some(item) = value`.
    Nest {
        /// What stands before the brace.
        head: Code,
        /// The name that it binds.
        bound: String,
        /// Statements.
        body: Vec<Statement>,
    },
    /// `head { out.each(|out| { body end }) }`: what is done with each of the rows that a row becomes.
    Each {
        /// What stands before the brace.
        head: Code,
        /// The names that it binds.
        bound: Vec<String>,
        /// Statements.
        body: Vec<Statement>,
        /// What they end with.
        end: Code,
    },
}

impl Value {
    /// Adds all names that it mentions.
    pub fn uses(&self, out: &mut BTreeSet<String>) {
        match self {
            Value::Code(code) => out.extend(code.uses.iter().cloned()),
            Value::If(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts.1.uses(out);
                parts.2.uses(out);
            }
            Value::Match(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts.1.iter().for_each(|(_, block)| block.uses(out));
            }
            Value::Closure(closure) => {
                let mut inside = BTreeSet::new();
                closure.body.uses(&mut inside);
                inside.retain(|name| !closure.bound.contains(name));
                out.extend(inside);
                out.extend(closure.before.uses.iter().cloned());
                out.extend(closure.tried.then(|| "Reject".to_owned()));
            }
            Value::Fields(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts
                    .1
                    .iter()
                    .for_each(|(_, code)| out.extend(code.uses.iter().cloned()));
            }
        }
    }

    /// Whether it may leave the function.
    pub fn fails(&self) -> bool {
        match self {
            Value::Code(code) => code.fails,
            Value::If(parts) => parts.0.fails || parts.1.fails() || parts.2.fails(),
            Value::Match(parts) => parts.0.fails || parts.1.iter().any(|(_, block)| block.fails()),
            Value::Closure(closure) => closure.tried || closure.before.fails,
            Value::Fields(parts) => parts.1.iter().any(|(_, code)| code.fails),
        }
    }
}

impl Block {
    /// A block of a value alone.
    pub fn of(value: Value) -> Block {
        Block {
            statements: Vec::new(),
            value,
        }
    }

    /// Whether it may leave the function.
    pub fn fails(&self) -> bool {
        self.value.fails() || self.statements.iter().any(Statement::fails)
    }

    fn uses(&self, out: &mut BTreeSet<String>) {
        self.value.uses(out);
        for statement in &self.statements {
            statement.uses(out);
        }
    }

    /// The names that it mentions.
    pub fn mention(&self, out: &mut BTreeSet<String>) {
        self.uses(out);
    }
}

impl Statement {
    /// Whether it may leave the function.
    pub fn may_leave(&self) -> bool {
        self.fails()
    }

    fn fails(&self) -> bool {
        match self {
            Statement::Comment(_) | Statement::Gather(_) => false,
            Statement::Let { value, .. } => value.fails(),
            Statement::Do(_) | Statement::If(..) | Statement::Nest { .. } | Statement::Each { .. } => true,
        }
    }

    fn uses(&self, out: &mut BTreeSet<String>) {
        match self {
            Statement::Comment(_) => {}
            Statement::Gather(name) => drop(out.remove(name)),
            Statement::Let { value, ty, .. } => {
                value.uses(out);
                out.extend(
                    ty.iter()
                        .flat_map(|ty| super::super::types::mentioned(ty))
                        .map(str::to_owned),
                );
            }
            Statement::If(condition, body) => {
                out.extend(condition.uses.iter().cloned());
                out.extend(body.iter().flat_map(|code| code.uses.iter().cloned()));
            }
            Statement::Do(code) => out.extend(code.uses.iter().cloned()),
            Statement::Each { head, bound, body, end } => {
                let mut inside = end.uses.clone();
                for statement in body.iter().rev() {
                    if let Statement::Let { name, .. } = statement {
                        inside.remove(name);
                    }
                    statement.uses(&mut inside);
                }
                inside.retain(|name| !bound.contains(name));
                out.extend(inside);
                out.extend(head.uses.iter().cloned());
                out.insert("out".to_owned());
            }
            Statement::Nest { head, bound, body } => {
                out.extend(head.uses.iter().cloned());
                body.iter().for_each(|statement| statement.uses(out));
                out.remove(bound);
            }
        }
    }
}

/// Leaves out what nothing reads; what may turn the row away stays, without a name. `live` is what is read after,
/// and then all that is mentioned.
pub fn without_unused(statements: Vec<Statement>, live: &mut BTreeSet<String>) -> Vec<Statement> {
    let mut mentioned = live.clone();
    let mut kept = Vec::new();
    for mut statement in statements.into_iter().rev() {
        if let Statement::Let { name, ty, value } = &mut statement {
            let read = live.remove(name);
            if !read && !value.fails() {
                continue;
            }
            if !read {
                (*name, *ty) = ("_".into(), ty.take());
            }
        }
        statement.uses(live);
        statement.uses(&mut mentioned);
        kept.push(statement);
    }
    kept.reverse();
    *live = mentioned;
    kept
}
