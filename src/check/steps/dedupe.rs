//! `dedupe by KEYS [keep first|last by COL] [within DURATION]`: one row a key.

use crate::base::Span;
use crate::check::program::Shape;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn dedupe(
        &mut self,
        at: Span,
        keys: &[ast::Name],
        keep: Option<&ast::Keep>,
        within: Option<&ast::Expr>,
    ) -> Option<StepKind> {
        let names = self.keys(keys);
        if self.shape != Shape::Table {
            return self.dedupe_arrivals(at, names, keep, within);
        }
        if let Some(within) = within {
            let diagnostic = Diagnostic::new(
                Code::WITHIN,
                within.span,
                "`within` bounds what a stream remembers, and a table has all its rows",
            )
            .found("these rows come as a table")
            .help("leave `within` out")
            .fix("leave `within` out", within_clause(within, self.ctx.sources), "");
            self.say(diagnostic);
            return None;
        }
        let (keep_first, by) = match keep {
            Some(keep) => (self.which(&keep.which)?, self.ordering(&keep.by)?),
            None => (true, self.event_time(at)?),
        };
        Some(StepKind::Dedupe {
            keys: names?,
            keep_first,
            by: Some(by),
            within_seconds: None,
        })
    }

    /// On streams the row that arrived first stays, for as long as its key is remembered.
    fn dedupe_arrivals(
        &mut self,
        at: Span,
        keys: Option<Vec<String>>,
        keep: Option<&ast::Keep>,
        within: Option<&ast::Expr>,
    ) -> Option<StepKind> {
        let Some(within) = within else {
            let diagnostic = Diagnostic::new(
                Code::WITHIN,
                at,
                "`dedupe` on a stream does not say how long keys are remembered",
            )
            .found("a stream never ends, and neither would its keys")
            .help("write how far apart duplicates arrive at most behind the keys: `within 1 hour`");
            self.say(diagnostic);
            return None;
        };
        if let Some(keep) = keep {
            let span = keep.which.span.to(keep.by.span);
            let diagnostic = Diagnostic::new(
                Code::DEDUPE_ORDER,
                span,
                "on a stream `dedupe` keeps the row that arrived first",
            )
            .found("what comes later is not known yet")
            .help("leave `keep` out, or choose in a transform of the table behind it");
            self.say(diagnostic);
            return None;
        }
        let within_seconds = self.seconds(within, "within")?;
        Some(StepKind::Dedupe {
            keys: keys?,
            keep_first: true,
            by: None,
            within_seconds: Some(within_seconds),
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
        let column = self.readable(name)?;
        if ty::ordered(&column.ty.kind) {
            return Some(column.name.clone());
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

/// `within 1 hour` with the space before it: what is taken out.
pub(super) fn within_clause(within: &ast::Expr, sources: &crate::base::Sources) -> Span {
    let before = Span {
        start: 0,
        end: within.span.start,
        ..within.span
    };
    let text = sources.text(before);
    let start = text
        .rfind("within")
        .map_or(text.len(), |at| text.get(..at).map_or(at, |text| text.trim_end().len()));
    Span {
        start: start as u32,
        ..within.span
    }
}
