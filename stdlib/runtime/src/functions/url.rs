//! Parts of web addresses, as RFC 3986 finds them (appendix B).

/// An address, taken apart.
struct Parts<'u> {
    scheme: Option<&'u str>,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
    fragment: Option<&'u str>,
}

fn parts(url: &str) -> Parts<'_> {
    let (rest, fragment) = cut(url, '#');
    let (rest, query) = cut(rest, '?');
    let end = rest
        .find([':', '/'])
        .filter(|at| *at > 0 && rest.as_bytes().get(*at) == Some(&b':'));
    let (scheme, rest) = match end {
        Some(at) => (rest.get(..at), rest.get(at + 1..).unwrap_or("")),
        None => (None, rest),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(behind) => {
            let (authority, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
            (Some(authority), path)
        }
        None => (None, rest),
    };
    Parts {
        scheme,
        authority,
        path,
        query,
        fragment,
    }
}

fn cut(text: &str, sign: char) -> (&str, Option<&str>) {
    match text.split_once(sign) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Host and port of an authority, without its user; an address in `[ ]` keeps its colons.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let from = host.rfind(']').unwrap_or(0);
    match host.get(from..).and_then(|tail| tail.rfind(':')) {
        Some(colon) => (host.get(..from + colon).unwrap_or(""), host.get(from + colon + 1..)),
        None => (host, None),
    }
}

/// The scheme, in lower case.
pub fn url_scheme(url: &str) -> Option<String> {
    parts(url).scheme.map(str::to_lowercase)
}

/// The host, in lower case.
pub fn url_host(url: &str) -> Option<String> {
    let (host, _) = host_and_port(parts(url).authority?);
    (!host.is_empty()).then(|| host.to_lowercase())
}

/// The port that is written.
pub fn url_port(url: &str) -> Option<i64> {
    let (_, port) = host_and_port(parts(url).authority?);
    super::convert::int(port?).filter(|port| (0..=65_535).contains(port))
}

/// The path.
pub fn url_path(url: &str) -> &str {
    parts(url).path
}

/// What stands behind `?`.
pub fn url_query(url: &str) -> Option<&str> {
    parts(url).query
}

/// What stands behind `#`.
pub fn url_fragment(url: &str) -> Option<&str> {
    parts(url).fragment
}

/// The first value of a parameter, decoded, `+` as a space.
pub fn url_parameter(url: &str, name: &str) -> Option<String> {
    let decoded = |text: &str| url_decode(&text.replace('+', " "));
    for pair in parts(url).query?.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if decoded(key).as_deref() == Some(name) {
            return decoded(value);
        }
    }
    None
}

/// As a part of an address.
pub fn url_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// As a text; nothing where `%` stands without two digits, or the bytes are no UTF-8.
pub fn url_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_addresses() {
        assert_eq!(url_host("http://[::1]:80/a").as_deref(), Some("[::1]"));
        assert_eq!(url_port("http://[::1]:80/a"), Some(80));
        assert_eq!(url_host("mailto:ada@example.com"), None);
        assert_eq!(url_path("mailto:ada@example.com"), "ada@example.com");
        assert_eq!(url_scheme("/a:b"), None);
        assert_eq!(url_host("//cdn.example.com/x").as_deref(), Some("cdn.example.com"));
        assert_eq!(url_port("http://a:99999"), None);
        assert_eq!(url_host(""), None);
        assert_eq!(url_parameter("?a=%ff&a=b", "a"), None);
    }
}
