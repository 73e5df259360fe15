//! The network: subnets in each availability zone, a way out where one is asked for, peers, security groups rule by rule
//! (P-SG-1), and endpoints of the services that the platform's functions and jobs call, and of no others.
//!
//! It comes last: what a workload calls is read from the policy of its role, which has exactly the actions that it needs. So
//! no bundle has to know of the network.

use std::collections::BTreeSet;

use super::calls::{self, Calls};
use super::naming::{limit, named, short};
use super::policy::{Statement, allow, allow_everywhere, document, longest, own, role, trust};
use super::stack::Stack;
use super::{dms, kafka, lake, open_metadata, redshift, sinks};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::plan::{Network, Plan};
use crate::prove::quotas::whole;
use crate::{object_of, text_of};

/// A function's security group.
pub const FUNCTIONS: &str = "functions";
/// The jobs' security group.
pub const JOBS: &str = "jobs";
/// The containers' security group.
pub const PROGRAMS: &str = "programs";
/// The warehouses' security group.
pub const WAREHOUSES: &str = "warehouses";
/// The security group of replications of databases.
pub const REPLICATIONS: &str = "replications";
/// The brokers' security group.
pub const BROKERS: &str = "brokers";
/// The security group of what reads brokers elsewhere.
pub const POLLERS: &str = "pollers";
/// The endpoints' security group.
pub const ENDPOINTS: &str = "endpoints";
/// Bits that a subnet has beside the network's: sixteen fit.
const BITS: u32 = 4;
/// The first subnet with a way out; those without come before.
const FIRST_PUBLIC: u32 = 8;
const HTTPS: u32 = 443;
const FLOWS: &str = "network_flows";
/// What reaches collections of OpenSearch Serverless, which has endpoints of its own kind.
pub const SEARCH_ENDPOINT: &str = "aws_opensearchserverless_vpc_endpoint.platform";
/// The service of these collections, as its actions are called.
const SEARCH: &str = "aoss";

/// The network of a platform that has one, and its functions and jobs in it.
pub fn add(out: &mut Stack, plan: &Plan) {
    let Some(network) = &plan.pipeline.network else {
        return;
    };
    let calls = calls::of(out, plan);
    let mut blocks = base(network);
    blocks.extend(subnets(network));
    blocks.extend(
        network
            .peers
            .iter()
            .enumerate()
            .flat_map(|(at, peer)| self::peer(network, at + 1, peer)),
    );
    blocks.extend(flows(plan));
    out.file("network", "Where functions and jobs are, and what they reach.", blocks);
    let workloads = [
        (FUNCTIONS, !calls.functions.is_empty()),
        (JOBS, !calls.jobs.is_empty() || !calls.applications.is_empty()),
        (PROGRAMS, calls.programs),
        (
            WAREHOUSES,
            plan.warehouses().next().is_some() || sinks::any_warehouse(plan),
        ),
        (REPLICATIONS, !dms::ports(plan).is_empty()),
    ];
    out.file(
        "endpoints",
        "The services that functions and jobs call, inside of the network.",
        endpoints(plan, network, &calls),
    );
    out.file(
        "security_groups",
        "Who may reach whom: a rule each, since groups that name each other would be a circle (P-SG-1).",
        groups(plan, network, &calls, &workloads),
    );
    for label in &calls.functions {
        enter_function(out, network, label);
    }
    if !calls.jobs.is_empty() {
        out.file("network", "", connections(plan, network));
    }
    for label in &calls.jobs {
        enter_job(out, network, label);
    }
    reached_first(out);
    for label in &calls.applications {
        let inside = Block::new("network_configuration")
            .set("security_group_ids", list([group(JOBS)]))
            .set("subnet_ids", private_subnets(network));
        out.change("aws_emrserverless_application", label, |block| block.block(inside));
    }
}

/// What Terraform asks of functions while it applies needs the ways that these take.
fn reached_first(out: &mut Stack) {
    let of = |kind: &str| {
        let labels = out.resources(kind).filter_map(|block| block.labels.get(1));
        let labels: Vec<String> = labels.cloned().collect();
        labels.into_iter()
    };
    let endpoints = of("aws_vpc_endpoint").map(|label| reference(format!("aws_vpc_endpoint.{label}")));
    let rules = "aws_vpc_security_group_egress_rule";
    let ways = of(rules).filter(|label| label.starts_with(FUNCTIONS));
    let ways: Vec<Value> = endpoints
        .chain(ways.map(|label| reference(format!("{rules}.{label}"))))
        .collect();
    for label in of("aws_lambda_invocation") {
        let ways = ways.clone();
        out.change("aws_lambda_invocation", &label, |block| {
            ways.into_iter().fold(block, Block::also_after)
        });
    }
}

fn tags(name: &str) -> Value {
    object_of! { "Name" => text_of![reference("local.prefix"), format!("-{name}")] }
}

fn base(network: &Network) -> Vec<Block> {
    vec![
        Block::data("aws_availability_zones", "available")
            .skip(
                "CKV_AWS_394",
                "the first zones by name are taken; one more behind them changes nothing",
            )
            .set("state", "available")
            .block(
                Block::new("filter")
                    .set("name", "opt-in-status")
                    .set("values", list(["opt-in-not-required"])),
            ),
        Block::resource("aws_vpc", "platform")
            .doc("Functions, jobs, brokers and databases; nothing comes in from outside.")
            .set("cidr_block", network.cidr.as_str())
            .set("enable_dns_hostnames", true)
            .set("enable_dns_support", true)
            .set("tags", tags("network")),
        Block::resource("aws_default_security_group", "platform")
            .doc("Emptied: what is put in no group reaches nothing.")
            .set("vpc_id", reference("aws_vpc.platform.id")),
    ]
}

fn zone(at: u32) -> Value {
    reference(format!("data.aws_availability_zones.available.names[{at}]"))
}

fn subnet(label: &str, at: u32, place: u32, name: &str) -> Block {
    let addresses = call(
        "cidrsubnet",
        [reference("aws_vpc.platform.cidr_block"), BITS.into(), place.into()],
    );
    Block::resource("aws_subnet", label)
        .set("vpc_id", reference("aws_vpc.platform.id"))
        .set("availability_zone", zone(at))
        .set("cidr_block", addresses)
        .set("map_public_ip_on_launch", false)
        .set("tags", tags(name))
}

fn private(at: u32) -> String {
    format!("private_{}", at + 1)
}

fn route_table(label: &str, name: &str) -> [Block; 2] {
    let table = Block::resource("aws_route_table", label)
        .set("vpc_id", reference("aws_vpc.platform.id"))
        .set("tags", tags(name));
    let association = Block::resource("aws_route_table_association", label)
        .set("subnet_id", reference(format!("aws_subnet.{label}.id")))
        .set("route_table_id", reference(format!("aws_route_table.{label}.id")));
    [table, association]
}

/// A private subnet a zone; with a way out, a gateway of its own in each zone, so that none depends on another.
fn subnets(network: &Network) -> Vec<Block> {
    let mut out = vec![];
    for at in 0..network.zones {
        let label = private(at);
        let name = format!("private-{}", at + 1);
        out.push(subnet(&label, at, at, &name));
        out.extend(route_table(&label, &name));
    }
    if !network.nat {
        return out;
    }
    out.push(
        Block::resource("aws_internet_gateway", "platform")
            .doc("The way out of the gateways below; nothing else has an address outside.")
            .set("vpc_id", reference("aws_vpc.platform.id"))
            .set("tags", tags("internet")),
    );
    for at in 0..network.zones {
        let label = format!("public_{}", at + 1);
        let name = format!("public-{}", at + 1);
        out.push(subnet(&label, at, FIRST_PUBLIC + at, &name));
        out.extend(route_table(&label, &name));
        let outside = |table: &str| {
            Block::resource("aws_route", table)
                .set("route_table_id", reference(format!("aws_route_table.{table}.id")))
                .set("destination_cidr_block", "0.0.0.0/0")
        };
        out.push(outside(&label).set("gateway_id", reference("aws_internet_gateway.platform.id")));
        out.push(
            Block::resource("aws_eip", &label)
                .set("domain", "vpc")
                .set("tags", tags(&name)),
        );
        out.push(
            Block::resource("aws_nat_gateway", &label)
                .set("allocation_id", reference(format!("aws_eip.{label}.id")))
                .set("subnet_id", reference(format!("aws_subnet.{label}.id")))
                .set("tags", tags(&name))
                .set("depends_on", vec![reference("aws_internet_gateway.platform")]),
        );
        out.push(outside(&private(at)).set("nat_gateway_id", reference(format!("aws_nat_gateway.{label}.id"))));
    }
    out
}

/// A network in the same account and region, with routes both ways. What goes along them is said by security groups.
fn peer(network: &Network, number: usize, id: &str) -> Vec<Block> {
    let label = format!("peer_{number}");
    let theirs = || reference(format!("data.aws_vpc.{label}.cidr_block"));
    let connection = || reference(format!("aws_vpc_peering_connection.{label}.id"));
    let bits = format!(
        "min(split(\"/\", self.cidr_block)[1], split(\"/\", \"{}\")[1])",
        network.cidr
    );
    let start = |cidr: &str| format!("cidrhost(\"${{cidrhost({cidr}, 0)}}/${{{bits}}}\", 0)");
    let apart = format!(
        "{} != {}",
        start("self.cidr_block"),
        start(&format!("\"{}\"", network.cidr))
    );
    let there = Block::data("aws_vpc", &label)
        .set("id", id)
        .block(
            Block::new("lifecycle").block(Block::new("postcondition").set("condition", reference(apart)).set(
                "error_message",
                format!("The network {id} has addresses that this one has too: give pipeline.network another cidr."),
            )),
        );
    let mut out = vec![
        there,
        Block::data("aws_route_tables", &label).set("vpc_id", id),
        Block::resource("aws_vpc_peering_connection", &label)
            .set("vpc_id", reference("aws_vpc.platform.id"))
            .set("peer_vpc_id", reference(format!("data.aws_vpc.{label}.id")))
            .set("auto_accept", true)
            .set("tags", tags(&format!("peer-{number}")))
            .block(Block::new("accepter").set("allow_remote_vpc_dns_resolution", true))
            .block(Block::new("requester").set("allow_remote_vpc_dns_resolution", true)),
    ];
    out.extend((0..network.zones).map(|at| {
        Block::resource("aws_route", &format!("{label}_{}", private(at)))
            .set(
                "route_table_id",
                reference(format!("aws_route_table.{}.id", private(at))),
            )
            .set("destination_cidr_block", theirs())
            .set("vpc_peering_connection_id", connection())
    }));
    out.push(
        Block::resource("aws_route", &format!("{label}_back"))
            .doc("Answers find the way back.")
            .set(
                "for_each",
                reference(format!("toset(data.aws_route_tables.{label}.ids)")),
            )
            .set("route_table_id", reference("each.value"))
            .set("destination_cidr_block", reference("aws_vpc.platform.cidr_block"))
            .set("vpc_peering_connection_id", connection()),
    );
    out
}

/// What connected with what, in a log group.
fn flows(plan: &Plan) -> Vec<Block> {
    let name = text_of!["/aws/vpc/", reference("local.prefix")];
    let mut out = vec![lake::log_group(plan, FLOWS, name)];
    let statements = vec![
        allow(
            "Log",
            &["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [lake::log_streams(FLOWS)],
        ),
        allow_everywhere(
            "FindLog",
            &["logs:DescribeLogGroups"],
            "It lists groups, and knows no single one.",
        ),
    ];
    out.extend(role(
        FLOWS,
        named(plan, FLOWS, limit::SIXTY_FOUR),
        "Writes what connected with what",
        trust("vpc-flow-logs.amazonaws.com", Some(own("ec2", "vpc-flow-log/*"))),
        statements,
    ));
    out.push(
        Block::resource("aws_flow_log", "platform")
            .set("vpc_id", reference("aws_vpc.platform.id"))
            .set("traffic_type", "ALL")
            .set(
                "log_destination",
                reference(format!("aws_cloudwatch_log_group.{FLOWS}.arn")),
            )
            .set("iam_role_arn", reference(format!("aws_iam_role.{FLOWS}.arn")))
            .set("depends_on", vec![reference(format!("aws_iam_role_policy.{FLOWS}"))]),
    );
    out
}

/// The subnets of what runs in the network.
pub fn private_subnets(network: &Network) -> Value {
    list(private_subnet_ids(network))
}

/// The same, as they are.
pub fn private_subnet_ids(network: &Network) -> Vec<Value> {
    let ids = (0..network.zones).map(|at| reference(format!("aws_subnet.{}.id", private(at))));
    ids.collect()
}

/// The first of them, at most so many.
pub fn some_private_subnets(network: &Network, most: usize) -> Value {
    list(private_subnet_ids(network).into_iter().take(most))
}

/// A security group's id.
pub fn group(label: &str) -> Value {
    reference(format!("aws_security_group.{label}.id"))
}

/// An endpoint a service: gateways where there are, which cost nothing; what may be done through each is what roles may do.
fn endpoints(plan: &Plan, network: &Network, calls: &Calls) -> Vec<Block> {
    let mut out = vec![];
    for (service, statements) in &calls.services {
        if service == SEARCH {
            out.push(search(plan, network));
            continue;
        }
        let gateway = calls::is_gateway(service);
        let label = service.replace(['.', '-'], "_");
        let mut policy = fitting(statements);
        if service == "s3" && !calls.jobs.is_empty() {
            policy.push(glue_assets());
        }
        if service == "s3" && calls.programs {
            policy.push(layers());
        }
        let block = Block::resource("aws_vpc_endpoint", &label)
            .set("vpc_id", reference("aws_vpc.platform.id"))
            .set(
                "service_name",
                text_of!["com.amazonaws.", reference("var.region"), format!(".{service}")],
            )
            .set("vpc_endpoint_type", if gateway { "Gateway" } else { "Interface" })
            .set("policy", document(policy))
            .set("tags", tags(&service.replace('.', "-")));
        out.push(match gateway {
            true => {
                let tables = (0..network.zones).map(|at| reference(format!("aws_route_table.{}.id", private(at))));
                block.set("route_table_ids", list(tables))
            }
            false => block
                .set("private_dns_enabled", true)
                .set("subnet_ids", private_subnets(network))
                .set("security_group_ids", list([group(ENDPOINTS)])),
        });
    }
    out
}

/// What is let through an endpoint: of a platform with more resources than such a policy has room for, all of the account's,
/// of which roles say the rest.
fn fitting(statements: &[Statement]) -> Vec<Statement> {
    if longest(statements) <= whole("vpc.endpoint_policy") as usize {
        return statements.to_vec();
    }
    let why = "The policy of an endpoint has no room for the names of all.";
    let statements = statements.iter().cloned();
    statements.flat_map(|statement| statement.of_account(why)).collect()
}

/// Who may do what through it, the collections' own policies say.
fn search(plan: &Plan, network: &Network) -> Block {
    Block::resource("aws_opensearchserverless_vpc_endpoint", "platform")
        .set("name", short(plan, "search", 32))
        .set("vpc_id", reference("aws_vpc.platform.id"))
        .set("subnet_ids", private_subnets(network))
        .set("security_group_ids", list([group(ENDPOINTS)]))
}

/// Glue's workers fetch parts of themselves from a bucket of the service's own.
fn glue_assets() -> Statement {
    let bucket = text_of![
        "arn:",
        reference("local.partition"),
        ":s3:::aws-glue-jes-prod-",
        reference("var.region"),
        "-assets/*"
    ];
    allow("GlueItself", &["s3:GetObject"], [bucket]).everyone()
}

/// The layers of images are in a bucket of the registry's own.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>
fn layers() -> Statement {
    let bucket = text_of![
        "arn:",
        reference("local.partition"),
        ":s3:::prod-",
        reference("var.region"),
        "-starport-layer-bucket/*"
    ];
    allow("Layers", &["s3:GetObject"], [bucket]).everyone()
}

/// A rule of a group, one way.
pub fn rule(way: &str, label: &str, of: &str, why: &str) -> Block {
    Block::resource(&format!("aws_vpc_security_group_{way}_rule"), label)
        .set("security_group_id", group(of))
        .set("description", why)
}

/// A rule about one port of some addresses.
pub fn on_port(rule: Block, port: u32, addresses: Value) -> Block {
    rule.set("ip_protocol", "tcp")
        .set("from_port", port)
        .set("to_port", port)
        .set("cidr_ipv4", addresses)
}

/// The addresses of each network that this one is connected with, by their numbers.
pub fn peers(network: &Network) -> impl Iterator<Item = (usize, Value)> {
    let addresses = |number| reference(format!("data.aws_vpc.peer_{number}.cidr_block"));
    (1..=network.peers.len()).map(move |number| (number, addresses(number)))
}

/// The way of clients to warehouses.
fn to_warehouses(network: &Network, label: &str) -> Vec<Block> {
    let from = |(number, addresses): (usize, Value)| {
        let name = format!("{label}_from_peer_{number}");
        let why = "Clients in a network that this one is connected with";
        on_port(rule("ingress", &name, label, why), redshift::PORT, addresses)
    };
    match label {
        WAREHOUSES => peers(network).map(from).collect(),
        _ => vec![],
    }
}

fn groups(plan: &Plan, network: &Network, calls: &Calls, workloads: &[(&str, bool)]) -> Vec<Block> {
    let mut out = vec![];
    let make = |label: &str, purpose: &str| {
        Block::resource("aws_security_group", label)
            .set("name", named(plan, label, limit::LONG))
            .set("description", purpose)
            .set("vpc_id", reference("aws_vpc.platform.id"))
            .set("tags", tags(label))
    };
    let https = |block: Block| {
        block
            .set("ip_protocol", "tcp")
            .set("from_port", HTTPS)
            .set("to_port", HTTPS)
    };
    let (gateways, interfaces): (Vec<_>, Vec<_>) =
        calls.services.keys().partition(|service| calls::is_gateway(service));
    if !interfaces.is_empty() {
        out.push(make(
            ENDPOINTS,
            "Endpoints of the services that functions and jobs call",
        ));
    }
    let has_jobs = workloads.contains(&(JOBS, true));
    out.extend(kafka::groups(plan, network, &make, has_jobs));
    for (label, _) in workloads.iter().filter(|(_, there)| *there) {
        out.push(
            make(label, &format!("The platform's {label}")).when(*label == JOBS, |block| {
                block.skip("CKV2_AWS_5", "connections and applications of jobs are in it")
            }),
        );
        if !interfaces.is_empty() {
            let to = format!("{label}_to_endpoints");
            out.push(
                https(rule("egress", &to, label, "Services, by their endpoints"))
                    .set("referenced_security_group_id", group(ENDPOINTS)),
            );
            let from = format!("endpoints_from_{label}");
            out.push(
                https(rule("ingress", &from, ENDPOINTS, &format!("The platform's {label}")))
                    .set("referenced_security_group_id", group(label)),
            );
        }
        for gateway in &gateways {
            let list = reference(format!("aws_vpc_endpoint.{gateway}.prefix_list_id"));
            out.push(
                https(rule(
                    "egress",
                    &format!("{label}_to_{gateway}"),
                    label,
                    &format!("{gateway}, by its gateway"),
                ))
                .set("prefix_list_id", list),
            );
        }
        if network.nat {
            out.push(
                https(rule("egress", &format!("{label}_out"), label, "Hosts outside, by NAT"))
                    .set("cidr_ipv4", "0.0.0.0/0"),
            );
        }
        out.extend(to_databases(plan, network, label));
        out.extend(to_warehouses(network, label));
        if *label == JOBS {
            for (way, name) in [("ingress", "jobs_from_jobs"), ("egress", "jobs_to_jobs")] {
                out.push(
                    rule(way, name, label, "A job's workers talk to one another")
                        .when(way == "ingress", among_themselves)
                        .set("ip_protocol", "tcp")
                        .set("from_port", 0u32)
                        .set("to_port", 65_535u32)
                        .set("referenced_security_group_id", group(label)),
                );
            }
        }
    }
    out
}

/// The way to databases that functions write and replications read, and to brokers that jobs read: in the network, in those that it is connected with, and
/// outside where it is open.
fn to_databases(plan: &Plan, network: &Network, label: &str) -> Vec<Block> {
    let databases = "Databases, where they listen";
    let (ports, why) = match label {
        FUNCTIONS => {
            let of_sinks = sinks::ports(plan).into_iter().map(u32::from);
            let all: BTreeSet<u32> = of_sinks.chain(open_metadata::port(plan)).collect();
            (all.into_iter().collect(), "Databases and catalogs, where they listen")
        }
        REPLICATIONS => (dms::ports(plan), databases),
        JOBS => (kafka::jobs::ports(plan), "Brokers, where they listen"),
        _ => (vec![], databases),
    };
    outward(network, label, &ports, why)
}

/// The way out of a group to some ports: in the network itself for what others put there, in those that it is connected with,
/// and outside where it is open.
pub fn outward(network: &Network, label: &str, ports: &[u32], why: &str) -> Vec<Block> {
    let mut out = vec![];
    for port in ports.iter().copied() {
        let mut to = |name: String, addresses: Value| {
            let one = rule("egress", &name, label, why);
            out.push(on_port(one, port, addresses));
        };
        if label != FUNCTIONS {
            to(format!("{label}_to_{port}"), reference("aws_vpc.platform.cidr_block"));
        }
        for (number, addresses) in peers(network) {
            to(format!("{label}_to_peer_{number}_{port}"), addresses);
        }
        if network.nat {
            to(format!("{label}_out_{port}"), "0.0.0.0/0".into());
        }
    }
    out
}

/// Checks of checkov that look for addresses, and find none.
fn among_themselves(block: Block) -> Block {
    ["CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260"]
        .into_iter()
        .fold(block, |block, check| {
            block.skip(
                check,
                "from the group's own members alone, as Glue asks for; no address is let in",
            )
        })
}

/// The ARNs of what an interface is made of.
pub fn interface_parts(network: &Network, of: &str) -> Vec<Value> {
    let mut out = vec![own("ec2", "network-interface/*")];
    out.push(reference(format!("aws_security_group.{of}.arn")));
    out.extend((0..network.zones).map(|at| reference(format!("aws_subnet.{}.arn", private(at)))));
    out
}

pub const LISTS: &str = "These list, and know no single resource.";

/// A function's role lets Lambda put interfaces into the subnets (P-FN-3); the function waits for that policy. They leave
/// some minutes after the function, which makes a destroy slow.
fn enter_function(out: &mut Stack, network: &Network, label: &str) {
    let Some((file, role)) = out.role_of("aws_lambda_function", label) else {
        return;
    };
    let statements = vec![
        allow(
            "Interfaces",
            &["ec2:CreateNetworkInterface"],
            interface_parts(network, FUNCTIONS),
        ),
        allow(
            "Addresses",
            &["ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"],
            [own("ec2", "network-interface/*")],
        ),
        allow(
            "NoInterfaces",
            &["ec2:DeleteNetworkInterface"],
            [own("ec2", "network-interface/*")],
        ),
        allow_everywhere(
            "FindInterfaces",
            &["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
            LISTS,
        ),
    ];
    let policy = network_policy(&role, statements);
    let address = reference(policy.address());
    out.add_to(file, policy);
    let inside = Block::new("vpc_config")
        .set("subnet_ids", private_subnets(network))
        .set("security_group_ids", list([group(FUNCTIONS)]));
    out.change("aws_lambda_function", label, |block| {
        block.without_skip("CKV_AWS_117").block(inside).also_after(address)
    });
}

fn network_policy(role: &str, statements: Vec<Statement>) -> Block {
    Block::resource("aws_iam_role_policy", &format!("{role}_network"))
        .set("name", "network")
        .set("role", reference(format!("aws_iam_role.{role}.id")))
        .set("policy", document(statements))
}

fn connection(at: u32) -> String {
    format!("network_{}", at + 1)
}

/// A connection a zone: Glue takes the first whose zone has room.
fn connections(plan: &Plan, network: &Network) -> Vec<Block> {
    (0..network.zones)
        .map(|at| {
            let label = connection(at);
            let place = Block::new("physical_connection_requirements")
                .set("availability_zone", zone(at))
                .set("subnet_id", reference(format!("aws_subnet.{}.id", private(at))))
                .set("security_group_id_list", list([group(JOBS)]));
            Block::resource("aws_glue_connection", &label)
                .set("name", named(plan, &label, limit::LONG))
                .set("connection_type", "NETWORK")
                .block(place)
        })
        .collect()
}

fn enter_job(out: &mut Stack, network: &Network, label: &str) {
    let Some((file, role)) = out.role_of("aws_glue_job", label) else {
        return;
    };
    let names: Vec<Value> = (0..network.zones)
        .map(|at| reference(format!("aws_glue_connection.{}.name", connection(at))))
        .collect();
    let mut connections = vec![own("glue", "catalog")];
    connections.extend((0..network.zones).map(|at| reference(format!("aws_glue_connection.{}.arn", connection(at)))));
    let marks = Value::from(vec!["aws-glue-service-resource".into()]);
    let statements = vec![
        allow(
            "Interfaces",
            &["ec2:CreateNetworkInterface"],
            interface_parts(network, JOBS),
        ),
        allow(
            "NoInterfaces",
            &["ec2:DeleteNetworkInterface"],
            [own("ec2", "network-interface/*")],
        ),
        allow(
            "MarkInterfaces",
            &["ec2:CreateTags", "ec2:DeleteTags"],
            [own("ec2", "network-interface/*")],
        )
        .when("ForAllValues:StringEquals", "aws:TagKeys", marks),
        allow_everywhere(
            "FindNetwork",
            &[
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcEndpoints",
            ],
            LISTS,
        ),
        allow(
            "Names",
            &["ec2:DescribeVpcAttribute"],
            [reference("aws_vpc.platform.arn")],
        ),
        allow("Connection", &["glue:GetConnection"], connections),
    ];
    let policy = network_policy(&role, statements);
    let address = reference(policy.address());
    out.add_to(file, policy);
    out.change("aws_glue_job", label, |block| {
        block.set("connections", Value::List(names)).also_after(address)
    });
}
