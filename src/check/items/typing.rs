//! The door from items to the checker of types: row types, steps and rows of tests.

use super::{Ground, Items};
use crate::base::suggest;
use crate::check::context::{Context, Types};
use crate::check::exprs::own;
use crate::check::functions::Functions;
use crate::check::labels::Classes;
use crate::check::program::Function;
use crate::check::schema::{check_aliases, check_schema, row_schema};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::Column;
use crate::plan::{Field, Schema};
use crate::syntax::ast::{self, ItemKind, TypeExpr, TypeExprKind};

/// What types and expressions are checked against, and every schema of the project.
#[derive(Clone)]
pub(super) struct Typing {
    functions: Functions,
    classes: Classes,
    types: Types,
    schemas: Vec<(String, Schema)>,
}

impl Typing {
    pub(super) fn new(ground: Ground<'_>, classes: Classes, diagnostics: &mut Diagnostics) -> Self {
        let functions = Functions::read(ground.library.items(), &mut Diagnostics::default());
        let mut typing = Typing {
            functions,
            classes,
            types: Types::collect(ground.project.items()),
            schemas: Vec::new(),
        };
        check_aliases(&typing.context(ground), diagnostics);
        for signature in own::signatures(&typing.context(ground), &own_functions(ground), diagnostics) {
            typing
                .functions
                .declare_own(signature.function, signature.params, signature.returns);
        }
        for entity in ground.index.of_kind("schema") {
            if let ItemKind::Schema { name, fields } = &entity.item.kind {
                let doc = entity.item.doc.as_ref();
                let schema = check_schema(&typing.context(ground), &name.text, doc, fields, diagnostics);
                typing.schemas.push((entity.name.to_owned(), schema));
            }
        }
        typing
    }

    pub(super) fn context<'c>(&'c self, ground: Ground<'c>) -> Context<'c> {
        Context {
            sources: ground.sources,
            functions: &self.functions,
            classes: &self.classes,
            types: &self.types,
            on_stream: false,
        }
    }

    /// The classes of this project, and those that come with what it uses.
    pub(super) fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The project's own functions, each behind those that it calls.
    pub(super) fn own_functions(&self, ground: Ground<'_>, diagnostics: &mut Diagnostics) -> Vec<Function> {
        own::check(&self.context(ground), &own_functions(ground), diagnostics)
    }

    /// Whether a function has this name.
    pub(super) fn has_function(&self, name: &str) -> bool {
        self.functions.contains(name)
    }

    /// Whether a function may lower labels.
    pub(super) fn lowers(&self, name: &str) -> bool {
        self.functions.lowers(name)
    }
}

impl<'a> Items<'a> {
    /// The rows of a source: a schema by name, or a `struct { … }` in place.
    pub(super) fn row_type(&mut self, typing: &Typing, ty: &TypeExpr) -> Option<Schema> {
        match &ty.kind {
            TypeExprKind::Struct(fields) => {
                let context = typing.context(self.ground);
                Some(check_schema(&context, "struct", None, fields, &mut self.diagnostics))
            }
            TypeExprKind::Named { name, .. } if name.text.contains('.') => self.imported_rows(name),
            TypeExprKind::Named { name, .. } => {
                let found = typing.schemas.iter().find(|(known, _)| *known == name.text);
                let found = found.map(|(_, schema)| schema.clone());
                let found = found.or_else(|| row_schema(&typing.context(self.ground), ty, &mut self.diagnostics));
                if found.is_none() {
                    self.say(unknown_schema(name, typing));
                }
                found
            }
            TypeExprKind::Bad => None,
            _ => {
                let text = self.ground.sources.text(ty.span);
                let message = format!("the rows of a source cannot be `{text}`");
                let diagnostic = Diagnostic::new(Code::BAD_TYPE, ty.span, message)
                    .found("not a schema")
                    .help("name a schema, or write `struct { … }`");
                self.say(diagnostic);
                None
            }
        }
    }

    /// The rows of a dataset that another project exports.
    fn imported_rows(&mut self, name: &ast::Name) -> Option<Schema> {
        match self.ground.imports.find(&name.text, name.span) {
            Ok(dataset) => Some(Schema {
                name: name.text.clone(),
                doc: dataset.doc.clone(),
                fields: dataset.columns.iter().map(imported_field).collect(),
            }),
            Err(diagnostic) => {
                diagnostic.into_iter().for_each(|diagnostic| self.say(diagnostic));
                None
            }
        }
    }

    /// What lowers a class must be a function.
    pub(super) fn lowering_functions(&mut self, typing: &Typing) {
        for (function, span) in std::mem::take(&mut self.lowerings) {
            if typing.lowers(&function) {
                continue;
            }
            if typing.has_function(&function) {
                let message = format!("`{function}` lowers no class");
                let diagnostic = Diagnostic::new(Code::LOWERS_NOTHING, span, message)
                    .found("what it answers still tells what it was given")
                    .help("`pseudonym` lowers a class: write `pseudonym to CLASS`");
                self.say(diagnostic);
            } else {
                let message = format!("there is no function `{function}` that could lower a class");
                let diagnostic = Diagnostic::new(Code::UNKNOWN_FUNCTION, span, message)
                    .found("not a function")
                    .help("`pseudonym` lowers a class: write `pseudonym to CLASS`");
                self.say(diagnostic);
            }
        }
    }
}

/// What was checked on its way into another project's lake is not checked again.
fn imported_field(column: &Column) -> Field {
    Field {
        column: column.clone(),
        default: None,
        check: None,
        inner: Vec::new(),
        object: None,
    }
}

fn own_functions(ground: Ground<'_>) -> Vec<own::Declared<'_>> {
    let own = ground.project.items().filter_map(|item| match &item.kind {
        ItemKind::Function(function) => Some(own::Declared {
            function,
            doc: item.doc.as_ref(),
        }),
        _ => None,
    });
    own.collect()
}

fn unknown_schema(name: &ast::Name, typing: &Typing) -> Diagnostic {
    let message = format!("there is no schema `{}`", name.text);
    let diagnostic = Diagnostic::new(Code::UNKNOWN_ITEM, name.span, message).found("not declared");
    match suggest(&name.text, typing.schemas.iter().map(|(name, _)| name.as_str())) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            name.span,
            near.to_owned(),
        ),
        None => diagnostic.help(format!("declare it: `schema {} {{ … }}`", name.text)),
    }
}
