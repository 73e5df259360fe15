//! What lets jobs of Spark read topics: where each is, how the job signs in, and the group of readers that it is.
//!
//! Facts: <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-connect-kafka-home.html>,
//! <https://spark.apache.org/docs/3.5.4/structured-streaming-kafka-integration.html>.

use super::{Reader, arn, bootstrap, inside, others, reading, secret_arn, sources, topics};
use crate::aws::job;
use crate::aws::naming::{limit, named};
use crate::aws::policy::Statement;
use crate::emit::hcl::{Value, reference};
use crate::plan::{Auth, Cluster, Input, Kafka, OwnCluster, Plan, Source, Transform};
use crate::text_of;

/// The most records of a batch where nothing is promised.
const MOST: f64 = 1_000_000.0;
/// How many times as much as is promised a job may catch up with, batch by batch of a minute each.
const CATCH_UP: f64 = 10.0;
const SECONDS: f64 = 60.0;

/// The topics whose arrivals a job reads.
pub fn of<'p>(plan: &'p Plan, transform: &'p Transform) -> Vec<(&'p Source, &'p Kafka)> {
    let read = job::arrivals(plan, transform).into_iter();
    read.filter_map(|source| Some((source, source.kafka()?))).collect()
}

/// The jobs that read a source.
pub fn readers<'p>(plan: &'p Plan, source: &Source) -> impl Iterator<Item = &'p Transform> {
    let stream = Input::Stream(source.name.clone());
    job::jobs(plan).filter(move |transform| plan.reads(transform).contains(&&stream))
}

/// The group of readers that a job is: it reads all of a topic, whoever else does.
pub fn group(plan: &Plan, source: &Source, transform: &Transform) -> Value {
    named(plan, &format!("{}_{}", source.name, transform.name), limit::SIXTY_FOUR)
}

/// Where the arrivals of a topic are, as a job is told.
pub fn place(plan: &Plan, transform: &Transform, source: &Source, kafka: &Kafka) -> Value {
    let promised = source.volume.as_ref();
    let most = promised.map_or(MOST, |volume| volume.most().records_per_second * SECONDS * CATCH_UP);
    let most = format!("&most={}", most.ceil().max(1_000.0) as u64);
    let topic = &kafka.topic;
    let reader = text_of!["&group=", group(plan, source, transform), most];
    match &kafka.cluster {
        Cluster::SelfManaged(own) => {
            let brokers = own.brokers.join(",");
            text_of![format!("kafka:{brokers}/{topic}?"), signed_in(source, own), reader]
        }
        Cluster::Serverless | Cluster::Provisioned(_) => {
            text_of!["kafka:", bootstrap(source, kafka), format!("/{topic}?auth=iam"), reader]
        }
    }
}

fn signed_in(source: &Source, own: &OwnCluster) -> Value {
    let kind = match own.auth {
        Auth::Mtls(_) => "mtls",
        Auth::Scram(_) | Auth::Iam => "scram",
    };
    let labels = super::secret_labels(source, own);
    let names = ["&login=", "&authority="];
    let secrets = names.into_iter().zip(labels);
    secrets.fold(text_of![format!("auth={kind}")], |all, (name, (label, _))| {
        text_of![all, name, secret_arn(&label)]
    })
}

/// What a job's role needs to read its topics.
pub fn permissions(plan: &Plan, transform: &Transform) -> Vec<Statement> {
    let (mut readers, mut logins) = (vec![], vec![]);
    for (source, kafka) in of(plan, transform) {
        match &kafka.cluster {
            Cluster::SelfManaged(own) => logins.extend(super::secret_labels(source, own)),
            Cluster::Serverless | Cluster::Provisioned(_) => readers.push(Reader {
                cluster: arn(source, kafka),
                topic: super::topic_arn(source, kafka),
                group: inside(source, kafka, "group", group(plan, source, transform)),
            }),
        }
    }
    let mut out = match readers.is_empty() {
        true => vec![],
        false => reading::read_all(&readers),
    };
    out.extend(super::read_secrets(&logins, &[]));
    out
}

/// What a job's start must wait for: the topics that it reads.
pub fn awaited(plan: &Plan, transform: &Transform) -> Vec<Value> {
    let all = of(plan, transform).into_iter();
    all.filter_map(|(source, kafka)| topics::address(source, kafka).map(reference))
        .collect()
}

/// The ports of clusters elsewhere that jobs read.
pub fn ports(plan: &Plan) -> Vec<u32> {
    let read = sources(plan).filter(|(source, _)| readers(plan, source).next().is_some());
    let own = read.filter_map(|(_, kafka)| match &kafka.cluster {
        Cluster::SelfManaged(own) => Some(own.ports()),
        Cluster::Serverless | Cluster::Provisioned(_) => None,
    });
    super::each_once(own)
}

/// The clusters elsewhere that are read by something else than jobs: by functions, or to copy their records.
pub fn others_by_pollers(plan: &Plan) -> impl Iterator<Item = (&Source, &OwnCluster)> {
    let functions = crate::plan::stream_functions(plan);
    let read: Vec<String> = functions.iter().map(|function| function.source.name.clone()).collect();
    others(plan).filter(move |(source, _)| {
        let moved = source.kafka().is_some_and(|kafka| kafka.moved_from.is_some());
        moved || read.contains(&source.name)
    })
}
