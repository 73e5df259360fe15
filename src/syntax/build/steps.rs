//! Steps of a transform.

use crate::diag::{Code, Diagnostic};

use super::super::ast::{Binding, Expr, ExprKind, Keep, Name, Pivoted, Rows, Step, StepKind};
use super::super::grammar::Rule;
use super::entries::own_name;
use super::{Builder, Node, child, children};

impl Builder<'_> {
    pub(super) fn step(&mut self, node: &Node) -> Step {
        let start = self.span(node);
        let text = node
            .as_str()
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or("")
            .to_owned();
        let word = Name {
            span: crate::base::Span {
                end: start.start + text.len() as u32,
                ..start
            },
            text,
        };
        let kind = self.step_kind(node);
        Step { word, kind }
    }

    fn step_kind(&mut self, node: &Node) -> StepKind {
        match node.as_rule() {
            Rule::filter => StepKind::Filter(self.expr_in(node)),
            Rule::derive => StepKind::Derive(self.bindings_in(node)),
            Rule::select => StepKind::Select(self.columns_in(node)),
            Rule::drop => StepKind::Drop(self.names_in(node)),
            Rule::rename => StepKind::Rename(self.renames(node)),
            Rule::explode => StepKind::Explode {
                outer: child(node, Rule::outer).is_some(),
                list: self.expr_in(node),
                name: self.name_in(node),
            },
            Rule::dedupe => StepKind::Dedupe {
                keys: self.names_in(node),
                keep: child(node, Rule::keep).and_then(|keep| self.keep(&keep)),
                within: self.part(node, Rule::within),
            },
            Rule::union => StepKind::Union(self.path_in(node)),
            Rule::sort => StepKind::Sort(self.orders_in(node)),
            Rule::take => StepKind::Take(self.expr_in(node)),
            Rule::session => StepKind::Session {
                keys: self.names_in(node),
                gap: self.expr_in(node),
                name: self.name_in(node),
            },
            _ => self.long_step(node),
        }
    }

    fn long_step(&mut self, node: &Node) -> StepKind {
        match node.as_rule() {
            Rule::join => StepKind::Join {
                kind: child(node, Rule::join_kind).map(|kind| self.name(&kind)),
                other: self.path_in(node),
                alias: child(node, Rule::alias).map(|alias| self.name_in(&alias)),
                on: self.expr_in(node),
                within: self.part(node, Rule::within),
            },
            Rule::group_by => {
                let keys = child(node, Rule::columns).map_or_else(Vec::new, |keys| self.columns_in(&keys));
                StepKind::Group {
                    keys,
                    every: self.part(node, Rule::every),
                    over: self.part(node, Rule::over),
                    late: self.part(node, Rule::late),
                    aggregates: self.bindings_in(node),
                }
            }
            Rule::window => StepKind::Window {
                keys: self.names_in(node),
                order: child(node, Rule::order_by).map_or_else(Vec::new, |order| self.orders_in(&order)),
                rows: child(node, Rule::rows).map(|rows| self.rows(&rows)),
                columns: self.bindings_in(node),
            },
            Rule::pivot => StepKind::Pivot {
                keys: self.names_in(node),
                on: self.expr_in(node),
                columns: self.pivoted_in(node),
            },
            Rule::unpivot => self.unpivot(node),
            Rule::expect => {
                let names: Vec<Name> = children(node, Rule::name).map(|name| self.name(&name)).collect();
                let otherwise = names.last().cloned().unwrap_or_else(|| self.name_in(node));
                StepKind::Expect {
                    name: self.name_in(node),
                    condition: self.expr_in(node),
                    otherwise,
                }
            }
            Rule::route => self.route(node),
            _ => StepKind::Run {
                what: self.name_in(node),
                path: child(node, Rule::text).map(|_| self.plain_text_in(node)),
                returns: child(node, Rule::returns).map(|returns| self.type_in(&returns)),
                entries: self.settings_in(node),
            },
        }
    }

    fn part(&mut self, node: &Node, rule: Rule) -> Option<Expr> {
        child(node, rule).map(|part| self.expr_in(&part))
    }

    fn rows(&mut self, node: &Node) -> Rows {
        let mut side = |rule| child(node, rule).map(|side| self.chain(side));
        Rows {
            from: side(Rule::rows_from),
            to: side(Rule::rows_to),
            span: self.span(node),
        }
    }

    /// `NAME = AGG for VALUE` entries of `pivot`.
    fn pivoted_in(&mut self, node: &Node) -> Vec<Pivoted> {
        let mut columns = Vec::new();
        for column in node.clone().into_inner() {
            let span = self.span_without_doc(&column);
            let (aggregate, value) = match column.as_rule() {
                Rule::pivoted => {
                    let exprs: Vec<Node> = children(&column, Rule::expr).collect();
                    let mut exprs = exprs.into_iter().map(|expr| self.chain(expr));
                    (exprs.next(), exprs.next())
                }
                Rule::bad_pivoted => {
                    self.explain(&column, Rule::pivoted_alone, "a column");
                    (None, None)
                }
                _ => continue,
            };
            if child(&column, Rule::name).is_none() {
                continue;
            }
            columns.push(Pivoted {
                doc: self.doc_of(&column),
                name: self.name_in(&column),
                aggregate: aggregate.unwrap_or_else(|| self.bad(span)),
                value: value.unwrap_or_else(|| self.bad(span)),
                span,
            });
        }
        columns
    }

    fn unpivot(&self, node: &Node) -> StepKind {
        let mut names = children(node, Rule::name).map(|name| self.name(&name));
        let mut next = || names.next().unwrap_or_else(|| self.name_in(node));
        StepKind::Unpivot {
            columns: self.names_in(node),
            name: next(),
            value: next(),
        }
    }

    fn keep(&self, node: &Node) -> Option<Keep> {
        let mut names = children(node, Rule::name).map(|name| self.name(&name));
        Some(Keep {
            which: names.next()?,
            by: names.next()?,
        })
    }

    fn renames(&self, node: &Node) -> Vec<(Name, Name)> {
        let pair = |renamed: Node| {
            let mut names = children(&renamed, Rule::name).map(|name| self.name(&name));
            Some((names.next()?, names.next()?))
        };
        children(node, Rule::renamed).filter_map(pair).collect()
    }

    fn route(&mut self, node: &Node) -> StepKind {
        let (mut branches, mut otherwise) = (Vec::new(), None);
        for branch in children(node, Rule::branch).collect::<Vec<_>>() {
            self.foreign_mark(&branch, Rule::arrow, "->", "where rows go stands behind `->`");
            let target = self.path_in(&branch);
            match self.maybe_expr_in(&branch) {
                Some(condition) => branches.push((condition, target)),
                None => otherwise = Some(target),
            }
        }
        StepKind::Route { branches, otherwise }
    }

    /// `NAME = EXPR` entries of `derive`, `group` and `window`.
    fn bindings_in(&mut self, node: &Node) -> Vec<Binding> {
        let Some(list) = child(node, Rule::bindings) else {
            return Vec::new();
        };
        let mut bindings = Vec::new();
        for binding in list.into_inner() {
            let value = match binding.as_rule() {
                Rule::binding => {
                    self.foreign_mark(&binding, Rule::equals, "=", "a column takes one `=`");
                    self.expr_in(&binding)
                }
                Rule::bad_binding => {
                    self.explain(&binding, Rule::binding_alone, "a column");
                    self.bad(child(&binding, Rule::rest).map_or_else(|| self.span(&binding), |rest| self.span(&rest)))
                }
                _ => continue,
            };
            if child(&binding, Rule::name).is_none() {
                continue;
            }
            bindings.push(Binding {
                doc: self.doc_of(&binding),
                name: self.name_in(&binding),
                value: Some(value),
                span: self.span_without_doc(&binding),
            });
        }
        bindings
    }

    /// Plain columns and `EXPR as NAME`, of `select` and the keys of `group`.
    fn columns_in(&mut self, node: &Node) -> Vec<Binding> {
        let columns = children(node, Rule::column).collect::<Vec<_>>();
        columns.into_iter().map(|column| self.column(&column)).collect()
    }

    fn column(&mut self, node: &Node) -> Binding {
        let value = self.expr_in(node);
        let alias = child(node, Rule::alias).map(|alias| self.name_in(&alias));
        let plain = alias.is_none() && matches!(value.kind, ExprKind::Name(_));
        let name = alias.or_else(|| own_name(&value)).unwrap_or_else(|| {
            if !matches!(value.kind, ExprKind::Bad | ExprKind::Star(_)) {
                let diagnostic = Diagnostic::new(Code::SYNTAX, value.span, "this column has no name");
                self.say(diagnostic.found("computed, and not named").help("name it: `… as NAME`"));
            }
            Name {
                text: String::new(),
                span: value.span,
            }
        });
        Binding {
            doc: self.doc_of(node),
            name,
            value: (!plain).then_some(value),
            span: self.span_without_doc(node),
        }
    }
}
