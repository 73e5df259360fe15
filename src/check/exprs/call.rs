//! Calls of scalar functions: arguments by place or name, and the form that takes their types.

use std::collections::BTreeSet;

use crate::base::{Span, suggest};
use crate::check::constant;
use crate::check::functions::{Argument, Constant, Declaration, Kind, Match, Mismatch, Pattern, resolved};
use crate::check::patterns;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

use super::{Checker, Place, Typed, arguments as faults, union};

/// A call whose form is chosen.
#[derive(Debug)]
pub(super) struct Chosen<'f> {
    /// The form.
    pub(super) form: &'f Declaration,
    /// Its arguments, in the order of its declaration, each of the type that the form asks for.
    pub(super) arguments: Vec<Typed>,
    /// What it answers.
    pub(super) ty: Type,
    /// The labels of all arguments together.
    pub(super) labels: BTreeSet<String>,
}

impl<'c> Checker<'c> {
    /// `f(x, n: 2)`
    pub(super) fn call(
        &mut self,
        expr: &ast::Expr,
        function: &ast::Expr,
        arguments: &[ast::Argument],
        order: &[ast::Order],
    ) -> Typed {
        let ast::ExprKind::Name(name) = &function.kind else {
            return self.not_a_function(expr, function, arguments);
        };
        if !self.callable(name, function.span) {
            return self.error(expr);
        }
        if self.ctx.functions.only_many_rows(name) {
            self.misplaced_aggregate(name, expr.span);
            return self.error(expr);
        }
        let forms = self.ctx.functions.forms_of(name, &[Kind::Scalar]);
        let Some(chosen) = self.matched(name, expr.span, arguments, &forms) else {
            return self.error(expr);
        };
        if let Some(first) = order.first() {
            let diagnostic = faults::order_of_one_row(name, first.value.span);
            self.say(diagnostic);
            return self.error(expr);
        }
        if self.ctx.on_stream && !chosen.form.on_streams {
            let diagnostic = faults::not_on_streams(name, expr.span);
            self.say(diagnostic);
            return self.error(expr);
        }
        if let Some(read) = self.read_literals(expr, &chosen) {
            return read;
        }
        let labels = self.ctx.classes.after_call(self.ctx.functions, name, chosen.labels);
        let arguments = chosen.arguments.into_iter().map(|value| value.expr).collect();
        let function = name.clone();
        let kind = match chosen.form.own {
            true => ExprKind::Own { function, arguments },
            false => ExprKind::Call { function, arguments },
        };
        self.typed(expr, kind, chosen.ty, labels)
    }

    /// What stands before `( )` is no name: `x.trim()` is another language's way to write `trim(x)`.
    fn not_a_function(&mut self, expr: &ast::Expr, function: &ast::Expr, arguments: &[ast::Argument]) -> Typed {
        if function.kind == ast::ExprKind::Bad {
            return self.error(expr);
        }
        let message = format!("`{}` is no function's name", self.text_of(function.span));
        let mut diagnostic =
            Diagnostic::new(Code::UNKNOWN_FUNCTION, function.span, message).found("only a name can be called");
        if let ast::ExprKind::Member { of, name } = &function.kind {
            let mut written = vec![self.text_of(of.span)];
            written.extend(arguments.iter().map(|argument| self.text_of(argument.value.span)));
            let known = self.ctx.functions.also_called(&name.text).unwrap_or(&name.text);
            let written = format!("{known}({})", written.join(", "));
            diagnostic = diagnostic
                .help(format!("functions stand before their arguments: `{written}`"))
                .fix(format!("write `{written}`"), expr.span, written);
        }
        self.say(diagnostic);
        self.error(expr)
    }

    /// Whether a function can be called; why not is said.
    pub(super) fn callable(&mut self, name: &str, at: Span) -> bool {
        let functions = self.ctx.functions;
        if functions.contains(name) {
            return true;
        }
        let diagnostic = Diagnostic::new(Code::UNKNOWN_FUNCTION, at, format!("no function is called `{name}`"))
            .found("not a function");
        if let Some(instead) = functions.instead_of(name) {
            self.say(diagnostic.help(format!("write {instead}")));
            return false;
        }
        let near = functions.also_called(name).or_else(|| suggest(name, functions.names()));
        self.say(match near {
            Some(near) => diagnostic
                .help(format!("did you mean `{near}`?"))
                .fix(format!("write `{near}`"), at, near),
            None => diagnostic,
        });
        false
    }

    /// The form of a function that takes the arguments, with these as it asks for them; why there is none is said.
    pub(super) fn matched(
        &mut self,
        name: &str,
        whole: Span,
        written: &[ast::Argument],
        forms: &[&'c Declaration],
    ) -> Option<Chosen<'c>> {
        let arguments = self.arguments(written, forms)?;
        let (form, places, found) = match choose(forms, written, &arguments) {
            Ok(chosen) => chosen,
            Err(mismatches) => {
                let many_rows = self.ctx.functions.is_aggregate(name) && forms.iter().all(|f| f.kind == Kind::Scalar);
                if many_rows && arguments.iter().all(one_value) {
                    self.misplaced_aggregate(name, whole);
                } else {
                    self.say(faults::no_form(name, whole, &mismatches, written, &arguments));
                }
                return None;
            }
        };
        self.complete(form, &places, found, written, arguments)
    }

    /// Arguments as far as they can be typed before a form is chosen; `None` if one is a mistake.
    fn arguments(&mut self, written: &[ast::Argument], forms: &[&Declaration]) -> Option<Vec<Argument>> {
        let mut arguments = Vec::new();
        for (at, argument) in written.iter().enumerate() {
            if let ast::ExprKind::Lambda { params, .. } = &argument.value.kind {
                arguments.push(Argument::Lambda(params.len()));
                continue;
            }
            let hint = forms.iter().find_map(|form| {
                let param = match &argument.name {
                    Some(name) => form.params.iter().find(|param| param.name == name.text)?,
                    None => form.params.get(at)?,
                };
                match &param.ty {
                    Pattern::Kind(kind @ TypeKind::Enum { .. }) => Some(kind.clone()),
                    Pattern::Optional(inner) => match inner.as_ref() {
                        Pattern::Kind(kind @ TypeKind::Enum { .. }) => Some(kind.clone()),
                        _ => None,
                    },
                    _ => None,
                }
            });
            arguments.push(Argument::Value(self.expr_for(&argument.value, hint.as_ref())));
        }
        let wrong = |argument: &Argument| matches!(argument, Argument::Value(value) if value.is_error());
        (!arguments.iter().any(wrong)).then_some(arguments)
    }

    /// The arguments of a chosen form, each of the type that it asks for: literals and values converted, `row => …`
    /// typed, defaults filled in.
    fn complete(
        &mut self,
        form: &'c Declaration,
        places: &[Option<usize>],
        mut found: Match,
        written: &[ast::Argument],
        arguments: Vec<Argument>,
    ) -> Option<Chosen<'c>> {
        let labels = union(arguments.iter().filter_map(Argument::value));
        for (param, place) in form.params.iter().zip(places) {
            if let (Some(wanted), Some(Argument::Value(value))) =
                (&param.constant, place.and_then(|at| arguments.get(at)))
                && !self.is_constant(form, &param.name, wanted, value)
            {
                return None;
            }
        }
        let mut typed = Vec::new();
        let mut labels = labels;
        for (param, place) in form.params.iter().zip(places) {
            let value = match place.and_then(|at| Some((written.get(at)?, arguments.get(at)?))) {
                Some((written, Argument::Lambda(_))) => {
                    let body = self.lambda(&written.value, &param.ty, &mut found, &labels)?;
                    labels.extend(body.labels.iter().cloned());
                    body
                }
                Some((_, Argument::Value(value))) => self.convert(value.clone(), &resolved(&param.ty, &found).kind),
                None => {
                    let default = self.default_of(param.default.as_ref()?);
                    self.convert(default, &resolved(&param.ty, &found).kind)
                }
            };
            if value.is_error() {
                return None;
            }
            typed.push(value);
        }
        Some(Chosen {
            ty: form.answer(&found, places, &arguments),
            form,
            arguments: typed,
            labels,
        })
    }

    /// A default of a declaration, which reads nothing.
    fn default_of(&mut self, default: &ast::Expr) -> Typed {
        let mut checker = Checker::new(self.ctx, &[], Place::Constant, self.diagnostics);
        checker.expr(default)
    }

    /// Whether an argument that must be known when the project is compiled is, and is what it must be; why not is said.
    fn is_constant(&mut self, form: &Declaration, param: &str, wanted: &Constant, value: &Typed) -> bool {
        let Some(literal) = value.literal().filter(|literal| **literal != Literal::Null) else {
            self.say(faults::not_constant(form, param, value));
            return false;
        };
        let text = || match literal {
            Literal::Text(text) => text.as_str(),
            _ => "",
        };
        let wrong = match wanted {
            Constant::Any => None,
            Constant::Regex => patterns::regex(text(), value.span, self.ctx.sources),
            Constant::Replacement => patterns::replacement(text(), value.span),
            Constant::TimePattern => patterns::time(text(), form, value.span),
            Constant::TimeZone => patterns::zone(text(), value.span),
            Constant::Between(low, high) => faults::outside(form, param, value, low, high),
        };
        let right = wrong.is_none();
        wrong.into_iter().for_each(|diagnostic| self.say(diagnostic));
        right
    }

    fn misplaced_aggregate(&mut self, name: &str, span: Span) {
        let window = self.ctx.functions.forms_of(name, &[Kind::Aggregate]).is_empty();
        let step = if window {
            "window by … order by …"
        } else {
            "group by …"
        };
        let message = format!(
            "`{name}` answers for many rows, so it stands in a `{}`",
            if window { "window" } else { "group" }
        );
        let diagnostic = Diagnostic::new(Code::AGGREGATE_PLACE, span, message).found(match window {
            true => "one row has no rows before and behind it",
            false => "one row has nothing to add up",
        });
        self.say(diagnostic.help(format!("write `{step} {{ NAME = {name}(…) }}`")));
    }

    /// What a function makes of literals when the project is compiled; that they are none of its own is said.
    fn read_literals(&mut self, expr: &ast::Expr, chosen: &Chosen<'_>) -> Option<Typed> {
        let literals = chosen.arguments.iter().map(Typed::literal);
        let literals: Vec<Literal> = literals.collect::<Option<Vec<_>>>()?.into_iter().cloned().collect();
        if !chosen.form.reads_literals || literals.contains(&Literal::Null) {
            return None;
        }
        let kind = chosen.ty.kind.clone();
        let answer = constant::evaluate(&Expr {
            kind: ExprKind::Call {
                function: chosen.form.name.clone(),
                arguments: chosen.arguments.iter().map(|value| value.expr.clone()).collect(),
            },
            ty: kind.clone().optional(),
            text: "".into(),
        });
        match answer {
            Ok(Literal::Null) | Err(_) => {
                let value = chosen.arguments.first()?;
                let diagnostic = faults::no_reading(chosen.form, value, &kind);
                self.say(diagnostic);
                Some(self.error(expr))
            }
            Ok(literal) => Some(self.constant(expr, literal, kind)),
        }
    }
}

type Choice<'f> = (&'f Declaration, Vec<Option<usize>>, Match);

/// The first form that takes the arguments as they are, else the first that takes them widened; else why none does.
fn choose<'f>(
    forms: &[&'f Declaration],
    written: &[ast::Argument],
    arguments: &[Argument],
) -> Result<Choice<'f>, Vec<(&'f Declaration, Mismatch)>> {
    let mut mismatches = Vec::new();
    for exactly in [true, false] {
        mismatches.clear();
        for form in forms {
            let taken = form
                .places(written)
                .and_then(|places| Ok((form.takes(&places, arguments, exactly)?, places)));
            match taken {
                Ok((found, places)) => return Ok((form, places, found)),
                Err(mismatch) => mismatches.push((*form, mismatch)),
            }
        }
    }
    Err(mismatches)
}

/// Whether an argument is one value, not many in one: then an aggregate was meant, not its form for lists.
fn one_value(argument: &Argument) -> bool {
    match argument {
        Argument::Value(value) => !matches!(value.kind(), TypeKind::List(_) | TypeKind::Map(_)),
        Argument::Lambda(_) => false,
    }
}
