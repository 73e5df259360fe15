//! Entries of blocks: settings, clauses, declared settings, and the order they stand in.

use crate::base::Span;
use crate::diag::{Code, Diagnostic};

use super::super::ast::{Allow, Declare, Entry, EntryKind, Expr, GivenRows, Name, Path, SettingType};
use super::super::grammar::Rule;
use super::super::habits;
use super::{Builder, Node, child, children};

impl Builder<'_> {
    /// The entries of the settings behind an item or a value.
    pub(super) fn settings_in(&mut self, node: &Node) -> Vec<Entry> {
        child(node, Rule::settings).map_or_else(Vec::new, |block| self.block(block))
    }

    /// The entries of a block of any kind.
    pub(super) fn block(&mut self, block: Node) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut separator: Option<(Rule, Span)> = None;
        for node in block.into_inner() {
            match node.as_rule() {
                Rule::open | Rule::close => {}
                Rule::comma | Rule::semicolon => {
                    let found = (node.as_rule(), self.span(&node));
                    separator = (!self.ends_line_already(found)).then_some(found);
                }
                _ => {
                    let entry = self.entry(&node);
                    self.check_order(entries.last(), separator.take(), &entry);
                    entries.push(entry);
                }
            }
        }
        entries
    }

    fn check_order(&mut self, before: Option<&Entry>, separator: Option<(Rule, Span)>, entry: &Entry) {
        let Some(before) = before else { return };
        if is_clause(before) && matches!(entry.kind, EntryKind::Setting { .. }) {
            let diagnostic = Diagnostic::new(Code::ORDER, entry.span, "a setting stands before the clauses")
                .found("a setting behind a clause")
                .label(before.span, "this clause comes first");
            self.say(diagnostic.help("move it to the top of the block"));
        }
        let clauses = is_clause(before) || is_clause(entry);
        match separator {
            Some((Rule::comma, span)) if clauses => self.wrong_separator(span, ",", ";", "clauses"),
            Some((Rule::semicolon, span)) if !clauses && is_setting(before) && is_setting(entry) => {
                self.wrong_separator(span, ";", ",", "settings");
            }
            _ => {}
        }
    }

    fn wrong_separator(&mut self, span: Span, found: &str, wanted: &str, what: &str) {
        let message = format!("`{wanted}` separates {what} on one line, not `{found}`");
        self.say(
            Diagnostic::new(Code::ORDER, span, message)
                .found(format!("`{found}`"))
                .help(format!("write `{wanted}`, or start a new line"))
                .fix(format!("write `{wanted}`"), span, wanted),
        );
    }

    /// Whether a separator is a `;` at the end of its line, which ends the entry already; says so.
    fn ends_line_already(&mut self, separator: (Rule, Span)) -> bool {
        let (rule, span) = separator;
        let behind = self.source.get(span.end as usize..).unwrap_or("");
        let behind = behind.trim_start_matches([' ', '\t', '\r']);
        let ends_line = rule == Rule::semicolon && (behind.is_empty() || behind.starts_with(['\n', '/', '#']));
        if ends_line {
            self.say(habits::semicolon(span));
        }
        ends_line
    }

    fn entry(&mut self, node: &Node) -> Entry {
        let kind = match node.as_rule() {
            Rule::bad_setting => self.bad_setting(node),
            Rule::bad_entry => self.bad_entry(node, Rule::setting_alone, "a setting"),
            Rule::bad_step => self.bad_entry(node, Rule::step_alone, "a step or a setting"),
            Rule::bad_grant => self.bad_entry(node, Rule::grant_alone, "`allow`, `clear` or a setting"),
            Rule::bad_alarm => self.bad_entry(node, Rule::alarm_alone, "`alarm` or a setting"),
            Rule::bad_case => self.bad_entry(node, Rule::case_alone, "`given` or `expect`"),
            Rule::bad_declare => self.bad_entry(node, Rule::declare_alone, "a declared setting"),
            _ => match node.clone().into_inner().find(|inner| inner.as_rule() != Rule::doc) {
                Some(inner) => self.good_entry(inner),
                None => EntryKind::Bad,
            },
        };
        Entry {
            doc: self.doc_of(node),
            kind,
            span: self.span_without_doc(node),
        }
    }

    fn good_entry(&mut self, node: Node) -> EntryKind {
        match node.as_rule() {
            Rule::setting | Rule::colon_setting => {
                self.foreign_mark(&node, Rule::equals, "=", "a setting takes one `=`");
                self.foreign_mark(&node, Rule::colon, "=", "a setting is written `name = value`");
                EntryKind::Setting {
                    key: self.path_in(&node),
                    value: self.expr_in(&node),
                }
            }
            Rule::step => node
                .into_inner()
                .next()
                .map_or(EntryKind::Bad, |step| EntryKind::Step(self.step(&step))),
            Rule::allow => EntryKind::Allow(self.allow(&node)),
            Rule::clear => EntryKind::Clear {
                labels: children(&node, Rule::label).map(|label| self.name_in(&label)).collect(),
            },
            Rule::alarm => EntryKind::Alarm {
                kind: self.name_in(&node),
                of: child(&node, Rule::of_path).map(|of| self.path_in(&of)),
                over: self.maybe_expr_in(&node),
            },
            Rule::given => self.given(&node),
            Rule::expect_rows => EntryKind::ExpectRows {
                rows: self.expr_in(&node),
            },
            Rule::expect_rejected => EntryKind::ExpectRejected {
                count: self.expr_in(&node),
            },
            Rule::declare => EntryKind::Declare(self.declare(&node)),
            _ => EntryKind::Bad,
        }
    }

    /// A setting whose value could not be read keeps its name, so that nothing says it is missing.
    fn bad_setting(&mut self, node: &Node) -> EntryKind {
        self.explain(node, Rule::setting_alone, "a setting");
        let key = self.path_in(node);
        let value = child(node, Rule::rest).map_or(key.span.after(), |rest| self.span(&rest));
        EntryKind::Setting {
            key,
            value: self.bad(value),
        }
    }

    fn bad_entry(&mut self, node: &Node, rule: Rule, what: &str) -> EntryKind {
        self.explain(node, rule, what);
        EntryKind::Bad
    }

    fn allow(&mut self, node: &Node) -> Allow {
        let shown = child(node, Rule::shown_columns);
        let condition = child(node, Rule::where_part);
        Allow {
            action: self.name_in(node),
            on: self.paths_in(node),
            columns: shown.map(|shown| children(&shown, Rule::name).map(|name| self.name(&name)).collect()),
            condition: condition.map(|condition| self.expr_in(&condition)),
        }
    }

    fn given(&mut self, node: &Node) -> EntryKind {
        self.foreign_mark(node, Rule::equals, "=", "what a test is given stands behind one `=`");
        let dataset = self.path_in(node);
        let rows = match self.maybe_expr_in(node) {
            Some(list) => GivenRows::List(list),
            None => GivenRows::File(self.plain_text_in(node)),
        };
        EntryKind::Given { dataset, rows }
    }

    fn declare(&mut self, node: &Node) -> Declare {
        let default = child(node, Rule::declare_default).map(|default| {
            let span = self.span(&default);
            let value = child(&default, Rule::declare_chain).map(|chain| self.chain(chain));
            let value = value.unwrap_or_else(|| self.bad(span));
            self.with_settings(&default, value)
        });
        let bounds = child(node, Rule::declare_bounds).and_then(|bounds| child(&bounds, Rule::pattern));
        let example = child(node, Rule::declare_example);
        Declare {
            name: self.name_in(node),
            ty: children(node, Rule::setting_type)
                .map(|ty| self.setting_type(&ty))
                .collect(),
            optional: child(node, Rule::question).is_some(),
            default,
            bounds: bounds.map(|bounds| self.chain(bounds)),
            example: example.map(|example| self.expr_in(&example)),
        }
    }

    fn setting_type(&self, node: &Node) -> SettingType {
        let of = child(node, Rule::plain_path).map(|path| self.path(&path));
        SettingType {
            word: self.name_in(node),
            of,
        }
    }
}

fn is_setting(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::Setting { .. } | EntryKind::Declare(_))
}

fn is_clause(entry: &Entry) -> bool {
    !is_setting(entry) && entry.kind != EntryKind::Bad
}

/// A path of one name.
pub(super) fn single(name: Name) -> Path {
    let span = name.span;
    Path {
        parts: vec![name],
        star: false,
        span,
    }
}

/// The name that a column has without being given one: `day`, and `category` of `p.category`.
pub(super) fn own_name(value: &Expr) -> Option<Name> {
    use super::super::ast::ExprKind;
    match &value.kind {
        ExprKind::Name(text) => Some(Name {
            text: text.clone(),
            span: value.span,
        }),
        ExprKind::Member { name, .. } => Some((**name).clone()),
        _ => None,
    }
}
