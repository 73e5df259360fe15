//! Topics of Apache Kafka and queues of Amazon SQS, as bundles carry them.
//!
//! It must not know text: it sees the typed program.

use super::Lowering;
use crate::check::program;
use crate::check::settings::{Settings, Value};
use crate::plan::{
    Auth, Brokers, Cluster, From, Input, Kafka, OwnCluster, Plan, Queue, Source, Transform, Volume, usual_storage_gib,
};

/// A broker where none is asked for.
const INSTANCE: &str = "kafka.m7g.large";

impl Lowering<'_> {
    /// Functions land what comes by topics and queues: nothing else would.
    pub(super) fn brokers_land_by_functions(&mut self, plan: &Plan) {
        let program = self.program;
        let by_broker = |source: &&Source| source.kafka().is_some() || source.queue().is_some();
        for source in plan.sources.iter().filter(by_broker) {
            let stream = Input::Stream(source.name.clone());
            let reads = |transform: &&Transform| plan.reads(transform).contains(&&stream);
            let readers: Vec<_> = plan.transforms.iter().filter(reads).collect();
            let named = |known: &&program::Source| known.item.name == source.name;
            if let (Some(into), true, Some(known)) = (
                &source.into,
                readers.iter().all(|transform| transform.engine.is_job()),
                program.sources.iter().find(named),
            ) {
                let what = format!("landing `{}` in `{into}` where no function reads it", source.name);
                self.refuse(known.item.span, what, Some("write a transform of its rows"));
            }
        }
    }

    /// What goes straight to a delivery stream lands, and nobody sees it before.
    pub(super) fn delivery_streams_only_land(&mut self, plan: &Plan) {
        let program = self.program;
        for source in plan.sources.iter().filter(|source| source.gathered().is_some()) {
            let known = program.sources.iter().find(|known| known.item.name == source.name);
            let Some(known) = known else { continue };
            let span = known.item.settings.span("via").unwrap_or(known.item.span);
            let help = Some("write `via = kinesis { }`");
            if source.connector != "api" {
                let what = format!("`from = {}` with `via = firehose`", source.connector);
                self.refuse(span, what, help);
            }
            if source.into.is_none() {
                self.refuse(
                    span,
                    "a delivery stream that lands nowhere",
                    Some("write `into = ZONE`"),
                );
            }
            let stream = Input::Stream(source.name.clone());
            if plan
                .transforms
                .iter()
                .any(|transform| plan.reads(transform).contains(&&stream))
            {
                let what = format!(
                    "reading `{}` as it arrives, straight from a delivery stream,",
                    source.name
                );
                self.refuse(span, what, help);
            }
        }
    }

    /// A topic; what no bundle carries of it is refused.
    pub(super) fn kafka(
        &mut self,
        source: &program::Source,
        settings: &Settings,
        volume: Option<&Volume>,
    ) -> Option<Kafka> {
        let (cluster, moved_from) = match settings.variant("migrate_to") {
            None => (self.cluster(source, settings, "cluster", volume)?, None),
            Some(_) => {
                let present = self.cluster(source, settings, "cluster", volume)?;
                let next = self.cluster(source, settings, "migrate_to", volume)?;
                match present {
                    Cluster::SelfManaged(own) => (next, Some(own)),
                    _ => {
                        let span = settings.span("migrate_to").unwrap_or(source.item.span);
                        let help = "change `cluster`, and let senders write to the new one first";
                        self.refuse(span, "moving records between two managed clusters", Some(help));
                        (next, None)
                    }
                }
            }
        };
        Some(Kafka {
            topic: settings.text("topic")?.to_owned(),
            retention_seconds: settings.seconds("retention")?,
            partitions: settings.int("partitions")?,
            cluster,
            moved_from,
        })
    }

    fn cluster(
        &mut self,
        source: &program::Source,
        settings: &Settings,
        name: &str,
        volume: Option<&Volume>,
    ) -> Option<Cluster> {
        let (kind, cluster) = settings.variant(name)?;
        if kind == "self_managed" {
            return Some(Cluster::SelfManaged(own_cluster(cluster)?));
        }
        let network = self.program.pipeline.settings.variant("network");
        let zones = network.and_then(|(_, network)| network.int("availability_zones"));
        if zones.is_none() {
            let span = settings.span(name).unwrap_or(source.item.span);
            let help = "write `network = private { }` in the pipeline: brokers stand in a network";
            self.refuse(span, "a cluster of Amazon MSK without a network", Some(help));
        }
        if cluster.text("kind") == Some("serverless") {
            return Some(Cluster::Serverless);
        }
        let count = cluster.int("brokers").unwrap_or(zones.unwrap_or(3).clamp(2, 3));
        let seconds = settings.seconds("retention")?;
        let storage_gib = match cluster.bytes("storage") {
            Some(bytes) => u32::try_from(bytes >> 30).ok()?,
            None => usual_storage_gib(volume, seconds, count),
        };
        Some(Cluster::Provisioned(Brokers {
            count,
            instance: cluster.text("instance").unwrap_or(INSTANCE).to_owned(),
            storage_gib,
            auth: auth_of(cluster)?,
        }))
    }

    /// What brings a source of Kafka or SQS, if it is one: a message goes to one reader, so nothing stands between.
    pub(super) fn brokered(
        &mut self,
        source: &program::Source,
        connector: &Settings,
        volume: Option<&Volume>,
    ) -> Option<From> {
        let settings = &source.item.settings;
        let (name, _) = settings.variant("from")?;
        let via = settings.variant("via").map(|(via, _)| via);
        match (name, via) {
            ("sqs", Some("kinesis")) => None,
            ("kafka" | "sqs", Some(via @ ("kinesis" | "firehose"))) => {
                let span = settings.span("via").unwrap_or(source.item.span);
                let what = format!("`from = {name}` with `via = {via}`");
                self.refuse(span, what, Some("leave `via` out: a function reads it"));
                None
            }
            ("kafka", _) => Some(From::Kafka(self.kafka(source, connector, volume)?)),
            ("sqs", _) => Some(From::Queue(queue_of(connector)?)),
            _ => None,
        }
    }
}

fn own_cluster(settings: &Settings) -> Option<OwnCluster> {
    let brokers = settings
        .list("brokers")
        .iter()
        .filter_map(|broker| match &broker.value {
            Value::Text(broker) => Some(broker.clone()),
            _ => None,
        });
    Some(OwnCluster {
        brokers: brokers.collect(),
        auth: auth_of(settings)?,
        authority: secret(settings, "authority"),
    })
}

fn auth_of(settings: &Settings) -> Option<Auth> {
    Some(match settings.variant("auth")? {
        ("scram", scram) => Auth::Scram(secret(scram, "credentials")?),
        ("mtls", mtls) => Auth::Mtls(secret(mtls, "certificate")?),
        _ => Auth::Iam,
    })
}

/// A queue.
pub(super) fn queue_of(settings: &Settings) -> Option<Queue> {
    let existing = match settings.get("queue").map(|setting| &setting.value) {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => None,
    };
    Some(Queue {
        existing,
        fifo: settings.bool("fifo")?,
        retention_seconds: settings.seconds("retention")?,
        tries: settings.int("tries")?,
    })
}

/// The name of the secret that a setting names, if it does.
pub(super) fn secret(settings: &Settings, name: &str) -> Option<String> {
    match &settings.get(name)?.value {
        Value::Secret(secret) => Some(secret.clone()),
        _ => None,
    }
}
