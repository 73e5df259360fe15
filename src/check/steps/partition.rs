//! Whether the columns of a dataset can be partitioned as its zone says.

use crate::base::{Span, Spanned, suggest};
use crate::check::exprs::column;
use crate::check::exprs::convert::example;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::{Column, TypeKind};

/// Whether a dataset with these columns can be partitioned so; why not is said at `target`.
pub fn check_partition(
    columns: &[Column],
    partition: &[Spanned<String>],
    target: Span,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut fits = true;
    for name in partition {
        let found = column::find(columns, &name.value);
        let diagnostic = match found {
            None => Some(absent(columns, name, target)),
            Some(column) => unfit(column, name, target),
        };
        fits &= diagnostic.is_none() && found.is_some_and(|column| column.ty.kind != TypeKind::Error);
        if let Some(diagnostic) = diagnostic {
            diagnostics.push(diagnostic);
        }
    }
    fits
}

fn absent(columns: &[Column], name: &Spanned<String>, target: Span) -> Diagnostic {
    let wanted = &name.value;
    let diagnostic = Diagnostic::new(
        Code::PARTITION_COLUMN,
        target,
        format!("the rows have no column `{wanted}` to partition by"),
    )
    .found("written here")
    .label(name.span, "the partition names it");
    let time = columns.iter().find(|column| column.event_time);
    match (suggest(wanted, columns.iter().map(|column| column.name.as_str())), time) {
        (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
        (None, Some(time)) => diagnostic.help(format!("add a step: `derive {wanted} = date({})`", time.name)),
        (None, None) => diagnostic.help(format!("add a step: `derive {wanted} = …`")),
    }
}

fn unfit(column: &Column, name: &Spanned<String>, target: Span) -> Option<Diagnostic> {
    let (wanted, ty) = (&name.value, &column.ty);
    let foldable = matches!(
        ty.kind,
        TypeKind::Date | TypeKind::Text | TypeKind::Int | TypeKind::Enum { .. } | TypeKind::Error
    );
    if !foldable {
        let message = format!("`{wanted}` is {ty}, and no dataset can be partitioned by it");
        let diagnostic = Diagnostic::new(Code::PARTITION_COLUMN, target, message)
            .found("written here")
            .label(name.span, "the partition names it");
        return Some(diagnostic.help("partition by a date, a text, an int or an enum"));
    }
    if ty.optional {
        let message = format!("`{wanted}` may be missing, and the dataset is partitioned by it");
        let diagnostic = Diagnostic::new(Code::MAY_BE_MISSING, target, message)
            .found(format!("`{wanted}` is {ty}"))
            .label(name.span, "the partition names it")
            .help(format!(
                "say what stands in for it: `derive {wanted} = {wanted} ?? {}`",
                example(&ty.kind).unwrap_or_else(|| "…".to_owned())
            ))
            .help(format!(
                "or turn the row away: `derive {wanted} = {wanted} ?? reject \"no {wanted}\"`"
            ));
        return Some(diagnostic);
    }
    None
}
