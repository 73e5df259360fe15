//! The provider's schema of the resources that the compiler writes: `stdlib/schema/aws.txt`, read when it is first asked.
//!
//! Knows what a resource has, and nothing of what it is for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const SCHEMA: &str = include_str!("../../stdlib/schema/aws.txt");

/// The lines, by the type of a resource or the name of a shape.
static LINES: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = SCHEMA.lines().filter(|line| !line.starts_with("# "));
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// What a resource or a nested block has: `name:FLAGS:TYPE` and `name>NESTING,MIN,MAX,SHAPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape(&'static str);

/// One thing that a resource or a nested block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An attribute.
    Attribute(Attribute),
    /// Nested blocks of a name.
    Nested(Nested),
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    flags: &'static str,
    /// Its type.
    pub kind: Kind,
}

/// A type, as the provider writes it: `set(string)`, `{name=string,value=string}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(&'static str);

/// What a type is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `string`
    Text,
    /// `number`
    Number,
    /// `bool`
    Bool,
    /// `list(…)`, `set(…)`
    List(Kind),
    /// `map(…)`
    Map(Kind),
    /// `{name=…}`
    Object(Vec<(&'static str, Kind)>),
    /// Whatever it is given.
    Any,
}

/// Nested blocks of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nested {
    /// How many there are at least.
    pub least: usize,
    /// How many there are at most; none where as many as one likes.
    pub most: Option<usize>,
    /// What each has.
    pub shape: Shape,
}

/// What resources of a type have; nothing where the compiler writes none.
pub fn resource(kind: &str) -> Option<Shape> {
    LINES.get(kind).filter(|_| !kind.starts_with('#')).copied().map(Shape)
}

/// Every type of resource.
#[cfg(test)]
pub fn types() -> impl Iterator<Item = &'static str> {
    SCHEMA
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with('#'))
}

impl Shape {
    /// Everything that there is, by name.
    pub fn entries(self) -> impl Iterator<Item = (&'static str, Entry)> {
        self.0.split(' ').filter_map(entry)
    }

    /// One thing.
    pub fn get(self, name: &str) -> Option<Entry> {
        self.entries().find(|(known, _)| *known == name).map(|(_, entry)| entry)
    }

    /// What an author may write.
    pub fn writable(self) -> impl Iterator<Item = &'static str> {
        self.entries()
            .filter(|(_, entry)| match entry {
                Entry::Attribute(attribute) => attribute.is_writable() && !attribute.is_sensitive(),
                Entry::Nested(_) => true,
            })
            .map(|(name, _)| name)
    }

    /// What has to be written.
    pub fn required(self) -> impl Iterator<Item = &'static str> {
        self.entries()
            .filter(|(_, entry)| match entry {
                Entry::Attribute(attribute) => attribute.flags.contains('r'),
                Entry::Nested(nested) => nested.least > 0,
            })
            .map(|(name, _)| name)
    }
}

impl Attribute {
    /// Whether it can be written, and not only read.
    pub fn is_writable(self) -> bool {
        self.flags.contains(['r', 'o'])
    }

    /// Whether it is a secret.
    pub fn is_sensitive(self) -> bool {
        self.flags.contains('s')
    }
}

impl Kind {
    /// What it is.
    pub fn form(self) -> Form {
        let text = self.0;
        let within = |start: &str, end: char| text.strip_prefix(start)?.strip_suffix(end);
        match text {
            "string" => return Form::Text,
            "number" => return Form::Number,
            "bool" => return Form::Bool,
            _ => {}
        }
        if let Some(inner) = within("list(", ')').or_else(|| within("set(", ')')) {
            return Form::List(Kind(inner));
        }
        if let Some(inner) = within("map(", ')') {
            return Form::Map(Kind(inner));
        }
        match within("{", '}') {
            Some(inner) => Form::Object(members(inner)),
            None => Form::Any,
        }
    }
}

/// `a=string,b=list({c=number,d=bool})`: commas inside of brackets are another's.
fn members(text: &'static str) -> Vec<(&'static str, Kind)> {
    let (mut out, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    let bytes = text.as_bytes();
    for at in 0..=bytes.len() {
        match bytes.get(at) {
            Some(b'(' | b'{') => depth += 1,
            Some(b')' | b'}') => depth -= 1,
            None => {}
            Some(b',') if depth == 0 => {}
            Some(_) => continue,
        }
        if matches!(bytes.get(at), None | Some(b',')) && depth == 0 {
            out.extend(text.get(start..at).and_then(|one| one.split_once('=')));
            start = at + 1;
        }
    }
    out.into_iter().map(|(name, kind)| (name, Kind(kind))).collect()
}

fn entry(text: &'static str) -> Option<(&'static str, Entry)> {
    if let Some((name, rest)) = text.split_once('>') {
        let mut parts = rest.split(',');
        let _nesting = parts.next()?;
        let bound = |text: &str| text.parse().ok();
        let (least, most) = (bound(parts.next()?).unwrap_or(0), bound(parts.next()?));
        let shape = Shape(LINES.get(parts.next()?).copied()?);
        return Some((name, Entry::Nested(Nested { least, most, shape })));
    }
    let mut parts = text.splitn(3, ':');
    let (name, flags, kind) = (parts.next()?, parts.next()?, Kind(parts.next()?));
    Some((name, Entry::Attribute(Attribute { flags, kind })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_schema_can_be_read() {
        let mut seen = 0;
        for line in SCHEMA.lines().filter(|line| !line.starts_with("# ")) {
            let (name, rest) = line.split_once(' ').unwrap();
            for text in rest.split(' ').filter(|text| !text.is_empty()) {
                let (entry_name, entry) = entry(text).unwrap_or_else(|| panic!("{name}: {text}"));
                if let Entry::Attribute(attribute) = entry {
                    readable(attribute.kind, entry_name);
                }
                seen += 1;
            }
        }
        assert!(seen > 2_000, "{seen}");
    }

    fn readable(kind: Kind, of: &str) {
        match kind.form() {
            Form::List(inner) | Form::Map(inner) => readable(inner, of),
            Form::Object(members) => {
                assert!(!members.is_empty(), "{of}");
                members.into_iter().for_each(|(_, inner)| readable(inner, of));
            }
            Form::Any => assert_eq!(kind.0, "dynamic", "{of}"),
            Form::Text | Form::Number | Form::Bool => {}
        }
    }

    #[test]
    fn a_resource_has_what_the_provider_says() {
        let stream = resource("aws_kinesis_stream").unwrap();
        let Some(Entry::Attribute(metrics)) = stream.get("shard_level_metrics") else {
            panic!("no attribute");
        };
        assert!(metrics.is_writable() && matches!(metrics.kind.form(), Form::List(_)));
        let Some(Entry::Nested(mode)) = stream.get("stream_mode_details") else {
            panic!("no block");
        };
        assert_eq!(mode.most, Some(1));
        assert_eq!(mode.shape.required().collect::<Vec<_>>(), ["stream_mode"]);
        assert_eq!(stream.get("shards"), None);
        assert_eq!(resource("nothing"), None);
        assert_eq!(resource("#0"), None);
    }
}
