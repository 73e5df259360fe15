//! `row => …`: typed by the function that it is given to.

use std::collections::BTreeSet;

use crate::check::functions::{Match, Pattern, resolved};
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::ExprKind;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast;

use super::{Checker, Place, Typed};

impl Checker<'_> {
    /// `row => …` as the argument of a function: `pattern` says what its parameters are and what it must give. What it
    /// gives decides the type variables that are still open.
    pub(super) fn lambda(
        &mut self,
        expr: &ast::Expr,
        pattern: &Pattern,
        found: &mut Match,
        labels: &BTreeSet<String>,
    ) -> Option<Typed> {
        let (
            ast::ExprKind::Lambda { params, body },
            Pattern::Function {
                params: wanted,
                returns,
            },
        ) = (&expr.kind, pattern)
        else {
            return None;
        };
        let outside = (self.locals.len(), self.place);
        for (name, pattern) in params.iter().zip(wanted) {
            let mut local = Column::new(name.text.as_str(), resolved(pattern, found));
            local.labels = labels.clone();
            self.locals.push(local);
        }
        if self.place == Place::Step {
            self.place = Place::Lambda;
        }
        let body = self.body(body, returns, found);
        self.locals.truncate(outside.0);
        self.place = outside.1;
        if body.is_error() {
            return None;
        }
        let (ty, labels) = (body.expr.ty.clone(), body.labels);
        let params = params.iter().map(|param| param.text.clone()).collect();
        let kind = ExprKind::Lambda {
            params,
            body: Box::new(body.expr),
        };
        Some(self.typed(expr, kind, ty, labels))
    }

    fn body(&mut self, body: &ast::Expr, returns: &Pattern, found: &mut Match) -> Typed {
        if *returns == Pattern::Kind(TypeKind::Bool) {
            return self.condition(body, "what `=>` gives");
        }
        if found.is_bound(returns) {
            let wanted = resolved(returns, found);
            return self.wanted(body, &wanted, "what `=>` gives");
        }
        let typed = self.expr(body);
        found.bind(returns, &typed.expr.ty);
        typed
    }

    /// `row => …` where no function takes it.
    pub(super) fn misplaced_lambda(&mut self, expr: &ast::Expr) -> Typed {
        let message = "`=>` stands only in a call of a function that takes it";
        let diagnostic = Diagnostic::new(Code::LAMBDA_PLACE, expr.span, message)
            .found("no value of a row")
            .help("hand it to a function on lists: `map(lines, line => line.qty)`");
        self.say(diagnostic);
        self.error(expr)
    }
}
