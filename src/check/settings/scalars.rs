//! One value against a declared type: words, numbers, quantities, texts, names of items.

use super::forms::{kind_of, path_parts, plain};
use super::quantity::{self, Dimension};
use super::{Checker, DeclaredSetting, Value};
use crate::base::{Span, Spanned, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics, warning};
use crate::resolve::{article, no_dataset, unknown_item};
use crate::syntax::ast::{Expr, ExprKind, Name, SettingType};

/// What a type word of a declaration asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Number,
    Text,
    TextOrParam,
    Form(&'static Form),
    Range,
    /// In units of so many base units, which it must be a whole number of.
    Quantity(Dimension, u64),
    Money,
    Volume,
    BudgetShare,
    Column,
    Dataset,
    Runnable,
    Lowering,
    Warning,
    Variant,
    Ref,
    List,
    NotYet,
}

/// A text with a form of its own.
#[derive(Debug)]
struct Form {
    name: &'static str,
    check: fn(&str) -> Result<(), super::super::texts::Flaw>,
}

/// Two forms of one name are one.
impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Form {}

static CRON: Form = Form {
    name: "a cron text of six fields",
    check: super::super::texts::cron,
};
static TIME_ZONE: Form = Form {
    name: "a time zone",
    check: super::super::texts::time_zone,
};
static ROLE_ARN: Form = Form {
    name: "the ARN of a role",
    check: super::super::texts::role_arn,
};

impl Kind {
    /// `None` is a word that stands for itself.
    fn of(ty: &SettingType) -> Option<Kind> {
        let duration = |unit| Kind::Quantity(Dimension::Duration, unit);
        Some(match ty.word.text.as_str() {
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "number" => Kind::Number,
            "string" => Kind::Text,
            "text" => Kind::TextOrParam,
            "cron" => Kind::Form(&CRON),
            "time_zone" => Kind::Form(&TIME_ZONE),
            "role_arn" => Kind::Form(&ROLE_ARN),
            "range" => Kind::Range,
            "duration" => duration(1),
            "seconds" => duration(1_000),
            "minutes" => duration(60_000),
            "hours" => duration(3_600_000),
            "days" => duration(super::DAY),
            "size" => Kind::Quantity(Dimension::Size, 1),
            "mebibytes" => Kind::Quantity(Dimension::Size, 1 << 20),
            "share" => Kind::Quantity(Dimension::Share, 0),
            "money" => Kind::Money,
            "volume" => Kind::Volume,
            "budget_share" => Kind::BudgetShare,
            "column" => Kind::Column,
            "dataset" => Kind::Dataset,
            "runnable" => Kind::Runnable,
            "lowering" => Kind::Lowering,
            "warning" => Kind::Warning,
            "variant" => Kind::Variant,
            "ref" => Kind::Ref,
            "list" => Kind::List,
            "not_yet" => Kind::NotYet,
            _ => return None,
        })
    }

    fn text(self) -> &'static str {
        match self {
            Kind::Bool => "`true` or `false`",
            Kind::Int => "a whole number",
            Kind::Number => "a number",
            Kind::Text | Kind::TextOrParam => "a text",
            Kind::Form(form) => form.name,
            Kind::Range => "a range",
            Kind::Quantity(dimension, _) => dimension.text(),
            Kind::Money => "an amount of money a month",
            Kind::Volume => "a rate of records of a size",
            Kind::BudgetShare => "a share of the budget",
            Kind::Column => "a column",
            Kind::Dataset => "a dataset",
            Kind::Runnable => "a transform or a dataset",
            Kind::Lowering => "a function, and the class that it leaves",
            Kind::Warning => "the code of a warning",
            Kind::Variant | Kind::Ref => "a name",
            Kind::List => "a list",
            Kind::NotYet => "nothing yet",
        }
    }
}

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
        let asked = Asked { setting, expr };
        let value = self.alternatives(&asked, diagnostics);
        if let (Some(bounds), false) = (&setting.declare.bounds, value == Value::Bad)
            && let Some(outside) = self.outside(&asked, &value, bounds)
        {
            diagnostics.push(outside);
            return Value::Bad;
        }
        value
    }

    fn alternatives(&self, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        let types = &asked.setting.declare.ty;
        let words: Vec<_> = types.iter().filter(|ty| Kind::of(ty).is_none()).collect();
        if let ExprKind::Name(word) = &asked.expr.kind
            && words.iter().any(|ty| ty.word.text == *word)
        {
            return Value::Word(word.clone());
        }
        if let Some(ty) = types.iter().find(|ty| Kind::of(ty).is_some()) {
            return self.typed(ty, asked, diagnostics);
        }
        diagnostics.push(wrong_word(asked, &words));
        Value::Bad
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
            _ => self.plain(kind, asked, diagnostics),
        }
    }

    fn plain(&self, kind: Kind, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        let result = match (&asked.expr.kind, kind) {
            (ExprKind::Bad, _) => return Value::Bad,
            (ExprKind::Bool(value), Kind::Bool) => Ok(Value::Bool(*value)),
            (ExprKind::Int(text), Kind::Int) => whole(text).map(Value::Int).ok_or_else(|| self.wrong(kind, asked)),
            (ExprKind::Int(text) | ExprKind::Decimal(text), Kind::Number) => Ok(Value::Number(quantity::number(text))),
            (ExprKind::Text(parts), Kind::Text | Kind::TextOrParam | Kind::Form(_)) => match plain(parts) {
                Ok(text) => self.formed(kind, text, asked),
                Err(span) => Err(self.placeholder(span, asked)),
            },
            (ExprKind::Name(name), Kind::Text | Kind::TextOrParam | Kind::Form(_)) => self.text_name(kind, name, asked),
            (ExprKind::Range { low, high }, Kind::Range) => self.range(low, high, asked),
            (ExprKind::Quantity { number, unit }, Kind::Quantity(dimension, step)) => {
                self.quantity(number, unit, dimension, step, asked)
            }
            (ExprKind::Int(_) | ExprKind::Decimal(_), Kind::Quantity(..)) => Err(self.no_unit(kind, asked)),
            (ExprKind::Rate { amount, count, per }, Kind::Money) => self.money(amount, count.as_deref(), per, asked),
            (ExprKind::Of { left, right }, Kind::Volume) => self.volume(left, right, asked),
            (ExprKind::Of { left, right }, Kind::BudgetShare) => self.budget_share(left, right, asked),
            (ExprKind::Name(name), Kind::Warning) => warning(name, asked.expr.span, Code::NO_WARNING)
                .map(|code| Value::Word(code.to_string()))
                .map_err(|diagnostic| *diagnostic),
            (ExprKind::Name(name), Kind::Column) => Ok(Value::Column(name.clone())),
            (_, Kind::Dataset | Kind::Runnable) => self.dataset(kind, asked),
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
            (form.check)(&text).map_err(|flaw| {
                let diagnostic = Diagnostic::new(flaw.code, asked.expr.span, flaw.message).found(flaw.found);
                flaw.help.into_iter().fold(diagnostic, Diagnostic::help)
            })?;
        }
        Ok(Value::Text(text))
    }

    fn text_name(&self, kind: Kind, name: &str, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        match (self.index.get("param", name), kind) {
            (Some(_), Kind::TextOrParam) => Ok(Value::Param(name.to_owned())),
            (Some(_), _) => Err(super::super::not_yet(
                asked.expr.span,
                format!("a param as the value of `{}`", asked.setting.name()),
            )),
            (None, _) => {
                let diagnostic = self.wrong(kind, asked);
                Err(diagnostic.help(format!("write it in quotes: `\"{name}\"`")).fix(
                    format!("write `\"{name}\"`"),
                    asked.expr.span,
                    format!("\"{name}\""),
                ))
            }
        }
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

    fn money(
        &self,
        amount: &Expr,
        count: Option<&str>,
        per: &Name,
        asked: &Asked<'_, '_>,
    ) -> Result<Value, Diagnostic> {
        match &amount.kind {
            ExprKind::Quantity { number, unit } if unit.text == "USD" => {
                let rate = quantity::per_millisecond(quantity::number(number), count, &per.text);
                let rate = rate.ok_or_else(|| unknown_unit(per))?;
                // 600 USD per month is 600, not 599.9999: what is asked by the month stays as it is written.
                let exact = per.text == "month" && count.is_none();
                Ok(Value::Money(if exact {
                    quantity::number(number)
                } else {
                    quantity::monthly(rate)
                }))
            }
            ExprKind::Quantity { unit, .. } if quantity::unit(&unit.text).is_none() => Err(unknown_unit(unit)),
            _ => Err(self.wrong_dimension(Kind::Money, "a rate of something else", asked)),
        }
    }

    fn volume(&self, rate: &Expr, size: &Expr, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        let (ExprKind::Rate { amount, count, per }, ExprKind::Quantity { number, unit }) = (&rate.kind, &size.kind)
        else {
            return Err(self.wrong(Kind::Volume, asked));
        };
        let (ExprKind::Int(records) | ExprKind::Decimal(records)) = &amount.kind else {
            return Err(self.wrong(Kind::Volume, asked));
        };
        let rate = quantity::per_millisecond(quantity::number(records), count.as_deref(), &per.text);
        let rate = rate.ok_or_else(|| unknown_unit(per))?;
        let exact = matches!(per.text.as_str(), "second" | "s") && count.is_none();
        let per_second = if exact {
            quantity::number(records)
        } else {
            rate * 1_000.0
        };
        match quantity::unit(&unit.text) {
            Some((Dimension::Size, size)) => {
                let bytes = (quantity::number(number) * size).round().max(1.0);
                Ok(Value::Volume(per_second, bytes as u64))
            }
            Some((found, _)) => Err(self.wrong_dimension(Kind::Volume, &format!("a rate of {}", found.text()), asked)),
            None => Err(unknown_unit(unit)),
        }
    }

    fn budget_share(&self, share: &Expr, of: &Expr, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        match (&share.kind, &of.kind) {
            (ExprKind::Quantity { number, unit }, ExprKind::Name(word))
                if unit.text == "percent" && word == "budget" =>
            {
                Ok(Value::Share(quantity::number(number)))
            }
            _ => Err(self.wrong(Kind::BudgetShare, asked)),
        }
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
            let value = self.typed(&element, &one, diagnostics);
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

    /// What is asked for: "a duration", "`own` or a text".
    fn wanted(&self, kind: Kind, asked: &Asked<'_, '_>) -> String {
        let types = &asked.setting.declare.ty;
        let words = types.iter().filter(|ty| Kind::of(ty).is_none());
        let mut wanted: Vec<_> = words.map(|ty| format!("`{}`", ty.word.text)).collect();
        wanted.push(kind.text().to_owned());
        wanted.join(" or ")
    }

    fn wrong(&self, kind: Kind, asked: &Asked<'_, '_>) -> Diagnostic {
        self.wrong_for(&self.wanted(kind, asked), asked)
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

    fn wrong_dimension(&self, kind: Kind, found: &str, asked: &Asked<'_, '_>) -> Diagnostic {
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

fn unknown_unit(unit: &Name) -> Diagnostic {
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
