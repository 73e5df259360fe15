//! What the grammar expected, in an author's words.

use pest::error::{Error, ErrorVariant};

use crate::base::{FileId, Span, suggest};
use crate::diag::{Code, Diagnostic};

use super::grammar::Rule;
use super::habits;
use super::tokens::{TokenKind, scan};

const STEP_WORDS: [&str; 19] = [
    "filter", "derive", "select", "drop", "rename", "explode", "dedupe", "join", "union", "group", "window", "session",
    "pivot", "unpivot", "sort", "take", "expect", "route", "run",
];

/// A message for the place where the grammar could not go on.
pub fn unexpected(file: FileId, source: &str, at: usize, limit: usize, error: &Error<Rule>, what: &str) -> Diagnostic {
    let (at, found) = found_at(source, at, limit);
    let span = Span::new(file, at, at + found.len().max(usize::from(at < source.len())));
    let shown = match found {
        "" => "the end".to_owned(),
        found => format!("`{}`", found.chars().take(30).collect::<String>()),
    };
    if let Some(diagnostic) = misspelt_step(span, found, what) {
        return diagnostic;
    }
    if found.starts_with("///") {
        return Diagnostic::new(Code::SYNTAX, span, "a `///` comment documents nothing")
            .found("no field, setting or entry follows that could take it")
            .help("write `//` for a comment that is only for readers of this file");
    }
    let wanted = expected(error).unwrap_or_else(|| what.to_owned());
    let (message, label) = match found {
        "" => (
            format!("expected {wanted}, but the line ends"),
            "the line ends here".to_owned(),
        ),
        _ => (
            format!("expected {wanted}, but found {shown}"),
            format!("found {shown}"),
        ),
    };
    let diagnostic = Diagnostic::new(Code::SYNTAX, span, message).found(label);
    let near = near_word(found, &wanted);
    if let Some(near) = near {
        return diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near);
    }
    match hint(source, at, found, &wanted).filter(|_| found != ":" || wanted.contains("`=`")) {
        Some(hint) => diagnostic.help(hint),
        None => diagnostic,
    }
}

fn misspelt_step(span: Span, found: &str, what: &str) -> Option<Diagnostic> {
    if !what.contains("step") || STEP_WORDS.contains(&found) || found.len() < 3 {
        return None;
    }
    let diagnostic = Diagnostic::new(Code::UNKNOWN_WORD, span, format!("there is no step `{found}`"))
        .found(format!("{what} is expected"));
    let lower = found.to_ascii_lowercase();
    if let Some((own, help)) = habits::step(&lower) {
        let diagnostic = diagnostic.help(help);
        return Some(match own {
            "" => diagnostic,
            own => diagnostic.fix(format!("write `{own}`"), span, own),
        });
    }
    let near = suggest(&lower, STEP_WORDS)?;
    Some(
        diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near),
    )
}

/// The token at a place, past space; at the end of a line it is the end.
fn found_at(source: &str, at: usize, limit: usize) -> (usize, &str) {
    let rest = source.get(at..limit.max(at)).unwrap_or("");
    let space = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    let rest = rest.get(space..).unwrap_or("");
    if rest.is_empty() || rest.starts_with('\n') || rest.starts_with("//") && !rest.starts_with("///") {
        return (at, "");
    }
    let rest = rest.split('\n').next().unwrap_or("");
    let token = scan(rest).first().map_or("", |token| match token.kind {
        TokenKind::Text | TokenKind::OpenText if token.end > 40 => rest.get(..1).unwrap_or(""),
        _ => token.text(rest),
    });
    (at + space, token.split('\n').next().unwrap_or(""))
}

/// A word among those expected that the one found is nearly.
fn near_word<'a>(found: &str, wanted: &'a str) -> Option<&'a str> {
    let is_word = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let words = wanted.split('`').skip(1).step_by(2).filter(|word| is_word(word));
    is_word(found).then(|| suggest(found, words)).flatten()
}

fn is_type(word: &str) -> bool {
    let simple = [
        "bool",
        "bytes",
        "date",
        "float",
        "int",
        "json",
        "string",
        "timestamp",
        "uuid",
    ];
    simple.contains(&word)
        || ["decimal", "list", "map", "struct"]
            .iter()
            .any(|kind| word.starts_with(kind))
}

/// What might have been meant, from what stands at the place.
fn hint(source: &str, at: usize, found: &str, wanted: &str) -> Option<&'static str> {
    let before = source.get(..at).unwrap_or("").trim_end();
    let behind = source.get(at + found.len()..).unwrap_or("").trim_start();
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    match found {
        "=" if before.ends_with("==") => Some("equality is written `==`"),
        "=" if before.ends_with('=') => Some("equality is written `==`, and a setting takes one `=`"),
        "=" if line.starts_with("param ") => Some("a param says its type: `param NAME : int = 10`"),
        "=" => Some("a comparison is written `==`"),
        "deny" => Some("who is not allowed something sees nothing of it: leave it out"),
        "stream" | "table" | "objects" if behind.starts_with('<') => Some("write `of`: `stream of Click`"),
        _ if before.ends_with("distinct") => Some("different values are counted by `count_distinct(x)`"),
        _ if before
            .strip_suffix("alarm")
            .is_some_and(|before| before.trim_end().ends_with('%')) =>
        {
            Some("a share is written `1 percent`")
        }
        _ if wanted == "`:`" && is_type(found) => Some("a type stands behind a colon: `page : string`"),
        ":" => Some("a setting is written `name = value`"),
        ";" => Some("`,` or a new line separates here"),
        "{" if wanted.contains("`then`") => Some("write `if … then … else …`, without braces"),
        "when" => Some("write `if … then … else …`, or `match x { value => … }`"),
        "*" if before.ends_with("select") => Some("every column stays where there is no `select`"),
        "===" => Some("equality is written `==`"),
        _ => None,
    }
}

/// What may stand at the place, without repeats, the likeliest first.
fn expected(error: &Error<Rule>) -> Option<String> {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        return None;
    };
    let mut words: Vec<(u8, &str)> = positives.iter().filter_map(word_for).collect();
    words.sort_unstable();
    words.dedup();
    // Where a whole thing may stand, nothing finer is of use; `,` and the like only where nothing else may.
    let best = words.first().map(|(rank, _)| *rank)?;
    // Behind an entry a comma is as likely forgotten as the bracket that closes them all.
    if best == 1 && words.contains(&(2, "`,`")) {
        let closes = |(_, word): &&(u8, &str)| matches!(*word, "`]`" | "`)`" | "`}`");
        if let Some((_, close)) = words.iter().find(closes) {
            return Some(format!("`,` or {close}"));
        }
    }
    // `=>` makes a type of a function, which authors have no use for.
    let several = words.iter().filter(|(rank, _)| *rank == best).count() > 1;
    let mut kept: Vec<&str> = words
        .iter()
        .filter(|(rank, word)| *rank == best && !(several && *word == "`=>`"))
        .map(|(_, word)| *word)
        .take(6)
        .collect();
    let last = kept.pop()?;
    Some(if kept.is_empty() {
        last.to_owned()
    } else {
        format!("{} or {last}", kept.join(", "))
    })
}

/// An author's word for a rule, and its rank: 0 whole things, 1 marks and words, 2 what may always follow.
fn word_for(rule: &Rule) -> Option<(u8, &'static str)> {
    let found = match rule {
        Rule::expr
        | Rule::value
        | Rule::operand
        | Rule::variable
        | Rule::text
        | Rule::list
        | Rule::pattern
        | Rule::measure => (0, "a value"),
        Rule::amount | Rule::quantity | Rule::number => (0, "a number"),
        Rule::prefix | Rule::if_expr | Rule::match_expr | Rule::null | Rule::boolean | Rule::record | Rule::group => {
            return None;
        }
        Rule::reject | Rule::broken | Rule::lambda => return None,
        Rule::name | Rule::names | Rule::argument => (0, "a name"),
        Rule::path | Rule::plain_path | Rule::paths => (0, "a name"),
        Rule::type_expr | Rule::named_type | Rule::struct_type | Rule::object_type => (0, "a type"),
        Rule::field => (0, "a field"),
        Rule::unit => (1, "a unit"),
        Rule::label => (1, "a label `@name`"),
        Rule::equals => (1, "`=`"),
        Rule::colon => (1, "`:`"),
        Rule::comma => (2, "`,`"),
        Rule::semicolon => (2, "`;`"),
        Rule::arrow => (1, "`->`"),
        Rule::fat_arrow => (1, "`=>`"),
        Rule::open => (1, "`{`"),
        Rule::close => (1, "`}`"),
        Rule::open_list => (1, "`[`"),
        Rule::close_list => (1, "`]`"),
        Rule::open_call => (1, "`(`"),
        Rule::close_call => (1, "`)`"),
        Rule::then_word => (1, "`then`"),
        Rule::by_word => (1, "`by`"),
        Rule::as_word => (1, "`as`"),
        Rule::gap_word => (1, "`gap`"),
        Rule::of_word => (1, "`of`"),
        Rule::from_word => (1, "`from`"),
        Rule::rejected_word => (1, "`rejected`"),
        Rule::else_word => (1, "`else`"),
        Rule::on_word => (1, "`on`"),
        Rule::over_word => (1, "`over`"),
        Rule::for_word => (1, "`for`"),
        Rule::field_check => (1, "`check`"),
        Rule::field_default => (1, "`=`"),
        Rule::like => (1, "`like`"),
        Rule::below => (1, "`below`"),
        Rule::of_path => (1, "`of`"),
        Rule::alias => (1, "`as`"),
        Rule::within => (1, "`within`"),
        Rule::keep => (1, "`keep`"),
        Rule::where_part => (1, "`where`"),
        Rule::shown_columns => (1, "`columns`"),
        Rule::order_by => (1, "`order by`"),
        Rule::returns => (1, "`returns`"),
        Rule::infix | Rule::member | Rule::call | Rule::index | Rule::star_member => (3, "an operator"),
        Rule::per_part => (2, "`per`"),
        Rule::question => return None,
        Rule::EOI => (2, "the end of the line"),
        Rule::step | Rule::step_entry => (0, "a step"),
        Rule::setting | Rule::setting_entry => (0, "a setting"),
        Rule::allow => (0, "`allow`"),
        Rule::clear => (0, "`clear`"),
        Rule::alarm => (0, "`alarm`"),
        Rule::given => (0, "`given`"),
        Rule::expect_rows | Rule::expect_rejected => (0, "`expect`"),
        _ => return None,
    };
    Some(found)
}
