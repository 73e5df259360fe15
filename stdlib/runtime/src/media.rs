//! Media types of files: by their first bytes, and where these say nothing by the endings of their names.

/// How many bytes from a file's start are looked at.
pub const BEGINNING: usize = 8;

/// What no other type is known of.
pub const UNKNOWN: &str = "application/octet-stream";

/// What files begin with, the media types that say so, and the endings that go with them.
pub const BEGINNINGS: [(&[u8], &str, &str); 7] = [
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"GIF8", "image/gif", "gif"),
    (b"RIFF", "image/webp", "webp"),
    (b"%PDF-", "application/pdf", "pdf"),
    (b"PK\x03\x04", "application/zip", "zip"),
    (b"\x1f\x8b", "application/gzip", "gz"),
];

/// Media types of files that say nothing by their first bytes, by ending.
pub const ENDINGS: [(&str, &str); 5] = [
    ("csv", "text/csv"),
    ("json", "application/json"),
    ("txt", "text/plain"),
    ("xml", "application/xml"),
    ("html", "text/html"),
];

/// The media type of a file, and the ending that goes with it; `name` is its name or its key.
pub fn of(bytes: &[u8], name: &str) -> (&'static str, &'static str) {
    let begun = BEGINNINGS.iter().find(|(beginning, ..)| bytes.starts_with(beginning));
    if let Some((_, media, ending)) = begun {
        return (media, ending);
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    let own = last.rsplit_once('.').map_or("", |(_, ending)| ending);
    let named = ENDINGS.iter().find(|(ending, _)| ending.eq_ignore_ascii_case(own));
    named.map_or((UNKNOWN, "bin"), |(ending, media)| (media, ending))
}

/// Every media type that a file may turn out to have.
pub fn all() -> impl Iterator<Item = &'static str> {
    let begun = BEGINNINGS.iter().map(|(_, media, _)| *media);
    begun.chain(ENDINGS.iter().map(|(_, media)| *media)).chain([UNKNOWN])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_before_names() {
        assert_eq!(of(b"\x89PNG\r\n\x1a\nmore", "a/b.txt"), ("image/png", "png"));
        assert_eq!(of(b"no picture", "a/b.png"), (UNKNOWN, "bin"));
        assert_eq!(of(b"a,b", "a.b/c.CSV"), ("text/csv", "csv"));
        assert_eq!(of(b"a,b", "a.csv/c"), (UNKNOWN, "bin"));
        assert_eq!(all().count(), 13);
    }

    #[test]
    fn enough_is_looked_at() {
        assert!(BEGINNINGS.iter().all(|(beginning, ..)| beginning.len() <= BEGINNING));
    }
}
