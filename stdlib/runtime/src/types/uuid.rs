//! `uuid`: sixteen bytes, written in lower case with hyphens.

use std::fmt;

/// A UUID of any version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// Where each byte's two digits stand in the text.
const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

impl Uuid {
    /// Thirty-two digits in groups of 8-4-4-4-12, any case; no braces, no `urn:uuid:`.
    pub fn parse(text: &str) -> Option<Uuid> {
        let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
        if [text[8], text[13], text[18], text[23]] != [b'-'; 4] {
            return None;
        }
        let mut bytes = [0; 16];
        let mut wrong = 0;
        for (byte, place) in bytes.iter_mut().zip(PLACES) {
            let (high, low) = (VALUES[text[place] as usize], VALUES[text[place + 1] as usize]);
            wrong |= high | low;
            *byte = high << 4 | (low & 15);
        }
        (wrong < 16).then_some(Uuid(bytes))
    }

    /// Its text, in ASCII.
    pub fn text(self) -> [u8; 36] {
        let mut text = [b'-'; 36];
        for (byte, place) in self.0.into_iter().zip(PLACES) {
            [text[place], text[place + 1]] = hex(byte);
        }
        text
    }
}

/// A byte as two lower-case digits.
pub(crate) fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// What a hexadecimal digit stands for; 255 for other bytes.
static VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut values = [255; 256];
    let mut byte = 0;
    while byte < 256 {
        values[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => 255,
        };
        byte += 1;
    }
    values
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_case_in_lower_case_out() {
        let text = "00112233-4455-6677-8899-AaBbCcDdEeFf";
        assert_eq!(Uuid::parse(text).map(|id| id.to_string()), Some(text.to_lowercase()));
    }

    #[test]
    fn what_is_no_uuid() {
        for text in [
            "",
            "00112233445566778899aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff}",
            "00112233-4455-6677-8899-aabbccddeef",
            "00112233-4455-6677-8899-aabbccddeeff0",
            "00112233-4455-6677-8899-aabbccddeefg",
            "001122334-455-6677-8899-aabbccddeeff",
            "0011223é-4455-6677-8899-aabbccddeef",
            "00112233-4455-6677-8899-aabbccddee f",
        ] {
            assert_eq!(Uuid::parse(text), None, "{text}");
        }
    }
}
