//! JSON objects, one pass, nothing copied: each field's name and value as it stands in the record.
//!
//! Strict RFC 8259: a record is one value and white space, in UTF-8, its escapes name whole characters (a lone
//! surrogate is no character). Values are found and checked here; [`crate::decode`] reads them as types.
//!
//! ```
//! use pipec_runtime::{decode, json, reject};
//!
//! fn click(record: &[u8]) -> Result<(i64, Option<std::borrow::Cow<'_, str>>), &'static str> {
//!     let (mut count, mut page) = (None, None);
//!     let mut unknown = 0;
//!     let mut object = json::Object::new(record)?;
//!     while let Some((name, value)) = object.field()? {
//!         match &*name {
//!             "count" => count = value,
//!             "page" => page = value,
//!             _ => unknown += 1,
//!         }
//!     }
//!     let count = decode::required(count, decode::int, "count is missing", "count is not int")?;
//!     let page = decode::optional(page, decode::text, "page is not string")?;
//!     Ok((count, page))
//! }
//!
//! assert_eq!(click(br#"{"count": 1, "page": "/a"}"#), Ok((1, Some("/a".into()))));
//! assert_eq!(click(br#"{"count": 1.0}"#), Err("count is not int"));
//! assert_eq!(click(br#"{"count": 1"#), Err(reject::NOT_JSON));
//! ```

use std::borrow::Cow;

use crate::reject;

/// A value as it stands in the record; `null` is `None` of an option of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// A string without escapes: its value.
    Plain(&'a str),
    /// What stands between the quotes of a string with escapes, all of them right.
    Escaped(&'a str),
    /// A number's text.
    Number(&'a str),
    /// `true`, `false`
    Bool(bool),
    /// An object or array, as text.
    Nested(&'a str),
}

/// The text of `"click_id"` without its quotes.
pub type Name<'a> = Cow<'a, str>;

/// An object's fields, in order.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    cursor: Cursor<'a>,
    started: bool,
    done: bool,
}

impl<'a> Object<'a> {
    /// The object that a record is; what is wrong inside is found by [`Object::field`].
    pub fn new(record: &'a [u8]) -> Result<Object<'a>, &'static str> {
        let text = std::str::from_utf8(record).map_err(|_| reject::NOT_JSON)?;
        let mut cursor = Cursor { text, at: 0 };
        cursor.space();
        if cursor.peek() == Some(b'{') {
            cursor.at += 1;
            return Ok(Object {
                cursor,
                started: false,
                done: false,
            });
        }
        let whole = cursor.value().and_then(|_| cursor.end());
        Err(if whole.is_some() {
            reject::NOT_AN_OBJECT
        } else {
            reject::NOT_JSON
        })
    }

    /// The object that stands inside of a record that was read to its end.
    pub fn inside(text: &'a str) -> Option<Object<'a>> {
        text.starts_with('{').then_some(Object {
            cursor: Cursor { text, at: 1 },
            started: false,
            done: false,
        })
    }

    /// The next field; `None` once the record has ended as it should.
    ///
    /// Fields before a mistake are given before the mistake: nothing may be concluded from them until the end.
    #[inline]
    #[allow(clippy::type_complexity, reason = "a name and a value that may be null")]
    pub fn field(&mut self) -> Result<Option<(Name<'a>, Option<Raw<'a>>)>, &'static str> {
        if self.done {
            return Ok(None);
        }
        self.step().ok_or(reject::NOT_JSON)
    }

    #[allow(clippy::type_complexity, reason = "as of `field`, with `None` for a mistake")]
    fn step(&mut self) -> Option<Option<(Name<'a>, Option<Raw<'a>>)>> {
        let cursor = &mut self.cursor;
        cursor.space();
        if cursor.peek()? == b'}' {
            cursor.at += 1;
            cursor.end()?;
            self.done = true;
            return Some(None);
        }
        if self.started {
            cursor.take(b',')?;
            cursor.space();
        }
        self.started = true;
        let name = cursor.name()?;
        let value = cursor.value()?;
        Some(Some((name, value)))
    }
}

/// An array's items, in order; it stands inside of a record that was read to its end.
#[derive(Clone, Debug)]
pub struct Array<'a> {
    cursor: Cursor<'a>,
    started: bool,
}

impl<'a> Array<'a> {
    /// The array of this text.
    pub fn inside(text: &'a str) -> Option<Array<'a>> {
        text.starts_with('[').then_some(Array {
            cursor: Cursor { text, at: 1 },
            started: false,
        })
    }
}

impl<'a> Iterator for Array<'a> {
    type Item = Option<Raw<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let cursor = &mut self.cursor;
        cursor.space();
        if cursor.peek()? == b']' {
            return None;
        }
        if self.started {
            cursor.take(b',')?;
        }
        self.started = true;
        cursor.value()
    }
}

/// A place in a text that is known to be UTF-8. Every method gives `None` where the grammar is broken.
#[derive(Clone, Debug)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn end(&mut self) -> Option<()> {
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    /// `"name" :`
    #[inline]
    fn name(&mut self) -> Option<Name<'a>> {
        let name = match self.string()? {
            Raw::Escaped(text) => Cow::Owned(unescape(text)?),
            Raw::Plain(text) => Cow::Borrowed(text),
            _ => return None,
        };
        self.space();
        self.take(b':')?;
        Some(name)
    }

    /// A whole value and the space before it.
    #[inline]
    fn value(&mut self) -> Option<Option<Raw<'a>>> {
        self.space();
        match self.peek()? {
            b'"' => self.string().map(Some),
            b'-' | b'0'..=b'9' => self.number().map(Some),
            b't' => self.word("true").map(|()| Some(Raw::Bool(true))),
            b'f' => self.word("false").map(|()| Some(Raw::Bool(false))),
            b'n' => self.word("null").map(|()| None),
            b'{' | b'[' => self.nested().map(Some),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        rest.starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    #[inline]
    fn string(&mut self) -> Option<Raw<'a>> {
        self.take(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_bytes(self.text.as_bytes().get(self.at..)?);
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += escape(self.text.as_bytes().get(self.at..)?)?.1;
                }
                _ => return None,
            }
        }
        let inside = self.text.get(start..self.at)?;
        self.at += 1;
        Some(if escaped {
            Raw::Escaped(inside)
        } else {
            Raw::Plain(inside)
        })
    }

    fn number(&mut self) -> Option<Raw<'a>> {
        let start = self.at;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.text.get(start..self.at).map(Raw::Number)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// An object or array, however deep: a stack of its own, so that no input exhausts the thread's.
    fn nested(&mut self) -> Option<Raw<'a>> {
        let start = self.at;
        let mut closers = Vec::new();
        loop {
            // Here a value stands.
            self.space();
            let opened = match self.peek()? {
                b'{' => Some(b'}'),
                b'[' => Some(b']'),
                _ => None,
            };
            if let Some(closer) = opened {
                self.at += 1;
                self.space();
                closers.push(closer);
                if self.peek()? != closer {
                    if closer == b'}' {
                        self.name()?;
                    }
                    continue;
                }
            } else {
                self.value()?;
            }
            // Here one has ended.
            loop {
                self.space();
                let closer = *closers.last()?;
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        self.space();
                        if closer == b'}' {
                            self.name()?;
                        }
                        break;
                    }
                    byte if byte == closer => {
                        self.at += 1;
                        closers.pop();
                        if closers.is_empty() {
                            return self.text.get(start..self.at).map(Raw::Nested);
                        }
                    }
                    _ => return None,
                }
            }
        }
    }
}

/// How many bytes there are before the next quote, backslash or control character: eight at a time.
#[inline]
pub(crate) fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let zero_byte = |word: u64| word.wrapping_sub(ONES) & !word;
    let mut count = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = zero_byte(word ^ (ONES * u64::from(b'"')));
        let backslash = zero_byte(word ^ (ONES * u64::from(b'\\')));
        // The lowest bit set is right; those above it may come of a borrow.
        let found = (control | quote | backslash) & HIGHS;
        if found != 0 {
            return count + found.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    count + rest.iter().position(special).unwrap_or(rest.len())
}

/// The character that an escape stands for, and its length.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(bytes),
        _ => return None,
    };
    Some((character, 2))
}

fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits
            .iter()
            .try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
    };
    let first = unit(0)?;
    if !(0xD800..0xDC00).contains(&first) {
        return char::from_u32(first).map(|character| (character, 6));
    }
    let second = unit(6).filter(|second| (0xDC00..0xE000).contains(second))?;
    let value = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    char::from_u32(value).map(|character| (character, 12))
}

/// The value of a string's inside.
pub(crate) fn unescape(mut text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    while let Some(at) = text.find('\\') {
        let (before, rest) = text.split_at(at);
        let (character, length) = escape(rest.as_bytes())?;
        value.push_str(before);
        value.push(character);
        text = rest.get(length..)?;
    }
    value.push_str(text);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(record: &[u8]) -> Result<Vec<(String, Option<Raw<'_>>)>, &'static str> {
        let mut object = Object::new(record)?;
        let mut fields = Vec::new();
        while let Some((name, value)) = object.field()? {
            fields.push((name.into_owned(), value));
        }
        Ok(fields)
    }

    #[test]
    fn every_kind_of_value() {
        let record = br#" { "a" : "x" , "b":1.5e3,"c":true,"d":null,"e":[1,{"a":[]}],"f":"a\nb", "\u0067" : {} } "#;
        let expected = [
            ("a", Some(Raw::Plain("x"))),
            ("b", Some(Raw::Number("1.5e3"))),
            ("c", Some(Raw::Bool(true))),
            ("d", None),
            ("e", Some(Raw::Nested(r#"[1,{"a":[]}]"#))),
            ("f", Some(Raw::Escaped(r"a\nb"))),
            ("g", Some(Raw::Nested("{}"))),
        ];
        let found = fields(record).unwrap();
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        assert_eq!(found, expected);
        assert_eq!(fields(b"{}"), Ok(vec![]));
    }

    #[test]
    fn not_json() {
        let deep = "[".repeat(100_000);
        for record in [
            "",
            " ",
            "{",
            "}",
            "{]",
            "{}{}",
            "{} x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{\"a\":1 \"b\":2}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":00}",
            "{\"a\":01}",
            "{\"a\":-}",
            "{\"a\":+1}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":1e}",
            "{\"a\":1e+}",
            "{\"a\":NaN}",
            "{\"a\":Infinity}",
            "{\"a\":nul}",
            "{\"a\":True}",
            "{\"a\":\"\t\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\\u12G4\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\ud800x\"}",
            "{\"\\ud800\":1}",
            "{\"a\":[1,]}",
            "{\"a\":[}",
            "{\"a\":[1 2]}",
            "{\"a\":{\"b\":1,}}",
            "{\"a\":{\"b\"}}",
            "{\"a\":{1:2}}",
            "{\"a\":[\"\\ud800\"]}",
            "[1,2",
            "\"a",
            "1 2",
            "nullx",
            "{\"a\":1}\u{0}",
            "\u{feff}{}",
            "{\"a\":1/*c*/}",
            "{\"a\": \"b}",
            "{\"a\":\u{a0}1}",
            &deep,
        ] {
            assert_eq!(
                fields(record.as_bytes()),
                Err(reject::NOT_JSON),
                "{}",
                &record[..record.len().min(40)]
            );
        }
        assert_eq!(fields(b"{\"a\":\"\xff\"}"), Err(reject::NOT_JSON));
        assert_eq!(fields(b"{\"a\":\"\xed\xa0\x80\"}"), Err(reject::NOT_JSON));
    }

    #[test]
    fn not_an_object() {
        for record in ["[]", "[{}]", "1", "-0.5e-7", "\"a\"", "true", " null ", "false"] {
            assert_eq!(fields(record.as_bytes()), Err(reject::NOT_AN_OBJECT), "{record}");
        }
    }

    #[test]
    fn strings_of_every_length_end_where_they_end() {
        for length in 0..40 {
            for special in ["\\\"", "\\\\", "é", "\\u0000", "\\ud83d\\ude00", "\u{7f}", "😀", " "] {
                let text = format!("{}{special}{}", "x".repeat(length), "y".repeat(40 - length));
                let record = format!("{{\"a\":\"{text}\"}}");
                let expected: serde_json::Value = serde_json::from_str(&record).unwrap();
                let found = fields(record.as_bytes()).unwrap();
                let value = found[0].1.and_then(crate::decode::text).unwrap();
                assert_eq!(Some(&*value), expected["a"].as_str());
            }
        }
    }

    /// Random damage to good records: what serde_json takes is taken, what it refuses is refused.
    #[test]
    fn damaged_records_are_judged_as_serde_json_judges_them() {
        let good = br#"{"a":"x\n\u0041","b":-1.5e3,"c":[true,{"d":null}],"e":{"f":[[],{}]},"g":0}"#;
        let mut state = 7_u64;
        let mut next = |bound: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % bound
        };
        let alphabet = b"{}[]\",:\\0159-+.eEutfnl \n\x01x\xc3";
        for _ in 0..100_000 {
            let mut record = good.to_vec();
            for _ in 0..=next(3) {
                let at = next(record.len());
                match next(3) {
                    0 => record[at] = alphabet[next(alphabet.len())],
                    1 => record.insert(at, alphabet[next(alphabet.len())]),
                    _ => drop(record.remove(at)),
                }
            }
            let theirs = serde_json::from_slice::<serde_json::Value>(&record);
            let ours = fields(&record);
            // A number too large for a float is a number all the same.
            let range = matches!(&theirs, Err(error) if error.to_string().contains("out of range"));
            assert!(
                ours.is_ok() == theirs.is_ok() || range,
                "{}",
                String::from_utf8_lossy(&record)
            );
        }
    }
}
