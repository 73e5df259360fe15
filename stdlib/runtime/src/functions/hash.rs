//! Other hashes of a text's UTF-8 bytes, as lower-case hexadecimal digits, and base 64.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use sha1::{Digest, Sha1};

use super::digest::hexadecimal;
use crate::types::Uuid;

/// Base 64 with `=` at its end, which may be left out where it is read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// SHA-1 of a text.
pub fn sha1(text: &str) -> String {
    hexadecimal(&Sha1::digest(text.as_bytes()))
}

/// MD5 of a text.
pub fn md5(text: &str) -> String {
    hexadecimal(&Md5::digest(text.as_bytes()))
}

/// CRC-32 of a text, as zip files have it.
pub fn crc32(text: &str) -> i64 {
    i64::from(crc32fast::hash(text.as_bytes()))
}

/// The identifier of a name in a name space: version 5, by SHA-1.
pub fn uuid5(space: Uuid, name: &str) -> Uuid {
    let mut hash = Sha1::new();
    hash.update(space.0);
    hash.update(name.as_bytes());
    let mut id = [0; 16];
    for (byte, hashed) in id.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    id[6] = (id[6] & 0x0f) | 0x50;
    id[8] = (id[8] & 0x3f) | 0x80;
    Uuid(id)
}

/// A text's bytes in base 64.
pub fn base64(text: &str) -> String {
    base64_of(text.as_bytes())
}

/// The text of bytes in base 64.
pub fn from_base64(text: &str) -> Option<String> {
    String::from_utf8(bytes_of(text)?).ok()
}

/// Bytes in base 64.
pub fn base64_of(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes that a text writes in base 64.
pub fn bytes_of(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}
