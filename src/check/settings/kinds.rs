//! What the type words of declarations ask for. A word that is none of them stands for itself: `own`.

use super::quantity::{self, Dimension};
use crate::check::addresses;
use crate::check::texts::{self, Flaw};
use crate::syntax::ast::{Expr, ExprKind, SettingType};

/// What a type word of a declaration asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Number,
    Text,
    TextOrParam,
    Form(&'static Form),
    Region,
    Secret,
    Range,
    /// In units of so many base units, which it must be a whole number of.
    Quantity(Dimension, u64),
    Money,
    Volume,
    Rate,
    Peak,
    BudgetShare,
    Column,
    Dataset,
    Foreign,
    Runnable,
    Arrival,
    Lowering,
    Label,
    Warning,
    Variant,
    Ref,
    List,
    Map,
    /// What is checked and cannot be built yet; no value of its own.
    Later,
}

/// A text with a form of its own.
#[derive(Debug)]
pub(super) struct Form {
    word: &'static str,
    pub(super) name: &'static str,
    pub(super) check: fn(&str) -> Result<(), Flaw>,
    /// Whether a param may stand for it.
    pub(super) param: bool,
}

/// Two forms of one name are one.
impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Form {}

static FORMS: &[Form] = &[
    form("cron", "a cron text of six fields", texts::cron, false),
    form("time_zone", "a time zone", texts::time_zone, false),
    form("role_arn", "the ARN of a role", texts::role_arn, true),
    form("email_address", "a mail address", addresses::email_address, true),
    form("url", "a URL", addresses::url, true),
    form("host", "a host", addresses::host, true),
    form("broker", "a host and a port", addresses::broker, true),
    form("url_path", "a path of a URL", addresses::url_path, false),
    form("topic_name", "the name of a topic", addresses::topic_name, false),
    form("topic_filter", "a topic filter", addresses::topic_filter, false),
    form("bucket", "the name of a bucket", addresses::bucket, true),
    form("file", "the path of a file", addresses::file, false),
    form("cidr", "a block of addresses", addresses::cidr, false),
    form("vpc_id", "the id of a VPC", addresses::vpc_id, true),
    form("account_id", "the number of an account", addresses::account_id, true),
    form("phone", "a phone number", addresses::phone, true),
    form("one_letter", "a text of one letter", addresses::one_letter, false),
];

const fn form(word: &'static str, name: &'static str, check: fn(&str) -> Result<(), Flaw>, param: bool) -> Form {
    Form {
        word,
        name,
        check,
        param,
    }
}

/// Whether the word of a declared type stands for itself: `own`.
pub fn stands_for_itself(ty: &SettingType) -> bool {
    Kind::of(ty).is_none()
}

/// What a value of a declared type measures, for its units; nothing where it measures nothing.
pub fn measures(ty: &SettingType) -> Option<Dimension> {
    match Kind::of(ty)? {
        Kind::Quantity(dimension, _) => Some(dimension),
        Kind::Money => Some(Dimension::Money),
        Kind::BudgetShare => Some(Dimension::Share),
        _ => None,
    }
}

impl Kind {
    /// `None` is a word that stands for itself.
    pub(super) fn of(ty: &SettingType) -> Option<Kind> {
        let duration = |unit| Kind::Quantity(Dimension::Duration, unit);
        let word = ty.word.text.as_str();
        Some(match word {
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "number" => Kind::Number,
            "string" => Kind::Text,
            "text" => Kind::TextOrParam,
            "region" => Kind::Region,
            "secret" => Kind::Secret,
            "range" => Kind::Range,
            "duration" => duration(1),
            "seconds" => duration(1_000),
            "minutes" => duration(60_000),
            "hours" => duration(3_600_000),
            "days" => duration(super::DAY),
            "size" => Kind::Quantity(Dimension::Size, 1),
            "mebibytes" => Kind::Quantity(Dimension::Size, 1 << 20),
            "gibibytes" => Kind::Quantity(Dimension::Size, 1 << 30),
            "share" => Kind::Quantity(Dimension::Share, 0),
            "money" => Kind::Money,
            "volume" => Kind::Volume,
            "rate" => Kind::Rate,
            "peak" => Kind::Peak,
            "budget_share" => Kind::BudgetShare,
            "column" => Kind::Column,
            "dataset" => Kind::Dataset,
            "foreign" => Kind::Foreign,
            "runnable" => Kind::Runnable,
            "arrival" => Kind::Arrival,
            "lowering" => Kind::Lowering,
            "label" => Kind::Label,
            "warning" => Kind::Warning,
            "variant" => Kind::Variant,
            "ref" => Kind::Ref,
            "list" => Kind::List,
            "map" => Kind::Map,
            "not_yet" => Kind::Later,
            _ => return FORMS.iter().find(|form| form.word == word).map(Kind::Form),
        })
    }

    /// With its article, for the middle of a sentence.
    pub(super) fn text(self) -> &'static str {
        match self {
            Kind::Bool => "`true` or `false`",
            Kind::Int => "a whole number",
            Kind::Number => "a number",
            Kind::Text | Kind::TextOrParam => "a text",
            Kind::Form(form) => form.name,
            Kind::Region => "a region",
            Kind::Secret => "a secret",
            Kind::Range => "a range",
            Kind::Quantity(dimension, _) => dimension.text(),
            Kind::Money => "an amount of money a month",
            Kind::Volume => "a rate of records of a size",
            Kind::Rate => "a rate",
            Kind::Peak => "a rate for a duration",
            Kind::BudgetShare => "a share of the budget",
            Kind::Column => "a column",
            Kind::Dataset => "a dataset",
            Kind::Foreign => "a dataset of another project",
            Kind::Runnable => "a transform or a dataset",
            Kind::Arrival => "the arrival of a dataset",
            Kind::Lowering => "a function, and the class that it leaves",
            Kind::Label => "a class, with `@`",
            Kind::Warning => "the code of a warning",
            Kind::Variant | Kind::Ref => "a name",
            Kind::List => "a list",
            Kind::Map => "names and values in braces",
            Kind::Later => "nothing yet",
        }
    }

    /// Whether a value has the looks of this kind; a number looks like a quantity whose unit was forgotten.
    pub(super) fn looks(self, expr: &Expr) -> bool {
        match (&expr.kind, self) {
            (ExprKind::Bool(_), Kind::Bool)
            | (ExprKind::Int(_), Kind::Int | Kind::Number)
            | (ExprKind::Decimal(_), Kind::Number)
            | (ExprKind::Text(_), Kind::Text | Kind::TextOrParam | Kind::Form(_) | Kind::Region)
            | (ExprKind::Range { .. }, Kind::Range)
            | (ExprKind::Int(_) | ExprKind::Decimal(_), Kind::Quantity(..))
            | (ExprKind::Rate { .. }, Kind::Money | Kind::Rate | Kind::Volume)
            | (ExprKind::For { .. }, Kind::Peak)
            | (ExprKind::List(_), Kind::List)
            | (ExprKind::Record(_), Kind::Map)
            | (ExprKind::Name(_), Kind::Ref | Kind::Variant | Kind::Column)
            | (ExprKind::Variant { .. }, Kind::Variant) => true,
            (ExprKind::Quantity { unit, .. }, Kind::Quantity(dimension, _)) => {
                quantity::unit(&unit.text).is_none_or(|(found, _)| found == dimension)
            }
            (ExprKind::Of { left, .. }, Kind::Arrival) => matches!(&left.kind, ExprKind::Name(_)),
            (ExprKind::Of { left, .. }, Kind::Volume) => matches!(&left.kind, ExprKind::Rate { .. }),
            (ExprKind::Call { function, .. }, _) => {
                let secret = matches!(&function.kind, ExprKind::Name(name) if name == "secret");
                secret && self == Kind::Secret || !secret && self == Kind::Variant
            }
            (ExprKind::Member { .. } | ExprKind::Star(_), Kind::Dataset | Kind::Runnable | Kind::Foreign) => true,
            _ => false,
        }
    }
}
