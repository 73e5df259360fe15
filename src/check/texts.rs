//! Texts with a form of their own: ARNs, cron fields, time zones, mail addresses.

use crate::base::suggest;
use crate::diag::Code;

/// What is wrong with a text.
#[derive(Clone, Debug)]
pub struct Flaw {
    /// The code.
    pub code: Code,
    /// What it is, standing alone.
    pub message: String,
    /// What was found.
    pub found: String,
    /// What to write.
    pub help: Vec<String>,
}

pub(super) fn flaw(code: Code, message: String, found: impl Into<String>, help: impl Into<String>) -> Flaw {
    Flaw {
        code,
        message,
        found: found.into(),
        help: vec![help.into()],
    }
}

/// `arn:aws:iam::123456789012:role/Analyst`
pub fn role_arn(text: &str) -> Result<(), Flaw> {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let bad = |found: &str| {
        Err(flaw(
            Code::PRINCIPAL,
            format!("`{text}` is not the ARN of a role"),
            found,
            "write `arn:aws:iam::ACCOUNT:role/NAME`, with the twelve digits of the account",
        ))
    };
    let [arn, partition, service, region, account, resource] = parts.as_slice() else {
        return bad("an ARN has six parts between colons");
    };
    if *arn != "arn" || !matches!(*partition, "aws" | "aws-cn" | "aws-us-gov") {
        return bad("an ARN starts with `arn:aws:`");
    }
    if *service != "iam" || !region.is_empty() {
        return bad("a role's ARN goes on with `iam::`");
    }
    if account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit()) {
        return bad("the account is not twelve digits");
    }
    let Some(name) = resource.strip_prefix("role/") else {
        return bad("it does not end in `role/NAME`");
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
    let last = name.rsplit('/').next().unwrap_or("");
    if last.is_empty() || last.len() > 64 || !name.chars().all(letter) {
        return bad("the name has up to 64 letters, digits and `+=,.@_-`");
    }
    Ok(())
}

/// A mail address that a notification can be sent to.
pub fn email(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |c: char| c.is_ascii_graphic() && !"\"<>()[]\\,;:@".contains(c);
    !user.is_empty() && user.chars().all(plain) && host.contains('.') && host.split('.').all(label)
}

pub(super) fn label(label: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(inside)
}

/// A name of the IANA database.
pub fn time_zone(text: &str) -> Result<(), Flaw> {
    if chrono_tz::TZ_VARIANTS.iter().any(|zone| zone.name() == text) {
        return Ok(());
    }
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let help = match suggest(text, names) {
        Some(near) => format!("did you mean `\"{near}\"`?"),
        None => "write a name such as `\"UTC\"` or `\"Europe/Paris\"`".to_owned(),
    };
    Err(flaw(
        Code::TIME_ZONE,
        format!("there is no time zone `{text}`"),
        "not in the IANA database",
        help,
    ))
}

/// A field of EventBridge Scheduler's cron: its name, its numbers, its words, and the marks that it takes.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    words: &'static [&'static str],
    marks: &'static str,
}

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const fn field(name: &'static str, low: u32, high: u32, words: &'static [&'static str], marks: &'static str) -> Field {
    Field {
        name,
        low,
        high,
        words,
        marks,
    }
}

const FIELDS: [Field; 6] = [
    field("minute", 0, 59, &[], ""),
    field("hour", 0, 23, &[], ""),
    field("day of the month", 1, 31, &[], "?LW"),
    field("month", 1, 12, MONTHS, ""),
    field("day of the week", 1, 7, WEEKDAYS, "?L#"),
    field("year", 1970, 2199, &[], ""),
];

/// EventBridge Scheduler's six fields: `15 1 * * ? *`.
pub fn cron(text: &str) -> Result<(), Flaw> {
    let parts: Vec<_> = text.split_whitespace().collect();
    let bad = |found: String, help: String| {
        Err(flaw(
            Code::CRON,
            format!("`{text}` is not a cron text of six fields"),
            found,
            help,
        ))
    };
    let names = FIELDS.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
    if parts.len() != FIELDS.len() {
        let help = match parts.as_slice() {
            [minute, hour, "*", month, "*"] => {
                format!("write `{minute} {hour} * {month} ? *`: the sixth field is the year")
            }
            [minute, hour, "*", month, weekday] => {
                format!("write `{minute} {hour} ? {month} {weekday} *`: the sixth field is the year")
            }
            [minute, hour, day, month, "*"] => {
                format!("write `{minute} {hour} {day} {month} ? *`: the sixth field is the year")
            }
            _ => format!("the fields are {names}: `15 1 * * ? *` is every day at 01:15"),
        };
        return bad(format!("{} fields", parts.len()), help);
    }
    for (part, field) in parts.iter().zip(&FIELDS) {
        if let Some(wrong) = wrong_part(part, field) {
            return Err(flaw(
                Code::CRON,
                format!("`{wrong}` is no {} of a cron text", field.name),
                format!("the {} is `{part}`", field.name),
                format!("the {} is from {} to {}", field.name, field.low, field.high),
            ));
        }
    }
    let asks = |at: usize| parts.get(at).is_some_and(|part| *part == "?");
    match (asks(2), asks(4)) {
        (false, false) => bad(
            "both days are given".to_owned(),
            "write `?` as the day of the month or of the week: only one of them can decide".to_owned(),
        ),
        (true, true) => bad(
            "neither day is given".to_owned(),
            "write `*` as one of the days, and `?` as the other".to_owned(),
        ),
        _ => Ok(()),
    }
}

/// The first piece of a field that it cannot hold.
fn wrong_part<'t>(part: &'t str, field: &Field) -> Option<&'t str> {
    if part == "*" || (part == "?" && field.marks.contains('?')) {
        return None;
    }
    part.split(',').find(|piece| !piece_fits(piece, field))
}

fn piece_fits(piece: &str, field: &Field) -> bool {
    let (range, step) = match piece.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (piece, None),
    };
    if step
        .is_some_and(|step| step.parse::<u32>().is_ok_and(|n| n == 0 || n > field.high) || step.parse::<u32>().is_err())
    {
        return false;
    }
    if range == "*" {
        return step.is_some();
    }
    match range.split_once('-') {
        Some((low, high)) => match (value(low, field), value(high, field)) {
            (Some(low), Some(high)) => low <= high,
            _ => false,
        },
        None => value(range, field).is_some() || marked(range, field),
    }
}

fn value(text: &str, field: &Field) -> Option<u32> {
    let word = field.words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let number = match word {
        Some(at) => at as u32 + field.low,
        None => text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())??,
    };
    (field.low..=field.high).contains(&number).then_some(number)
}

/// `L`, `LW`, `15W`, `6L`, `2#1`.
fn marked(text: &str, field: &Field) -> bool {
    let has = |mark: char| field.marks.contains(mark);
    if has('L') && (text == "L" || (has('W') && text == "LW")) {
        return true;
    }
    if let Some(day) = text.strip_suffix('W') {
        return has('W') && value(day, field).is_some();
    }
    if let Some(day) = text.strip_suffix('L') {
        return has('#') && value(day, field).is_some();
    }
    match text.split_once('#') {
        Some((day, nth)) => has('#') && value(day, field).is_some() && matches!(nth, "1" | "2" | "3" | "4" | "5"),
        None => false,
    }
}
