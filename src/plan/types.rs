//! Types and columns, as every engine sees them.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use pipec_runtime::plain::Plain;

/// A type, with whether a value may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// What it is when it is there.
    pub kind: TypeKind,
    /// `?`: it may be missing.
    pub optional: bool,
}

/// The kinds of types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// `bool`
    Bool,
    /// `int`, 64 bit
    Int,
    /// `float`, IEEE 754 binary64
    Float,
    /// `decimal(precision, scale)`, at most 38 digits
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// `string`
    Text,
    /// `bytes`
    Bytes,
    /// `date`
    Date,
    /// `timestamp`: microseconds, UTC
    Timestamp,
    /// `duration`
    Duration,
    /// `uuid`
    Uuid,
    /// `json`
    Json,
    /// `list<T>`
    List(Box<Type>),
    /// `map<string, T>`
    Map(Box<Type>),
    /// `struct { … }`
    Struct(Vec<Column>),
    /// An enum by name, with its variants in order
    Enum {
        /// Its name.
        name: String,
        /// Its variants.
        variants: Vec<String>,
    },
    /// `object`: bytes in the lake. A row holds a struct of [`object_fields`]
    Object,
    /// The type of `null` alone
    Null,
    /// The type of `reject "…"`: no value ever comes of it
    Never,
    /// The type of a mistake that was already reported; unifies with everything
    Error,
}

impl TypeKind {
    /// The word for it in the tables of what engines call functions: what it holds besides is left out.
    pub fn table_word(&self) -> &'static str {
        match self {
            TypeKind::Bool => "bool",
            TypeKind::Int => "int",
            TypeKind::Float => "float",
            TypeKind::Decimal { .. } => "decimal",
            TypeKind::Text | TypeKind::Enum { .. } => "text",
            TypeKind::Bytes => "bytes",
            TypeKind::Date => "date",
            TypeKind::Timestamp => "timestamp",
            TypeKind::Duration => "duration",
            TypeKind::Uuid => "uuid",
            TypeKind::Json => "json",
            TypeKind::List(_) => "list",
            TypeKind::Map(_) => "map",
            TypeKind::Struct(_) | TypeKind::Object => "struct",
            TypeKind::Null | TypeKind::Never | TypeKind::Error => "null",
        }
    }

    /// How a plain text stands for a value of this type, where formats have nothing but texts.
    pub fn plain(&self) -> Plain {
        match self {
            TypeKind::Bool => Plain::Bool,
            TypeKind::Int | TypeKind::Duration => Plain::Int,
            TypeKind::Float => Plain::Float,
            TypeKind::Timestamp => Plain::Timestamp,
            TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) | TypeKind::Object | TypeKind::Json => {
                Plain::Json
            }
            TypeKind::Decimal { .. }
            | TypeKind::Text
            | TypeKind::Enum { .. }
            | TypeKind::Bytes
            | TypeKind::Date
            | TypeKind::Uuid
            | TypeKind::Null
            | TypeKind::Never
            | TypeKind::Error => Plain::Text,
        }
    }

    /// The type that a single word names, as [`Display`](fmt::Display) prints it; `decimal`, lists and the like take more.
    pub fn of_word(word: &str) -> Option<TypeKind> {
        Some(match word {
            "bool" => TypeKind::Bool,
            "int" => TypeKind::Int,
            "float" => TypeKind::Float,
            "string" => TypeKind::Text,
            "bytes" => TypeKind::Bytes,
            "date" => TypeKind::Date,
            "timestamp" => TypeKind::Timestamp,
            "duration" => TypeKind::Duration,
            "uuid" => TypeKind::Uuid,
            "json" => TypeKind::Json,
            _ => return None,
        })
    }

    /// The type whose values are always there.
    pub fn required(self) -> Type {
        Type {
            kind: self,
            optional: false,
        }
    }

    /// The type whose values may be missing.
    pub fn optional(self) -> Type {
        Type {
            kind: self,
            optional: true,
        }
    }
}

/// Prints a type as an author writes it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind, if self.optional { "?" } else { "" })
    }
}

impl fmt::Display for TypeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            TypeKind::Bool => "bool",
            TypeKind::Int => "int",
            TypeKind::Float => "float",
            TypeKind::Decimal { precision, scale } => return write!(f, "decimal({precision}, {scale})"),
            TypeKind::Text => "string",
            TypeKind::Bytes => "bytes",
            TypeKind::Date => "date",
            TypeKind::Timestamp => "timestamp",
            TypeKind::Duration => "duration",
            TypeKind::Uuid => "uuid",
            TypeKind::Json => "json",
            TypeKind::List(item) => return write!(f, "list<{item}>"),
            TypeKind::Map(value) => return write!(f, "map<string, {value}>"),
            TypeKind::Struct(fields) => {
                let fields: Vec<_> = fields.iter().map(|c| format!("{} : {}", c.name, c.ty)).collect();
                return write!(f, "struct {{ {} }}", fields.join(", "));
            }
            TypeKind::Enum { name, .. } => name,
            TypeKind::Object => "object",
            TypeKind::Null => "null",
            TypeKind::Never => "never",
            TypeKind::Error => "error",
        };
        f.write_str(word)
    }
}

/// A column of a schema, of a dataset, or after a step. It is cheap to clone: the steps of a transform share what they
/// leave as it is; who changes one gets a copy, unless nobody else has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Column(Arc<About>);

/// What is known of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name, in lower case.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The classes that it carries (`pii`), from every column that it was computed from.
    pub labels: BTreeSet<String>,
    /// What the author said of it.
    pub doc: Option<String>,
    /// `@key`
    pub key: bool,
    /// `@event_time`
    pub event_time: bool,
    /// `@subject`
    pub subject: bool,
}

impl Column {
    /// A column that nothing is said of but its name and type.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Column::from(About {
            name: name.into(),
            ty,
            labels: BTreeSet::new(),
            doc: None,
            key: false,
            event_time: false,
            subject: false,
        })
    }
}

impl From<About> for Column {
    fn from(about: About) -> Self {
        Column(Arc::new(about))
    }
}

impl Deref for Column {
    type Target = About;

    fn deref(&self) -> &About {
        &self.0
    }
}

impl DerefMut for Column {
    fn deref_mut(&mut self) -> &mut About {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a row holds of an `object`: where its bytes are, and how to know that they are the same.
pub fn object_fields() -> Vec<Column> {
    let field = |name: &str, kind: TypeKind, doc: &str| {
        let mut field = Column::new(name, kind.required());
        field.doc = Some(doc.to_owned());
        field
    };
    vec![
        field("bucket", TypeKind::Text, "The bucket that holds it."),
        field("key", TypeKind::Text, "Its key in the bucket."),
        field(
            "version",
            TypeKind::Text,
            "Its version; empty where the bucket keeps none.",
        ),
        field("size", TypeKind::Int, "Its size, bytes."),
        field("checksum", TypeKind::Text, "The SHA-256 of its bytes, lower-case hex."),
    ]
}
