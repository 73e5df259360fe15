//! Clusters of Apache Kafka: settings that do not go together, or ask for each other.

use super::Items;
use crate::base::Span;
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic};

/// What Amazon MSK wants the names of secrets to start with that senders sign in with (P-MSK-2).
const SECRETS: &str = "AmazonMSK_";

impl Items<'_> {
    /// Says what is wrong with the clusters of a source, whose `from` stands at `span`.
    pub(super) fn clusters(&mut self, kafka: &Settings, span: Span) {
        for name in ["cluster", "migrate_to"] {
            match kafka.variant(name) {
                Some(("msk", msk)) => self.msk(msk),
                Some((_, own)) => self.own_cluster(own),
                None => {}
            }
        }
        let at = kafka.span("migrate_to").unwrap_or(span);
        let clash = |message: &str, found: &str| {
            Diagnostic::new(Code::SETTINGS_CLASH, at, message)
                .found(found)
                .help("write `migrate_to = msk { kind = provisioned }`")
        };
        match kafka.variant("migrate_to") {
            Some(("self_managed", _)) => self.say(clash(
                "records are moved to a managed cluster only",
                "a cluster of one's own",
            )),
            Some((_, msk)) if msk.text("kind") == Some("serverless") => self.say(clash(
                "records are moved to a cluster with brokers only",
                "a serverless cluster",
            )),
            _ => {}
        }
    }

    /// A serverless cluster has no brokers, and knows IAM only.
    fn msk(&mut self, msk: &Settings) {
        let serverless = msk.text("kind") == Some("serverless");
        for name in ["brokers", "instance", "storage"] {
            if let Some(span) = msk.span(name).filter(|_| serverless) {
                let message = format!("a serverless cluster has no `{name}`");
                let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                    .found("for provisioned clusters")
                    .help("leave it out, or write `kind = provisioned`");
                self.say(diagnostic);
            }
        }
        let Some((auth @ ("scram" | "mtls"), of_auth)) = msk.variant("auth") else {
            return;
        };
        let span = msk.span("auth").unwrap_or(Span::new(crate::base::FileId(0), 0, 0));
        if serverless {
            let message = format!("a serverless cluster does not know `{auth}`");
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                .found("it knows `iam` only")
                .help("leave it out, or write `kind = provisioned`");
            self.say(diagnostic);
            return;
        }
        if let Some(setting) = of_auth.get("credentials")
            && let Value::Secret(secret) = &setting.value
            && !secret.starts_with(SECRETS)
        {
            let message = format!("Amazon MSK reads no secret that is called `{secret}`");
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, setting.span, message)
                .found(format!("its name does not start with `{SECRETS}`"))
                .help(format!(
                    "write `secret(\"{SECRETS}{}\")`, and encrypt it with a key of your own",
                    secret.replace('/', "_")
                ));
            self.say(diagnostic);
        }
    }

    /// Only clusters of AWS know identities of AWS.
    fn own_cluster(&mut self, own: &Settings) {
        if let (Some(("iam", _)), Some(span)) = (own.variant("auth"), own.span("auth")) {
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, "a cluster of one's own does not know `iam`")
                .found("an identity of AWS")
                .help("write `auth = scram(secret(\"kafka/payments\"))`, or `mtls(…)`");
            self.say(diagnostic);
        }
    }
}
