//! Texts that lead somewhere: mail addresses, hosts, URLs, buckets, files, ids of an account.

use super::texts::{Flaw, email, flaw, label};
use crate::diag::Code;

type Checked = Result<(), Flaw>;

/// What a text is not, why, and what to write.
fn bad(text: &str, what: &str, found: &str, help: &str) -> Checked {
    let message = format!("`{text}` is not {what}");
    Err(flaw(Code::TEXT_FORM, message, found, help))
}

/// `alerts@example.com`
pub fn email_address(text: &str) -> Checked {
    if email(text) {
        return Ok(());
    }
    let message = format!("`{text}` is not a mail address");
    let help = "write `NAME@HOST`, such as `\"alerts@example.com\"`";
    Err(flaw(Code::EMAIL, message, "no mail can be sent there", help))
}

/// `https://example.com/path`
pub fn url(text: &str) -> Checked {
    let what = "a URL that can be called";
    let help = "write `https://HOST/PATH`";
    let Some(rest) = text.strip_prefix("https://") else {
        let found = match text.starts_with("http://") {
            true => "what is not encrypted on its way is not called",
            false => "a URL starts with `https://`",
        };
        return bad(text, what, found, help);
    };
    let place = rest.split(['/', '?', '#']).next().unwrap_or("");
    let (name, port) = place.split_once(':').unwrap_or((place, "443"));
    if !is_host(name) || !is_port(port) {
        return bad(text, what, "it names no host", help);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return bad(text, what, "a URL has no spaces", help);
    }
    Ok(())
}

fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|part| label(part) && part.len() <= 63)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `db.example.internal`, `10.0.0.7`
pub fn host(text: &str) -> Checked {
    if is_host(text) {
        return Ok(());
    }
    let found = match (text.contains("://"), text.contains(':')) {
        (true, _) => "a host stands without `https://`",
        (_, true) => "a host stands without its port",
        _ => "labels of letters, digits and `-` between dots",
    };
    bad(text, "a host", found, "write `db.example.internal`")
}

/// `kafka-1.example.internal:9096`
pub fn broker(text: &str) -> Checked {
    match text.split_once(':') {
        Some((name, port)) if is_host(name) && is_port(port) => Ok(()),
        _ => bad(
            text,
            "a host and a port",
            "`HOST:PORT` is asked for",
            "write `kafka-1.example.internal:9096`",
        ),
    }
}

/// `payments`, as Apache Kafka allows it.
pub fn topic_name(text: &str) -> Checked {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let what = "the name of a topic";
    let help = "write letters, digits, `.`, `_` and `-`, such as `payments`";
    match text {
        "" | "." | ".." => bad(text, what, "it names nothing", help),
        _ if text.len() > 249 => bad(text, what, "it has 249 characters at most", help),
        _ if text.starts_with("__") => bad(text, what, "names that start with `__` are the cluster's own", help),
        _ if !text.chars().all(plain) => bad(text, what, "letters, digits, `.`, `_` and `-` only", help),
        _ => Ok(()),
    }
}

/// `/events`
pub fn url_path(text: &str) -> Checked {
    let help = "write `/events`";
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
    if !text.starts_with('/') || text.len() < 2 {
        return bad(
            text,
            "a path of a URL",
            "a path starts with `/` and names something",
            help,
        );
    }
    if !text.chars().all(plain) || text.contains("//") || text.ends_with('/') {
        return bad(
            text,
            "a path of a URL",
            "names of letters, digits and `-_.~` between `/`",
            help,
        );
    }
    Ok(())
}

/// `fleet/+/telemetry`, `fleet/#`: an MQTT topic filter, of at most eight levels as AWS IoT has it.
pub fn topic_filter(text: &str) -> Checked {
    let what = "a topic filter";
    let help = "write `fleet/+/telemetry`, or `fleet/#` for all below";
    let levels: Vec<_> = text.split('/').collect();
    if text.is_empty() || text.len() > 256 {
        return bad(text, what, "it has from 1 to 256 characters", help);
    }
    if levels.len() > 8 {
        return bad(text, what, "AWS IoT has at most eight levels", help);
    }
    for (at, level) in levels.iter().enumerate() {
        let last = at + 1 == levels.len();
        if level.contains('#') && (*level != "#" || !last) {
            return bad(text, what, "`#` stands alone, as the last level", help);
        }
        if level.contains('+') && *level != "+" {
            return bad(text, what, "`+` stands alone between two `/`", help);
        }
    }
    Ok(())
}

/// `partner-drop`: the name of a bucket, as S3 allows it.
pub fn bucket(text: &str) -> Checked {
    let what = "the name of a bucket";
    let help = "write 3 to 63 lower-case letters, digits, `-` and `.`, such as `partner-drop`";
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(3..=63).contains(&text.len()) {
        return bad(text, what, "it has from 3 to 63 characters", help);
    }
    if let Some(wrong) = text.chars().find(|c| !plain(*c)) {
        let found = match wrong {
            '/' => "a folder in it is its `prefix`",
            ':' => "the name alone, without `s3://` or `arn:`",
            _ => "lower-case letters, digits, `-` and `.` only",
        };
        return bad(text, what, found, help);
    }
    if !text.starts_with(ends) || !text.ends_with(ends) || text.contains("..") {
        return bad(text, what, "it starts and ends with a letter or a digit", help);
    }
    Ok(())
}

/// `scripts/process.py`: a file of the project, by its path from the project's folder.
pub fn file(text: &str) -> Checked {
    let what = "the path of a file of the project";
    let help = "write `scripts/process.py`";
    if text.is_empty() || text.ends_with('/') && text.len() == 1 {
        return bad(text, what, "it names nothing", help);
    }
    if text.starts_with('/') || text.contains('\\') || text.chars().nth(1) == Some(':') {
        return bad(
            text,
            what,
            "a path starts at the project's folder, with `/` between names",
            help,
        );
    }
    if text.split('/').any(|part| part == "..") {
        return bad(text, what, "it leads out of the project", help);
    }
    Ok(())
}

/// `vpc-0a1b2c3d4e5f67890`
pub fn vpc_id(text: &str) -> Checked {
    let digits = text.strip_prefix("vpc-").unwrap_or("");
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if matches!(digits.len(), 8 | 17) && digits.chars().all(hex) {
        return Ok(());
    }
    bad(
        text,
        "the id of a VPC",
        "`vpc-` and 17 digits of 0-9 and a-f",
        "write `vpc-0a1b2c3d4e5f67890`",
    )
}

/// `10.64.0.0/16`: from /16 to /24, as a VPC of several subnets can have it.
pub fn cidr(text: &str) -> Checked {
    let what = "a block of addresses";
    let help = "write `10.64.0.0/16`";
    let Some((address, length)) = text.split_once('/') else {
        return bad(text, what, "`ADDRESS/LENGTH` is asked for", help);
    };
    let (Ok(address), Ok(length)) = (address.parse::<std::net::Ipv4Addr>(), length.parse::<u32>()) else {
        return bad(text, what, "`ADDRESS/LENGTH` is asked for", help);
    };
    if !(16..=24).contains(&length) {
        return bad(text, what, "a network has a length from /16 to /24", help);
    }
    if !address.is_private() {
        return bad(text, what, "it is not one for private networks", help);
    }
    match u32::from(address) & (u32::MAX >> length) == 0 {
        true => Ok(()),
        false => bad(text, what, "the address is not the first of the block", help),
    }
}

/// `123456789012`
pub fn account_id(text: &str) -> Checked {
    if text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    bad(
        text,
        "the number of an account",
        "an account has twelve digits",
        "write `123456789012`",
    )
}

/// `+353871234567`, as E.164 has it.
pub fn phone(text: &str) -> Checked {
    let digits = text.strip_prefix('+').unwrap_or("");
    let right = (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    match right && !digits.starts_with('0') {
        true => Ok(()),
        false => bad(
            text,
            "a phone number",
            "`+`, the country and the number, 7 to 15 digits without spaces",
            "write `+353871234567`",
        ),
    }
}

/// `;`: what stands between two values.
pub fn one_letter(text: &str) -> Checked {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Ok(()),
        _ => bad(
            text,
            "one sign",
            "one sign that is no letter and no digit",
            "write `\";\"`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(check: fn(&str) -> Checked, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert!(check(text).is_ok(), "{text} is right");
        }
        for text in wrong {
            assert!(check(text).is_err(), "{text} is wrong");
        }
    }

    #[test]
    fn what_leads_somewhere_has_its_form() {
        all(
            url,
            &["https://weather.example.com/v1/latest", "https://h:8443/x?y=1"],
            &[
                "http://a.b",
                "weather.example.com",
                "https:///x",
                "https://a b",
                "https://a:0/",
            ],
        );
        all(
            host,
            &["db.example.internal", "10.0.0.7", "db"],
            &["", "a..b", "db:5432", "https://db"],
        );
        all(
            broker,
            &["kafka-1.example.internal:9096"],
            &["kafka-1", "k:99999", ":9096"],
        );
        all(
            topic_name,
            &["payments", "shop.orders-v2_a"],
            &["", "..", "a b", "a/b", "__consumer_offsets", "ü"],
        );
        all(
            url_path,
            &["/events", "/v1/events"],
            &["events", "/", "/a/", "/a b", "//a"],
        );
        all(
            topic_filter,
            &["fleet/+/telemetry", "fleet/#", "#"],
            &["", "a/#/b", "a+/b", "a/b/c/d/e/f/g/h/i"],
        );
        all(
            bucket,
            &["partner-drop", "a.b.c"],
            &["ab", "Partner", "s3://x", "drop/in", "-ab", "a..b"],
        );
        all(
            file,
            &["scripts/process.py", "a.sh"],
            &["", "/etc/x", "../x", "a/../b", "c:x", "a\\b"],
        );
        all(
            vpc_id,
            &["vpc-0a1b2c3d4e5f67890", "vpc-12345678"],
            &["vpc-xyz", "0a1b", "vpc-0A1B2C3D"],
        );
        all(
            cidr,
            &["10.64.0.0/16"],
            &["10.64.0.0", "10.64.0.1/16", "8.8.0.0/16", "10.0.0.0/8"],
        );
        all(account_id, &["123456789012"], &["12345678901", "a23456789012"]);
        all(phone, &["+353871234567"], &["353871234567", "+0871234567", "+35 387"]);
        all(one_letter, &[";", "|", "\t"], &["", "ab", "a", "é"]);
        all(email_address, &["a@b.c"], &["a@b", "@b.c"]);
    }
}
