//! `object { types = ["image/png"], max = 10 MiB }`: which objects are let in.

use crate::base::suggest;
use crate::check::settings::plain;
use crate::check::settings::quantity::{self, Dimension};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::ObjectRules;
use crate::syntax::ast::{Entry, EntryKind, Expr, ExprKind, Path};

const NAMES: [&str; 2] = ["types", "max"];

/// What an object may be; what is wrong is said and left out.
pub fn object_rules(entries: &[Entry], diagnostics: &mut Diagnostics) -> ObjectRules {
    let mut rules = ObjectRules::default();
    let mut seen: Vec<&Path> = Vec::new();
    for entry in entries {
        let EntryKind::Setting { key, value } = &entry.kind else {
            continue;
        };
        if let Some(first) = seen.iter().find(|first| first.text() == key.text()) {
            let message = format!("an object says `{}` twice", key.text());
            let diagnostic = Diagnostic::new(Code::SETTING_TWICE, key.span, message).found("the second");
            diagnostics.push(diagnostic.label(first.span, "the first").help("keep one of them"));
            continue;
        }
        seen.push(key);
        match key.text().as_str() {
            "types" => rules.types = media_types(value, diagnostics),
            "max" => rules.max_bytes = bytes(value, diagnostics),
            other => {
                let diagnostic = Diagnostic::new(
                    Code::UNKNOWN_SETTING,
                    key.span,
                    format!("an object has no setting `{other}`"),
                )
                .found("not a setting of it");
                diagnostics.push(match suggest(other, NAMES) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        key.span,
                        near,
                    ),
                    None => diagnostic.help("it has `types` and `max`"),
                });
            }
        }
    }
    rules
}

fn media_types(value: &Expr, diagnostics: &mut Diagnostics) -> Vec<String> {
    let help = "write `types = [\"image/jpeg\", \"image/png\"]`";
    let ExprKind::List(items) = &value.kind else {
        if value.kind != ExprKind::Bad {
            let diagnostic = Diagnostic::new(Code::SETTING_TYPE, value.span, "`types` takes a list of media types");
            diagnostics.push(diagnostic.found("not a list").help(help));
        }
        return Vec::new();
    };
    let mut types: Vec<String> = Vec::new();
    for item in items {
        let text = match &item.kind {
            ExprKind::Text(parts) => plain(parts).ok(),
            ExprKind::Bad => continue,
            _ => None,
        };
        match text {
            Some(text) if is_media_type(&text) => types.push(text),
            Some(text) => {
                let diagnostic =
                    Diagnostic::new(Code::SETTING_TYPE, item.span, format!("`{text}` is not a media type"))
                        .found("a media type has a kind and a name");
                diagnostics.push(diagnostic.help("write `\"image/png\"`, or `\"image/*\"` for all of a kind"));
            }
            None => {
                let diagnostic = Diagnostic::new(Code::SETTING_TYPE, item.span, "a media type is a text");
                diagnostics.push(diagnostic.found("not a text").help(help));
            }
        }
    }
    types
}

fn is_media_type(text: &str) -> bool {
    let word = |word: &str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c);
        !word.is_empty() && word.len() <= 127 && word.chars().all(letter)
    };
    text.split_once('/')
        .is_some_and(|(kind, name)| word(kind) && (name == "*" || word(name)))
}

fn bytes(value: &Expr, diagnostics: &mut Diagnostics) -> Option<u64> {
    if let ExprKind::Quantity { number, unit } = &value.kind
        && let Some((Dimension::Size, size)) = quantity::unit(&unit.text)
    {
        let bytes = quantity::number(number) * size;
        if bytes >= 1.0 && bytes.fract() == 0.0 {
            return Some(bytes as u64);
        }
        let diagnostic = Diagnostic::new(
            Code::OUT_OF_BOUNDS,
            value.span,
            "an object has a whole number of bytes, at least one",
        );
        diagnostics.push(diagnostic.found("not a size of an object").help("write `max = 10 MiB`"));
        return None;
    }
    if value.kind != ExprKind::Bad {
        let diagnostic = Diagnostic::new(Code::DIMENSION, value.span, "`max` takes a size, with its unit");
        diagnostics.push(diagnostic.found("not a size").help("write `max = 10 MiB`"));
    }
    None
}
