//! What dashboards show of a dataset, and to whom: no more than all who see them may read.
//!
//! It must not know QuickSight: only grants, and which of their conditions are lists of texts.

use std::collections::BTreeMap;

use super::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};
use super::types::{Column, TypeKind};
use super::{Access, DatasetId, Grant, Plan, QuickSight};

/// Somebody who sees dashboards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharer<'p> {
    /// A group, by its name.
    Group(&'p str),
    /// A user, by its name.
    User(&'p str),
}

impl<'p> Sharer<'p> {
    /// Its name.
    pub fn name(self) -> &'p str {
        match self {
            Sharer::Group(name) | Sharer::User(name) => name,
        }
    }

    /// What it may read of a dataset.
    pub fn grants<'a>(self, accesses: &'a [Access], id: &DatasetId) -> Vec<&'a Grant> {
        let named = |access: &&Access| match self {
            Sharer::Group(name) => access.groups.iter().any(|group| group == name),
            Sharer::User(name) => access.users.iter().any(|user| user == name),
        };
        let grants = accesses.iter().filter(named).flat_map(|access| &access.grants);
        grants.filter(|grant| grant.dataset == *id).collect()
    }
}

/// The rows that somebody sees: those whose columns have one of these texts each; without columns, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowRule(pub BTreeMap<String, Vec<String>>);

impl RowRule {
    /// The rows that two rules both show.
    fn and(&self, other: &RowRule) -> RowRule {
        let mut all = self.0.clone();
        for (column, texts) in &other.0 {
            all.entry(column.clone())
                .and_modify(|known| known.retain(|text| texts.contains(text)))
                .or_insert_with(|| texts.clone());
        }
        RowRule(all)
    }

    fn shows_any(&self) -> bool {
        self.0.values().all(|texts| !texts.is_empty())
    }
}

/// A condition as rules, of which one has to hold; nothing where it asks for more than texts in lists.
pub fn rules(condition: &Expr) -> Option<Vec<RowRule>> {
    let found = match &condition.kind {
        ExprKind::Logic { op, left, right } => {
            let (left, right) = (rules(left)?, rules(right)?);
            match op {
                LogicOp::Or => left.into_iter().chain(right).collect(),
                LogicOp::And => {
                    let both = |one: &RowRule| right.iter().map(|other| one.and(other)).collect::<Vec<_>>();
                    left.iter().flat_map(both).collect()
                }
            }
        }
        ExprKind::Cast(inner) if inner.ty.kind == condition.ty.kind => rules(inner)?,
        ExprKind::Literal(Literal::Bool(true)) => vec![RowRule::default()],
        ExprKind::Literal(Literal::Bool(false)) => vec![],
        ExprKind::Compare {
            op: CompareOp::Equal,
            left,
            right,
        } => {
            let (column, text) = match (column(left), text(right)) {
                (Some(column), Some(text)) => (column, text),
                _ => (column(right)?, text(left)?),
            };
            vec![RowRule(BTreeMap::from([(column, vec![text])]))]
        }
        ExprKind::In {
            value,
            list,
            negated: false,
        } => {
            let texts: Option<Vec<_>> = list.iter().map(literal).collect();
            vec![RowRule(BTreeMap::from([(column(value)?, texts?)]))]
        }
        _ => return None,
    };
    Some(found.into_iter().filter(RowRule::shows_any).collect())
}

fn column(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Column(name) if is_text(&value.ty.kind) => Some(name.clone()),
        ExprKind::Cast(inner) => column(inner),
        _ => None,
    }
}

fn is_text(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Text | TypeKind::Uuid | TypeKind::Enum { .. })
}

fn text(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Literal(value) => literal(value),
        ExprKind::Cast(inner) => text(inner),
        _ => None,
    }
}

/// A text that can stand in a list between commas.
fn literal(value: &Literal) -> Option<String> {
    match value {
        Literal::Text(text) | Literal::Uuid(text) => {
            let plain = !text.is_empty() && text.trim() == text && !text.contains([',', '"', '\n', '\r']);
            plain.then(|| text.clone())
        }
        _ => None,
    }
}

impl QuickSight {
    /// Those who see the dashboards.
    pub fn sharers(&self) -> impl Iterator<Item = Sharer<'_>> {
        let groups = self.share.groups.iter().map(|name| Sharer::Group(name));
        groups.chain(self.share.users.iter().map(|name| Sharer::User(name)))
    }
}

impl Plan {
    /// The columns of a dataset that dashboards show: those that each of their readers may see; without readers, those that
    /// no label hides.
    pub fn shown(&self, quicksight: &QuickSight, id: &DatasetId) -> Vec<&Column> {
        let of_all = |column: &&Column| {
            let seen = |sharer: Sharer<'_>| {
                let grants = sharer.grants(&self.accesses, id);
                !grants.is_empty() && grants.iter().all(|grant| grant.columns.contains(&column.name))
            };
            match quicksight.sharers().next() {
                Some(_) => quicksight.sharers().all(seen),
                None => column.labels.is_empty(),
            }
        };
        self.dataset(id).columns.iter().filter(of_all).collect()
    }

    /// Who sees which rows of a dataset; nothing where all who see dashboards see all.
    pub fn row_rules<'p>(&self, quicksight: &'p QuickSight, id: &DatasetId) -> Option<Vec<(Sharer<'p>, RowRule)>> {
        let grants = |sharer: Sharer<'_>| sharer.grants(&self.accesses, id);
        let all = |sharer: Sharer<'_>| grants(sharer).iter().any(|grant| grant.condition.is_none());
        if quicksight.sharers().all(all) {
            return None;
        }
        let of = |sharer: Sharer<'p>| -> Vec<(Sharer<'p>, RowRule)> {
            if all(sharer) {
                return vec![(sharer, RowRule::default())];
            }
            let conditions = grants(sharer).into_iter().filter_map(|grant| grant.condition.as_ref());
            let found = conditions.flat_map(|condition| rules(condition).unwrap_or_default());
            found.map(|rule| (sharer, rule)).collect()
        };
        Some(quicksight.sharers().flat_map(of).collect())
    }
}
