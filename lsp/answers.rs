//! Answers in the protocol's words.

use tower_lsp::ls_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, GotoDefinitionResponse, Hover,
    HoverContents, InsertTextFormat, Location, LocationLink, MarkupContent, MarkupKind, Position, Range, TextEdit,
    WorkspaceEdit,
};

use super::state::Around;
use super::{files, say};
use crate::base::Span;
use crate::session::ide::{Completion, CompletionKind, Context, Edits, Target};

/// Markdown.
pub(super) fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}

/// What is said of a thing under the cursor.
pub(super) fn hover(context: &Context<'_>, around: &Around<'_>, found: crate::session::ide::Hover) -> Hover {
    Hover {
        contents: HoverContents::Markup(markdown(found.text)),
        range: Some(say::range(context.sources, found.span, around.encoding)),
    }
}

/// A place that something leads to.
pub(super) fn link(context: &Context<'_>, around: &Around<'_>, from: Span, target: &Target) -> Option<LocationLink> {
    let origin = say::range(context.sources, from, around.encoding);
    let (uri, range) = match target {
        Target::Text(span) => {
            let uri = files::address(around.root, context.sources, span.file)?;
            (uri, say::range(context.sources, *span, around.encoding))
        }
        Target::File(path) => (files::address_of(around.root, path)?, Default::default()),
    };
    Some(LocationLink {
        origin_selection_range: Some(origin),
        target_uri: uri,
        target_range: range,
        target_selection_range: range,
    })
}

/// Something that can be written.
pub(super) fn completion(
    context: &Context<'_>,
    around: &Around<'_>,
    found: Completion,
    snippets: bool,
) -> CompletionItem {
    let kind = match found.kind {
        CompletionKind::Keyword => CompletionItemKind::KEYWORD,
        CompletionKind::Item => CompletionItemKind::MODULE,
        CompletionKind::Dataset => CompletionItemKind::STRUCT,
        CompletionKind::Column => CompletionItemKind::FIELD,
        CompletionKind::Function => CompletionItemKind::FUNCTION,
        CompletionKind::Setting => CompletionItemKind::PROPERTY,
        CompletionKind::Value => CompletionItemKind::VALUE,
        CompletionKind::Variant => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Type => CompletionItemKind::CLASS,
        CompletionKind::Label => CompletionItemKind::COLOR,
        CompletionKind::Unit => CompletionItemKind::UNIT,
        CompletionKind::Template => CompletionItemKind::REFERENCE,
        CompletionKind::File => CompletionItemKind::FILE,
    };
    let snippet = found.snippet && snippets;
    let text = match found.snippet && !snippets {
        true => plain(&found.insert, &found.label),
        false => found.insert,
    };
    CompletionItem {
        kind: Some(kind),
        detail: (!found.detail.is_empty()).then_some(found.detail),
        documentation: (!found.doc.is_empty()).then(|| Documentation::MarkupContent(markdown(found.doc))),
        sort_text: Some(format!("{}{}", found.rank, found.label)),
        filter_text: Some(found.label.clone()),
        insert_text_format: snippet.then_some(InsertTextFormat::SNIPPET),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range: say::range(context.sources, found.replace, around.encoding),
            new_text: text,
        })),
        label: found.label,
        ..CompletionItem::default()
    }
}

/// What an editor that knows no snippets writes: up to the first place that is to be filled in.
fn plain(snippet: &str, label: &str) -> String {
    let start = snippet.split('$').next().unwrap_or("");
    match start.trim_end_matches(['"', '(', '{', ' ']).is_empty() {
        true => label.to_owned(),
        false => start.to_owned(),
    }
}

/// Where something is declared, with or without where one came from.
pub(super) fn definition(link: LocationLink, links: bool) -> GotoDefinitionResponse {
    match links {
        true => GotoDefinitionResponse::Link(vec![link]),
        false => GotoDefinitionResponse::Scalar(Location {
            uri: link.target_uri,
            range: link.target_selection_range,
        }),
    }
}

/// Edits of several files.
pub(super) fn edits(context: &Context<'_>, around: &Around<'_>, edits: Edits) -> WorkspaceEdit {
    let file = |(file, edits): (crate::base::FileId, Vec<(Span, String)>)| {
        let uri = files::address(around.root, context.sources, file)?;
        let edit = |(span, new_text): (Span, String)| TextEdit {
            range: say::range(context.sources, span, around.encoding),
            new_text,
        };
        Some((uri, edits.into_iter().map(edit).collect()))
    };
    WorkspaceEdit {
        changes: Some(edits.into_iter().filter_map(file).collect()),
        ..WorkspaceEdit::default()
    }
}

/// What to change to lay a file out: line by line, so that the cursor stays where it is; only in these lines, if some are
/// given. Nothing where it cannot be read.
pub(super) fn formatting(
    context: &Context<'_>,
    file: crate::base::FileId,
    lines: Option<(u32, u32)>,
) -> Option<Vec<TextEdit>> {
    let text = &context.sources.get(file).text;
    let laid = crate::format::format(text).ok()?;
    let edits = changed_lines(text, &laid).into_iter();
    let within = |edit: &(usize, usize, String)| {
        lines.is_none_or(|(first, last)| edit.0 <= last as usize && first as usize <= edit.1.max(edit.0))
    };
    let edit = |(start, end, new_text): (usize, usize, String)| TextEdit {
        range: Range {
            start: Position::new(start as u32, 0),
            end: Position::new(end as u32, 0),
        },
        new_text,
    };
    Some(edits.filter(within).map(edit).collect())
}

/// The runs of lines that differ: the first line, the line behind the last, and the lines to write instead.
fn changed_lines(old: &str, new: &str) -> Vec<(usize, usize, String)> {
    let before: Vec<&str> = old.split_inclusive('\n').collect();
    let after: Vec<&str> = new.split_inclusive('\n').collect();
    if before.len() == after.len() && old.ends_with('\n') {
        let mut found: Vec<(usize, usize, String)> = Vec::new();
        for (at, (old, new)) in before.iter().zip(&after).enumerate() {
            match found.last_mut() {
                _ if old == new => {}
                Some((_, end, text)) if *end == at => {
                    *end = at + 1;
                    *text += new;
                }
                _ => found.push((at, at + 1, (*new).to_owned())),
            }
        }
        return found;
    }
    let same = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let rest = before.len().min(after.len()) - same;
    let behind = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take(rest)
        .take_while(|(old, new)| old == new)
        .count();
    if same == before.len() && same == after.len() {
        return Vec::new();
    }
    // The last line may have no end: then the line behind it does not exist, and all of it is replaced.
    let whole_last = !old.ends_with('\n') && behind == 0;
    let end = before.len() - behind + usize::from(whole_last);
    let text = after.get(same..after.len() - behind).unwrap_or(&[]).concat();
    vec![(same, end, text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(old: &str, edits: &[(usize, usize, String)]) -> String {
        let lines: Vec<&str> = old.split_inclusive('\n').collect();
        let mut text = String::new();
        let mut at = 0;
        for (start, end, new) in edits {
            text += &lines.get(at..*start).unwrap_or(&[]).concat();
            text += new;
            at = (*end).min(lines.len());
        }
        text + &lines.get(at..).unwrap_or(&[]).concat()
    }

    #[test]
    fn edits_of_lines_give_the_new_text() {
        let texts = [
            "",
            "a\n",
            "a",
            "a\nb\nc\n",
            "a\nB\nc\n",
            "a\n\nb\nc",
            "x\na\nb\n",
            "a\nb\nc\nd\n",
            "A\nb\nC\n",
        ];
        for old in texts {
            for new in texts.iter().filter(|new| new.is_empty() || new.ends_with('\n')) {
                assert_eq!(applied(old, &changed_lines(old, new)), *new, "{old:?} to {new:?}");
            }
        }
    }
}
