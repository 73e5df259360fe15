//! Functions of strings. Characters are code points; mappings are Unicode's, without locale.

/// How many code points.
pub fn len(text: &str) -> i64 {
    text.chars().count() as i64
}

/// In lower case: full mapping, final sigma included.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// In upper case: full mapping, so `ß` becomes `SS`.
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// Without Unicode White_Space at both ends.
pub fn trim(text: &str) -> &str {
    text.trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_not_bytes_nor_graphemes() {
        assert_eq!(len(""), 0);
        assert_eq!(len("é"), 1);
        assert_eq!(len("e\u{301}"), 2);
        assert_eq!(len("😀"), 1);
    }

    #[test]
    fn case() {
        assert_eq!(upper("straße"), "STRASSE");
        assert_eq!(lower("ΟΔΟΣ"), "οδος");
        assert_eq!(lower("İ"), "i\u{307}");
        assert_eq!(upper("ŉ"), "ʼN");
    }

    #[test]
    fn white_space_is_unicodes() {
        assert_eq!(trim("\u{a0}\u{2003}\t a b\u{3000}\u{85}\u{2028}"), "a b");
        assert_eq!(trim("\u{200b}a\u{feff}"), "\u{200b}a\u{feff}");
        assert_eq!(trim("\u{1c}a"), "\u{1c}a");
        assert_eq!(trim(" \n"), "");
    }
}
