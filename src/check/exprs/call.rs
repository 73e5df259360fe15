//! Calls of scalar functions: arguments by place or name, the form that takes their types, literals read at once.

use pipec_runtime::types::{Date, Timestamp, Uuid};

use crate::base::{Span, suggest};
use crate::check::functions::{Declaration, Match};
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast::{self, Argument};

use super::{Checker, Typed, union};

impl Checker<'_> {
    /// `f(x, n: 2)`
    pub(super) fn call(
        &mut self,
        expr: &ast::Expr,
        function: &ast::Expr,
        arguments: &[Argument],
        order: &[ast::Order],
    ) -> Typed {
        let ast::ExprKind::Name(name) = &function.kind else {
            return match function.kind {
                ast::ExprKind::Bad => self.error(expr),
                _ => self.refused(expr, function.span, "calls of anything but a function's name"),
            };
        };
        if !self.callable(name, function.span) {
            return self.error(expr);
        }
        if self.ctx.functions.is_aggregate(name) {
            self.misplaced_aggregate(name, expr.span);
            return self.error(expr);
        }
        if !order.is_empty() {
            return self.refused(expr, expr.span, "`order by` in a call");
        }
        let Some((form, found, values)) = self.matched(name, expr.span, arguments) else {
            return self.error(expr);
        };
        let labels = self.ctx.classes.after_call(self.ctx.functions, name, union(&values));
        let converted = values.into_iter().zip(&found.arguments);
        let values: Vec<_> = converted.map(|(value, kind)| self.convert(value, kind)).collect();
        if form.literals_only {
            return self.read_literal(expr, name, &values, &found);
        }
        let kind = ExprKind::Call {
            function: name.clone(),
            arguments: values.into_iter().map(|value| value.expr).collect(),
        };
        self.typed(expr, kind, found.returns, labels)
    }

    /// Whether this version can call a function; why not is said.
    pub(super) fn callable(&mut self, name: &str, at: Span) -> bool {
        let functions = self.ctx.functions;
        if functions.is_own(name) {
            // Its declaration already says that this version cannot do it.
            return false;
        }
        if functions.forms(name).iter().any(|form| form.later) {
            self.say(crate::check::not_yet(at, format!("`{name}`")));
            return false;
        }
        if functions.contains(name) {
            return true;
        }
        let diagnostic = Diagnostic::new(Code::UNKNOWN_FUNCTION, at, format!("no function is called `{name}`"))
            .found("not a function");
        self.say(match suggest(name, functions.names()) {
            Some(near) => diagnostic
                .help(format!("did you mean `{near}`?"))
                .fix(format!("write `{near}`"), at, near),
            None => diagnostic,
        });
        false
    }

    /// The form of a function that takes the arguments, and these in the order of its declaration.
    pub(super) fn matched(
        &mut self,
        name: &str,
        whole: Span,
        arguments: &[Argument],
    ) -> Option<(Declaration, Match, Vec<Typed>)> {
        let values: Vec<_> = arguments.iter().map(|argument| self.expr(&argument.value)).collect();
        let forms: Vec<_> = self.ctx.functions.forms(name).to_vec();
        if values.iter().any(Typed::is_error) {
            return None;
        }
        for form in &forms {
            let Some(ordered) = in_order(form, arguments, &values) else {
                continue;
            };
            let types: Vec<Type> = ordered.iter().map(|value| value.expr.ty.clone()).collect();
            if let Some(found) = form.takes_types(&types) {
                return Some((form.clone(), found, ordered));
            }
        }
        let diagnostic = no_form(name, whole, &forms, arguments, &values);
        self.say(diagnostic);
        None
    }

    fn misplaced_aggregate(&mut self, name: &str, span: Span) {
        let message = format!("`{name}` answers for many rows, so it stands in a `group`");
        let diagnostic = Diagnostic::new(Code::AGGREGATE_PLACE, span, message).found("one row has nothing to add up");
        self.say(diagnostic.help(format!("write `group by … {{ NAME = {name}(…) }}`")));
    }

    /// What a function makes of a literal when the project is compiled.
    fn read_literal(&mut self, expr: &ast::Expr, name: &str, values: &[Typed], found: &Match) -> Typed {
        let Some(Literal::Text(text)) = values.first().and_then(Typed::literal) else {
            return self.refused(expr, expr.span, &format!("`{name}` of a text that is not a literal"));
        };
        let (text, kind) = (text.clone(), found.returns.kind.clone());
        match parse(&kind, &text) {
            Some(literal) => self.constant(expr, literal, kind),
            None => {
                let at = values.first().map_or(expr.span, |value| value.span);
                let diagnostic = Diagnostic::new(Code::BAD_LITERAL, at, format!("`{text}` is no {kind}"))
                    .found("read when the project is compiled");
                self.say(diagnostic.help(form_of(&kind)));
                self.error(expr)
            }
        }
    }
}

/// A text as a value of a kind.
fn parse(kind: &TypeKind, text: &str) -> Option<Literal> {
    match kind {
        TypeKind::Date => Date::parse(text).map(|date| Literal::Date(date.0)),
        TypeKind::Timestamp => Timestamp::parse(text).map(|at| Literal::Timestamp(at.0)),
        TypeKind::Uuid => {
            let id = Uuid::parse(text)?;
            Some(Literal::Uuid(String::from_utf8_lossy(&id.text()).into_owned()))
        }
        _ => None,
    }
}

fn form_of(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Date => "a date is written `date(\"2026-01-31\")`, and is a day of the calendar",
        TypeKind::Timestamp => "a timestamp has a zone: `timestamp(\"2026-01-31T12:00:00Z\")`",
        _ => "a uuid has 32 hex digits and four hyphens: `uuid(\"00000000-0000-0000-0000-000000000001\")`",
    }
}

/// The arguments in the order of a declaration, by place, then by name; `None` if they are not its own.
fn in_order(form: &Declaration, arguments: &[Argument], values: &[Typed]) -> Option<Vec<Typed>> {
    let mut slots: Vec<Option<&Typed>> = vec![None; form.params.len()];
    for (at, (argument, value)) in arguments.iter().zip(values).enumerate() {
        let slot = match &argument.name {
            None => slots.get_mut(at)?,
            Some(name) => {
                let place = form.params.iter().position(|param| param.name == name.text)?;
                slots.get_mut(place)?
            }
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    slots.into_iter().map(|slot| slot.cloned()).collect()
}

/// Why no form of a function takes the arguments.
fn no_form(name: &str, whole: Span, forms: &[Declaration], arguments: &[Argument], values: &[Typed]) -> Diagnostic {
    let mut diagnostic = match reason(name, whole, forms, arguments, values) {
        Some(diagnostic) => diagnostic,
        None => {
            let types: Vec<_> = values.iter().map(|value| value.expr.ty.to_string()).collect();
            let message = format!("`{name}` does not take ({})", types.join(", "));
            Diagnostic::new(Code::WRONG_ARGUMENTS, whole, message).found("no form of it takes these types")
        }
    };
    for form in forms {
        diagnostic = diagnostic.help(match form.takes.is_empty() {
            true => format!("write `{form}`"),
            false => format!("write `{form}`, where T is one of {}", form.takes.join(", ")),
        });
    }
    diagnostic
}

/// The one thing that is wrong, where it can be told.
fn reason(
    name: &str,
    whole: Span,
    forms: &[Declaration],
    arguments: &[Argument],
    values: &[Typed],
) -> Option<Diagnostic> {
    let names = |wanted: &ast::Name| {
        forms
            .iter()
            .any(|form| form.params.iter().any(|param| param.name == wanted.text))
    };
    if let Some(unknown) = arguments
        .iter()
        .filter_map(|argument| argument.name.as_ref())
        .find(|name| !names(name))
    {
        let message = format!("`{name}` has no argument `{}`", unknown.text);
        return Some(Diagnostic::new(Code::WRONG_ARGUMENTS, unknown.span, message).found("no argument has this name"));
    }
    let [form] = forms else {
        let counts = forms.iter().any(|form| form.params.len() == arguments.len());
        return (!counts).then(|| {
            count(
                name,
                whole,
                forms.first().map_or(0, |form| form.params.len()),
                arguments,
            )
        });
    };
    if form.params.len() != arguments.len() {
        return Some(count(name, whole, form.params.len(), arguments));
    }
    let [value] = values else { return None };
    let message = format!("`{name}` does not take {}: `{}`", value.kind(), value.expr.text);
    Some(Diagnostic::new(Code::WRONG_ARGUMENTS, value.span, message).found(format!("this is {}", value.kind())))
}

fn count(name: &str, whole: Span, wanted: usize, arguments: &[Argument]) -> Diagnostic {
    let plural = if wanted == 1 { "argument" } else { "arguments" };
    let message = format!("`{name}` takes {wanted} {plural}, not {}", arguments.len());
    let span = arguments.get(wanted).map_or(whole, |extra| extra.value.span);
    let found = if arguments.len() > wanted {
        "one too many"
    } else {
        "an argument is missing"
    };
    Diagnostic::new(Code::WRONG_ARGUMENTS, span, message).found(found)
}
