//! Text that is part of another text, and shares it.

use std::borrow::Borrow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A text that is cheap to clone, and to take from the file that it is part of: the bytes are that file's own.
#[derive(Clone)]
pub struct Excerpt {
    whole: Arc<String>,
    start: u32,
    end: u32,
}

impl Excerpt {
    /// A part of a text, by its bytes; empty where there is no such part.
    pub fn part(whole: &Arc<String>, range: Range<usize>) -> Self {
        let range = if whole.get(range.clone()).is_some() {
            range
        } else {
            0..0
        };
        Excerpt {
            whole: Arc::clone(whole),
            start: range.start as u32,
            end: range.end as u32,
        }
    }

    /// Itself, as a plain text.
    pub fn as_str(&self) -> &str {
        self
    }

    /// Its first bytes, that many.
    pub fn up_to(&self, length: usize) -> Self {
        let start = self.start as usize;
        Excerpt::part(&self.whole, start..self.end.min((start + length) as u32) as usize)
    }
}

impl Deref for Excerpt {
    type Target = str;

    fn deref(&self) -> &str {
        self.whole.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

impl Borrow<str> for Excerpt {
    fn borrow(&self) -> &str {
        self
    }
}

impl AsRef<str> for Excerpt {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<&str> for Excerpt {
    fn from(text: &str) -> Self {
        Excerpt::from(text.to_owned())
    }
}

impl From<String> for Excerpt {
    fn from(text: String) -> Self {
        let length = text.len();
        Excerpt::part(&Arc::new(text), 0..length)
    }
}

impl From<Excerpt> for String {
    fn from(text: Excerpt) -> Self {
        String::from(&*text)
    }
}

impl PartialEq for Excerpt {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Excerpt {}

impl PartialEq<str> for Excerpt {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Excerpt {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_itself_whatever_it_is_part_of() {
        let whole = Arc::new("größe > 3".to_owned());
        let part = Excerpt::part(&whole, 0..7);
        assert_eq!(part, "größe");
        assert_eq!(part, Excerpt::from("größe"));
        assert_eq!(format!("{part} {part:?}"), "größe \"größe\"");
    }

    #[test]
    fn what_is_no_part_is_empty() {
        let whole = Arc::new("ö".to_owned());
        assert_eq!(Excerpt::part(&whole, 1..2), "");
        assert_eq!(Excerpt::part(&whole, 0..9), "");
    }
}
