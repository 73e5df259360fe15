//! Expressions over columns. Every row is computed, but only rows on the branch taken (`active`) may be turned away;
//! the others' values are never looked at.
//!
//! Both sides of `and` and `or` are evaluated: a `reject` in either turns the row away.

mod arithmetic;
mod functions;
mod rows;
mod setting;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, Scalar, new_null_array};
use arrow::compute::kernels::{cmp, zip::zip};
use arrow::compute::{and, and_kleene, and_not, is_not_null, is_null, not, nullif, or_kleene};
use arrow::datatypes::DataType;
use pipec_runtime::functions::like::Like;
use pipec_runtime::functions::regex;

use super::batch::{Batch, Rejects};
use super::error::RunError;
use super::value::{array_of, data_type};
use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::TypeKind;

pub(super) use setting::Setting;

/// What an expression gave.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A value for each row.
    Rows(ArrayRef),
    /// One value for all of them, in an array of one.
    Same(ArrayRef),
}

impl Value {
    fn array(&self) -> &ArrayRef {
        match self {
            Value::Rows(array) | Value::Same(array) => array,
        }
    }

    fn datum(&self) -> Box<dyn Datum> {
        match self {
            Value::Rows(array) => Box::new(array.clone()),
            Value::Same(array) => Box::new(Scalar::new(array.clone())),
        }
    }

    /// What a function of each value gives.
    fn map<E>(&self, function: impl FnOnce(&ArrayRef) -> Result<ArrayRef, E>) -> Result<Value, E> {
        Ok(match self {
            Value::Rows(array) => Value::Rows(function(array)?),
            Value::Same(array) => Value::Same(function(array)?),
        })
    }

    /// Whether both are one value for all rows.
    fn same_as(&self, other: &Value) -> bool {
        matches!((self, other), (Value::Same(_), Value::Same(_)))
    }

    fn of(array: ArrayRef, same: bool) -> Value {
        if same { Value::Same(array) } else { Value::Rows(array) }
    }

    /// A value for each of so many rows.
    pub fn into_rows(self, rows: usize) -> Result<ArrayRef, RunError> {
        match self {
            Value::Rows(array) => Ok(array),
            Value::Same(array) => {
                let first = arrow::array::UInt32Array::from(vec![0; rows]);
                Ok(arrow::compute::take(&array, &first, None)?)
            }
        }
    }
}

/// Evaluates expressions over one batch.
pub(super) struct Evaluator<'a> {
    pub batch: &'a Batch,
    pub setting: &'a Setting,
    pub rejects: &'a mut Rejects,
}

/// The rows whose answer will be looked at; `None` is all of them.
type Active<'a> = Option<&'a BooleanArray>;

impl Evaluator<'_> {
    /// A value for each row.
    pub fn column(&mut self, expr: &Expr) -> Result<ArrayRef, RunError> {
        let rows = self.batch.rows();
        let kind = &expr.ty.kind;
        typed(&self.value(expr, None)?.into_rows(rows)?, kind, kind)
    }

    /// Where a condition holds; a missing answer does not.
    pub fn condition(&mut self, expr: &Expr) -> Result<BooleanArray, RunError> {
        Ok(holds(&booleans(&self.column(expr)?)))
    }

    /// What an expression gives: an array of its type, or of `Null` where it is never there.
    fn value(&mut self, expr: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let over_arrays = match &expr.kind {
            ExprKind::Literal(literal) => Some(self.literal(expr, literal)?),
            ExprKind::Column(name) => Some(Value::Rows(self.batch.column(name)?.clone())),
            ExprKind::Call { function, arguments } => self.over_array(function, arguments, active)?,
            ExprKind::Own { function, arguments } => Some(self.own(expr, function, arguments, active)?),
            ExprKind::Not(value) => Some(self.value(value, active)?.map(|array| boolean(not(&booleans(array))))?),
            ExprKind::Negate(value) => self.negate(expr, value, active)?,
            ExprKind::Logic { op, left, right } => Some(self.logic(*op, left, right, active)?),
            ExprKind::Compare { op, left, right } => match kernel(*op, left, right)? {
                Some(kernel) => {
                    let (left, right) = (self.value(left, active)?, self.value(right, active)?);
                    Some(compare(kernel, &left, &right)?)
                }
                None => None,
            },
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(expr, *op, left, right, active)?,
            ExprKind::Like {
                value,
                pattern,
                negated,
            } => {
                let pattern = Like::new(pattern);
                Some(self.search(value, &|text| pattern.holds(text) != *negated, active)?)
            }
            ExprKind::Matches {
                value,
                pattern,
                negated,
            } => {
                let pattern = regex::cached(pattern);
                let pattern =
                    pattern.ok_or_else(|| RunError::unsupported(format!("the pattern of `{}`", expr.text)))?;
                Some(self.search(value, &|text| regex::matches(text, &pattern) != *negated, active)?)
            }
            ExprKind::Member { of, field } => self.field(of, field, active)?,
            ExprKind::IsNull { value, negated } => {
                let test = if *negated { is_not_null } else { is_null };
                Some(self.value(value, active)?.map(|array| boolean(test(array)))?)
            }
            ExprKind::In { value, list, negated } => self.is_in(value, list, *negated, active)?,
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => Some(self.branch(expr, condition, then, otherwise, active)?),
            ExprKind::Match { value, arms, otherwise } => {
                Some(self.matched(expr, value, arms, otherwise.as_deref(), active)?)
            }
            ExprKind::Coalesce { value, default } => Some(self.coalesce(expr, value, default, active)?),
            ExprKind::Reject(reason) => {
                self.reject(reason, active, |_| true);
                Some(Value::Same(new_null_array(&DataType::Null, 1)))
            }
            ExprKind::Cast(value) => self.cast(expr, value, active)?,
            _ => None,
        };
        match over_arrays {
            Some(value) => Ok(value),
            None => self.by_rows(expr, active),
        }
    }

    fn literal(&self, expr: &Expr, literal: &Literal) -> Result<Value, RunError> {
        array_of(&expr.ty.kind, &[literal]).map(Value::Same)
    }

    /// Turns away the active rows for which this holds.
    fn reject(&mut self, reason: &str, active: Active<'_>, wrong: impl Fn(usize) -> bool) {
        let reason = Arc::from(reason);
        for row in 0..self.batch.rows() {
            if active.is_none_or(|active| active.value(row)) && wrong(row) {
                self.rejects.add(row, &reason);
            }
        }
    }

    fn logic(&mut self, op: LogicOp, left: &Expr, right: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let rows = self.batch.rows();
        let (left, right) = (self.value(left, active)?, self.value(right, active)?);
        let same = left.same_as(&right);
        let length = if same { 1 } else { rows };
        let (left, right) = (left.into_rows(length)?, right.into_rows(length)?);
        let kernel = match op {
            LogicOp::And => and_kleene,
            LogicOp::Or => or_kleene,
        };
        let array = boolean(kernel(&booleans(&left), &booleans(&right)))?;
        Ok(Value::of(array, same))
    }

    /// A function of one value that has a way over arrays.
    fn over_array(
        &mut self,
        function: &str,
        arguments: &[Expr],
        active: Active<'_>,
    ) -> Result<Option<Value>, RunError> {
        let [argument] = arguments else { return Ok(None) };
        let Some(over) = functions::over(function, &argument.ty.kind, &self.setting.run.key) else {
            return Ok(None);
        };
        let kind = &argument.ty.kind;
        let value = self.value(argument, active)?;
        Ok(Some(
            value.map(|array| Ok::<_, RunError>(over(&typed(array, kind, kind)?)))?,
        ))
    }

    /// A project's own function: its body over its arguments; where one that must be there is not, nothing.
    fn own(&mut self, expr: &Expr, name: &str, arguments: &[Expr], active: Active<'_>) -> Result<Value, RunError> {
        let setting = self.setting;
        let Some(own) = setting.functions.get(name) else {
            return Err(RunError::unsupported(format!("`{}`", expr.text)));
        };
        let rows = self.batch.rows();
        let mut there: Option<BooleanArray> = None;
        let mut columns = Vec::with_capacity(arguments.len());
        for ((param, ty, _), argument) in own.params.iter().zip(arguments) {
            let array = self.value(argument, active)?.into_rows(rows)?;
            let array = typed(&array, &argument.ty.kind, &ty.kind)?;
            if !ty.optional && array.logical_null_count() > 0 {
                there = Some(narrowed(there.as_ref(), &is_not_null(&array)?)?);
            }
            columns.push((param.clone(), array));
        }
        let batch = Batch {
            columns,
            origin: self.batch.origin.clone(),
        };
        let looked_at = match &there {
            Some(there) => Some(narrowed(active, there)?),
            None => active.cloned(),
        };
        let mut inside = Evaluator {
            batch: &batch,
            setting,
            rejects: self.rejects,
        };
        let answer = inside.value(&own.body, looked_at.as_ref())?;
        let answer = answer.map(|array| typed(array, &own.body.ty.kind, &expr.ty.kind))?;
        match there {
            Some(there) => {
                let none = Value::Same(new_null_array(&DataType::Null, 1));
                choose(&there, &answer, &none, &expr.ty.kind)
            }
            None => Ok(answer),
        }
    }

    /// `like`, `matches`, whose pattern is made once.
    fn search(&mut self, value: &Expr, holds: &dyn Fn(&str) -> bool, active: Active<'_>) -> Result<Value, RunError> {
        self.value(value, active)?.map(|array| {
            let Some(texts) = array.as_string_opt::<i32>() else {
                return Ok(new_null_array(&DataType::Boolean, array.len()));
            };
            let found = texts.iter().map(|text| Some(holds(text?)));
            Ok(Arc::new(found.collect::<BooleanArray>()) as ArrayRef)
        })
    }

    /// The field of a record that is in an array already.
    fn field(&mut self, of: &Expr, field: &str, active: Active<'_>) -> Result<Option<Value>, RunError> {
        if !matches!(of.ty.kind, TypeKind::Struct(_) | TypeKind::Object) || rows::builds(of) {
            return Ok(None);
        }
        let value = self.value(of, active)?;
        let part = value.map(|array| {
            let Some(record) = array.as_struct_opt() else {
                return Ok(array.clone());
            };
            let Some(part) = record.column_by_name(field) else {
                return Err(RunError::unsupported(format!("`{}.{field}`", of.text)));
            };
            match record.nulls() {
                Some(there) => Ok(nullif(part, &not(&BooleanArray::new(there.inner().clone(), None))?)?),
                None => Ok(part.clone()),
            }
        })?;
        Ok(Some(part))
    }

    /// `in` with literals; `None` where only rows know how.
    fn is_in(
        &mut self,
        value: &Expr,
        list: &[Literal],
        negated: bool,
        active: Active<'_>,
    ) -> Result<Option<Value>, RunError> {
        if nested(&value.ty.kind) {
            return Ok(None);
        }
        let kind = value.ty.kind.clone();
        let value = self.value(value, active)?;
        let found = self.held(&value, &kind, list)?;
        match negated {
            true => Ok(Some(found.map(|array| boolean(not(&booleans(array))))?)),
            false => Ok(Some(found)),
        }
    }

    /// Where a value is one of these; missing where it is.
    fn held(&self, value: &Value, kind: &TypeKind, list: &[Literal]) -> Result<Value, RunError> {
        /// From so many literals on, a text is looked up in a sorted list instead of compared with each.
        const MANY: usize = 4;
        if let (Some(texts), true) = (value.array().as_string_opt::<i32>(), list.len() >= MANY) {
            let known: BTreeSet<&str> = list
                .iter()
                .filter_map(|literal| match literal {
                    Literal::Text(text) | Literal::Uuid(text) | Literal::Json(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            let found = texts.iter().map(|text| Some(known.contains(text?)));
            let array = Arc::new(found.collect::<BooleanArray>());
            return Ok(Value::of(array, matches!(value, Value::Same(_))));
        }
        let mut found = None;
        for literal in list {
            let literal = Value::Same(array_of(kind, &[literal])?);
            let equal = compare(cmp::eq, value, &literal)?;
            found = Some(match found {
                None => equal,
                Some(Value::Rows(found) | Value::Same(found)) => {
                    equal.map(|equal| boolean(or_kleene(&booleans(&found), &booleans(equal))))?
                }
            });
        }
        // An empty list holds nothing, but a missing value stays missing.
        match found {
            Some(found) => Ok(found),
            None => compare(cmp::neq, value, value),
        }
    }

    /// `match`: each arm is computed where it is taken.
    fn matched(
        &mut self,
        expr: &Expr,
        value: &Expr,
        arms: &[(Vec<Literal>, Expr)],
        otherwise: Option<&Expr>,
        active: Active<'_>,
    ) -> Result<Value, RunError> {
        let rows = self.batch.rows();
        let kind = &value.ty.kind;
        let looked_at = self.value(value, active)?;
        let mut left = BooleanArray::from(vec![true; rows]);
        let mut answers = Vec::with_capacity(arms.len());
        for (literals, answer) in arms {
            let held = self.held(&looked_at, kind, literals)?.into_rows(rows)?;
            let taken = and(&left, &holds(&booleans(&held)))?;
            left = and_not(&left, &taken)?;
            let there = narrowed(active, &taken)?;
            let answer_value = self.value(answer, Some(&there))?;
            let answer_value = answer_value.map(|array| typed(array, &answer.ty.kind, &expr.ty.kind))?;
            answers.push((taken, answer_value));
        }
        let mut whole = Value::Same(new_null_array(&data_type(&expr.ty.kind)?, 1));
        if let Some(otherwise) = otherwise {
            let there = narrowed(active, &left)?;
            whole = self.value(otherwise, Some(&there))?;
            whole = whole.map(|array| typed(array, &otherwise.ty.kind, &expr.ty.kind))?;
        }
        for (taken, answer) in answers {
            whole = choose(&taken, &answer, &whole, &expr.ty.kind)?;
        }
        Ok(whole)
    }

    fn branch(
        &mut self,
        expr: &Expr,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        active: Active<'_>,
    ) -> Result<Value, RunError> {
        let rows = self.batch.rows();
        let condition = self.value(condition, active)?.into_rows(rows)?;
        let taken = holds(&booleans(&condition));
        let there = narrowed(active, &taken)?;
        let elsewhere = narrowed(active, &not(&taken)?)?;
        let (own, other) = (&then.ty.kind, &otherwise.ty.kind);
        let then = self.value(then, Some(&there))?;
        let otherwise = self.value(otherwise, Some(&elsewhere))?;
        let then = then.map(|array| typed(array, own, &expr.ty.kind))?;
        let otherwise = otherwise.map(|array| typed(array, other, &expr.ty.kind))?;
        choose(&taken, &then, &otherwise, &expr.ty.kind)
    }

    fn coalesce(&mut self, expr: &Expr, value: &Expr, default: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let rows = self.batch.rows();
        let (own, other) = (&value.ty.kind, &default.ty.kind);
        let value = self.value(value, active)?.into_rows(rows)?;
        let value = typed(&value, own, &expr.ty.kind)?;
        if value.logical_null_count() == 0 {
            return Ok(Value::Rows(value));
        }
        let missing = narrowed(active, &is_null(&value)?)?;
        let default = self.value(default, Some(&missing))?;
        let default = default.map(|array| typed(array, other, &expr.ty.kind))?;
        choose(&is_not_null(&value)?, &Value::Rows(value), &default, &expr.ty.kind)
    }
}

type Kernel = fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, arrow::error::ArrowError>;

/// The kernel that compares these; `None` where only rows know how.
fn kernel(op: CompareOp, left: &Expr, right: &Expr) -> Result<Option<Kernel>, RunError> {
    let (left, right) = (&left.ty.kind, &right.ty.kind);
    let (own, other) = (data_type(left)?, data_type(right)?);
    if nested(left) || nested(right) || (own != other && own != DataType::Null && other != DataType::Null) {
        return Ok(None);
    }
    Ok(Some(match op {
        CompareOp::Equal => cmp::eq,
        CompareOp::NotEqual => cmp::neq,
        CompareOp::Less => cmp::lt,
        CompareOp::LessEqual => cmp::lt_eq,
        CompareOp::Greater => cmp::gt,
        CompareOp::GreaterEqual => cmp::gt_eq,
    }))
}

fn compare(kernel: Kernel, left: &Value, right: &Value) -> Result<Value, RunError> {
    // Comparing with a bare `null` is always missing.
    if [left, right]
        .iter()
        .any(|side| side.array().data_type() == &DataType::Null)
    {
        return Ok(Value::Same(new_null_array(&DataType::Boolean, 1)));
    }
    let array = Arc::new(kernel(&*left.datum(), &*right.datum())?);
    Ok(Value::of(array, left.same_as(right)))
}

/// Whether values of a kind have parts.
fn nested(kind: &TypeKind) -> bool {
    use TypeKind::{List, Map, Object, Struct};
    matches!(kind, List(_) | Map(_) | Struct(_) | Object)
}

/// An array as one of a type that goes with its own: what has no type of its own (`null`, `reject`) takes the other.
fn typed(array: &ArrayRef, own: &TypeKind, wanted: &TypeKind) -> Result<ArrayRef, RunError> {
    let data_type = data_type(wanted)?;
    Ok(match array.data_type() {
        found if *found == data_type => array.clone(),
        DataType::Null => new_null_array(&data_type, array.len()),
        _ => rows::retyped(array, own, wanted)?,
    })
}

/// `yes` where the mask is true, else `no`.
fn choose(mask: &BooleanArray, yes: &Value, no: &Value, kind: &TypeKind) -> Result<Value, RunError> {
    let wanted = data_type(kind)?;
    if wanted == DataType::Null {
        return Ok(Value::Same(new_null_array(&wanted, 1)));
    }
    let (yes, no) = (
        yes.map(|array| typed(array, kind, kind))?,
        no.map(|array| typed(array, kind, kind))?,
    );
    Ok(Value::Rows(zip(mask, &*yes.datum(), &*no.datum())?))
}

/// True where it is true: missing is false.
fn holds(condition: &BooleanArray) -> BooleanArray {
    match condition.nulls() {
        Some(nulls) => BooleanArray::new(condition.values() & nulls.inner(), None),
        None => condition.clone(),
    }
}

fn narrowed(active: Active<'_>, mask: &BooleanArray) -> Result<BooleanArray, RunError> {
    Ok(match active {
        Some(active) => and(active, mask)?,
        None => mask.clone(),
    })
}

/// An array as truth values; a bare `null` is missing everywhere.
fn booleans(array: &ArrayRef) -> BooleanArray {
    match array.as_boolean_opt() {
        Some(array) => array.clone(),
        None => BooleanArray::new_null(array.len()),
    }
}

fn boolean(array: Result<BooleanArray, arrow::error::ArrowError>) -> Result<ArrayRef, RunError> {
    Ok(Arc::new(array?))
}

#[cfg(test)]
mod tests;
