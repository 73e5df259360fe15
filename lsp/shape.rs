//! The shape of files in the protocol's words: outlines, folds, selections, colours, hints, lenses, lineage.

use serde_json::json;
use tower_lsp::ls_types::*;

use super::state::Around;
use super::{files, say, text};
use crate::base::FileId;
use crate::session::ide::{Action, Colour, Context, Lens, Outline, Place, Signatures, Station};

/// What colours are called, in the order of their numbers.
pub(super) const COLOURS: [(Colour, SemanticTokenType); 15] = [
    (Colour::Keyword, SemanticTokenType::KEYWORD),
    (Colour::Item, SemanticTokenType::NAMESPACE),
    (Colour::Dataset, SemanticTokenType::STRUCT),
    (Colour::Column, SemanticTokenType::PROPERTY),
    (Colour::Local, SemanticTokenType::PARAMETER),
    (Colour::Variant, SemanticTokenType::ENUM_MEMBER),
    (Colour::Function, SemanticTokenType::FUNCTION),
    (Colour::Setting, SemanticTokenType::VARIABLE),
    (Colour::Value, SemanticTokenType::new("value")),
    (Colour::Type, SemanticTokenType::TYPE),
    (Colour::Label, SemanticTokenType::DECORATOR),
    (Colour::Number, SemanticTokenType::NUMBER),
    (Colour::Text, SemanticTokenType::STRING),
    (Colour::Comment, SemanticTokenType::COMMENT),
    (Colour::Mark, SemanticTokenType::OPERATOR),
];

fn kind(word: &str) -> SymbolKind {
    match word {
        "schema" => SymbolKind::STRUCT,
        "enum" => SymbolKind::ENUM,
        "type" => SymbolKind::CLASS,
        "variant" => SymbolKind::ENUM_MEMBER,
        "field" => SymbolKind::FIELD,
        "setting" => SymbolKind::PROPERTY,
        "step" => SymbolKind::OPERATOR,
        "transform" | "fn" => SymbolKind::FUNCTION,
        "source" | "sink" => SymbolKind::INTERFACE,
        "test" => SymbolKind::EVENT,
        "param" => SymbolKind::CONSTANT,
        "class" => SymbolKind::KEY,
        "zone" => SymbolKind::NAMESPACE,
        _ => SymbolKind::MODULE,
    }
}

#[allow(deprecated, reason = "the protocol's type has a field that it gave up")]
pub(super) fn symbol(context: &Context<'_>, around: &Around<'_>, outline: Outline) -> DocumentSymbol {
    let inside: Vec<_> = outline
        .inside
        .into_iter()
        .map(|inside| symbol(context, around, inside))
        .collect();
    DocumentSymbol {
        name: if outline.name.is_empty() {
            outline.kind.clone()
        } else {
            outline.name
        },
        detail: Some(format!("{} {}", outline.kind, outline.detail).trim_end().to_owned()),
        kind: kind(&outline.kind),
        tags: None,
        deprecated: None,
        range: say::range(context.sources, outline.span, around.encoding),
        selection_range: say::range(context.sources, outline.at, around.encoding),
        children: (!inside.is_empty()).then_some(inside),
    }
}

pub(super) fn found(context: &Context<'_>, around: &Around<'_>, outline: &Outline) -> Option<WorkspaceSymbol> {
    Some(WorkspaceSymbol {
        name: outline.name.clone(),
        kind: kind(&outline.kind),
        tags: None,
        container_name: Some(outline.kind.clone()),
        location: OneOf::Left(say::location(
            around.root,
            context.sources,
            outline.at,
            around.encoding,
        )?),
        data: None,
    })
}

pub(super) fn folds(context: &Context<'_>, file: FileId) -> Vec<FoldingRange> {
    let fold = |(start_line, end_line, comment): (u32, u32, bool)| FoldingRange {
        start_line,
        end_line,
        kind: Some(if comment {
            FoldingRangeKind::Comment
        } else {
            FoldingRangeKind::Region
        }),
        ..FoldingRange::default()
    };
    context.folds(file).into_iter().map(fold).collect()
}

pub(super) fn selection(context: &Context<'_>, around: &Around<'_>, place: Place) -> SelectionRange {
    let mut found: Option<SelectionRange> = None;
    for span in context.selections(place).into_iter().rev() {
        found = Some(SelectionRange {
            range: say::range(context.sources, span, around.encoding),
            parent: found.map(Box::new),
        });
    }
    found.unwrap_or(SelectionRange {
        range: Range::default(),
        parent: None,
    })
}

/// Colours, of all lines or some, each by its distance from the one before; texts over several lines are left to the grammar.
pub(super) fn colours(
    context: &Context<'_>,
    around: &Around<'_>,
    file: FileId,
    within: Option<Range>,
) -> Vec<SemanticToken> {
    let source = &context.sources.get(file).text;
    let (mut line, mut start, mut data) = (0, 0, Vec::new());
    let (mut counted, mut at) = (0, Position::default());
    for (span, colour, declares) in context.colours(file) {
        let word = context.sources.text(span);
        // Positions are counted on from the word before: a file has many.
        let between = source.get(counted..span.start as usize).unwrap_or("");
        let here = text::position(between, between.len(), around.encoding);
        at = match here.line {
            0 => Position::new(at.line, at.character + here.character),
            down => Position::new(at.line + down, here.character),
        };
        counted = span.start as usize;
        let outside = |range: Range| at.line < range.start.line || range.end.line < at.line;
        if word.contains('\n') || within.is_some_and(outside) {
            continue;
        }
        let length = text::position(word, word.len(), around.encoding).character;
        let number = COLOURS.iter().position(|(known, _)| *known == colour).unwrap_or(0) as u32;
        data.push(SemanticToken {
            delta_line: at.line - line,
            delta_start: if at.line == line {
                at.character - start
            } else {
                at.character
            },
            length,
            token_type: number,
            token_modifiers_bitset: u32::from(declares),
        });
        (line, start) = (at.line, at.character);
    }
    data
}

pub(super) fn hints(context: &Context<'_>, around: &Around<'_>, file: FileId, within: Range) -> Vec<InlayHint> {
    let source = &context.sources.get(file).text;
    let hint = |(at, label): (u32, String)| InlayHint {
        position: text::position(source, at as usize, around.encoding),
        label: InlayHintLabel::String(label),
        kind: Some(InlayHintKind::TYPE),
        text_edits: None,
        tooltip: None,
        padding_left: Some(true),
        padding_right: None,
        data: None,
    };
    let all = context.hints(file).into_iter().map(hint);
    all.filter(|hint| within.start <= hint.position && hint.position <= within.end)
        .collect()
}

pub(super) fn lens(context: &Context<'_>, around: &Around<'_>, uri: &Uri, lens: Lens) -> CodeLens {
    let command = match lens.does {
        Some((does, what)) => Command {
            title: lens.title,
            command: format!("pipec.{does}"),
            arguments: Some(vec![json!(uri.as_str()), json!(what)]),
        },
        None => Command {
            title: lens.title,
            command: String::new(),
            arguments: None,
        },
    };
    CodeLens {
        range: say::range(context.sources, lens.span, around.encoding),
        command: Some(command),
        data: None,
    }
}

pub(super) fn station(context: &Context<'_>, around: &Around<'_>, station: &Station) -> Option<CallHierarchyItem> {
    Some(CallHierarchyItem {
        name: station.name.clone(),
        kind: kind(&station.kind),
        tags: None,
        detail: Some(station.kind.clone()),
        uri: files::address(around.root, context.sources, station.span.file)?,
        range: say::range(context.sources, station.span, around.encoding),
        selection_range: say::range(context.sources, station.at, around.encoding),
        data: Some(json!({ "kind": station.kind, "name": station.name })),
    })
}

pub(super) fn signatures(found: Signatures) -> SignatureHelp {
    let form = |form: crate::session::ide::Signature| SignatureInformation {
        label: form.text,
        documentation: Some(Documentation::MarkupContent(super::answers::markdown(form.doc))),
        parameters: Some(
            form.params
                .into_iter()
                .map(|param| ParameterInformation {
                    label: ParameterLabel::Simple(param),
                    documentation: None,
                })
                .collect(),
        ),
        active_parameter: None,
    };
    SignatureHelp {
        signatures: found.forms.into_iter().map(form).collect(),
        active_signature: Some(found.form as u32),
        active_parameter: Some(found.argument as u32),
    }
}

/// Something that can be done; `shown` are the diagnostics that the editor shows there.
pub(super) fn action(context: &Context<'_>, around: &Around<'_>, action: Action, shown: &[Diagnostic]) -> CodeAction {
    let mends = action.mends.map(|(code, span)| {
        let range = say::range(context.sources, span, around.encoding);
        let is =
            |said: &&Diagnostic| said.range == range && said.code == Some(NumberOrString::String(code.to_string()));
        shown.iter().filter(is).cloned().collect()
    });
    CodeAction {
        title: action.title,
        kind: Some(if action.rewrites {
            CodeActionKind::REFACTOR
        } else {
            CodeActionKind::QUICKFIX
        }),
        diagnostics: mends,
        edit: Some(super::answers::edits(context, around, action.edits)),
        is_preferred: action.sure.then_some(true),
        ..CodeAction::default()
    }
}
