//! The short way from an item's text to its tree, for items without a mistake: most of them, most of the time.
//!
//! It reads what the grammar in `grammar/` reads, by hand, and many times faster. At the first thing that it does not
//! expect it gives up, and the grammar reads the item again: only that one knows what to say, and how to go on behind a
//! mistake. So what is read here gives no diagnostic, and has the very tree that the grammar would have given; a test
//! compares the two. It must not know names or types.

mod blocks;
mod exprs;
mod items;
mod literals;
mod operators;
mod steps;
mod types;

use crate::base::{FileId, Span};

use super::ast::{Doc, ItemKind, Name, Path};
use super::layout::Laid;

/// The item whose text this is; nothing where the grammar has to read it.
pub fn item(file: FileId, laid: &Laid, keyword: &Name) -> Option<ItemKind> {
    if !laid.sound {
        return None;
    }
    let mut reader = Reader {
        file,
        text: &laid.text,
        start: laid.start,
        at: 0,
    };
    let kind = reader.item(keyword)?;
    reader.gap();
    (reader.at == laid.text.len()).then_some(kind)
}

/// A list that takes no more memory than it needs: nothing is added to it any more, and most lists have one thing in them.
fn fitted<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

/// A place in the text of an item. What reads something either ends right behind it, or gives nothing, and then the
/// place does not matter any more: the item is given up.
struct Reader<'a> {
    file: FileId,
    text: &'a str,
    /// Where the text starts in its file.
    start: usize,
    /// The next byte.
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + by).copied()
    }

    fn is(&self, mark: &str) -> bool {
        self.text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(mark.as_bytes()))
    }

    /// Goes behind a mark, if it is next.
    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        if found {
            self.at += mark.len();
        }
        found
    }

    fn need(&mut self, mark: &str) -> Option<()> {
        self.take(mark).then_some(())
    }

    /// A single `=`.
    fn is_equals(&self) -> bool {
        self.peek() == Some(b'=') && !matches!(self.ahead(1), Some(b'=' | b'>'))
    }

    fn equals(&mut self) -> Option<()> {
        let found = self.is_equals();
        self.at += usize::from(found);
        found.then_some(())
    }

    /// Space on a line, maybe none.
    fn spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Space on a line, some.
    fn some_spaces(&mut self) -> Option<()> {
        let from = self.at;
        self.spaces();
        (self.at > from).then_some(())
    }

    /// Space and line breaks, maybe none.
    fn gap(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n')) {
            self.at += 1;
        }
    }

    /// Space with a line break in it; stays where none is.
    fn line_break(&mut self) -> bool {
        let from = self.at;
        self.gap();
        let found = self
            .text
            .as_bytes()
            .get(from..self.at)
            .is_some_and(|space| space.contains(&b'\n'));
        if !found {
            self.at = from;
        }
        found
    }

    /// A comma, then maybe a line break; or a line break. Stays where neither is.
    fn separator(&mut self) -> bool {
        let from = self.at;
        self.spaces();
        if self.take(",") {
            self.gap();
            return true;
        }
        self.at = from;
        self.line_break()
    }

    /// Where a word that stands here ends.
    fn word_end(&self) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        let length = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
        self.at + length.unwrap_or(rest.len())
    }

    /// The word that stands here; empty where none does.
    fn word(&self) -> &'a str {
        match self.peek() {
            Some(first) if first.is_ascii_alphabetic() || first == b'_' => {
                self.text.get(self.at..self.word_end()).unwrap_or("")
            }
            _ => "",
        }
    }

    /// Goes behind a word, if it is next.
    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is(word) && self.word() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    fn need_word(&mut self, word: &str) -> Option<()> {
        self.take_word(word).then_some(())
    }

    /// A word behind some space; stays where it is not.
    fn spaced_word(&mut self, word: &str) -> bool {
        let from = self.at;
        let found = self.some_spaces().is_some() && self.take_word(word);
        if !found {
            self.at = from;
        }
        found
    }

    fn span(&self, from: usize) -> Span {
        Span::new(self.file, self.start + from, self.start + self.at)
    }

    fn name(&mut self) -> Option<Name> {
        let (from, word) = (self.at, self.word());
        self.at += word.len();
        (!word.is_empty()).then(|| Name {
            text: word.to_owned(),
            span: self.span(from),
        })
    }

    /// `a`, or `a, b`.
    fn names(&mut self) -> Option<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.comma() {
            names.push(self.name()?);
        }
        Some(fitted(names))
    }

    /// A comma on the line and the space around it; stays where none is.
    fn comma(&mut self) -> bool {
        let from = self.at;
        self.spaces();
        let found = self.take(",");
        match found {
            true => self.spaces(),
            false => self.at = from,
        }
        found
    }

    /// `a.b`.
    fn plain_path(&mut self) -> Option<Path> {
        let from = self.at;
        let mut parts = vec![self.name()?];
        while self.take(".") {
            parts.push(self.name()?);
        }
        Some(Path {
            parts: fitted(parts),
            star: false,
            span: self.span(from),
        })
    }

    /// `a.b`, `a.*`, `*`.
    fn path(&mut self) -> Option<Path> {
        let (from, mut parts) = (self.at, Vec::new());
        let mut star = self.take("*");
        if !star {
            parts.push(self.name()?);
            while !star && self.take(".") {
                star = self.take("*");
                if !star {
                    parts.push(self.name()?);
                }
            }
        }
        Some(Path {
            parts: fitted(parts),
            star,
            span: self.span(from),
        })
    }

    fn paths(&mut self) -> Option<Vec<Path>> {
        let mut paths = vec![self.path()?];
        while self.comma() {
            paths.push(self.path()?);
        }
        Some(fitted(paths))
    }

    /// The documentation of what follows, up to where that starts.
    fn doc(&mut self) -> Option<Option<Doc>> {
        let (from, mut lines) = (self.at, Vec::new());
        let mut end = from;
        while self.is("///") {
            let rest = self.text.get(self.at..)?;
            let line = rest.split('\n').next().unwrap_or(rest);
            lines.push(Doc::line(line));
            self.at += line.trim_end().len();
            end = self.at;
            self.at += line.len() - line.trim_end().len();
            if !self.line_break() {
                return None;
            }
        }
        let doc = (!lines.is_empty()).then(|| Doc {
            text: lines.join("\n"),
            span: Span::new(self.file, self.start + from, self.start + end),
        });
        Some(doc)
    }
}
