//! The nodes: values, attributes, blocks. Knows nothing of how they are laid out.

/// The attribute that ends a block.
const LAST: &str = "depends_on";

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, by its digits.
    Number(String),
    /// A quoted string.
    Text(Vec<Part>),
    /// A reference or other expression, written by the compiler and never by an author: `local.prefix`.
    Reference(String),
    /// `[a, b]`
    List(Vec<Value>),
    /// `{ a = b }`
    Object(Vec<(String, Value)>),
    /// `function(a, b)`
    Call(String, Vec<Value>),
    /// An entry of a list with a comment on the line above it.
    Commented(String, Box<Value>),
}

/// A part of a quoted string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Text as it is; escaped when printed.
    Literal(String),
    /// `${…}`
    Expression(Value),
}

/// What a body holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// `name = value`
    Attribute(String, Value),
    /// A nested block.
    Block(Block),
    /// `# text`, a line each.
    Comment(String),
}

/// `kind "label" { … }`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// `resource`, `rule` …
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// What it holds, in order.
    pub items: Vec<Item>,
    /// A comment above it; a line each.
    pub doc: Option<String>,
}

impl Block {
    /// A block without labels.
    pub fn new(kind: &str) -> Block {
        Block {
            kind: kind.into(),
            labels: vec![],
            items: vec![],
            doc: None,
        }
    }

    /// `resource "TYPE" "LABEL"`
    pub fn resource(kind: &str, label: &str) -> Block {
        Block::new("resource").label(kind).label(label)
    }

    /// `data "TYPE" "LABEL"`
    pub fn data(kind: &str, label: &str) -> Block {
        Block::new("data").label(kind).label(label)
    }

    /// One more label.
    pub fn label(mut self, label: &str) -> Block {
        self.labels.push(label.into());
        self
    }

    /// An attribute; it stands before the nested blocks, except `depends_on`, which ends a block.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Block {
        let place = self.items.iter().position(|item| matches!(item, Item::Block(_)));
        let place = place.filter(|_| name != LAST).unwrap_or_else(|| self.end());
        self.items.insert(place, Item::Attribute(name.into(), value.into()));
        self
    }

    /// A nested block.
    pub fn block(mut self, block: Block) -> Block {
        let place = self.end();
        self.items.insert(place, Item::Block(block));
        self
    }

    /// Nested blocks.
    pub fn blocks(self, blocks: impl IntoIterator<Item = Block>) -> Block {
        blocks.into_iter().fold(self, Block::block)
    }

    /// Where what comes next stands: before `depends_on`.
    fn end(&self) -> usize {
        let is_last = |item: &Item| matches!(item, Item::Attribute(name, _) if name == LAST);
        self.items.iter().position(is_last).unwrap_or(self.items.len())
    }

    /// It with nothing but attributes and blocks of these names, and without comments.
    pub fn only(self, names: &[&str]) -> Block {
        let items = self.items.into_iter().filter_map(|item| match item {
            Item::Attribute(name, _) if !names.contains(&name.as_str()) => None,
            Item::Block(block) if names.contains(&block.kind.as_str()) => Some(Item::Block(block.only(names))),
            Item::Block(_) | Item::Comment(_) => None,
            attribute => Some(attribute),
        });
        Block {
            items: items.collect(),
            doc: None,
            ..self
        }
    }

    /// A comment inside.
    pub fn note(mut self, text: &str) -> Block {
        self.items.push(Item::Comment(text.into()));
        self
    }

    /// A check of checkov that does not apply here, and why.
    pub fn skip(mut self, check: &str, reason: &str) -> Block {
        let is_comment = |item: &&Item| matches!(item, Item::Comment(_));
        let place = self.items.iter().take_while(is_comment).count();
        self.items
            .insert(place, Item::Comment(format!("checkov:skip={check}:{reason}")));
        self
    }

    /// Without what was said of a check of checkov, which applies after all.
    pub fn without_skip(mut self, check: &str) -> Block {
        let start = format!("checkov:skip={check}:");
        self.items
            .retain(|item| !matches!(item, Item::Comment(text) if text.starts_with(&start)));
        self
    }

    /// One more thing that has to be there before.
    pub fn also_after(self, address: Value) -> Block {
        let mut all = match self.get(LAST) {
            Some(Value::List(known)) => known.clone(),
            _ => vec![],
        };
        all.push(address);
        let mut block = self;
        block
            .items
            .retain(|item| !matches!(item, Item::Attribute(name, _) if name == LAST));
        block.set(LAST, Value::List(all))
    }

    /// A comment above.
    pub fn doc(mut self, text: &str) -> Block {
        self.doc = Some(text.into());
        self
    }

    /// More of it where a condition holds.
    pub fn when(self, holds: bool, more: impl FnOnce(Block) -> Block) -> Block {
        if holds { more(self) } else { self }
    }

    /// `type.label`, as other resources write it; data sources start with `data.`.
    pub fn address(&self) -> String {
        let labels = self.labels.join(".");
        if self.kind == "data" {
            format!("data.{labels}")
        } else {
            labels
        }
    }

    /// The value of a direct attribute.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.items.iter().find_map(|item| match item {
            Item::Attribute(key, value) if key == name => Some(value),
            _ => None,
        })
    }

    /// The direct blocks of a kind.
    pub fn children<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.items.iter().filter_map(move |item| match item {
            Item::Block(block) if block.kind == kind => Some(block),
            _ => None,
        })
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(vec![Part::Literal(text.into())])
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(vec![Part::Literal(text)])
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::from(text.as_str())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Number(value.to_string())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Value {
        Value::Number(value.to_string())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Number(value.to_string())
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Value {
        Value::List(values)
    }
}

/// A reference or expression of the compiler's own.
pub fn reference(expression: impl Into<String>) -> Value {
    Value::Reference(expression.into())
}

/// A function call.
pub fn call(function: &str, arguments: impl IntoIterator<Item = Value>) -> Value {
    Value::Call(function.into(), arguments.into_iter().collect())
}

/// A list.
pub fn list<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Value {
    Value::List(values.into_iter().map(Into::into).collect())
}

/// An object, keys in order.
pub fn object(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(entries.into_iter().collect())
}

/// An entry of a list with a comment above it.
pub fn commented(comment: &str, value: Value) -> Value {
    Value::Commented(comment.into(), Box::new(value))
}

/// A string of parts: texts are joined, everything else is interpolated.
pub fn text(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut out: Vec<Part> = vec![];
    for part in parts {
        match part {
            Value::Text(inner) => {
                for piece in inner {
                    push(&mut out, piece);
                }
            }
            other => out.push(Part::Expression(other)),
        }
    }
    Value::Text(out)
}

fn push(out: &mut Vec<Part>, piece: Part) {
    match (out.last_mut(), piece) {
        (Some(Part::Literal(before)), Part::Literal(after)) => before.push_str(&after),
        (_, piece) => out.push(piece),
    }
}
