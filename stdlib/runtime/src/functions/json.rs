//! Json values: read strictly, kept as their canonical text (keys sorted, no spaces, numbers as they were written).

use std::collections::BTreeMap;
use std::fmt::Write;

use super::convert::{self, is_number};
use crate::types::{Decimal, decimal};

/// How deep values may nest.
const DEPTH: usize = 128;

/// A json value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number's text.
    Number(String),
    /// A text.
    Text(String),
    /// `[ … ]`
    Array(Vec<Json>),
    /// `{ … }`; of equal keys the last one counts.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// The value that a text writes, by RFC 8259.
    pub fn parse(text: &str) -> Option<Json> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0)?;
        reader.space();
        (reader.at == text.len()).then_some(value)
    }

    /// What it is: `null`, `bool`, `number`, `string`, `array` or `object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "bool",
            Json::Number(_) => "number",
            Json::Text(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// The value at a path of names and positions, as `$.a[0].b`; nothing where there is none, or `null`.
    pub fn get(&self, path: &str) -> Option<&Json> {
        let mut value = self;
        let mut rest = path.strip_prefix('$').unwrap_or(path);
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (index, behind) = inside.split_once(']')?;
                value = value.item(index.parse().ok()?)?;
                rest = behind;
            } else {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                let end = name.find(['.', '[']).unwrap_or(name.len());
                let (name, behind) = name.split_at(end);
                value = value.member(name)?;
                rest = behind;
            }
        }
        (*value != Json::Null).then_some(value)
    }

    /// A member of an object, unless it is `null`.
    pub fn member(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.get(name).filter(|value| **value != Json::Null),
            _ => None,
        }
    }

    /// An item of an array, unless it is `null`.
    pub fn item(&self, index: usize) -> Option<&Json> {
        match self {
            Json::Array(items) => items.get(index).filter(|value| **value != Json::Null),
            _ => None,
        }
    }

    /// The value of a text that the compiler has checked.
    ///
    /// # Panics
    /// If it is none.
    pub fn checked(text: &str) -> Json {
        Json::parse(text).unwrap_or_else(|| panic!("the compiler checked that this is JSON: {text}"))
    }

    /// [`Json::item`] by a position that may be none.
    pub fn at(&self, index: i64) -> Option<&Json> {
        self.item(usize::try_from(index).ok()?)
    }

    fn number(&self) -> Option<&str> {
        match self {
            Json::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number that it is.
    pub fn int(&self) -> Option<i64> {
        convert::int(self.number()?)
    }

    /// The number that it is, as a float.
    pub fn float(&self) -> Option<f64> {
        convert::float(self.number()?)
    }

    /// The decimal that it is, with no more digits than these.
    pub fn decimal<const P: u8, const S: u8>(&self) -> Option<Decimal<P, S>> {
        decimal::parse(self.number()?, P, S).map(Decimal)
    }

    /// The truth that it is.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The names of an object's members, in order.
    pub fn keys(&self) -> Option<Vec<String>> {
        self.members().map(|members| members.keys().cloned().collect())
    }

    /// The members of an object.
    pub fn members(&self) -> Option<&BTreeMap<String, Json>> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn items(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// How many items or members.
    pub fn count(&self) -> Option<i64> {
        match self {
            Json::Array(items) => Some(items.len() as i64),
            Json::Object(members) => Some(members.len() as i64),
            _ => None,
        }
    }
}

/// The canonical text.
impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(text) => f.write_str(text),
            Json::Text(text) => string(text, f),
            Json::Array(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_char(',')?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_char(']')
            }
            Json::Object(members) => {
                f.write_char('{')?;
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        f.write_char(',')?;
                    }
                    string(name, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn string(text: &str, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let mut out = Vec::new();
    crate::encode::string(&mut out, text);
    f.write_str(&String::from_utf8_lossy(&out))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
    }

    fn take(&mut self, wanted: &str) -> Option<()> {
        self.rest().starts_with(wanted).then(|| self.at += wanted.len())
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > DEPTH {
            return None;
        }
        self.space();
        match self.rest().bytes().next()? {
            b'n' => self.take("null").map(|()| Json::Null),
            b't' => self.take("true").map(|()| Json::Bool(true)),
            b'f' => self.take("false").map(|()| Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn number(&mut self) -> Option<Json> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)))
            .unwrap_or(rest.len());
        let text = rest.get(..end)?;
        self.at += end;
        is_number(text).then(|| Json::Number(text.to_owned()))
    }

    fn array(&mut self, depth: usize) -> Option<Json> {
        self.take("[")?;
        let mut items = Vec::new();
        self.space();
        if self.take("]").is_some() {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take("]").is_some() {
                return Some(Json::Array(items));
            }
            self.take(",")?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        self.take("{")?;
        let mut members = BTreeMap::new();
        self.space();
        if self.take("}").is_some() {
            return Some(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.string()?;
            self.space();
            self.take(":")?;
            let value = self.value(depth + 1)?;
            members.insert(name, value);
            self.space();
            if self.take("}").is_some() {
                return Some(Json::Object(members));
            }
            self.take(",")?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.take("\"")?;
        let mut text = String::new();
        loop {
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit()?;
                if !(0xD800..0xDC00).contains(&high) {
                    return char::from_u32(high);
                }
                self.take("\\u")?;
                let low = self.unit()?;
                if !(0xDC00..0xE000).contains(&low) {
                    return None;
                }
                return char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00));
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        self.at += 4;
        let right = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        right.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text() {
        for (text, canonical) in [
            (" { \"b\" : 1.0 , \"a\" : [ ] , \"b\" : 2e1 } ", "{\"a\":[],\"b\":2e1}"),
            ("\"\\u00e9\\ud83d\\ude00\\/\"", "\"é😀/\""),
            ("-0", "-0"),
        ] {
            assert_eq!(
                Json::parse(text).map(|json| json.to_string()).as_deref(),
                Some(canonical)
            );
        }
    }

    #[test]
    fn what_is_no_json() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "+1",
            "1 2",
            "'a'",
            "\"\\ud800\"",
            "nul",
            "\"\n\"",
            "[1",
            "NaN",
        ] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
        assert_eq!(Json::parse(&"[".repeat(10_000)), None);
    }

    /// What one reader takes as JSON the other does too.
    #[test]
    fn agrees_with_serde() {
        for text in [
            "[1,2.5e-3,{\"a\":null}]",
            "\"\\t\"",
            "1.",
            "[,]",
            "{\"a\"}",
            "tru",
            "\"\u{7f}\"",
            "\t1\r\n",
        ] {
            let serde = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(Json::parse(text).is_some(), serde, "{text}");
        }
    }
}
