//! Functions of strings. Characters are code points; mappings are Unicode's, without locale.

#[cfg(feature = "unicode")]
use unicode_normalization::UnicodeNormalization;

use crate::value::Reject;

/// The most code points that a text is repeated or padded to.
const MOST: i64 = 1_000_000;

/// How many code points.
pub fn len(text: &str) -> i64 {
    text.chars().count() as i64
}

/// Whether there is no code point.
pub fn is_empty(text: &str) -> bool {
    text.is_empty()
}

/// Whether there is only white space, or nothing.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
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

/// Without Unicode White_Space at the start.
pub fn trim_start(text: &str) -> &str {
    text.trim_start()
}

/// Without Unicode White_Space at the end.
pub fn trim_end(text: &str) -> &str {
    text.trim_end()
}

/// Without these code points at both ends.
pub fn trim_chars<'t>(text: &'t str, chars: &str) -> &'t str {
    text.trim_matches(|c| chars.contains(c))
}

/// Without these code points at the start.
pub fn trim_start_chars<'t>(text: &'t str, chars: &str) -> &'t str {
    text.trim_start_matches(|c| chars.contains(c))
}

/// Without these code points at the end.
pub fn trim_end_chars<'t>(text: &'t str, chars: &str) -> &'t str {
    text.trim_end_matches(|c| chars.contains(c))
}

/// The code points from one position up to, and without, another; what lies outside is left out.
pub fn slice(text: &str, from: i64, to: i64) -> &str {
    let (start, end) = (byte_of(text, from), byte_of(text, to));
    text.get(start..end).unwrap_or("")
}

/// The code points from one position to the end.
pub fn slice_from(text: &str, from: i64) -> &str {
    text.get(byte_of(text, from)..).unwrap_or("")
}

/// The first code points.
pub fn left(text: &str, count: i64) -> &str {
    slice(text, 0, count)
}

/// The last code points.
pub fn right(text: &str, count: i64) -> &str {
    slice_from(text, len(text).saturating_sub(count.max(0)))
}

/// The byte at which a code point starts; the ends for positions outside.
fn byte_of(text: &str, position: i64) -> usize {
    let Ok(position) = usize::try_from(position) else {
        return 0;
    };
    text.char_indices().nth(position).map_or(text.len(), |(at, _)| at)
}

/// With each occurrence replaced, from the start; an empty text occurs nowhere.
pub fn replace(text: &str, old: &str, new: &str) -> String {
    match old.is_empty() {
        true => text.to_owned(),
        false => text.replace(old, new),
    }
}

/// The pieces between separators; an empty separator gives the whole text.
pub fn split(text: &str, separator: &str) -> Vec<String> {
    match separator.is_empty() {
        true => vec![text.to_owned()],
        false => text.split(separator).map(str::to_owned).collect(),
    }
}

/// Whether it starts with another.
pub fn starts_with(text: &str, prefix: &str) -> bool {
    text.starts_with(prefix)
}

/// Whether it ends with another.
pub fn ends_with(text: &str, suffix: &str) -> bool {
    text.ends_with(suffix)
}

/// Whether another stands in it.
pub fn contains(text: &str, part: &str) -> bool {
    text.contains(part)
}

/// The position at which another first stands in it.
pub fn index_of(text: &str, part: &str) -> Option<i64> {
    let at = text.find(part)?;
    Some(len(text.get(..at)?))
}

/// How often another stands in it, without overlap; an empty text stands nowhere.
pub fn count_of(text: &str, part: &str) -> i64 {
    match part.is_empty() {
        true => 0,
        false => text.matches(part).count() as i64,
    }
}

/// Made longer at its start; more than 1,000,000 code points reject the row.
pub fn pad_left(text: &str, length: i64, with: &str) -> Result<String, Reject> {
    Ok(padding(text, length, with)? + text)
}

/// Made longer at its end; more than 1,000,000 code points reject the row.
pub fn pad_right(text: &str, length: i64, with: &str) -> Result<String, Reject> {
    Ok(text.to_owned() + &padding(text, length, with)?)
}

fn padding(text: &str, length: i64, with: &str) -> Result<String, Reject> {
    let missing = length.saturating_sub(len(text)).max(0);
    if missing > MOST && !with.is_empty() {
        return Err(Reject::Overflow);
    }
    Ok(with
        .chars()
        .cycle()
        .take(if with.is_empty() { 0 } else { missing as usize })
        .collect())
}

/// Written several times; more than 1,000,000 code points reject the row.
pub fn repeat(text: &str, times: i64) -> Result<String, Reject> {
    if times <= 0 {
        return Ok(String::new());
    }
    match len(text).checked_mul(times) {
        Some(length) if length <= MOST => Ok(text.repeat(if text.is_empty() { 0 } else { times as usize })),
        _ => Err(Reject::Overflow),
    }
}

/// Last code point first.
pub fn reverse(text: &str) -> String {
    text.chars().rev().collect()
}

/// Unicode's composed form.
#[cfg(feature = "unicode")]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Unicode's decomposed form.
#[cfg(feature = "unicode")]
pub fn nfd(text: &str) -> String {
    text.nfd().collect()
}

/// Each run of white space as one space, none at the ends.
pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without a prefix, if it has it.
pub fn remove_prefix<'t>(text: &'t str, prefix: &str) -> &'t str {
    text.strip_prefix(prefix).unwrap_or(text)
}

/// Without a suffix, if it has it.
pub fn remove_suffix<'t>(text: &'t str, suffix: &str) -> &'t str {
    text.strip_suffix(suffix).unwrap_or(text)
}

/// What stands before the first separator.
pub fn before<'t>(text: &'t str, separator: &str) -> Option<&'t str> {
    text.split_once(separator).map(|(before, _)| before)
}

/// What stands after the first separator.
pub fn after<'t>(text: &'t str, separator: &str) -> Option<&'t str> {
    text.split_once(separator).map(|(_, after)| after)
}

/// Each code point of `from` replaced by the one at the same place of `to`, or left out.
pub fn translate(text: &str, from: &str, to: &str) -> String {
    let place = |c: char| from.chars().position(|other| other == c);
    let translated = |c: char| match place(c) {
        None => Some(c),
        Some(at) => to.chars().nth(at),
    };
    text.chars().filter_map(translated).collect()
}

/// Only the last code points are shown; of a text that is not longer than that, none.
pub fn mask(text: &str, shown: i64, with: &str) -> String {
    let length = len(text);
    let hidden = if shown >= length { length } else { length - shown.max(0) };
    with.repeat(hidden as usize) + slice_from(text, hidden)
}

/// The number of the first code point.
pub fn code_point(text: &str) -> Option<i64> {
    text.chars().next().map(|c| i64::from(u32::from(c)))
}

/// The text of one code point; nothing for surrogates and numbers that are none.
pub fn from_code_point(number: i64) -> Option<String> {
    let c = char::from_u32(u32::try_from(number).ok()?)?;
    Some(c.to_string())
}

/// How many code points have to be put in, taken out or changed.
pub fn levenshtein(left: &str, right: &str) -> i64 {
    let right: Vec<char> = right.chars().collect();
    let mut costs: Vec<i64> = (0..=right.len() as i64).collect();
    for (row, a) in (1..).zip(left.chars()) {
        let mut diagonal = row - 1;
        let mut before = row;
        for (cost, b) in costs.iter_mut().skip(1).zip(&right) {
            let changed = diagonal + i64::from(a != *b);
            diagonal = *cost;
            *cost = changed.min(*cost + 1).min(before + 1);
            before = *cost;
        }
        if let Some(first) = costs.first_mut() {
            *first = row;
        }
    }
    costs.last().copied().unwrap_or(0)
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
        assert_eq!(slice("a😀b", 1, 2), "😀");
        assert_eq!(index_of("a😀b", "b"), Some(2));
        assert_eq!(right("a😀", 1), "😀");
        assert_eq!(mask("😀😀b", 1, "*"), "**b");
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

    #[test]
    fn texts_do_not_grow_without_bound() {
        assert_eq!(repeat("ab", i64::MAX), Err(Reject::Overflow));
        assert_eq!(repeat("", i64::MAX), Ok(String::new()));
        assert_eq!(pad_left("a", i64::MAX, "b"), Err(Reject::Overflow));
        assert_eq!(pad_left("a", i64::MAX, ""), Ok("a".into()));
        assert_eq!(slice("abc", i64::MIN, i64::MAX), "abc");
        assert_eq!(left("abc", i64::MIN), "");
        assert_eq!(right("abc", i64::MIN), "");
    }

    #[test]
    fn distances() {
        assert_eq!(levenshtein("", ""), 0);
        assert_eq!(levenshtein("flaw", "lawn"), 2);
        assert_eq!(levenshtein("é", "e"), 1);
    }
}
