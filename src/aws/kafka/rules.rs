//! Who reaches brokers, rule by rule (P-SG-1): the platform's own in their network, and those elsewhere from it.

use super::jobs::others_by_pollers;
use super::managed;
use crate::aws::network::{self, BROKERS, ENDPOINTS, FUNCTIONS, JOBS, POLLERS, on_port, peers, rule};
use crate::emit::hcl::Block;
use crate::plan::{Auth, Cluster, Network, Plan};

/// Where brokers of Amazon MSK listen, by how clients prove who they are.
/// <https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html>
const IAM: u32 = 9_098;
const SCRAM: u32 = 9_096;
const MTLS: u32 = 9_094;

/// The groups of brokers and of what reads clusters elsewhere, with their rules; `make` makes a group.
pub fn groups(plan: &Plan, network: &Network, make: &dyn Fn(&str, &str) -> Block, jobs: bool) -> Vec<Block> {
    let mut out = vec![];
    if managed(plan).next().is_some() {
        let group = make(BROKERS, "The platform's brokers, and what Lambda reads them with");
        let serverless = managed(plan).all(|(_, kafka)| kafka.cluster == Cluster::Serverless);
        out.push(group.when(serverless, |group| {
            group.skip("CKV2_AWS_5", "serverless clusters of Kafka are in it")
        }));
        out.extend(brokers(plan, network, jobs));
    }
    if others_by_pollers(plan).next().is_some() {
        let readers = make(POLLERS, "What reads brokers elsewhere");
        out.push(readers.skip("CKV2_AWS_5", "mappings of functions and what copies records are in it"));
        out.extend(pollers(plan, network));
    }
    out
}

fn between(block: Block, port: u32, other: &str) -> Block {
    block
        .set("ip_protocol", "tcp")
        .set("from_port", port)
        .set("to_port", port)
        .set("referenced_security_group_id", network::group(other))
}

fn brokers(plan: &Plan, network: &Network, jobs: bool) -> Vec<Block> {
    let mut clients = vec![(BROKERS, "What Lambda reads brokers with")];
    if super::function_label(plan).is_some() {
        clients.push((FUNCTIONS, "The function that makes topics"));
    }
    if jobs && managed(plan).any(|(source, _)| super::jobs::readers(plan, source).next().is_some()) {
        clients.push((JOBS, "Jobs that read topics"));
    }
    let mut out = vec![];
    for (client, why) in clients {
        let to = format!("{client}_to_brokers");
        let from = format!("brokers_from_{client}");
        out.push(between(rule("egress", &to, client, "Brokers"), IAM, BROKERS));
        out.push(between(rule("ingress", &from, BROKERS, why), IAM, client));
    }
    let mut ports = vec![IAM];
    for (_, kafka) in managed(plan) {
        if let Cluster::Provisioned(brokers) = &kafka.cluster {
            ports.extend(match brokers.auth {
                Auth::Iam => None,
                Auth::Scram(_) => Some(SCRAM),
                Auth::Mtls(_) => Some(MTLS),
            });
        }
    }
    ports.sort_unstable();
    ports.dedup();
    for port in ports {
        for (number, addresses) in peers(network) {
            let name = format!("brokers_from_peer_{number}_{port}");
            let why = "Senders in a network that this one is connected with";
            out.push(on_port(rule("ingress", &name, BROKERS, why), port, addresses));
        }
    }
    out
}

fn pollers(plan: &Plan, network: &Network) -> Vec<Block> {
    let ports = super::each_once(others_by_pollers(plan).map(|(_, own)| own.ports()));
    let mut out = network::outward(network, POLLERS, &ports, "Brokers, where they listen");
    // What copies records reads its secret from inside of the network.
    if super::sources(plan).any(|(_, kafka)| kafka.moved_from.is_some()) {
        let https = 443;
        out.push(between(
            rule("egress", "pollers_to_endpoints", POLLERS, "Secrets, by their endpoint"),
            https,
            ENDPOINTS,
        ));
        out.push(between(
            rule(
                "ingress",
                "endpoints_from_pollers",
                ENDPOINTS,
                "What copies records of Kafka",
            ),
            https,
            POLLERS,
        ));
    }
    out
}
