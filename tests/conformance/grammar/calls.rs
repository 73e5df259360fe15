//! Calls of functions by chance, by nothing but their declarations.

use std::collections::BTreeMap;

use pipec::check::functions::{Constant, Declaration, Kind, Param, Pattern};
use pipec::plan::types::{Type, TypeKind};

use super::{DECIMAL, Grammar, INEXACT, Made, REGEXES, alike, either, flat, made};

/// What only a run knows.
pub const OF_THE_RUN: &[&str] = &["now", "today"];
const REPLACEMENTS: &[&str] = &["", "-", "<$0>", "$$"];
const DATE_PATTERNS: &[&str] = &["yyyy-MM-dd", "d.M.yyyy", "dd/MM/yyyy", "yyyyMMdd", "EEE d MMM yyyy"];
const TIME_PATTERNS: &[&str] = &[
    "yyyy-MM-dd HH:mm:ss",
    "dd.MM.yyyy HH:mm",
    "yyyy/MM/dd hh:mm a",
    "dd/MMM/yyyy:HH:mm:ss XX",
];
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Europe/Berlin",
];

impl Grammar<'_> {
    pub(super) fn any_call(&mut self, kind: &TypeKind, depth: usize) -> Option<Made> {
        let functions = self.functions;
        let forms = functions
            .iter()
            .filter(|form| callable(form) && !INEXACT.contains(&form.name.as_str()));
        let forms: Vec<&Declaration> = forms
            .filter(|form| unify(&form.returns, kind, &mut BTreeMap::new()))
            .collect();
        if forms.is_empty() {
            return None;
        }
        let form = self.chance.pick(&forms);
        self.call(form, Some(kind), depth, false)
    }

    /// A call of a function; `None` where it cannot answer the kind that is asked for.
    pub fn call(&mut self, form: &Declaration, kind: Option<&TypeKind>, depth: usize, root: bool) -> Option<Made> {
        if !callable(form) || (!root && INEXACT.contains(&form.name.as_str())) {
            return None;
        }
        let mut types = BTreeMap::new();
        if let Some(kind) = kind {
            // `T?` of a sought `T` says nothing of the parameters, but of what they are when they are there.
            unify(&form.returns, kind, &mut types).then_some(())?;
        }
        self.bind(form, &mut types)?;
        let inner = if INEXACT.contains(&form.name.as_str()) {
            0
        } else {
            depth.saturating_sub(1)
        };
        let mut arguments = Vec::new();
        let mut optional = Some(false);
        for (at, param) in form.params.iter().enumerate() {
            if param.default.is_some() && self.chance.percent(50) {
                break;
            }
            let argument = self.argument(form, param, &types, inner, at == 0)?;
            let sees = form.sees_missing || param.ty.sees_missing();
            if !sees && !matches!(param.ty, Pattern::Function { .. }) {
                optional = either(optional, argument.optional);
            }
            arguments.push(argument.text);
        }
        let answer = match &form.returns {
            // A literal that is read has its answer when the project is compiled.
            Pattern::Optional(_) if form.reads_literals => None,
            Pattern::Optional(_) => Some(true),
            _ => optional,
        };
        Some(made(format!("{}({})", form.name, arguments.join(", ")), answer))
    }

    /// Chooses what type variables stand for where the answer does not say.
    fn bind(&mut self, form: &Declaration, types: &mut BTreeMap<String, Type>) -> Option<()> {
        for name in ["T", "U"] {
            let taken: Vec<TypeKind> = if form.takes.is_empty() {
                self.kinds()
            } else {
                let kinds = self.kinds();
                let of_word = |kind: &TypeKind| form.takes.iter().any(|word| *word == word_of(kind));
                kinds.into_iter().filter(of_word).collect()
            };
            match types.get(name) {
                Some(bound) if name == "T" && !form.takes.is_empty() => {
                    taken.iter().any(|kind| alike(kind, &bound.kind)).then_some(())?;
                }
                Some(_) => {}
                None => {
                    let of_map = form
                        .params
                        .iter()
                        .any(|param| param.ty == Pattern::Map(Box::new(Pattern::Variable(name.to_owned()))));
                    let items: Vec<Type> = match of_map {
                        true => self
                            .columns
                            .iter()
                            .filter_map(|column| value_of_map(&column.ty.kind))
                            .collect(),
                        // What `reduce` carries along keeps its digits.
                        false => {
                            let fits = |kind: &TypeKind| flat(kind) && (form.name != "reduce" || *kind != DECIMAL);
                            taken.into_iter().filter(fits).map(TypeKind::required).collect()
                        }
                    };
                    if items.is_empty() {
                        return None;
                    }
                    let ty = self.chance.pick(&items);
                    types.insert(name.to_owned(), ty);
                }
            }
        }
        Some(())
    }

    fn argument(
        &mut self,
        form: &Declaration,
        param: &Param,
        types: &BTreeMap<String, Type>,
        depth: usize,
        first: bool,
    ) -> Option<Made> {
        if let Some(constant) = &param.constant {
            return Some(made(self.constant(form, param, constant), Some(false)));
        }
        if let Pattern::Function { params, returns } = &param.ty {
            return self.lambda(params, returns, types, depth);
        }
        let wanted = exact(&param.ty, types)?;
        // A number of letters or repetitions that is not small is not worth its memory.
        let small = ["times", "length"].contains(&param.name.as_str()) || form.name == "range";
        if small && wanted.kind == TypeKind::Int {
            return Some(made(format!("({} % 9)", self.column(&TypeKind::Int).text), None));
        }
        if small && wanted.kind == TypeKind::Date {
            return Some(made(
                self.chance.one(&["date(\"2026-02-27\")", "date(\"2026-03-01\")"]),
                Some(false),
            ));
        }
        Some(match (&wanted.kind, first) {
            (TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_), _) => {
                match self.chance.percent(70) || depth == 0 {
                    true => self.column(&wanted.kind),
                    false => self.of(&wanted.kind, depth),
                }
            }
            (kind, true) => self.varying(kind, depth),
            (kind, false) => self.of(kind, depth),
        })
    }

    /// `x => …`
    fn lambda(
        &mut self,
        params: &[Pattern],
        returns: &Pattern,
        types: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Option<Made> {
        let outer = self.locals.len();
        let mut names = Vec::new();
        for param in params {
            let ty = exact(param, types)?;
            let name = format!("v{}", self.names);
            self.names += 1;
            names.push(name.clone());
            self.locals.push((name, ty));
        }
        let wanted = exact(returns, types)?;
        let body = match wanted.kind {
            TypeKind::Bool => self.operator(&TypeKind::Bool, depth.max(1)),
            _ => self.present(&wanted, depth),
        };
        self.locals.truncate(outer);
        let names = match names.as_slice() {
            [one] => one.clone(),
            many => format!("({})", many.join(", ")),
        };
        Some(made(format!("{names} => {}", body.text), Some(false)))
    }

    fn constant(&mut self, form: &Declaration, param: &Param, constant: &Constant) -> String {
        let quoted = |text: &str| format!("\"{text}\"");
        match constant {
            Constant::Regex if param_takes_groups(form) => quoted("(\\\\w)=?(\\\\w*)"),
            Constant::Regex => quoted(self.chance.one(REGEXES)),
            Constant::Replacement => quoted(&self.chance.one(REPLACEMENTS).replace('$', "\\$")),
            Constant::TimeZone => quoted(self.chance.one(ZONES)),
            Constant::TimePattern => {
                let first = form.params.first().map(|param| &param.ty);
                let dates = form.name == "parse_date" || first == Some(&Pattern::Kind(TypeKind::Date));
                quoted(self.chance.one(if dates { DATE_PATTERNS } else { TIME_PATTERNS }))
            }
            Constant::Between(low, high) => match (param.name.as_str(), &param.ty) {
                ("precision", _) => self.chance.one(&["12", "20", "38"]).to_owned(),
                ("scale", _) => self.chance.one(&["0", "2", "6", "12"]).to_owned(),
                ("group", _) => self.chance.one(&["0", "1", "2"]).to_owned(),
                (_, Pattern::Kind(TypeKind::Float)) => "0.5".to_owned(),
                _ => {
                    let low: i64 = low.parse().unwrap_or(0);
                    let high: i64 = high.parse().unwrap_or(1);
                    (low + self.chance.below((high - low + 1).clamp(1, 12) as usize) as i64).to_string()
                }
            },
            Constant::Any => match &param.ty {
                Pattern::Kind(TypeKind::Duration) => self
                    .chance
                    .one(&["1 hour", "15 min", "1 day", "7 days", "100 ms", "37 s"])
                    .to_owned(),
                _ => quoted(
                    self.chance
                        .one(&["$.a[0].b", "$.a", "$[0]", "$.c"])
                        .replace('$', "\\$")
                        .as_str(),
                ),
            },
        }
    }
}

/// Whether a declaration is of a function that generated cases call.
pub fn callable(form: &Declaration) -> bool {
    form.kind == Kind::Scalar && form.instead.is_none() && !OF_THE_RUN.contains(&form.name.as_str())
}

fn param_takes_groups(form: &Declaration) -> bool {
    form.params.iter().any(|param| param.name == "group")
}

fn value_of_map(kind: &TypeKind) -> Option<Type> {
    match kind {
        TypeKind::Map(value) => Some((**value).clone()),
        _ => None,
    }
}

fn word_of(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Decimal { .. } => "decimal".to_owned(),
        TypeKind::Enum { .. } => "enum".to_owned(),
        kind => kind.to_string(),
    }
}

/// Whether a pattern can be a kind, and what its variables stand for then.
fn unify(pattern: &Pattern, kind: &TypeKind, types: &mut BTreeMap<String, Type>) -> bool {
    match (pattern, kind) {
        (Pattern::Kind(own), kind) => alike(own, kind),
        (Pattern::Decimal(_), TypeKind::Decimal { .. }) => true,
        (Pattern::Variable(name), kind) => {
            types.insert(name.clone(), kind.clone().required());
            true
        }
        (Pattern::List(item), TypeKind::List(own)) | (Pattern::Map(item), TypeKind::Map(own)) => match item.as_ref() {
            Pattern::Variable(name) => {
                types.insert(name.clone(), (**own).clone());
                true
            }
            item => !own.optional && unify(item, &own.kind, types),
        },
        (Pattern::Optional(inner), kind) => unify(inner, kind, types),
        _ => false,
    }
}

/// The type that a pattern is, its variables known.
fn exact(pattern: &Pattern, types: &BTreeMap<String, Type>) -> Option<Type> {
    Some(match pattern {
        Pattern::Kind(kind) => kind.clone().required(),
        Pattern::Decimal(_) => DECIMAL.required(),
        Pattern::Variable(name) => types.get(name)?.clone(),
        Pattern::List(item) => TypeKind::List(Box::new(exact(item, types)?)).required(),
        Pattern::Map(item) => TypeKind::Map(Box::new(exact(item, types)?)).required(),
        Pattern::Optional(inner) => Type {
            optional: true,
            ..exact(inner, types)?
        },
        Pattern::Struct(_) | Pattern::Function { .. } => return None,
    })
}
