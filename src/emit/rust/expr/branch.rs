//! `if`, `match`, `??`: only the branch that is taken may turn the row away.

use super::{Lowered, Lowering, joined, reject, some};
use crate::emit::rust::code::{Block, Code, Level, Statement, Value};
use crate::emit::rust::types::{Held, shape};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};

/// A branch: what it takes, and its value.
type Branch = (Vec<Statement>, Lowered);

impl Lowering<'_> {
    pub(super) fn choice(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr, ty: &Type) -> Lowered {
        let condition = self.condition(condition);
        let (then, otherwise) = (self.block(then), self.block(otherwise));
        if let (Value::Code(a), Value::Code(b), [], []) = (&then.1.value, &otherwise.1.value, &*then.0, &*otherwise.0) {
            match (a.as_str(), b.as_str()) {
                ("true", "false") => return Lowered::plain(condition),
                ("false", "true") => return Lowered::plain(Code::unary("!", &condition)),
                (same, other) if same == other && !condition.fails => return then.1,
                _ => {}
            }
        }
        self.either(condition, then, otherwise, &ty.kind)
    }

    fn either(&mut self, condition: Code, then: Branch, otherwise: Branch, kind: &TypeKind) -> Lowered {
        let never = then.1.never && otherwise.1.never;
        let (held, optional) = joined([&then.1, &otherwise.1].into_iter(), kind);
        let (then, otherwise) = (self.ended(then, held, optional), self.ended(otherwise, held, optional));
        Lowered {
            value: Value::If(Box::new((condition, then, otherwise))),
            held,
            optional,
            shape: shape(kind),
            never,
            local: false,
        }
    }

    pub(super) fn coalesce(&mut self, value: &Expr, default: &Expr, ty: &Type) -> Lowered {
        let value = self.owned(value);
        if !value.optional {
            return value;
        }
        if let ExprKind::Reject(reason) = &default.kind {
            let (held, shape) = (value.held, value.shape);
            let code = self.code(value, "value");
            let code = Code::method(&code, "ok_or", &[reject("rule", reason)]).tried();
            return Lowered {
                shape,
                ..Lowered::new(code, &ty.kind, held, false)
            };
        }
        let default = self.block(default);
        let present = Lowered {
            optional: false,
            ..value.clone()
        };
        let (held, optional) = joined([&present, &default.1].into_iter(), &ty.kind);
        let value = if held == value.held {
            value
        } else {
            self.held_as(value, held)
        };
        let value = self.code(value, "value");
        let default = self.ended(default, held, optional);
        Lowered {
            value: self.or(value, default, optional),
            held,
            optional,
            shape: shape(&ty.kind),
            never: false,
            local: false,
        }
    }

    /// A value, or what stands in for it where it is missing.
    fn or(&mut self, value: Code, default: Block, optional: bool) -> Value {
        if let (Value::Code(code), true) = (&default.value, default.statements.is_empty() && !default.fails()) {
            let made = code.as_str().ends_with(')') && !code.is_constant();
            let (method, argument) = match made {
                true => ("_else", Code::closure("", &[], code)),
                false => ("", code.clone()),
            };
            let method = format!("{}{method}", if optional { "or" } else { "unwrap_or" });
            return Value::Code(Code::method(&value, &method, &[argument]));
        }
        if optional {
            let name = self.names.fresh("value");
            self.statements.push(Statement::Let {
                name: name.clone(),
                ty: None,
                value: Value::Code(value),
            });
            let missing = Code::method(&Code::name(&name), "is_none", &[]);
            let kept = Block::of(Value::Code(Code::name(&name)));
            return Value::If(Box::new((missing, default, kept)));
        }
        let found = self.names.fresh("found");
        let arms = vec![
            (format!("Some({found})"), Block::of(Value::Code(Code::name(&found)))),
            ("None".to_owned(), default),
        ];
        Value::Match(Box::new((value, arms)))
    }

    pub(super) fn matched(
        &mut self,
        value: &Expr,
        arms: &[(Vec<Literal>, Expr)],
        otherwise: Option<&Expr>,
        ty: &Type,
    ) -> Lowered {
        let kind = value.ty.kind.clone();
        let operand = self.operand(value);
        let optional = operand.optional;
        let of = self.code(operand, "value");
        let mut branches: Vec<Branch> = arms.iter().map(|(_, answer)| self.block(answer)).collect();
        let others = otherwise.map(|otherwise| self.block(otherwise));
        let missing = others.is_none() && optional;
        branches.extend(others);
        if missing {
            let null = crate::plan::expr::Literal::Null;
            let none = super::literal::literal(&null, &ty.kind, &self.shared.structs);
            branches.push((Vec::new(), none));
        }
        let never = branches.iter().all(|(_, branch)| branch.never);
        let (held, may_miss) = joined(branches.iter().map(|(_, branch)| branch), &ty.kind);
        let blocks: Vec<_> = branches
            .into_iter()
            .map(|branch| self.ended(branch, held, may_miss))
            .collect();
        let tests: Vec<_> = arms.iter().map(|(literals, _)| literals.as_slice()).collect();
        let value = match tests.iter().flat_map(|test| test.iter()).all(is_pattern) {
            true => patterns(of, &tests, blocks, &kind, (optional, otherwise.is_some())),
            false => self.tests(&of, &tests, blocks, &kind, optional),
        };
        Lowered {
            value,
            held,
            optional: may_miss,
            shape: shape(&ty.kind),
            never,
            local: false,
        }
    }

    /// `if value == a { … } else if …`, for values that Rust has no patterns of.
    fn tests(&self, of: &Code, tests: &[&[Literal]], blocks: Vec<Block>, kind: &TypeKind, optional: bool) -> Value {
        let mut blocks = blocks.into_iter().rev();
        let none = || Block::of(Value::Code(Code::plain("None")));
        // Without `_` all cases are there: the last one is what is left.
        let mut left = match blocks.len() > tests.len() {
            true => blocks.next(),
            false => None,
        };
        for (test, block) in tests.iter().rev().zip(blocks) {
            let Some(otherwise) = left.take() else {
                left = Some(block);
                continue;
            };
            let is = |literal: &Literal| {
                let right = super::literal::literal(literal, kind, &self.shared.structs);
                let right = match right.value {
                    Value::Code(code) if right.held == Held::Owned => Code::unary("&", &code),
                    Value::Code(code) => code,
                    _ => Code::plain("()"),
                };
                let right = if optional { some(&right) } else { right };
                Code::binary("==", Level::Compare, of, &right)
            };
            let condition = test
                .iter()
                .map(is)
                .reduce(|left, right| Code::binary("||", Level::Or, &left, &right));
            let condition = condition.unwrap_or_else(|| Code::plain("false"));
            left = Some(Block::of(Value::If(Box::new((condition, block, otherwise)))));
        }
        left.unwrap_or_else(none).value
    }
}

/// Whether Rust matches it.
fn is_pattern(literal: &Literal) -> bool {
    matches!(
        literal,
        Literal::Bool(_)
            | Literal::Int(_)
            | Literal::Text(_)
            | Literal::Date(_)
            | Literal::Timestamp(_)
            | Literal::Duration(_)
            | Literal::Decimal { .. }
    )
}

/// A `match`: an arm for each block, the last of them for what is left, or for a value that is missing.
fn patterns(
    of: Code,
    tests: &[&[Literal]],
    blocks: Vec<Block>,
    kind: &TypeKind,
    (optional, has_rest): (bool, bool),
) -> Value {
    let mut arms = Vec::new();
    let count = tests.len();
    let both = *kind == TypeKind::Bool && tests.iter().map(|test| test.len()).sum::<usize>() == 2;
    let mut imports = Code::plain("");
    for (place, block) in blocks.into_iter().enumerate() {
        let pattern = match tests.get(place) {
            None if has_rest => "_".to_owned(),
            None => "None".to_owned(),
            // Together they are all cases, which Rust cannot know of texts.
            Some(_) if place + 1 == count && !has_rest && !both => if optional { "Some(_)" } else { "_" }.to_owned(),
            Some(test) => {
                let texts: Vec<_> = test.iter().map(|literal| pattern(literal, &mut imports)).collect();
                match optional {
                    true => format!("Some({})", texts.join(" | ")),
                    false => texts.join(" | "),
                }
            }
        };
        arms.push((pattern, block));
    }
    let of = imports.uses.iter().fold(of, |of, import| of.using(import));
    Value::Match(Box::new((of, arms)))
}

fn pattern(literal: &Literal, imports: &mut Code) -> String {
    let number = |value: i128| crate::emit::rust::code::grouped(value);
    let (ty, digits) = match literal {
        Literal::Bool(value) => return value.to_string(),
        Literal::Text(text) => return crate::emit::rust::code::quoted(text),
        Literal::Int(value) | Literal::Duration(value) => return number(i128::from(*value)),
        Literal::Date(days) => ("Date", i128::from(*days)),
        Literal::Timestamp(micros) => ("Timestamp", i128::from(*micros)),
        Literal::Decimal { unscaled, .. } => ("Decimal", *unscaled),
        // The others are compared.
        _ => return "_".to_owned(),
    };
    imports.uses.insert(ty.to_owned());
    format!("{ty}({})", number(digits))
}
