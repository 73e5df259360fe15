//! Values that are measured: money, rates, volumes, peaks, shares of the budget.

use super::kinds::Kind;
use super::quantity::{self, Dimension};
use super::scalars::{Asked, unknown_unit};
use super::{Checker, Value};
use crate::diag::Diagnostic;
use crate::syntax::ast::{Expr, ExprKind, Name};

impl Checker<'_> {
    /// A value of rates and shares.
    pub(super) fn measured(&self, kind: Kind, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        match (&asked.expr.kind, kind) {
            (ExprKind::Rate { amount, count, per }, Kind::Money) => self.money(amount, count.as_deref(), per, asked),
            (ExprKind::Of { left, right }, Kind::Volume) => self.volume(left, right, asked),
            (ExprKind::Rate { amount, count, per }, Kind::Volume) => {
                self.throughput(amount, count.as_deref(), per, asked)
            }
            (ExprKind::Rate { .. }, Kind::Rate) => Ok(Value::Rate(self.per_second(asked.expr, kind, asked)?)),
            (ExprKind::For { rate, duration }, Kind::Peak) => self.peak(rate, duration, asked),
            (ExprKind::Of { left, right }, Kind::BudgetShare) => self.budget_share(left, right, asked),
            _ => Err(self.wrong(kind, asked)),
        }
    }

    /// `5_000 per second`, in the base unit of one second.
    fn per_second(&self, rate: &Expr, kind: Kind, asked: &Asked<'_, '_>) -> Result<f64, Diagnostic> {
        let ExprKind::Rate { amount, count, per } = &rate.kind else {
            return Err(self.wrong(kind, asked));
        };
        let records = match &amount.kind {
            ExprKind::Int(records) | ExprKind::Decimal(records) => records,
            ExprKind::Quantity { unit, .. } => {
                return Err(match quantity::unit(&unit.text) {
                    Some((found, _)) => self.wrong_dimension(kind, &format!("a rate of {}", found.text()), asked),
                    None => unknown_unit(unit),
                });
            }
            _ => return Err(self.wrong(kind, asked)),
        };
        let rate = quantity::per_millisecond(quantity::number(records), count.as_deref(), &per.text);
        let rate = rate.ok_or_else(|| unknown_unit(per))?;
        // 2 per second is 2, not 1.9999: what is asked by the second stays as it is written.
        let exact = matches!(per.text.as_str(), "second" | "s") && count.is_none();
        Ok(if exact {
            quantity::number(records)
        } else {
            rate * 1_000.0
        })
    }

    /// `200 GiB per day`: bytes, whatever records they come in.
    fn throughput(
        &self,
        amount: &Expr,
        count: Option<&str>,
        per: &Name,
        asked: &Asked<'_, '_>,
    ) -> Result<Value, Diagnostic> {
        match &amount.kind {
            ExprKind::Quantity { number, unit } => match quantity::unit(&unit.text) {
                Some((Dimension::Size, size)) => {
                    let rate = quantity::per_millisecond(quantity::number(number) * size, count, &per.text);
                    Ok(Value::Throughput(rate.ok_or_else(|| unknown_unit(per))? * 1_000.0))
                }
                Some((found, _)) => {
                    Err(self.wrong_dimension(Kind::Volume, &format!("a rate of {}", found.text()), asked))
                }
                None => Err(unknown_unit(unit)),
            },
            _ => {
                let text = self.sources.text(asked.expr.span);
                let diagnostic = self.wrong_dimension(Kind::Volume, "a rate of records of no size", asked);
                Err(diagnostic.help(format!("say how large a record is: `{text} of 1 KiB`")))
            }
        }
    }

    /// `5_000 per second for 10 min`
    fn peak(&self, rate: &Expr, duration: &Expr, asked: &Asked<'_, '_>) -> Result<Value, Diagnostic> {
        let per_second = self.per_second(rate, Kind::Peak, asked)?;
        match &duration.kind {
            ExprKind::Quantity { number, unit } => match quantity::unit(&unit.text) {
                Some((Dimension::Duration, size)) => Ok(Value::Peak(
                    per_second,
                    (quantity::number(number) * size).round() as u64,
                )),
                Some((found, _)) => {
                    Err(self.wrong_dimension(Kind::Peak, &format!("a rate for {}", found.text()), asked))
                }
                None => Err(unknown_unit(unit)),
            },
            _ => Err(self.wrong(Kind::Peak, asked)),
        }
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
        let ExprKind::Quantity { number, unit } = &size.kind else {
            return Err(self.wrong(Kind::Volume, asked));
        };
        let per_second = self.per_second(rate, Kind::Volume, asked)?;
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
}
