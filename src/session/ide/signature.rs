//! The forms of the function whose arguments the cursor is in.

use super::cursor::{Cursor, Room};
use super::{Context, Place};

/// The forms of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    /// Each with its parameters.
    pub forms: Vec<Signature>,
    /// The form that fits what is written so far.
    pub form: usize,
    /// The argument that the cursor is in.
    pub argument: usize,
}

/// One form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `round(x: decimal, digits: int = …) -> decimal`
    pub text: String,
    /// What it does.
    pub doc: String,
    /// Its parameters, `x: decimal`.
    pub params: Vec<String>,
}

impl Context<'_> {
    /// The forms of the function whose arguments a place is in.
    pub fn signatures(&self, place: Place) -> Option<Signatures> {
        let cursor = Cursor::new(self, place)?;
        let (at, name) = cursor.frames.iter().rev().find_map(|frame| match &frame.room {
            Room::Call(name) => Some((frame.open?, name.clone())),
            _ => None,
        })?;
        let mut depth = 0;
        let mut argument = 0;
        for at in at + 1..cursor.tokens.len() {
            match cursor.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                "," if depth == 0 => argument += 1,
                _ => {}
            }
        }
        let mut forms: Vec<_> = self
            .functions
            .forms(&name)
            .iter()
            .filter(|form| form.instead.is_none())
            .map(signature)
            .collect();
        if let Some(entity) = self.index.get("fn", &name) {
            let head = super::hover::first_line(self.sources.text(entity.item.span));
            let text = head
                .trim_start_matches("fn ")
                .split(" =")
                .next()
                .unwrap_or(head)
                .to_owned();
            let inside = text
                .split_once('(')
                .and_then(|(_, rest)| rest.rsplit_once(')'))
                .map_or("", |(inside, _)| inside);
            let params = inside
                .split(", ")
                .filter(|param| !param.is_empty())
                .map(str::to_owned)
                .collect();
            let doc = entity.item.doc.as_ref().map_or("", |doc| doc.text.as_str()).to_owned();
            forms.push(Signature { text, doc, params });
        }
        let form = forms.iter().position(|form| form.params.len() > argument).unwrap_or(0);
        (!forms.is_empty()).then_some(Signatures { forms, form, argument })
    }
}

fn signature(form: &crate::check::functions::Declaration) -> Signature {
    let param = |param: &crate::check::functions::Param| {
        let optional = if param.default.is_some() { " = …" } else { "" };
        format!("{}: {}{optional}", param.name, param.ty)
    };
    Signature {
        text: form.to_string(),
        doc: form.doc.clone().unwrap_or_default(),
        params: form.params.iter().map(param).collect(),
    }
}
