//! Lists, maps, structs and json values: their parts, and functions that take `row => …`.

use std::collections::BTreeSet;

use super::lift::{Answer, Gives};
use super::{Lowered, Lowering, some};
use crate::emit::rust::code::{Block, Closure, Code, Level, Value};
use crate::emit::rust::names::identifier;
use crate::emit::rust::nested::fields_of;
use crate::emit::rust::types::{Held, Shape, shape};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Type, TypeKind};

/// What an item of a list, or a value of a map, is bound to.
struct Item {
    /// The parameter of the closure: `item`, or `&item` where it is copied.
    pattern: String,
    /// The variable.
    name: String,
    /// What it stands for.
    lowered: Lowered,
}

/// Where a `reduce` starts.
struct Start {
    /// A name for it and its value, where it may be missing.
    missing: Option<(String, Code)>,
    /// The value that is there.
    code: Code,
}

/// Functions that take `row => …`, and those of the runtime.
const WITH_LAMBDA: [(&str, &str); 10] = [
    ("map", "lists::map"),
    ("filter", "lists::filter"),
    ("find", "lists::find"),
    ("any", "lists::any"),
    ("all", "lists::all"),
    ("count", "lists::count"),
    ("sort_by", "lists::sort_by"),
    ("reduce", "lists::reduce"),
    ("map_values", "maps::map_values"),
    ("filter_map", "maps::filter"),
];

impl Lowering<'_> {
    /// `x.field`
    pub(super) fn member(&mut self, of: &Expr, field: &str, ty: &Type) -> Lowered {
        let operand = self.operand(of);
        let local = operand.local;
        if of.ty.kind == TypeKind::Json {
            let answer = borrowed_answer(&ty.kind, Gives::Maybe);
            let name = Code::text(field);
            return self.lift(vec![operand], answer, |parts| {
                Code::method(&parts[0].place(), "member", std::slice::from_ref(&name))
            });
        }
        let column = fields_of(&of.ty.kind)
            .unwrap_or_default()
            .into_iter()
            .find(|column| column.name == field);
        let optional = column.is_some_and(|column| column.ty.optional);
        let plain = shape(&ty.kind) == Shape::Plain;
        let gives = if optional { Gives::Maybe } else { Gives::Value };
        let answer = match plain {
            true => Answer {
                gives,
                ..Answer::plain(&ty.kind)
            },
            false => borrowed_answer(&ty.kind, gives),
        };
        let shape = shape(&ty.kind);
        let field = identifier(field);
        self.lift(vec![operand], answer, |parts| {
            let place = parts[0].place().field(&field);
            super::borrowed(&place, shape, if plain { Held::Copied } else { Held::Owned }, optional)
        })
        .borrowing(local && !plain)
    }

    /// `list[i]`, `map[key]`, `json[i]`
    pub(super) fn index(&mut self, of: &Expr, index: &Expr, ty: &Type) -> Lowered {
        let template = match (&of.ty.kind, &index.ty.kind) {
            (TypeKind::Json, TypeKind::Int) => "{0}.at({1})",
            (TypeKind::Json, _) => "{0}.member({1})",
            (TypeKind::Map(_), _) => "{0}.get({1})",
            _ => "lists::item({0}, {1})",
        };
        let operands = vec![self.operand(of), self.operand(index)];
        let found = self.lift(operands, borrowed_answer(&ty.kind, Gives::Maybe), |parts| {
            Code::template(template, parts)
        });
        match &of.ty.kind {
            TypeKind::List(item) | TypeKind::Map(item) => self.found(found, item),
            _ => found,
        }
    }

    /// `Option<&T>` of an item, as its type is held.
    fn found(&mut self, found: Lowered, item: &Type) -> Lowered {
        let local = found.local;
        let code = self.code(found, "found");
        let shape = shape(&item.kind);
        let code = match (shape, item.optional) {
            (Shape::Plain, false) => Code::method(&code, "copied", &[]),
            (Shape::Plain, true) => Code::method(&Code::method(&code, "copied", &[]), "flatten", &[]),
            (Shape::Text, false) => Code::method(&code, "map", &[Code::plain("String::as_str")]),
            (Shape::Slice, false) => Code::method(&code, "map", &[Code::plain("Vec::as_slice")]),
            (Shape::Whole, false) => code,
            (Shape::Text | Shape::Slice, true) => Code::method(&code, "and_then", &[Code::plain("Option::as_deref")]),
            (Shape::Whole, true) => Code::method(&code, "and_then", &[Code::plain("Option::as_ref")]),
        };
        let held = if shape == Shape::Plain {
            Held::Copied
        } else {
            Held::Borrowed
        };
        Lowered::new(code, &item.kind, held, true).borrowing(local && shape != Shape::Plain)
    }

    /// `[a, b]`
    pub(super) fn list(&mut self, items: &[Expr], kind: &TypeKind) -> Lowered {
        let ty = match kind {
            TypeKind::List(item) => (**item).clone(),
            _ => TypeKind::Null.required(),
        };
        let items: Vec<_> = items.iter().map(|item| self.part(item, &ty)).collect();
        Lowered::new(Code::vec(items), kind, Held::Owned, false)
    }

    /// `{ a: 1, b: 2 }`
    pub(super) fn structure(&mut self, fields: &[(String, Expr)], kind: &TypeKind) -> Lowered {
        let columns = fields_of(kind).unwrap_or_default();
        let mut values = Vec::new();
        for column in &columns {
            if let Some((_, value)) = fields.iter().find(|(name, _)| *name == column.name) {
                values.push((identifier(&column.name), self.part(value, &column.ty)));
            }
        }
        let name = self.shared.structs.name(kind);
        let mut lowered = Lowered::new(Code::name(name), kind, Held::Owned, false);
        lowered.value = Value::Fields(Box::new((Code::name(name), values)));
        lowered
    }

    /// A part of a list or struct; what may turn the row away does so in its turn.
    fn part(&mut self, expr: &Expr, ty: &Type) -> Code {
        let code = self.stored(expr, ty);
        match code.fails && !code.is_name() {
            true => self.bind("value", Value::Code(code)),
            false => code,
        }
    }

    /// `x in xs`
    pub(super) fn contains(&mut self, value: &Expr, list: &Expr, negated: bool) -> Lowered {
        let TypeKind::List(item) = &list.ty.kind else {
            unreachable!("a list is of items");
        };
        let (value, list) = (self.operand(value), self.operand(list));
        let found = match item.optional {
            false => self.among(list, value, item, "any", &TypeKind::Bool),
            // An item that is missing might be the one.
            true => {
                let bound = self.item("item", &item.kind.clone().required());
                let code = self.code(bound.lowered, "item");
                let answer = Answer {
                    gives: Gives::Maybe,
                    ..Answer::plain(&TypeKind::Bool)
                };
                self.lift(vec![list, value], answer, |parts| {
                    let same = Code::binary("==", Level::Compare, &code, &parts[1]);
                    let closure = Code::closure(&bound.pattern, &[&bound.name], &same);
                    Code::call(&Code::path("lists::is_among"), &[parts[0].clone(), closure])
                })
            }
        };
        match negated {
            true => self.lift(vec![found], Answer::plain(&TypeKind::Bool), |parts| {
                Code::unary("!", &parts[0])
            }),
            false => found,
        }
    }

    /// Where, or whether, a value is among the items of a list, as `is` compares them.
    fn among(&mut self, list: Lowered, value: Lowered, item: &Type, method: &str, kind: &TypeKind) -> Lowered {
        let bound = self.item("item", item);
        let code = self.code(bound.lowered, "item");
        let position = method == "position";
        let answer = Answer {
            gives: if position { Gives::Maybe } else { Gives::Value },
            ..Answer::plain(kind)
        };
        let optional = item.optional;
        self.lift(vec![list, value], answer, |parts| {
            let right = if optional { some(&parts[1]) } else { parts[1].clone() };
            let same = Code::binary("==", Level::Compare, &code, &right);
            let closure = Code::closure(&bound.pattern, &[&bound.name], &same);
            let found = Code::method(&Code::method(&parts[0], "iter", &[]), method, &[closure]);
            match position {
                true => Code::method(&found, "map", &[Code::plain("|at| at as i64")]),
                false => found,
            }
        })
    }

    /// What an item is bound to in a closure.
    fn item(&mut self, wanted: &str, ty: &Type) -> Item {
        let name = self.names.fresh(wanted);
        let shape = shape(&ty.kind);
        let code = Code::name(&name);
        let (pattern, code) = match (shape, ty.optional) {
            (Shape::Plain, _) => (format!("&{name}"), code),
            (Shape::Text, false) => (name.clone(), Code::method(&code, "as_str", &[])),
            (Shape::Slice, false) => (name.clone(), Code::method(&code, "as_slice", &[])),
            (Shape::Text | Shape::Slice, true) => (name.clone(), Code::method(&code, "as_deref", &[])),
            (Shape::Whole, true) => (name.clone(), Code::method(&code, "as_ref", &[])),
            (Shape::Whole, false) => (name.clone(), code),
        };
        let held = if shape == Shape::Plain {
            Held::Copied
        } else {
            Held::Borrowed
        };
        Item {
            pattern,
            name,
            lowered: Lowered::new(code, &ty.kind, held, ty.optional).borrowing(shape != Shape::Plain),
        }
    }

    /// Functions whose arguments are taken in ways of their own; `None` for those of the table.
    pub(super) fn special(&mut self, function: &str, arguments: &[Expr], expr: &Expr) -> Option<Lowered> {
        let item_of = |expr: &Expr| match &expr.ty.kind {
            TypeKind::List(item) | TypeKind::Map(item) => Some((**item).clone()),
            _ => None,
        };
        let item = arguments.first().and_then(item_of);
        Some(match (function, arguments, &item) {
            (_, [list, .., lambda], Some(item)) if matches!(lambda.kind, ExprKind::Lambda { .. }) => {
                let start = (arguments.len() == 3).then(|| &arguments[1]);
                self.with_lambda(function, list, item, (start, lambda), expr)
            }
            ("contains" | "index_of", [list, value], Some(item)) if matches!(list.ty.kind, TypeKind::List(_)) => {
                let (list, value) = (self.operand(list), self.operand(value));
                let method = if function == "contains" { "any" } else { "position" };
                self.among(list, value, item, method, &expr.ty.kind)
            }
            ("first" | "last", [list], Some(item)) => {
                let operand = self.operand(list);
                let found = self.lift(vec![operand], borrowed_answer(&item.kind, Gives::Maybe), |parts| {
                    Code::method(&parts[0], function, &[])
                });
                self.found(found, item)
            }
            ("get", [map, key], Some(_)) => self.index(map, key, &expr.ty),
            ("append", [list, value], Some(item)) => self.append(list, value, item, expr),
            ("without_missing", [list], Some(item)) => {
                let operand = self.operand(list);
                let answer = owned_answer(&expr.ty.kind);
                let optional = item.optional;
                self.lift(vec![operand], answer, |parts| match optional {
                    true => Code::call(&Code::path("lists::present"), parts),
                    false => Code::method(&parts[0], "to_vec", &[]),
                })
            }
            ("zip", [left, right], Some(_)) => self.pairs("lists::zip", &[left, right], expr),
            ("entries", [map], Some(_)) => self.pairs("maps::entries", &[map], expr),
            ("null_if", [value, unknown], _) => self.null_if(value, unknown),
            ("first_present", _, _) => self.first_present(arguments, expr),
            _ => return None,
        })
    }

    fn append(&mut self, list: &Expr, value: &Expr, item: &Type, expr: &Expr) -> Lowered {
        let (list, value) = (self.operand(list), self.operand(value));
        let (shape, held, optional) = (value.shape, value.held, item.optional);
        self.lift(vec![list, value], owned_answer(&expr.ty.kind), |parts| {
            let value = super::owned(&parts[1], shape, held, false);
            let value = if optional { some(&value) } else { value };
            Code::call(&Code::path("lists::append"), &[parts[0].clone(), value])
        })
    }

    /// Items or entries as structs of two fields.
    fn pairs(&mut self, function: &str, of: &[&Expr], expr: &Expr) -> Lowered {
        let TypeKind::List(pair) = &expr.ty.kind else {
            unreachable!("a list is of items");
        };
        let columns = fields_of(&pair.kind).unwrap_or_default();
        let operands: Vec<_> = of.iter().map(|of| self.operand(of)).collect();
        let mut names = Vec::new();
        let mut patterns = Vec::new();
        let mut fields = Vec::new();
        for column in &columns {
            let name = self.names.fresh(&column.name);
            let plain = shape(&column.ty.kind) == Shape::Plain;
            let code = Code::name(&name);
            let is_key = function == "maps::entries" && column.name == "key";
            let value = match (plain, is_key) {
                (true, _) => code,
                (false, true) => Code::method(&code, "to_owned", &[]),
                (false, false) => Code::method(&code, "clone", &[]),
            };
            patterns.push(if plain { format!("&{name}") } else { name.clone() });
            names.push(name);
            fields.push((column.name.clone(), value));
        }
        let made = Code::fields(&Code::name(self.shared.structs.name(&pair.kind)), &fields);
        let bound: Vec<_> = names.iter().map(String::as_str).collect();
        let closure = Code::closure(&patterns.join(", "), &bound, &made);
        self.lift(operands, owned_answer(&expr.ty.kind), |parts| {
            let mut arguments = parts.to_vec();
            arguments.push(closure.clone());
            Code::call(&Code::path(function), &arguments)
        })
    }

    /// A value, unless it is the one that stands for nothing.
    fn null_if(&mut self, value: &Expr, unknown: &Expr) -> Lowered {
        let (value, unknown) = (self.operand(value), self.operand(unknown));
        let (held, shape, local) = (value.held, value.shape, value.local);
        let (is_optional, unknown_optional) = (value.optional, unknown.optional);
        let (value, unknown) = (self.code(value, "value"), self.code(unknown, "unknown"));
        let value = if is_optional { value } else { some(&value) };
        let name = self.names.fresh("known");
        let left = Code::unary("*", &Code::name(&name));
        let left = if unknown_optional { some(&left) } else { left };
        let differs = Code::binary("!=", Level::Compare, &left, &unknown);
        let code = Code::method(&value, "filter", &[Code::closure(&name, &[&name], &differs)]);
        Lowered {
            shape,
            local,
            ..Lowered::new(code, &TypeKind::Bool, held, true)
        }
    }

    /// The first of several values that is there.
    fn first_present(&mut self, values: &[Expr], expr: &Expr) -> Lowered {
        let null = |value: &&Expr| value.ty.kind != TypeKind::Null && !is_null(value);
        let values: Vec<_> = values.iter().filter(null).collect();
        let mut lowered: Vec<_> = values.iter().map(|value| self.operand(value)).collect();
        if lowered.is_empty() {
            let null = crate::plan::expr::Literal::Null;
            return super::literal::literal(&null, &expr.ty.kind, &self.shared.structs);
        }
        let first = lowered.remove(0);
        let (held, shape) = (first.held, first.shape);
        let mut local = first.local;
        let mut code = as_option(self, first);
        for other in lowered {
            local |= other.local;
            let other = as_option(self, other);
            code = Code::method(&code, "or", &[other]);
        }
        Lowered {
            shape,
            local,
            ..Lowered::new(code, &TypeKind::Bool, held, true)
        }
    }

    /// A function of a list or map that takes `row => …`.
    fn with_lambda(
        &mut self,
        function: &str,
        list: &Expr,
        item: &Type,
        (start, lambda): (Option<&Expr>, &Expr),
        expr: &Expr,
    ) -> Lowered {
        let ExprKind::Lambda { params, body } = &lambda.kind else {
            unreachable!("a list is of items");
        };
        let operand = self.operand(list);
        let start = start.map(|start| self.operand(start));
        let optional = operand.optional || start.as_ref().is_some_and(|start| start.optional);
        let local = operand.local;
        // Where the list is missing nothing of the function is done.
        let outer = optional.then(|| std::mem::take(&mut self.statements));
        let (name, code, present) = self.present(operand, optional);
        let start = start.map(|start| self.start(start));
        let value = self.closure(
            function,
            &code,
            item,
            (params, body),
            start.as_ref().map(|start| &start.code),
            expr,
        );
        let found = matches!(function, "find");
        let kind = &expr.ty.kind;
        let held = match (function, shape(kind)) {
            (_, Shape::Plain) => Held::Copied,
            ("find", _) => Held::Borrowed,
            _ => Held::Owned,
        };
        let mut lowered = Lowered::new(Code::plain(""), kind, held, false);
        lowered.value = value;
        if found {
            let value = std::mem::replace(&mut lowered.value, Value::Code(Code::plain("")));
            let whole = self.code(
                Lowered {
                    value,
                    ..Lowered::plain(Code::plain(""))
                },
                "found",
            );
            lowered = self.found(Lowered::new(whole, kind, Held::Borrowed, true).borrowing(local), item);
        } else if function == "reduce" {
            lowered.optional = expr.ty.optional && body.ty.optional;
        }
        let Some(outer) = outer else { return lowered };
        let mut present: Vec<(String, Code)> = present.into_iter().map(|value| (name.clone(), value)).collect();
        present.extend(start.and_then(|start| start.missing));
        self.there(outer, present, lowered)
    }

    /// A list that may be missing by a name of its own.
    fn present(&mut self, operand: Lowered, optional: bool) -> (String, Code, Option<Code>) {
        let is_optional = operand.optional;
        let code = self.code(operand, "list");
        if !optional || !is_optional {
            return (String::new(), code, None);
        }
        let name = self.names.fresh("list");
        (name.clone(), Code::name(&name), Some(code))
    }

    /// Where a `reduce` starts: a value of its own; its name and value, where it may be missing.
    fn start(&mut self, start: Lowered) -> Start {
        let (shape, held, optional) = (start.shape, start.held, start.optional);
        let code = self.code(start, "start");
        let (missing, code) = match optional {
            true => {
                let name = self.names.fresh("start");
                (Some((name.clone(), code)), Code::name(&name))
            }
            false => (None, code),
        };
        Start {
            missing,
            code: super::owned(&code, shape, held, false).typed(),
        }
    }

    /// The call with its closure.
    fn closure(
        &mut self,
        function: &str,
        list: &Code,
        item: &Type,
        (params, body): (&[String], &Expr),
        start: Option<&Code>,
        expr: &Expr,
    ) -> Value {
        let path = WITH_LAMBDA.iter().find(|(name, _)| *name == function);
        let path = path.map_or("lists::map", |(_, path)| path);
        let mut parameters = Vec::new();
        let mut bound = Vec::new();
        let depth = self.locals.len();
        let key = TypeKind::Text.required();
        let total = (body.ty.clone(), expr.ty.clone());
        let types: Vec<&Type> = match function {
            "filter_map" => vec![&key, item],
            "reduce" => vec![&total.0, item],
            _ => vec![item],
        };
        let takes_total = function == "reduce";
        for (place, (param, ty)) in params.iter().zip(types).enumerate() {
            let mut found = self.item(param, ty);
            if takes_total && place == 0 {
                // What was counted so far is the closure's own.
                found.pattern.clone_from(&found.name);
                if shape(&ty.kind) == Shape::Whole && !ty.optional {
                    found.lowered.value = Value::Code(Code::unary("&", &Code::name(&found.name)));
                }
            }
            if function == "filter_map" && place == 0 {
                found.lowered.value = Value::Code(Code::name(&found.name));
            }
            parameters.push(found.pattern);
            bound.push(found.name);
            self.locals.push((param.clone(), found.lowered));
        }
        let outer = std::mem::take(&mut self.statements);
        let condition = matches!(function, "filter" | "find" | "any" | "all" | "count" | "filter_map");
        let value = match condition {
            true => Value::Code(self.condition(body)),
            false => self.given(function, body, &expr.ty.kind),
        };
        let statements = std::mem::replace(&mut self.statements, outer);
        self.locals.truncate(depth);
        let block = super::read_alone(statements, value);
        let mut read = BTreeSet::new();
        block.mention(&mut read);
        for (parameter, name) in parameters.iter_mut().zip(&bound) {
            if !read.contains(name) {
                "_".clone_into(parameter);
            }
        }
        called(path, list, start, (parameters, bound), block)
    }

    /// What a closure gives: a value of its own, as it stands in the answer's list or map.
    fn given(&mut self, function: &str, body: &Expr, answer: &TypeKind) -> Value {
        let lowered = self.owned(body);
        if let ("map" | "map_values", TypeKind::List(item) | TypeKind::Map(item)) = (function, answer)
            && item.optional
            && !lowered.optional
        {
            return Value::Code(self.as_stored(lowered, item));
        }
        match shape(&body.ty.kind) == Shape::Plain || lowered.never {
            true => match lowered.value {
                // Nothing around says which number it is.
                Value::Code(code) => Value::Code(code.typed()),
                value => value,
            },
            false => self.held_as(lowered, Held::Owned).value,
        }
    }

    /// What is done where these are there, or nothing: an operation whose code takes several lines.
    fn there(
        &mut self,
        outer: Vec<crate::emit::rust::code::Statement>,
        present: Vec<(String, Code)>,
        lowered: Lowered,
    ) -> Lowered {
        let (held, shape, local) = (lowered.held, lowered.shape, lowered.local);
        let flat = lowered.optional;
        let inner = std::mem::replace(&mut self.statements, outer);
        let Some(((first, code), others)) = present.split_first() else {
            self.statements.extend(inner);
            return lowered;
        };
        let mut pattern = first.clone();
        let mut of = code.clone();
        for (name, code) in others {
            of = Code::method(&of, "zip", std::slice::from_ref(code));
            pattern = format!("({pattern}, {name})");
        }
        let bound: Vec<String> = present.iter().map(|(name, _)| name.clone()).collect();
        let value = match lowered.value {
            Value::Code(code) if inner.is_empty() && !code.fails => {
                let names: Vec<_> = bound.iter().map(String::as_str).collect();
                let method = if flat { "and_then" } else { "map" };
                Value::Code(Code::method(&of, method, &[Code::closure(&pattern, &names, &code)]))
            }
            value => {
                let outer = std::mem::replace(&mut self.statements, inner);
                let value = match flat {
                    true => value,
                    false => {
                        let whole = Lowered {
                            value,
                            ..Lowered::plain(Code::plain(""))
                        };
                        Value::Code(some(&self.code(whole, "value")))
                    }
                };
                let statements = std::mem::replace(&mut self.statements, outer);
                let arms = vec![
                    (format!("Some({pattern})"), super::read_alone(statements, value)),
                    ("None".to_owned(), Block::of(Value::Code(Code::plain("None")))),
                ];
                Value::Match(Box::new((of, arms)))
            }
        };
        Lowered {
            value,
            held,
            optional: true,
            shape,
            never: false,
            local,
        }
    }

    /// An expression where a value is there that it reads by a name.
    pub(super) fn where_there(&mut self, of: &Code, name: &str, expr: &Expr, ty: &Type) -> Lowered {
        let outer = std::mem::take(&mut self.statements);
        let lowered = self.owned(expr);
        let lowered = match shape(&ty.kind) {
            Shape::Plain => lowered,
            _ => self.held_as(lowered, Held::Owned),
        };
        self.there(outer, vec![(name.to_owned(), of.clone())], lowered)
    }
}

/// The call of a function with a closure: on one line where that has no statements.
fn called(
    path: &str,
    list: &Code,
    start: Option<&Code>,
    (parameters, bound): (Vec<String>, Vec<String>),
    block: Block,
) -> Value {
    let fails = block.fails();
    let path = match (fails, path.split_once("::")) {
        (true, Some((module, name))) => format!("{module}::try_{name}"),
        _ => path.to_owned(),
    };
    let mut arguments = vec![list.clone()];
    arguments.extend(start.cloned());
    let pattern = parameters.join(", ");
    if let (Value::Code(code), true) = (&block.value, block.statements.is_empty() && !fails) {
        let names: Vec<_> = bound.iter().map(String::as_str).collect();
        arguments.push(Code::closure(&pattern, &names, code));
        return Value::Code(Code::call(&Code::path(&path), &arguments));
    }
    Value::Closure(Box::new(Closure {
        before: Code::opened(&Code::path(&path), &arguments),
        parameters: format!("|{pattern}|{}", if fails { " -> Result<_, Reject>" } else { "" }),
        bound,
        body: block,
        tried: fails,
    }))
}

fn as_option(lowering: &mut Lowering<'_>, lowered: Lowered) -> Code {
    let optional = lowered.optional;
    let code = lowering.code(lowered, "value");
    if optional { code } else { some(&code) }
}

fn is_null(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(literal) => *literal == crate::plan::expr::Literal::Null,
        ExprKind::Cast(inner) => is_null(inner),
        _ => false,
    }
}

/// An answer that borrows from what it is of.
fn borrowed_answer(kind: &TypeKind, gives: Gives) -> Answer<'_> {
    Answer {
        held: Held::Borrowed,
        gives,
        ..Answer::plain(kind)
    }
}

/// An answer of its own.
fn owned_answer(kind: &TypeKind) -> Answer<'_> {
    Answer {
        held: Held::Owned,
        ..Answer::plain(kind)
    }
}
