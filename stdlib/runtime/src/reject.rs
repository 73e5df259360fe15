//! Why a row is turned away: one text for each reason, the same on every engine; and the quarantine's record.

use crate::encode::{self, Form, Value};
use crate::types::Timestamp;

/// A syntax error, bytes after the value, or not UTF-8.
pub const NOT_JSON: &str = "not JSON";
/// JSON, but another kind of value.
pub const NOT_AN_OBJECT: &str = "not an object";

/// A field that must be there is not, or is `null`.
pub fn missing(field: &str) -> String {
    format!("{field} is missing")
}

/// A field's value is not of its type; the type as an author writes it.
pub fn wrong_type(field: &str, type_text: &str) -> String {
    format!("{field} is not {type_text}")
}

/// A field's check does not hold; its text as the author wrote it.
pub fn check(field: &str, text: &str) -> String {
    format!("check {field}: {text}")
}

/// An object is of a type that it may not have.
pub fn object_type(field: &str, media: &str) -> String {
    format!("{field} is {media}")
}

/// An object is larger than it may be.
pub fn object_size(field: &str, max_bytes: u64) -> String {
    format!("{field} is larger than {max_bytes} B")
}

/// The event is too far behind its arrival.
pub fn late(bound_seconds: u64) -> String {
    format!("late: more than {} behind arrival", duration(bound_seconds))
}

/// A row of a stream arrived after all of its windows of event time had closed.
pub fn late_for_window(late_seconds: u64) -> String {
    format!(
        "late: arrived {} or more behind the end of its window",
        duration(late_seconds)
    )
}

/// An `expect … else quarantine` does not hold.
pub fn expect(name: &str, text: &str) -> String {
    format!("expect {name}: {text}")
}

/// An operation's result does not fit its type.
pub fn overflow(text: &str) -> String {
    format!("overflow in {text}")
}

/// Seconds in the largest unit that divides them: `1 day`, `36 hours`, `90 s`.
fn duration(seconds: u64) -> String {
    let many = |count: u64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match seconds {
        0 => "0 s".into(),
        s if s % 86_400 == 0 => many(s / 86_400, "day"),
        s if s % 3600 == 0 => many(s / 3600, "hour"),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// Appends the quarantine's record of a row, with its line end: `at` is the row's arrival, `row` the bytes as they
/// came (what is not UTF-8 in them is replaced).
pub fn quarantine(out: &mut Vec<u8>, transform: &str, reason: &str, at: Timestamp, row: &[u8]) {
    let mut record = encode::Row::new(Form::Hive, out);
    record.field("transform", transform);
    record.field("reason", reason);
    record.field("at", &at.to_string());
    record.field("row", &Lossy(row));
    record.end();
}

struct Lossy<'a>(&'a [u8]);

impl Value for Lossy<'_> {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        String::from_utf8_lossy(self.0).write(form, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(missing("at"), "at is missing");
        assert_eq!(wrong_type("amount", "decimal(12, 2)"), "amount is not decimal(12, 2)");
        assert_eq!(check("page", "len(page) <= 2048"), "check page: len(page) <= 2048");
        assert_eq!(expect("sane", "a < 1"), "expect sane: a < 1");
        assert_eq!(overflow("a + b"), "overflow in a + b");
        assert_eq!(
            late_for_window(120),
            "late: arrived 2 min or more behind the end of its window"
        );
        let bounds = [86_400, 172_800, 3600, 129_600, 300, 90, 0];
        let texts = bounds.map(|seconds| {
            late(seconds)
                .replace("late: more than ", "")
                .replace(" behind arrival", "")
        });
        assert_eq!(texts, ["1 day", "2 days", "1 hour", "36 hours", "5 min", "90 s", "0 s"]);
    }

    #[test]
    fn the_row_is_kept_as_it_came() {
        let mut out = Vec::new();
        quarantine(&mut out, "clean", NOT_JSON, Timestamp(0), b"{\"a\":\xff\n\x00}");
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "{\"transform\":\"clean\",\"reason\":\"not JSON\",\"at\":\"1970-01-01T00:00:00Z\",\
             \"row\":\"{\\\"a\\\":\u{fffd}\\n\\u0000}\"}\n"
        );
    }
}
