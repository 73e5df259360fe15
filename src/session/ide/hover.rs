//! What is said of the thing under the cursor, in Markdown.

use crate::base::Span;
use crate::check::declare::{Declared, DeclaredSetting};
use crate::check::flow;
use crate::check::settings::type_text;
use crate::plan::types::Column;
use crate::syntax::ast::{self, Item, ItemKind};
use crate::syntax::tokens::{self, TokenKind};

use super::mentions::Symbol;
use super::settings::Owner;
use super::{Context, Place, words};

/// What is said, and of which place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The place.
    pub span: Span,
    /// Markdown.
    pub text: String,
}

impl Context<'_> {
    /// What is said of a place.
    pub fn hover(&self, place: Place) -> Option<Hover> {
        if let Some(mention) = self.mention(place) {
            let text = match &mention.symbol {
                Symbol::Column(origin) => self.column_text(place, mention.span, *origin),
                symbol => self.about(symbol),
            };
            return text.map(|text| Hover {
                span: mention.span,
                text,
            });
        }
        self.word(place)
    }

    /// What is said of a word of the language: a step, or the keyword of an item.
    fn word(&self, place: Place) -> Option<Hover> {
        let item = self.item_at(place)?;
        let text = &self.sources.get(place.file).text;
        let at = |token: &&tokens::Token| token.start <= place.offset as usize && place.offset as usize <= token.end;
        let all = tokens::scan(text);
        let token = all.iter().filter(at).find(|token| token.kind == TokenKind::Word)?;
        let span = Span::new(place.file, token.start, token.end);
        if let ItemKind::Transform(transform) = &item.kind
            && let Some((at, (step, _))) = Self::steps(transform)
                .enumerate()
                .find(|(_, (step, _))| step.word.span == span)
        {
            let mut said = words::step(&step.word.text)?.to_owned();
            if let Some(columns) = self.after_step(&transform.name.text, at) {
                said += &format!("\n\nAfter this step:\n\n{}", table(columns));
            }
            return Some(Hover { span, text: said });
        }
        let word = token.text(text);
        if token.first && token.indent == 0 {
            let text = words::item(word)?;
            let declared = self.declarations.item(word);
            let doc = declared.and_then(|declared| declared.doc).unwrap_or("");
            let text = format!("{text}\n\n{doc}").trim_end().to_owned();
            return Some(Hover { span, text });
        }
        None
    }

    /// What is said of something that has a name.
    pub fn about(&self, symbol: &Symbol) -> Option<String> {
        match symbol {
            Symbol::Item { kind, name } => {
                let entity = self.index.get(kind, name)?;
                Some(self.item_text(kind, name, entity.item))
            }
            Symbol::Dataset { zone, name } => self.dataset_text(zone, name),
            Symbol::Variant { of, name } => {
                let ItemKind::Enum { variants, .. } = &self.index.get("enum", of)?.item.kind else {
                    return None;
                };
                let variant = variants.iter().find(|variant| variant.name.text == *name)?;
                Some(with_doc(code(&format!("{of}.{name}")), doc(variant.doc.as_ref())))
            }
            Symbol::Function(name) => self.function_text(name),
            Symbol::Setting { of, name } => {
                let declared = Owner::of_text(of).declared(self)?;
                Some(self.setting_text(declared.setting(name)?))
            }
            Symbol::Choice { slot, name } => {
                let declared = self.declarations.variant(slot, name)?;
                Some(self.declared_text(&format!("{name} of {slot}"), declared))
            }
            Symbol::Template { kind, path } => {
                let template = |item: &&Item| match &item.kind {
                    ItemKind::Block(block) => block.keyword.text == *kind && block.name.text() == *path,
                    _ => false,
                };
                let item = self.library.items().find(template)?;
                let text = self.sources.text(item.span);
                Some(with_doc(code(text), doc(item.doc.as_ref())))
            }
            Symbol::Type(name) => words::ty(name).map(str::to_owned),
            Symbol::Local(span) => Some(code(self.sources.text(*span))),
            Symbol::File(path) => Some(format!("`{path}`")),
            Symbol::Column(origin) => Some(code(self.sources.text(*origin))),
        }
    }

    fn item_text(&self, kind: &str, name: &str, item: &Item) -> String {
        let head = match &item.kind {
            ItemKind::Block(_) | ItemKind::Bad(_) => format!("{kind} {name}"),
            _ => first_line(self.sources.text(item.span)).to_owned(),
        };
        let head = match &item.kind {
            ItemKind::Block(_) => first_line(self.sources.text(item.span))
                .trim_end_matches('{')
                .trim_end()
                .to_owned(),
            ItemKind::Schema { .. } | ItemKind::Enum { .. } => self.sources.text(item.span).to_owned(),
            _ => head.trim_end_matches('{').trim_end().to_owned(),
        };
        let mut text = with_doc(code(&head), doc(item.doc.as_ref()));
        match &item.kind {
            ItemKind::Transform(_) => {
                if let Some(typed) = self.typed(name) {
                    text += &format!("\n\nGives:\n\n{}", table(&typed.output));
                }
            }
            ItemKind::Block(block) if kind == "class" || kind == "zone" => {
                let body = self.sources.text(item.span);
                let _ = block;
                if body.lines().count() <= 12 {
                    text = with_doc(code(body), doc(item.doc.as_ref()));
                }
            }
            _ => {}
        }
        let made = self.made_of(kind, name);
        if !made.is_empty() {
            text += &format!("\n\nBecomes {}.", made.join(", "));
        }
        text
    }

    fn dataset_text(&self, zone: &str, name: &str) -> Option<String> {
        let dataset = self.dataset(zone, name)?;
        let mut text = code(&format!("{zone}.{name}"));
        if let Some(doc) = &dataset.doc {
            text += &format!("\n\n{doc}");
        }
        text += &format!("\n\n{}, written as {}", table(&dataset.columns), dataset.format);
        if !dataset.partition.is_empty() {
            text += &format!(", partitioned by `{}`", dataset.partition.join("`, `"));
        }
        text += "\n";
        let left = self.program().map(flow::days_left).unwrap_or_default();
        for (class, days) in left.get(&dataset.id).into_iter().flatten() {
            text += &format!("\n@{class}: {days} days of its lifetime are left when this dataset lets it go");
        }
        Some(text.trim_end().to_owned())
    }

    fn function_text(&self, name: &str) -> Option<String> {
        let forms: Vec<_> = self
            .functions
            .forms(name)
            .iter()
            .filter(|form| form.instead.is_none())
            .collect();
        let first = forms.first()?;
        let signatures: Vec<_> = forms.iter().map(ToString::to_string).collect();
        let mut text = code(&signatures.join("\n"));
        if let Some(doc) = &first.doc {
            text += &format!("\n\n{doc}");
        }
        let examples: Vec<_> = first
            .examples
            .iter()
            .take(4)
            .map(|example| self.sources.text(example.span))
            .collect();
        if !examples.is_empty() {
            text += &format!("\n\n{}", code(&examples.join("\n")));
        }
        Some(text)
    }

    /// A setting as it is declared.
    pub(super) fn setting_text(&self, setting: &DeclaredSetting<'_>) -> String {
        let declare = setting.declare;
        let declared = code(self.sources.text(declare.name.span.to(self.end_of(declare))));
        let mut text = with_doc(declared, setting.doc.unwrap_or(""));
        let takes: Vec<_> = declare.ty.iter().map(type_text).collect();
        text += &format!("\n\nTakes {}.", takes.join(" or "));
        if let Some(default) = &declare.default {
            text += &format!(" Without it: `{}`.", self.sources.text(default.span));
        } else if !declare.optional {
            text += " It must be written.";
        }
        text
    }

    fn end_of(&self, declare: &ast::Declare) -> Span {
        let ends = [&declare.bounds, &declare.default, &declare.example];
        let ends = ends.into_iter().flatten().map(|expr| expr.span);
        let types = declare
            .ty
            .iter()
            .map(|ty| ty.of.as_ref().map_or(ty.word.span, |of| of.span));
        ends.chain(types)
            .max_by_key(|span| span.end)
            .unwrap_or(declare.name.span)
    }

    /// A kind of item or a variant as it is declared.
    pub(super) fn declared_text(&self, head: &str, declared: &Declared<'_>) -> String {
        let mut text = with_doc(code(head), declared.doc.unwrap_or(""));
        for setting in &declared.settings {
            let must = if setting.required() { ", must be written" } else { "" };
            let doc = setting.doc.unwrap_or("").lines().next().unwrap_or("");
            text += &format!("\n- `{}`{must}: {doc}", setting.name());
        }
        text
    }

    /// A column at a place of a transform or schema.
    fn column_text(&self, place: Place, span: Span, origin: Span) -> Option<String> {
        let name = self.sources.text(span);
        let known = self.column_at(place, name);
        let mut text = match &known {
            Some(column) => code(&line(column)),
            None => code(self.sources.text(self.line_of(origin)).trim()),
        };
        if let Some(doc) = known.as_ref().and_then(|column| column.doc.clone()) {
            text += &format!("\n\n{doc}");
        }
        for label in known.iter().flat_map(|column| &column.labels) {
            let class = self.index.get("class", label).map(|entity| entity.item);
            if let Some(class) = class {
                text += &format!("\n\n`{}`", first_line(self.sources.text(class.span)));
            }
        }
        if origin != span {
            let path = &self.sources.get(origin.file).path;
            let line = self.sources.get(origin.file).line_column(origin.start).line;
            text += &format!("\n\nIntroduced in {path}:{line}");
        }
        Some(text)
    }

    /// A column with its type: after the step that the place is in, else before it; of schemas, a field.
    pub(super) fn column_at(&self, place: Place, name: &str) -> Option<Column> {
        let item = self.item_at(place)?;
        let find = |columns: &[Column]| columns.iter().find(|column| column.name == name).cloned();
        match &item.kind {
            ItemKind::Transform(transform) => {
                let at =
                    Self::steps(transform).position(|(_, span)| span.start <= place.offset && place.offset <= span.end);
                match at {
                    Some(at) => {
                        let after = self.after_step(&transform.name.text, at).and_then(find);
                        after.or_else(|| find(&self.before_step(transform, at)))
                    }
                    None => find(&self.typed(&transform.name.text)?.output),
                }
            }
            ItemKind::Test(test) => {
                let typed = self.typed(&test.transform.text)?;
                find(&typed.output).or_else(|| find(&typed.input_columns))
            }
            _ => None,
        }
    }

    fn line_of(&self, span: Span) -> Span {
        let text = &self.sources.get(span.file).text;
        let start = text
            .get(..span.start as usize)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |at| at + 1);
        let rest = text.get(span.end as usize..).unwrap_or("");
        let end = span.end as usize + rest.find('\n').unwrap_or(rest.len());
        Span::new(span.file, start, end)
    }
}

/// Text as code.
pub(super) fn code(text: &str) -> String {
    format!("```pipe\n{}\n```", text.trim_end())
}

/// The first line of a text.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("").trim_end()
}

fn with_doc(text: String, doc: &str) -> String {
    match doc.is_empty() {
        true => text,
        false => format!("{text}\n\n{doc}"),
    }
}

fn doc(doc: Option<&ast::Doc>) -> &str {
    doc.map_or("", |doc| doc.text.as_str())
}

/// `amount : decimal(12, 2)? @pii`
pub(super) fn line(column: &Column) -> String {
    let mut text = format!("{} : {}", column.name, column.ty);
    let marks = [
        (column.key, " @key"),
        (column.event_time, " @event_time"),
        (column.subject, " @subject"),
    ];
    for (_, mark) in marks.iter().filter(|(is, _)| *is) {
        text += mark;
    }
    for label in &column.labels {
        text += &format!(" @{label}");
    }
    text
}

/// Columns, a line each.
pub(super) fn table(columns: &[Column]) -> String {
    let lines: Vec<_> = columns.iter().map(line).collect();
    code(&lines.join("\n"))
}
