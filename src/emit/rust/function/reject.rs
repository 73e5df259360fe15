//! Why a row is turned away, and of which kind the reason is.

/// Why a row is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Which count it adds to.
    pub kind: Kind,
    /// The text in the quarantine's record.
    pub reason: &'static str,
}

/// Kinds of reasons, each a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The record is not what the schema says.
    Decode,
    /// A field's check does not hold.
    Check,
    /// The event is too far behind its arrival.
    Late,
    /// A step says so.
    Rule,
    /// A number does not fit its type.
    Overflow,
    /// The row is larger than Firehose takes.
    Size,
}

impl Reject {
    /// A field's check does not hold.
    pub const fn check(reason: &'static str) -> Self {
        Reject { kind: Kind::Check, reason }
    }

    /// The event is too far behind its arrival.
    pub const fn late(reason: &'static str) -> Self {
        Reject { kind: Kind::Late, reason }
    }

    /// A step says so.
    pub const fn rule(reason: &'static str) -> Self {
        Reject { kind: Kind::Rule, reason }
    }

    /// A number does not fit its type.
    pub const fn overflow(reason: &'static str) -> Self {
        Reject { kind: Kind::Overflow, reason }
    }

    /// The row is larger than Firehose takes.
    pub const fn size(reason: &'static str) -> Self {
        Reject { kind: Kind::Size, reason }
    }
}

/// What decoding says is about the record.
impl From<&'static str> for Reject {
    fn from(reason: &'static str) -> Self {
        Reject { kind: Kind::Decode, reason }
    }
}
