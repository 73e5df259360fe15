//! One value against a declared type: words, numbers, quantities, texts, names of items.

use super::forms::{kind_of, path_parts, plain};
use super::kinds::{Form, Kind};
use super::quantity::{self, Dimension};
use super::{Checker, DeclaredSetting, Value, constant};
use crate::base::{Span, Spanned, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics, warning};
use crate::resolve::{article, no_dataset, unknown_item};
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Name, SettingType, TypeExprKind};

/// What a declared type takes, in words: "a duration", "a list of names", "`own`".
pub fn type_text(ty: &SettingType) -> String {
    let of = || ty.of.as_ref().map(|path| path.text()).unwrap_or_default();
    match Kind::of(ty) {
        None => format!("`{}`", ty.word.text),
        Some(Kind::Variant) => "one".to_owned(),
        Some(Kind::Ref) => format!("the name of {}", article(&of())),
        Some(Kind::List) => match type_text(&element(ty)) {
            text if text == "one" => "a list".to_owned(),
            text => format!("a list, each {text}"),
        },
        Some(Kind::Quantity(Dimension::Duration, step)) if step > 1 => {
            format!("a duration in whole {}", ty.word.text)
        }
        Some(Kind::Quantity(Dimension::Size, step)) if step > 1 => format!("a size in whole {}", ty.word.text),
        Some(kind) => kind.text().to_owned(),
    }
}

/// A value to be checked, and the setting that it is for.
pub(super) struct Asked<'c, 'd> {
    pub(super) setting: &'c DeclaredSetting<'d>,
    pub(super) expr: &'c Expr,
}

impl Checker<'_> {
    /// Checks the value of a setting, with its bounds.
    pub(super) fn setting(&self, setting: &DeclaredSetting<'_>, expr: &Expr, diagnostics: &mut Diagnostics) -> Value {
        let folded = match constant::folded(expr, self.sources) {
            Ok(folded) => folded,
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                return Value::Bad;
            }
        };
        let asked = Asked { setting, expr: &folded };
        let value = self.alternatives(&asked, diagnostics);
        if let (Some(bounds), false) = (self.bounds(setting), value == Value::Bad)
            && let Some(outside) = self.outside(&asked, &value, bounds)
        {
            diagnostics.push(outside);
            return Value::Bad;
        }
        value
    }

    /// A region is one of those of the cloud, wherever one is asked for.
    fn bounds<'d>(&'d self, setting: &'d DeclaredSetting<'_>) -> Option<&'d Expr> {
        let region = setting.declare.ty.iter().any(|ty| ty.word.text == "region");
        if region && setting.declare.bounds.is_none() {
            let cloud = self.declarations.variant("pipeline.cloud", "aws")?;
            return cloud.setting("region")?.declare.bounds.as_ref();
        }
        setting.declare.bounds.as_ref()
    }

    fn alternatives(&self, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        let types = &asked.setting.declare.ty;
        let words: Vec<_> = types.iter().filter(|ty| Kind::of(ty).is_none()).collect();
        if let ExprKind::Name(word) = &asked.expr.kind
            && words.iter().any(|ty| ty.word.text == *word)
        {
            return Value::Word(word.clone());
        }
        let kinds = types.iter().filter_map(|ty| Some((ty, Kind::of(ty)?)));
        let kinds: Vec<_> = kinds.filter(|(_, kind)| *kind != Kind::Later).collect();
        // Of several kinds of items that may be named, it is the one that has the name.
        let named = |ty: &SettingType, kind: Kind| match (&asked.expr.kind, &ty.of) {
            (ExprKind::Name(name), Some(of)) if kind == Kind::Ref => self.index.get(&of.text(), name).is_some(),
            _ => true,
        };
        let mut all = kinds.iter().filter(|(_, kind)| kind.looks(asked.expr));
        let first = all.clone().next();
        let looking = all.find(|(ty, kind)| named(ty, *kind)).or(first);
        match (looking, kinds.as_slice()) {
            (Some((ty, _)), _) | (None, [(ty, _)]) => self.typed(ty, asked, diagnostics),
            (None, []) => {
                diagnostics.push(wrong_word(asked, &words));
                Value::Bad
            }
            (None, [(ty, _), ..]) if matches!(asked.expr.kind, ExprKind::Quantity { .. } | ExprKind::Bad) => {
                self.typed(ty, asked, diagnostics)
            }
            (None, [(_, kind), ..]) => {
                diagnostics.push(self.wrong(*kind, asked));
                Value::Bad
            }
        }
    }

    /// Checks a value against one declared type.
    fn typed(&self, ty: &SettingType, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        let Some(kind) = Kind::of(ty) else {
            return Value::Bad;
        };
        let of = ty.of.as_ref().map(|path| path.text()).unwrap_or_default();
        match kind {
            Kind::Variant => self.variant(&of, asked, diagnostics),
            Kind::Ref => self.reference(&of, asked, diagnostics),
            Kind::List => self.list(ty, asked, diagnostics),
            Kind::Map => self.map(asked, diagnostics),
            _ => self.plain(kind, asked, diagnostics),
        }
    }

    fn plain(&self, kind: Kind, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        let result = match (&asked.expr.kind, kind) {
            (ExprKind::Bad, _) => return Value::Bad,
            (ExprKind::Bool(value), Kind::Bool) => Ok(Value::Bool(*value)),
            (ExprKind::Int(text), Kind::Int) => whole(text).map(Value::Int).ok_or_else(|| self.wrong(kind, asked)),
            (ExprKind::Int(text) | ExprKind::Decimal(text), Kind::Number) => Ok(Value::Number(quantity::number(text))),
            (ExprKind::Text(parts), Kind::Text | Kind::TextOrParam | Kind::Form(_) | Kind::Region) => {
                match plain(parts) {
                    Ok(text) => self.formed(kind, text, asked),
                    Err(span) => Err(self.placeholder(span, asked)),
                }
            }
            (ExprKind::Name(name), Kind::Text | Kind::TextOrParam | Kind::Form(_) | Kind::Region) => {
                self.text_name(kind, name, asked)
            }
            (ExprKind::Name(name), Kind::Bool | Kind::Int | Kind::Number | Kind::Quantity(..) | Kind::Range)
                if self.index.get("param", name).is_some() =>
            {
                Err(self.param_place(name, asked))
            }
            (ExprKind::Range { low, high }, Kind::Range) => self.range(low, high, asked),
            (ExprKind::Quantity { number, unit }, Kind::Quantity(dimension, step)) => {
                self.quantity(number, unit, dimension, step, asked)
            }
            (ExprKind::Int(_) | ExprKind::Decimal(_), Kind::Quantity(..)) => Err(self.no_unit(kind, asked)),
            (_, Kind::Money | Kind::Volume | Kind::Rate | Kind::Peak | Kind::BudgetShare) => self.measured(kind, asked),
            (_, Kind::Secret) => self.secret(asked),
            (ExprKind::Name(name), Kind::Warning) => warning(name, asked.expr.span, Code::NO_WARNING)
                .map(|code| Value::Word(code.to_string()))
                .map_err(|diagnostic| *diagnostic),
            (ExprKind::Name(name), Kind::Column) => Ok(Value::Column(name.clone())),
            (_, Kind::Dataset | Kind::Runnable) => self.dataset(kind, asked),
            (_, Kind::Foreign) => self.foreign(asked),
            (_, Kind::Arrival) => self.arrival(asked),
            (ExprKind::Label(name), Kind::Label) => Ok(Value::Label(name.text.clone())),
            (ExprKind::Name(name), Kind::Label) => {
                Err(self
                    .wrong(kind, asked)
                    .fix(format!("write `@{name}`"), asked.expr.span, format!("@{name}")))
            }
            (_, Kind::Lowering) => lowering(asked.expr).ok_or_else(|| self.wrong(kind, asked)),
            _ => Err(self.wrong(kind, asked)),
        };
        result.unwrap_or_else(|diagnostic| {
            diagnostics.push(diagnostic);
            Value::Bad
        })
    }

    fn formed(&self, kind: Kind, text: String, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        if let Kind::Form(form) = kind {
            form_of(form, &text, asked.expr.span)?;
        }
        Ok(Value::Text(text))
    }

    /// A name where a text is asked for: a param, or quotes were left out.
    fn text_name(&self, kind: Kind, name: &str, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        let Some(param) = self.index.get("param", name) else {
            let diagnostic = self.wrong(kind, asked);
            return Err(diagnostic.help(format!("write it in quotes: `\"{name}\"`")).fix(
                format!("write `\"{name}\"`"),
                asked.expr.span,
                format!("\"{name}\""),
            ));
        };
        let form = match kind {
            Kind::TextOrParam => None,
            Kind::Form(form) if form.param => Some(form),
            _ => return Err(self.param_place(name, asked)),
        };
        let ItemKind::Param { ty, default, .. } = &param.item.kind else {
            return Err(self.wrong(kind, asked));
        };
        if !matches!(&ty.kind, TypeExprKind::Named { name, .. } if name.text == "string")
            && ty.kind != TypeExprKind::Bad
        {
            let message = format!(
                "`{}` takes a text, but param `{name}` is `{}`",
                asked.setting.name(),
                self.sources.text(ty.span)
            );
            return Err(Diagnostic::new(Code::SETTING_TYPE, asked.expr.span, message)
                .found("not a text")
                .label(ty.span, "its type")
                .help(format!("declare it `param {name} : string`")));
        }
        if let (
            Some(form),
            Some(Expr {
                kind: ExprKind::Text(parts),
                span,
            }),
        ) = (form, default)
            && let Ok(text) = plain(parts)
        {
            form_of(form, &text, *span)?;
        }
        Ok(Value::Param(name.to_owned()))
    }

    fn param_place(&self, name: &str, asked: &Asked<'_, '_>) -> Diagnostic {
        let message = format!(
            "`{}` must be known when the project is compiled, but `{name}` is a param",
            asked.setting.name()
        );
        let diagnostic = Diagnostic::new(Code::PARAM_PLACE, asked.expr.span, message).found("known only at deployment");
        let diagnostic = self.with_example(diagnostic, asked.setting);
        diagnostic.help("what differs between environments stands in an `env`")
    }

    fn secret(&self, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        if matches!(asked.expr.kind, ExprKind::Call { .. }) {
            return self.secret_of(asked.expr);
        }
        let diagnostic = self.wrong(Kind::Secret, asked);
        Err(match &asked.expr.kind {
            // What stands there may be the secret itself, so it is not proposed as its name.
            ExprKind::Text(parts) if plain(parts).is_ok() => diagnostic
                .note("what is secret does not stand in a file: it is kept by AWS Secrets Manager, and named here"),
            _ => diagnostic,
        })
    }

    /// `secret("shop/dms")`
    pub(super) fn secret_of(&self, expr: &Expr) -> Result<Value, Diagnostic> {
        let argument = call_of(expr, "secret");
        let name = match argument.map(|argument| &argument.kind) {
            Some(ExprKind::Text(parts)) => plain(parts).unwrap_or_default(),
            _ => String::new(),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
        if name.is_empty() || name.len() > 512 || !name.chars().all(fits) {
            let span = argument.map_or(expr.span, |argument| argument.span);
            let message = format!(
                "`secret` takes the name of a secret, but this is `{}`",
                self.sources.text(span)
            );
            return Err(Diagnostic::new(Code::TEXT_FORM, span, message)
                .found("a name has letters, digits and `/_+=.@-`")
                .help("write `secret(\"shop/dms\")`"));
        }
        Ok(Value::Secret(name))
    }

    fn range(&self, low: &Expr, high: &Expr, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        let (ExprKind::Int(from), ExprKind::Int(to)) = (&low.kind, &high.kind) else {
            return Err(self.wrong(Kind::Range, asked));
        };
        match (whole(from), whole(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Value::Range(from, to)),
            (Some(from), Some(to)) => Err(Diagnostic::new(
                Code::OUT_OF_BOUNDS,
                asked.expr.span,
                format!("the range `{from}..{to}` of `{}` holds nothing", asked.setting.name()),
            )
            .found("it ends below its start")
            .help(format!("write `{to}..{from}`"))),
            _ => Err(self.wrong(Kind::Range, asked)),
        }
    }

    fn quantity(
        &self,
        number: &str,
        unit: &Name,
        dimension: Dimension,
        step: u64,
        asked: &Asked<'_, '_>,
    ) -> Result<Value, Diagnostic> {
        let kind = Kind::Quantity(dimension, step);
        let Some((found, size)) = quantity::unit(&unit.text) else {
            return Err(unknown_unit(unit));
        };
        if found != dimension {
            return Err(self.wrong_dimension(kind, found.text(), asked));
        }
        let base = quantity::number(number) * size;
        if dimension == Dimension::Share {
            return Ok(Value::Share(base));
        }
        if base < 0.0 {
            let message = format!(
                "`{}` cannot be negative, but this is `{}`",
                asked.setting.name(),
                self.sources.text(asked.expr.span)
            );
            let diagnostic = Diagnostic::new(Code::OUT_OF_BOUNDS, asked.expr.span, message).found("less than nothing");
            return Err(
                match self.sources.text(asked.expr.span).strip_prefix('-').map(str::trim) {
                    Some(rest) => diagnostic.help(format!("write `{rest}`")).fix(
                        format!("write `{rest}`"),
                        asked.expr.span,
                        rest.to_owned(),
                    ),
                    None => self.with_example(diagnostic, asked.setting),
                },
            );
        }
        let whole = base.round();
        let even = step <= 1 || (whole / step as f64).fract() == 0.0;
        if (base - whole).abs() > 1e-6 || !even {
            return Err(self.not_whole(whole, step, dimension, asked));
        }
        Ok(match dimension {
            Dimension::Size => Value::Size(whole as u64),
            _ => Value::Duration(whole as u64),
        })
    }

    fn dataset(&self, kind: Kind, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        let Some((parts, star)) = path_parts(asked.expr) else {
            return Err(self.wrong(kind, asked));
        };
        match (parts.as_slice(), star) {
            ([zone], true) => {
                self.known("zone", zone)?;
                Ok(Value::Dataset {
                    zone: zone.text.clone(),
                    name: None,
                })
            }
            ([zone, name], false) => {
                self.known("zone", zone)?;
                Ok(Value::Dataset {
                    zone: zone.text.clone(),
                    name: Some(name.text.clone()),
                })
            }
            ([name], false) if kind == Kind::Runnable => {
                self.known("transform", name)?;
                Ok(Value::Ref(name.text.clone()))
            }
            (parts, false) if kind == Kind::Dataset => {
                let name = asked.setting.name();
                let text = self.sources.text(asked.expr.span);
                let message = format!("`{name}` takes a dataset, but this is `{text}`");
                Err(no_dataset(self.index, message, parts, asked.expr.span))
            }
            _ => Err(self.wrong(kind, asked)),
        }
    }

    /// `platform.curated.fulfilment`: a dataset that another project exports, to be found by who reads that project.
    fn foreign(&self, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        match path_parts(asked.expr) {
            Some((parts, false)) if parts.len() == 3 => match parts.as_slice() {
                [pipeline, zone, name] => Ok(Value::Foreign {
                    pipeline: pipeline.text.clone(),
                    zone: zone.text.clone(),
                    name: name.text.clone(),
                }),
                _ => Err(self.wrong(Kind::Foreign, asked)),
            },
            _ => Err(self.wrong(Kind::Foreign, asked)),
        }
    }

    /// `arrival of raw.readings`
    fn arrival(&self, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        let wrong = || self.wrong(Kind::Arrival, asked);
        let ExprKind::Of { left, right } = &asked.expr.kind else {
            return Err(wrong());
        };
        match (&left.kind, path_parts(right)) {
            (ExprKind::Name(word), Some((parts, false))) if word == "arrival" => match parts.as_slice() {
                [zone, name] => {
                    self.known("zone", zone)?;
                    Ok(Value::Arrival {
                        zone: zone.text.clone(),
                        name: name.text.clone(),
                    })
                }
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }

    fn reference(&self, kind: &str, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        if kind == "dataset" {
            return match self.dataset(Kind::Dataset, asked) {
                Ok(Value::Dataset { name: None, .. }) | Err(_) if matches!(asked.expr.kind, ExprKind::Bad) => {
                    Value::Bad
                }
                Ok(Value::Dataset { name: None, .. }) => {
                    diagnostics.push(
                        self.wrong(Kind::Dataset, asked)
                            .help("name one dataset: `ZONE.DATASET`"),
                    );
                    Value::Bad
                }
                Ok(value) => value,
                Err(diagnostic) => {
                    diagnostics.push(diagnostic);
                    Value::Bad
                }
            };
        }
        let ExprKind::Name(text) = &asked.expr.kind else {
            if asked.expr.kind != ExprKind::Bad {
                diagnostics.push(self.wrong_for(&format!("the name of {}", crate::resolve::article(kind)), asked));
            }
            return Value::Bad;
        };
        let name = Name {
            text: text.clone(),
            span: asked.expr.span,
        };
        match self.known(kind, &name) {
            Ok(()) => Value::Ref(name.text),
            Err(_) if self.index.get("param", text).is_some() => {
                diagnostics.push(self.param_place(text, asked));
                Value::Bad
            }
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                Value::Bad
            }
        }
    }

    fn known(&self, kind: &str, name: &Name) -> Result<(), Diagnostic> {
        if self.index.get(kind, &name.text).is_some() || self.index.incomplete() {
            return Ok(());
        }
        Err(unknown_item(self.index, kind, name))
    }

    fn list(&self, ty: &SettingType, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        let items = match &asked.expr.kind {
            ExprKind::List(items) => items,
            ExprKind::Bad => return Value::Bad,
            _ => {
                let text = self.sources.text(asked.expr.span);
                let diagnostic = self.wrong(Kind::List, asked);
                diagnostics.push(diagnostic.help(format!("write `[{text}]`")).fix(
                    format!("write `[{text}]`"),
                    asked.expr.span,
                    format!("[{text}]"),
                ));
                return Value::Bad;
            }
        };
        let element = element(ty);
        let mut values: Vec<Spanned<Value>> = Vec::new();
        for expr in items {
            let one = Asked {
                setting: asked.setting,
                expr,
            };
            let value = match constant::folded(expr, self.sources) {
                Ok(folded) => self.typed(&element, &Asked { expr: &folded, ..one }, diagnostics),
                Err(diagnostic) => {
                    diagnostics.push(diagnostic);
                    Value::Bad
                }
            };
            if value != Value::Bad && values.iter().any(|known| known.value == value) {
                diagnostics.push(
                    Diagnostic::new(
                        Code::SETTING_TWICE,
                        expr.span,
                        format!(
                            "`{}` is in `{}` twice",
                            self.sources.text(expr.span),
                            asked.setting.name()
                        ),
                    )
                    .found("the second")
                    .help("keep one of them"),
                );
            }
            values.push(Spanned::new(value, expr.span));
        }
        Value::List(values)
    }

    /// What is asked for: "a duration", "`own` or a text", "a duration or the name of a retention".
    fn wanted(&self, asked: &Asked<'_, '_>) -> String {
        let types = &asked.setting.declare.ty;
        let mut wanted: Vec<String> = Vec::new();
        for ty in types {
            let text = match (Kind::of(ty), &ty.of) {
                (None, _) => format!("`{}`", ty.word.text),
                (Some(Kind::Later), _) => continue,
                (Some(Kind::Ref), Some(of)) => format!("the name of {}", crate::resolve::article(&of.text())),
                (Some(kind), _) => kind.text().to_owned(),
            };
            if !wanted.contains(&text) {
                wanted.push(text);
            }
        }
        wanted.join(" or ")
    }

    /// A list's element is asked for by its own kind; anything else by all that the setting takes.
    pub(super) fn wrong(&self, kind: Kind, asked: &Asked<'_, '_>) -> Diagnostic {
        let listed = asked
            .setting
            .declare
            .ty
            .iter()
            .any(|ty| Kind::of(ty) == Some(Kind::List));
        let wanted = match listed && kind != Kind::List {
            true => kind.text().to_owned(),
            false => self.wanted(asked),
        };
        self.wrong_for(&wanted, asked)
    }

    fn wrong_for(&self, wanted: &str, asked: &Asked<'_, '_>) -> Diagnostic {
        let (setting, found) = (asked.setting, found_text(asked.expr));
        let message = format!("`{}` takes {wanted}, but this is {found}", setting.name());
        let diagnostic = Diagnostic::new(Code::SETTING_TYPE, asked.expr.span, message).found(kind_of(asked.expr));
        self.with_example(diagnostic, setting)
    }

    /// The help that every message about a value may end with.
    pub(super) fn with_example(&self, diagnostic: Diagnostic, setting: &DeclaredSetting<'_>) -> Diagnostic {
        match &setting.declare.example {
            Some(example) => diagnostic.help(format!(
                "for example `{} = {}`",
                setting.name(),
                self.sources.text(example.span)
            )),
            None => diagnostic,
        }
    }

    pub(super) fn wrong_dimension(&self, kind: Kind, found: &str, asked: &Asked<'_, '_>) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            Code::DIMENSION,
            asked.expr.span,
            format!(
                "`{}` takes {}, but `{}` is {found}",
                asked.setting.name(),
                kind.text(),
                self.sources.text(asked.expr.span),
            ),
        )
        .found(found);
        self.with_example(diagnostic, asked.setting)
    }

    fn no_unit(&self, kind: Kind, asked: &Asked<'_, '_>) -> Diagnostic {
        let declare = &asked.setting.declare;
        let samples = [&declare.example, &declare.default, &declare.bounds];
        let unit = samples.into_iter().flatten().find_map(quantity::unit_of);
        let number = self.sources.text(asked.expr.span);
        let diagnostic = Diagnostic::new(
            Code::DIMENSION,
            asked.expr.span,
            format!(
                "`{}` takes {}, but `{number}` has no unit",
                asked.setting.name(),
                kind.text()
            ),
        )
        .found("a number without a unit");
        match unit {
            Some(unit) => diagnostic.help(format!("write `{number} {unit}`")).fix(
                format!("write `{number} {unit}`"),
                asked.expr.span,
                format!("{number} {unit}"),
            ),
            None => diagnostic,
        }
    }

    fn placeholder(&self, span: Span, asked: &Asked<'_, '_>) -> Diagnostic {
        let message = format!(
            "the text of `{}` must stand as it is, without `${{ }}`",
            asked.setting.name()
        );
        Diagnostic::new(Code::SETTING_TYPE, span, message)
            .found("known only later")
            .help("write the text itself")
    }

    fn not_whole(&self, found: f64, step: u64, dimension: Dimension, asked: &Asked<'_, '_>) -> Diagnostic {
        let size = (step as f64).max(1.0);
        let show = |count: f64| format!("`{}`", super::bounds::show(dimension, count * size));
        let (below, above) = ((found / size).floor(), (found / size).ceil());
        let near: Vec<_> = [below, above]
            .into_iter()
            .filter(|count| *count > 0.0)
            .map(show)
            .collect();
        let step = super::bounds::show(dimension, size);
        let message = format!(
            "`{}` takes a whole multiple of {step}, but this is `{}`",
            asked.setting.name(),
            self.sources.text(asked.expr.span)
        );
        Diagnostic::new(Code::OUT_OF_BOUNDS, asked.expr.span, message)
            .found(format!("not a multiple of {step}"))
            .help(format!("write {}", near.join(" or ")))
    }
}

/// What a value is, for the middle of a sentence: "`yes`", "a text".
fn found_text(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => format!("`{name}`"),
        _ => kind_of(expr).to_owned(),
    }
}

pub(super) fn unknown_unit(unit: &Name) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::UNKNOWN_UNIT,
        unit.span,
        format!("there is no unit `{}`", unit.text),
    )
    .found("not a unit");
    match quantity::nearest(&unit.text) {
        Some(near) => {
            diagnostic
                .help(format!("write `{near}`"))
                .fix(format!("write `{near}`"), unit.span, near.to_owned())
        }
        None => diagnostic
            .help("units are `ms s min hours days weeks years`, `B KiB MiB GiB TiB`, `USD`, `percent`, `times`"),
    }
}

fn wrong_word(asked: &Asked<'_, '_>, words: &[&SettingType]) -> Diagnostic {
    let names: Vec<_> = words.iter().map(|ty| format!("`{}`", ty.word.text)).collect();
    let (last, rest) = names
        .split_last()
        .map_or(("", &[][..]), |(last, rest)| (last.as_str(), rest));
    let wanted = if rest.is_empty() {
        last.to_owned()
    } else {
        format!("{} or {last}", rest.join(", "))
    };
    let setting = asked.setting.name();
    let found = found_text(asked.expr);
    let diagnostic = Diagnostic::new(
        Code::SETTING_TYPE,
        asked.expr.span,
        format!("`{setting}` takes {wanted}, but this is {found}"),
    )
    .found("none of them");
    let near = match &asked.expr.kind {
        ExprKind::Name(name) => suggest(name, words.iter().map(|ty| ty.word.text.as_str())),
        _ => None,
    };
    match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            asked.expr.span,
            near.to_owned(),
        ),
        None => diagnostic.help(format!("write {wanted}")),
    }
}

/// `list of duration` holds durations, `list of variant.a.b` variants, and `list of zone` names of zones.
fn element(ty: &SettingType) -> SettingType {
    let Some(of) = &ty.of else {
        return ty.clone();
    };
    let Some((first, rest)) = of.parts.split_first() else {
        return ty.clone();
    };
    if !rest.is_empty() {
        let path = crate::syntax::ast::Path {
            parts: rest.to_vec(),
            star: false,
            span: of.span,
        };
        return SettingType {
            word: first.clone(),
            of: Some(path),
        };
    }
    let own = SettingType {
        word: first.clone(),
        of: None,
    };
    if Kind::of(&own).is_some() {
        return own;
    }
    let word = Name {
        text: "ref".to_owned(),
        span: first.span,
    };
    SettingType {
        word,
        of: Some(of.clone()),
    }
}

fn whole(text: &str) -> Option<i64> {
    text.replace('_', "").parse().ok()
}

/// `pseudonym to pseudonymous`; a function alone takes the class off and leaves none.
fn lowering(expr: &Expr) -> Option<Value> {
    let name = |expr: &Expr| match &expr.kind {
        ExprKind::Name(text) => Some(Spanned::new(text.clone(), expr.span)),
        _ => None,
    };
    match &expr.kind {
        ExprKind::Name(_) => Some(Value::Lowering {
            function: name(expr)?,
            class: None,
        }),
        ExprKind::To { from, to } => Some(Value::Lowering {
            function: name(from)?,
            class: Some(name(to)?),
        }),
        _ => None,
    }
}

/// Says what of a text has not the form that is asked for.
fn form_of(form: &Form, text: &str, span: Span) -> Result<(), Diagnostic> {
    (form.check)(text).map_err(|flaw| {
        let diagnostic = Diagnostic::new(flaw.code, span, flaw.message).found(flaw.found);
        flaw.help.into_iter().fold(diagnostic, Diagnostic::help)
    })
}

/// The one argument of a call of `name`.
fn call_of<'e>(expr: &'e Expr, name: &str) -> Option<&'e Expr> {
    match &expr.kind {
        ExprKind::Call {
            function, arguments, ..
        } if matches!(&function.kind, ExprKind::Name(called) if called == name) => match &**arguments {
            [only] => Some(&only.value),
            _ => None,
        },
        _ => None,
    }
}
