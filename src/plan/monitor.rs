//! Alarms, and who is told.
//!
//! It must not know AWS: only what an author says.

use super::{DatasetId, Text};

/// Alarms and who is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    /// Its name.
    pub name: String,
    /// Mail addresses.
    pub emails: Vec<Text>,
    /// Whom else it tells.
    pub channels: Vec<Channel>,
    /// Alarms.
    pub alarms: Vec<Alarm>,
}

/// Whom a monitor tells besides mail addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A channel of Slack.
    Slack {
        /// The name of the secret that is its webhook.
        webhook: String,
    },
    /// An endpoint.
    Webhook {
        /// What is called.
        url: String,
        /// The name of the secret that is the token.
        token: Option<String>,
    },
    /// A service of PagerDuty.
    PagerDuty {
        /// The name of the secret that is its integration key.
        key: String,
    },
    /// A telephone.
    Sms {
        /// Its number, with its country.
        number: String,
    },
}

impl Channel {
    /// What the language calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Channel::Slack { .. } => "slack",
            Channel::Webhook { .. } => "webhook",
            Channel::PagerDuty { .. } => "pagerduty",
            Channel::Sms { .. } => "sms",
        }
    }

    /// What people call it.
    pub fn words(&self) -> &'static str {
        match self {
            Channel::Slack { .. } => "Slack",
            Channel::Webhook { .. } => "an endpoint",
            Channel::PagerDuty { .. } => "PagerDuty",
            Channel::Sms { .. } => "a telephone",
        }
    }

    /// The name of the secret that it is called with.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Channel::Slack { webhook: secret } | Channel::PagerDuty { key: secret } => Some(secret),
            Channel::Webhook { token, .. } => token.as_deref(),
            Channel::Sms { .. } => None,
        }
    }
}

/// An alarm.
#[derive(Clone, Debug, PartialEq)]
pub enum Alarm {
    /// The newest rows of a dataset are older than this.
    Freshness {
        /// The dataset.
        dataset: DatasetId,
        /// Seconds.
        over_seconds: u64,
    },
    /// More than this share of a transform's rows (or runs) fail.
    Errors {
        /// The transform.
        transform: String,
        /// Percent.
        over_percent: f64,
    },
    /// A stream's reader is behind by this.
    Lag {
        /// The source.
        source: String,
        /// Seconds.
        over_seconds: u64,
    },
    /// The month's cost passes this share of the budget.
    Cost {
        /// Percent of the budget.
        over_percent: f64,
    },
    /// A source brings more than this share of what it promised.
    Volume {
        /// The source.
        source: String,
        /// Percent of the promised rows.
        over_percent: f64,
    },
    /// A source uses more than this share of what it promised, or a transform of what its engine may take.
    Utilization {
        /// The source, or the transform.
        of: String,
        /// Percent.
        over_percent: f64,
    },
    /// A batch, or a run, takes longer than this.
    Duration {
        /// The transform.
        transform: String,
        /// Seconds.
        over_seconds: u64,
    },
    /// More than this share of the rows that a transform reads are turned away.
    Quality {
        /// The transform.
        transform: String,
        /// Percent.
        over_percent: f64,
    },
}
