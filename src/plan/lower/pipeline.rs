//! The pipeline, and what ships it.

use std::collections::BTreeSet;

use super::Lowering;
use crate::base::Spanned;
use crate::check::settings::{Settings, Value};
use crate::plan::{Account, Audit, Care, Catalog, Ci, DatasetId, Delivery, Network, Once, OpenMetadata, Pipeline};

impl Lowering<'_> {
    pub(super) fn pipeline(&mut self) -> Option<Pipeline> {
        let item = &self.program.pipeline;
        let settings = &item.settings;
        let (_, cloud) = settings.variant("cloud")?;
        Some(Pipeline {
            name: item.name.clone(),
            doc: item.doc.clone(),
            region: cloud.text("region")?.to_owned(),
            owner: settings.text("owner")?.to_owned(),
            budget: settings.number("budget"),
            destroyable: settings.bool("destroyable")?,
            log_days: settings.days("logs")?,
            key_rotation_days: settings.variant("encryption")?.1.days("rotation")?,
            audit: settings.list("audit").iter().filter_map(audit).collect(),
            network: network(settings),
            exports: self.exports(settings),
            regions: super::serve::texts(settings, "regions"),
            catalogs: settings.list("catalog").iter().filter_map(catalog).collect(),
        })
    }

    /// The datasets that other projects may read, `*` resolved, each once.
    fn exports(&self, settings: &Settings) -> Vec<DatasetId> {
        let mut exports = BTreeSet::new();
        for item in settings.list("exports") {
            if let Value::Dataset { zone, name } = &item.value {
                let all = self.program.datasets.keys().filter(|id| id.zone == *zone);
                exports.extend(
                    all.filter(|id| name.as_ref().is_none_or(|name| id.name == *name))
                        .cloned(),
                );
            }
        }
        exports.into_iter().collect()
    }

    /// What is said of the account.
    pub(super) fn account(&mut self) -> Option<Account> {
        let item = self.program.account.as_ref()?;
        let settings = &item.settings;
        for name in ["macie", "guardduty", "security_hub"] {
            if settings.text(name) == Some("managed")
                && let Some(span) = settings.span(name)
            {
                let help = format!("leave `{name}` out, or write `existing` where another stack has it");
                self.refuse(span, format!("`{name} = managed` in an account"), Some(&help));
            }
        }
        let said = Once::ALL.into_iter().filter_map(|part| {
            let care = match settings.text(part.setting())? {
                "managed" => Care::Managed,
                _ => Care::Existing,
            };
            Some((part, care))
        });
        Some(Account {
            name: item.name.clone(),
            doc: item.doc.clone(),
            id: settings.text("id").map(str::to_owned),
            said: said.collect(),
        })
    }

    pub(super) fn deliveries(&mut self) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for item in &self.program.deliveries {
            let Some(ci) = item
                .settings
                .variant("ci")
                .and_then(|(name, settings)| ci(name, settings))
            else {
                continue;
            };
            let values = |name| item.settings.names(name).into_iter().map(|name| name.value).collect();
            deliveries.push(Delivery {
                name: item.name.clone(),
                ci,
                environments: values("environments"),
                approve: values("approve"),
            });
        }
        deliveries
    }
}

fn ci(name: &str, settings: &Settings) -> Option<Ci> {
    let text = |name| settings.text(name).map(str::to_owned);
    Some(match name {
        "gitlab" => Ci::Gitlab,
        "github_actions" => Ci::GithubActions {
            runner: text("runner")?,
        },
        "bitbucket" => Ci::Bitbucket { runner: text("runner") },
        "jenkins" => Ci::Jenkins { agent: text("agent")? },
        "codepipeline" => Ci::CodePipeline {
            repository: text("repository")?,
            branch: text("branch")?,
            connection: text("connection"),
        },
        _ => return None,
    })
}

fn catalog(item: &Spanned<Value>) -> Option<Catalog> {
    let Value::Variant(kind, settings) = &item.value else {
        return None;
    };
    Some(match kind.as_str() {
        "datazone" => Catalog::DataZone {
            domain: settings.text("domain")?.to_owned(),
        },
        _ => Catalog::OpenMetadata(OpenMetadata {
            endpoint: settings.text("endpoint")?.to_owned(),
            token: super::brokers::secret(settings, "token"),
        }),
    })
}

fn audit(item: &Spanned<Value>) -> Option<Audit> {
    let Value::Variant(kind, settings) = &item.value else {
        return None;
    };
    let retain_days = settings.days("retain")?;
    Some(match kind.as_str() {
        "config" => Audit::Config { retain_days },
        _ => Audit::Trail { retain_days },
    })
}

/// What is between the platform and everything else.
fn network(pipeline: &Settings) -> Option<Network> {
    let ("private", settings) = pipeline.variant("network")? else {
        return None;
    };
    let peers = settings.list("peers").iter().filter_map(|peer| match &peer.value {
        Value::Variant(_, peer) => peer.text("id").map(str::to_owned),
        _ => None,
    });
    Some(Network {
        zones: settings.int("availability_zones")?,
        cidr: settings.text("cidr")?.to_owned(),
        nat: settings.text("internet") == Some("nat"),
        peers: peers.collect(),
    })
}
