//! What stands around the steps of a test: every schema of its text, read as `raw.NAME` (a table) or `NAME` (a stream).

use std::collections::BTreeMap;

use pipec::check::program::{Delivers, Shape};
use pipec::check::settings::Settings;
use pipec::check::steps::{Around, Rows, arrival_columns};
use pipec::diag::Diagnostics;
use pipec::plan::types::Column;
use pipec::plan::{DatasetId, Input, Schema, Target};
use pipec::syntax::ast;

pub struct Schemas {
    pub by_name: BTreeMap<String, Schema>,
}

pub fn rows_of(input: Input, shape: Shape, columns: Vec<Column>) -> Rows {
    Rows {
        input,
        shape,
        delivers: Delivers::Rows,
        columns: columns.into(),
        hidden: arrival_columns(),
        unique: Vec::new(),
    }
}

impl Around for Schemas {
    fn rows(&mut self, path: &ast::Path, _: &mut Diagnostics) -> Option<Rows> {
        let name = path.parts.last()?.text.clone();
        let schema = self.by_name.get(&name.to_lowercase())?;
        let columns = schema.fields.iter().map(|field| field.column.clone()).collect();
        Some(match path.parts.as_slice() {
            [_] => rows_of(Input::Stream(name), Shape::Stream, columns),
            _ => rows_of(Input::Table(dataset(path)), Shape::Table, columns),
        })
    }

    fn target(&mut self, path: &ast::Path, _: &mut Diagnostics) -> Option<Target> {
        Some(Target::Dataset(dataset(path)))
    }

    fn schema(&mut self, ty: &ast::TypeExpr, _: &mut Diagnostics) -> Option<Schema> {
        match &ty.kind {
            ast::TypeExprKind::Named { name, .. } => self.by_name.get(&name.text.to_lowercase()).cloned(),
            _ => None,
        }
    }

    fn program(&mut self, _: &ast::Name, _: &[ast::Entry], _: &mut Diagnostics) -> Settings {
        Settings::default()
    }
}

fn dataset(path: &ast::Path) -> DatasetId {
    let part = |at: usize| path.parts.get(at).map(|part| part.text.clone()).unwrap_or_default();
    DatasetId {
        zone: part(0),
        name: part(1),
    }
}
