//! `dedupe by KEYS [keep first|last by COL]`: one row a key, on tables.

use crate::base::Span;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::syntax::ast;

use super::{Shape, Steps};

impl Steps<'_> {
    pub(super) fn dedupe(
        &mut self,
        at: Span,
        keys: &[ast::Name],
        keep: Option<&ast::Keep>,
        within: Option<&ast::Expr>,
    ) -> Option<StepKind> {
        if self.shape == Shape::Stream {
            return self.later(at, "`dedupe` on a stream");
        }
        if let Some(within) = within {
            return self.later(within.span, "`dedupe … within`");
        }
        self.distinct(keys);
        let mut names = Vec::new();
        for key in keys {
            if let Some(column) = self.existing(key) {
                self.float_key(&column.name, &column.ty.kind, key.span);
                names.push(column.name);
            }
        }
        let (keep_first, by) = match keep {
            Some(keep) => (self.which(&keep.which)?, self.ordering(&keep.by)?),
            None => (true, self.event_time(at)?),
        };
        (names.len() == keys.len()).then_some(StepKind::Dedupe {
            keys: names,
            keep_first,
            by: Some(by),
            within_seconds: None,
        })
    }

    fn which(&mut self, word: &ast::Name) -> Option<bool> {
        match word.text.as_str() {
            "first" => Some(true),
            "last" => Some(false),
            other => {
                let message = format!("`dedupe` keeps `first` or `last`, not `{other}`");
                let diagnostic = Diagnostic::new(Code::DEDUPE_ORDER, word.span, message).found("neither");
                self.diagnostics.push(diagnostic.help("write `keep first by COLUMN`"));
                None
            }
        }
    }

    fn ordering(&mut self, name: &ast::Name) -> Option<String> {
        let column = self.existing(name)?;
        if ty::ordered(&column.ty.kind) {
            return Some(column.name);
        }
        let message = format!("`{}` is {}, which has no order", column.name, column.ty);
        let diagnostic = Diagnostic::new(Code::DEDUPE_ORDER, name.span, message).found("no value comes before another");
        self.diagnostics
            .push(diagnostic.help("order by a number, a text, a date or a timestamp"));
        None
    }

    /// Without `keep`, the first by event time stays.
    fn event_time(&mut self, at: Span) -> Option<String> {
        if let Some(column) = self.columns.iter().find(|column| column.event_time) {
            return Some(column.name.clone());
        }
        let diagnostic = Diagnostic::new(
            Code::DEDUPE_ORDER,
            at,
            "`dedupe` does not say which of several rows stays",
        )
        .found("no column is the event time, so none is first")
        .help("write `keep first by COLUMN` or `keep last by COLUMN` behind the keys");
        self.diagnostics.push(diagnostic);
        None
    }
}
