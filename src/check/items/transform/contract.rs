//! The contract of a target: `-> curated.daily_revenue : DailyRevenue` has exactly that schema's columns and types.

use super::Known;
use super::graph::Node;
use crate::base::Span;
use crate::check::items::Items;
use crate::check::steps::Checked;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast;

impl<'a> Items<'a> {
    /// Says where the columns are not those of the contract; they take its documentation where they have none.
    pub(super) fn contract(&mut self, node: &Node<'a>, columns: &mut [Column], checked: &Checked, known: &Known<'_>) {
        let Some(name) = node.contract() else { return };
        let ty = ast::TypeExpr {
            kind: ast::TypeExprKind::Named {
                name: name.clone(),
                numbers: Vec::new(),
                types: Vec::new(),
            },
            span: name.span,
        };
        let Some(schema) = self.row_type(known.typing, &ty) else {
            return;
        };
        let fields: Vec<Column> = schema.fields.into_iter().map(|field| field.column).collect();
        let find = |columns: &[Column], name: &str| columns.iter().find(|column| column.name == name).cloned();
        let absent: Vec<&Column> = fields
            .iter()
            .filter(|field| find(columns, &field.name).is_none())
            .collect();
        let more: Vec<&Column> = columns
            .iter()
            .filter(|column| find(&fields, &column.name).is_none())
            .collect();
        if !absent.is_empty() || !more.is_empty() {
            self.other_columns(name, &absent, &more);
            return;
        }
        for column in columns.iter_mut() {
            let Some(field) = find(&fields, &column.name) else {
                continue;
            };
            let known = column.ty.kind != TypeKind::Error && field.ty.kind != TypeKind::Error;
            if known && field.ty != column.ty {
                self.other_type(name, column, &field, made_by(checked, &column.name));
                return;
            }
            column.doc = column.doc.take().or_else(|| field.doc.clone());
            column.key |= field.key;
        }
    }

    fn other_columns(&mut self, name: &ast::Name, absent: &[&Column], more: &[&Column]) {
        let list = |columns: &[&Column]| {
            let names: Vec<_> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
            names.join(", ")
        };
        let contract = &name.text;
        let message = match (absent, more) {
            (_, []) => format!("the rows have no {}, which `{contract}` promises", list(absent)),
            ([], _) => format!("the rows have {}, which `{contract}` does not promise", list(more)),
            _ => format!(
                "the rows have {} where `{contract}` promises {}",
                list(more),
                list(absent)
            ),
        };
        let diagnostic =
            Diagnostic::new(Code::CONTRACT, name.span, message).found("exactly these columns are promised");
        self.say(match (absent, more) {
            ([], more) => {
                let names: Vec<_> = more.iter().map(|column| column.name.as_str()).collect();
                diagnostic.help(format!(
                    "leave them out: `drop {}`, or add them to the schema",
                    names.join(", ")
                ))
            }
            ([one], [other]) if one.ty == other.ty => {
                diagnostic.help(format!("rename it: `rename {} as {}`", other.name, one.name))
            }
            _ => diagnostic.help(format!("end with a `select` of the columns of `{contract}`")),
        });
    }

    fn other_type(&mut self, name: &ast::Name, column: &Column, field: &Column, made: Option<Span>) {
        let message = format!(
            "`{}` is {}, but `{}` promises {}",
            column.name, column.ty, name.text, field.ty
        );
        let diagnostic = match made {
            Some(span) => Diagnostic::new(Code::CONTRACT, span, message)
                .found(format!("`{}` is {}", column.name, column.ty))
                .label(name.span, "the contract"),
            None => Diagnostic::new(Code::CONTRACT, name.span, message).found(format!("{} is promised", field.ty)),
        };
        let optional = column.ty.kind == field.ty.kind && column.ty.optional;
        self.say(match optional {
            true => diagnostic
                .help(format!("say what stands in for it: `{0} ?? …`", column.name))
                .help(format!(
                    "or let the schema say that it may be missing: `{} : {}`",
                    field.name, column.ty
                )),
            false => diagnostic.help(format!(
                "compute {}, or promise what it is: `{} : {}`",
                field.ty, field.name, column.ty
            )),
        });
    }
}

/// The step that gave a column its value last.
fn made_by(checked: &Checked, name: &str) -> Option<Span> {
    let has = |columns: &[Column]| columns.iter().any(|column| column.name == name);
    let step = checked.steps.iter().rev().find(|step| match &step.kind {
        StepKind::Derive(columns) | StepKind::Select(columns) => columns.iter().any(|(column, _)| column.name == name),
        StepKind::Group { .. } | StepKind::Pivot { .. } | StepKind::Run(_) => has(&step.columns),
        StepKind::Window { columns, .. } => columns.iter().any(|(column, _)| column.name == name),
        StepKind::Explode { column, .. } | StepKind::Session { column, .. } => column.name == name,
        _ => false,
    });
    step.map(|step| step.span)
}
