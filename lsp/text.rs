//! Places in text as the protocol counts them: lines, and code units of UTF-8 or UTF-16 in a line.

use tower_lsp::ls_types::{Position, Range};

/// How characters in a line are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of 16 bits.
    Utf16,
}

/// The byte of a position; past the end of a line it is that end.
pub(super) fn offset(text: &str, position: Position, encoding: Encoding) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    let line = text.get(start..).unwrap_or("");
    let line = line.split('\n').next().unwrap_or("");
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut units = 0;
    for (at, letter) in line.char_indices() {
        if units >= position.character {
            return start + at;
        }
        units += width(letter, encoding);
    }
    start + line.len()
}

/// The position of a byte.
pub(super) fn position(text: &str, byte: usize, encoding: Encoding) -> Position {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = text.get(..byte).unwrap_or("");
    let line = before.matches('\n').count() as u32;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let inside = before.get(start..).unwrap_or("");
    let character = inside.chars().map(|letter| width(letter, encoding)).sum();
    Position { line, character }
}

/// The range of some bytes.
pub(super) fn range(text: &str, start: usize, end: usize, encoding: Encoding) -> Range {
    Range {
        start: position(text, start, encoding),
        end: position(text, end, encoding),
    }
}

fn width(letter: char, encoding: Encoding) -> u32 {
    match encoding {
        Encoding::Utf8 => letter.len_utf8() as u32,
        Encoding::Utf16 => letter.len_utf16() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_go_there_and_back_in_both_encodings() {
        let text = "größe 𝄞x\r\nzweite\n";
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (byte, _) in text.char_indices().filter(|(_, letter)| !matches!(letter, '\r' | '\n')) {
                assert_eq!(offset(text, position(text, byte, encoding), encoding), byte);
            }
        }
        let clef = text.find('x').unwrap();
        assert_eq!(position(text, clef, Encoding::Utf16), Position::new(0, 8));
        assert_eq!(position(text, clef, Encoding::Utf8), Position::new(0, 12));
    }

    #[test]
    fn past_the_end_is_the_end() {
        let text = "a\r\nb";
        assert_eq!(offset(text, Position::new(0, 99), Encoding::Utf16), 1);
        assert_eq!(offset(text, Position::new(9, 0), Encoding::Utf16), 4);
    }
}
