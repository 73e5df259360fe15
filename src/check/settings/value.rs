//! The typed values of settings, and how they are read back.

use std::collections::BTreeMap;

use crate::base::{Span, Spanned};
use crate::resolve::Layer;

/// The checked settings of an item or a variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    values: BTreeMap<String, Setting>,
    /// What is right and cannot be built yet: where it stands, and what it is.
    later: Vec<(Span, String)>,
}

/// One checked setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its value; `Bad` where a mistake was said.
    pub value: Value,
    /// Where its value stands; for a default, in the standard library.
    pub span: Span,
    /// Who wrote it.
    pub layer: Layer,
}

impl Setting {
    /// A setting whose mistake was said.
    pub fn bad(span: Span) -> Self {
        Setting {
            value: Value::Bad,
            span,
            layer: Layer::Item,
        }
    }
}

/// A value under a name that no declaration lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Where the name stands.
    pub key: Span,
    /// The value, and where it stands.
    pub value: Spanned<Value>,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A param, where it may stand for a text.
    Param(String),
    /// The name of a secret.
    Secret(String),
    /// Milliseconds.
    Duration(u64),
    /// Bytes.
    Size(u64),
    /// US dollars a month.
    Money(f64),
    /// Records a second, and their mean size in bytes.
    Volume(f64, u64),
    /// Bytes a second, whatever records they come in.
    Throughput(f64),
    /// So many a second.
    Rate(f64),
    /// So many a second for so many milliseconds.
    Peak(f64, u64),
    /// Percent.
    Share(f64),
    /// A word that stands for itself: `own`.
    Word(String),
    /// The name of an item.
    Ref(String),
    /// `zone.dataset`, or all of a zone.
    Dataset {
        /// The zone.
        zone: String,
        /// The dataset; `None` for `zone.*`.
        name: Option<String>,
    },
    /// A dataset that another project exports.
    Foreign {
        /// The project's pipeline.
        pipeline: String,
        /// The zone.
        zone: String,
        /// The dataset.
        name: String,
    },
    /// The arrival of what lands as `zone.name`.
    Arrival {
        /// The zone.
        zone: String,
        /// The dataset.
        name: String,
    },
    /// The name of a column, to be found by who knows the rows.
    Column(String),
    /// `2..10`
    Range(i64, i64),
    /// A class, without its `@`.
    Label(String),
    /// `FUNCTION to CLASS`
    Lowering {
        /// The function.
        function: Spanned<String>,
        /// The class that it leaves.
        class: Option<Spanned<String>>,
    },
    /// `[a, b]`
    List(Vec<Spanned<Value>>),
    /// Names and values that no declaration lists.
    Map(BTreeMap<String, Named>),
    /// A variant and its settings.
    Variant(String, Settings),
    /// What was wrong, and said.
    Bad,
}

impl Value {
    fn later(&self, found: &mut Vec<(Span, String)>) {
        match self {
            Value::Variant(_, settings) => found.extend(settings.later()),
            Value::List(items) => items.iter().for_each(|item| item.value.later(found)),
            _ => {}
        }
    }
}

impl Settings {
    /// Puts a setting.
    pub fn insert(&mut self, name: &str, setting: Setting) {
        self.values.insert(name.to_owned(), setting);
    }

    /// Says that something of these settings is right and cannot be built yet.
    pub(super) fn put_off(&mut self, span: Span, what: String) {
        self.later.push((span, what));
    }

    /// What of these settings, and of those inside of them, cannot be built yet: where it stands, and what it is.
    pub fn later(&self) -> Vec<(Span, String)> {
        let mut found = self.later.clone();
        for setting in self.values.values().filter(|setting| setting.layer != Layer::Default) {
            setting.value.later(&mut found);
        }
        found
    }

    /// A setting, if it is there.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.values.get(name)
    }

    /// Every setting by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.values.iter().map(|(name, setting)| (name.as_str(), setting))
    }

    /// Where a setting's value stands.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.get(name).map(|setting| setting.span)
    }

    /// A `bool`.
    pub fn bool(&self, name: &str) -> Option<bool> {
        match self.get(name)?.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// A whole number that its bounds keep within 32 bits.
    pub fn int(&self, name: &str) -> Option<u32> {
        match self.get(name)?.value {
            Value::Int(value) => u32::try_from(value).ok(),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)?.value {
            Value::Number(value) | Value::Money(value) | Value::Share(value) => Some(value),
            _ => None,
        }
    }

    /// A text or a word.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.value {
            Value::Text(value) | Value::Word(value) | Value::Ref(value) | Value::Column(value) => Some(value),
            _ => None,
        }
    }

    /// A rate of records a second.
    pub fn rate(&self, name: &str) -> Option<f64> {
        match self.get(name)?.value {
            Value::Rate(value) => Some(value),
            _ => None,
        }
    }

    /// Whether a setting was written, in whatever layer.
    pub fn is_written(&self, name: &str) -> bool {
        self.get(name).is_some_and(|setting| setting.layer != Layer::Default)
    }

    /// A duration in milliseconds.
    pub fn milliseconds(&self, name: &str) -> Option<u64> {
        match self.get(name)?.value {
            Value::Duration(value) => Some(value),
            _ => None,
        }
    }

    /// A duration in whole seconds.
    pub fn seconds(&self, name: &str) -> Option<u64> {
        self.milliseconds(name).map(|ms| ms / 1_000)
    }

    /// A duration in whole days.
    pub fn days(&self, name: &str) -> Option<u32> {
        self.milliseconds(name).and_then(|ms| u32::try_from(ms / DAY).ok())
    }

    /// A size in bytes.
    pub fn bytes(&self, name: &str) -> Option<u64> {
        match self.get(name)?.value {
            Value::Size(value) => Some(value),
            _ => None,
        }
    }

    /// The items of a list; none where it is not there.
    pub fn list(&self, name: &str) -> &[Spanned<Value>] {
        match self.get(name).map(|setting| &setting.value) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// The words, names or columns of a list, with their places.
    pub fn names(&self, name: &str) -> Vec<Spanned<String>> {
        let named = |item: &Spanned<Value>| match &item.value {
            Value::Text(text) | Value::Word(text) | Value::Ref(text) | Value::Column(text) => {
                Some(Spanned::new(text.clone(), item.span))
            }
            _ => None,
        };
        self.list(name).iter().filter_map(named).collect()
    }

    /// The columns that settings name: the setting, and the column with its place.
    pub fn columns(&self) -> Vec<(&str, Spanned<String>)> {
        let mut found = Vec::new();
        for (name, setting) in self.iter() {
            let column = |value: &Value, span| match value {
                Value::Column(column) => Some((name, Spanned::new(column.clone(), span))),
                _ => None,
            };
            match &setting.value {
                Value::List(items) => found.extend(items.iter().filter_map(|item| column(&item.value, item.span))),
                value => found.extend(column(value, setting.span)),
            }
        }
        found
    }

    /// Both ends of a range that its bounds keep within 32 bits.
    pub fn range(&self, name: &str) -> Option<(u32, u32)> {
        match self.get(name)?.value {
            Value::Range(low, high) => Some((u32::try_from(low).ok()?, u32::try_from(high).ok()?)),
            _ => None,
        }
    }

    /// A variant's name and settings.
    pub fn variant(&self, name: &str) -> Option<(&str, &Settings)> {
        match &self.get(name)?.value {
            Value::Variant(variant, settings) => Some((variant, settings)),
            _ => None,
        }
    }
}

/// Milliseconds of a day.
pub const DAY: u64 = 86_400_000;
