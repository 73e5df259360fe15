//! SHA-2 of a text's UTF-8 bytes and the pseudonyms that are made of it, as lower-case hexadecimal digits.

use std::fmt;
use std::ops::Deref;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

/// Sixty-four lower-case hexadecimal digits, without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex([u8; 64]);

impl Hex {
    fn of(digest: &[u8]) -> Hex {
        let mut text = [b'0'; 64];
        let (pairs, _) = text.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(digest) {
            *pair = crate::types::hex(*byte);
        }
        Hex(text)
    }
}

impl Deref for Hex {
    type Target = str;

    fn deref(&self) -> &str {
        // Every byte is a digit.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// SHA-256 of a text; other types are hashed by their canonical text.
pub fn sha256(text: &str) -> Hex {
    Hex::of(&Sha256::digest(text.as_bytes()))
}

/// SHA-512 of a text.
pub fn sha512(text: &str) -> String {
    hexadecimal(&Sha512::digest(text.as_bytes()))
}

/// A text's bytes in hexadecimal digits.
pub fn hex(text: &str) -> String {
    hexadecimal(text.as_bytes())
}

/// The text of bytes in hexadecimal digits.
pub fn from_hex(text: &str) -> Option<String> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| crate::types::hex(*byte))
        .map(char::from)
        .collect()
}

/// The platform's secret, prepared once for many pseudonyms.
#[derive(Clone)]
pub struct PseudonymKey(Hmac<Sha256>);

impl PseudonymKey {
    /// The key of a secret's text: its bytes, of any length.
    pub fn new(secret: &[u8]) -> PseudonymKey {
        // HMAC takes keys of every length: the crate's error cannot come.
        #[allow(clippy::expect_used, reason = "`new_from_slice` of an HMAC has no failing length")]
        PseudonymKey(Hmac::new_from_slice(secret).expect("an HMAC key may have any length"))
    }

    /// HMAC-SHA-256 of a text.
    pub fn pseudonym(&self, text: &str) -> Hex {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        Hex::of(&mac.finalize().into_bytes())
    }
}

/// Does not print the secret.
impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(&*sha256(""), empty);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(&*sha256("abc"), abc);
        // RFC 4231, cases 2 and 6 (a key longer than a block).
        let jefe = PseudonymKey::new(b"Jefe").pseudonym("what do ya want for nothing?");
        assert_eq!(
            &*jefe,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let long = PseudonymKey::new(&[0xAA; 131]).pseudonym("Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(
            &*long,
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
