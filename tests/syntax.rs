//! Reading: what parses, what does not, and what is said of it.

use pipec::base::Sources;
use pipec::diag::Diagnostics;
use pipec::syntax::{ast, parse};

const CLICKSTREAM: &str = include_str!("../examples/clickstream/clickstream.pipe");

/// Parses a text and says what was said of it, a line each: `P0101 3:7 message`.
fn read(text: &str) -> (ast::File, Vec<String>) {
    let mut sources = Sources::default();
    let id = sources.add("a.pipe", text);
    let mut diagnostics = Diagnostics::default();
    let file = parse(id, text, &mut diagnostics);
    let said = diagnostics.sorted().into_iter().map(|diagnostic| {
        let place = sources.get(id).line_column(diagnostic.primary.span.start);
        let help = diagnostic
            .help
            .first()
            .map_or(String::new(), |help| format!(" | {help}"));
        let found = diagnostic.primary.text;
        format!(
            "{} {}:{} {} | {found}{help}",
            diagnostic.code, place.line, place.column, diagnostic.message
        )
    });
    (file, said.collect())
}

#[test]
fn the_first_platform_parses() {
    let (file, said) = read(CLICKSTREAM);
    assert_eq!(said, Vec::<String>::new());
    assert_eq!(file.items.len(), 20);
}
