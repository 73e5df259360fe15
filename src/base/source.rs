//! Source files, byte spans into them, and line numbers.

use std::sync::Arc;

use super::Excerpt;

/// A file of the project (or of the standard library) in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span over `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Span {
            file,
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest span that covers both; both must be in the same file.
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether another place is all within this one.
    pub fn covers(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The empty place right behind this span, where something is missing.
    pub fn after(self) -> Span {
        Span {
            file: self.file,
            start: self.end,
            end: self.end,
        }
    }
}

/// A value and where the author wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// A 1-based line, and a 1-based column counted in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters (not bytes).
    pub column: usize,
}

/// One source file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path, relative to the project's folder, with `/`; `std/…` for the standard library.
    pub path: String,
    /// Its text.
    pub text: Arc<String>,
    line_starts: Vec<u32>,
}

impl Source {
    fn new(path: String, text: &str) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1))
            .collect();
        Source {
            path,
            text: Arc::new(text.to_owned()),
            line_starts,
        }
    }

    /// The line and column of a byte; past the end it is the end.
    pub fn line_column(&self, byte: u32) -> LineColumn {
        let byte = byte.min(self.text.len() as u32);
        let line = self.line_starts.partition_point(|start| *start <= byte);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let column = self
            .text
            .get(start..byte as usize)
            .map_or(0, |before| before.chars().count());
        LineColumn {
            line,
            column: column + 1,
        }
    }

    /// The text of a 1-based line, without its end.
    pub fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or("")
    }
}

/// All files of one compilation.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, path: impl Into<String>, text: &str) -> FileId {
        self.files.push(Source::new(path.into(), text));
        FileId(self.files.len() as u32 - 1)
    }

    /// Gives a file another text.
    pub fn replace(&mut self, id: FileId, text: &str) {
        if let Some(source) = self.files.get_mut(id.0 as usize) {
            *source = Source::new(std::mem::take(&mut source.path), text);
        }
    }

    /// The file with this id.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// Every file with its id.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files
            .iter()
            .enumerate()
            .map(|(id, source)| (FileId(id as u32), source))
    }

    /// The text under a span, as a part of its file that outlives this.
    pub fn part(&self, span: Span) -> Excerpt {
        Excerpt::part(&self.get(span.file).text, span.start as usize..span.end as usize)
    }

    /// The text under a span.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }
}
