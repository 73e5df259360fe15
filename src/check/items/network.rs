//! What parts of a platform ask of its network and its region: zones to stand in, a way out, another place for copies.

use super::Items;
use super::zone::ZoneRules;
use crate::base::Span;
use crate::check::program::{Item, Serve, Source};
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic};

/// Regions where Redshift Serverless has more than 512 units.
const LARGE_WAREHOUSES: [&str; 5] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1"];

/// What stands in the network.
pub(super) struct Stands<'s> {
    pub(super) pipeline: &'s Item,
    pub(super) zones: &'s [ZoneRules],
    pub(super) sources: &'s [Source],
    pub(super) sinks: &'s [Item],
    pub(super) serves: &'s [Serve],
}

impl Items<'_> {
    /// Says what the network or the region does not have.
    pub(super) fn network(&mut self, stands: &Stands<'_>) {
        let region = stands.pipeline.settings.variant("cloud");
        let region = region.and_then(|(_, cloud)| cloud.text("region"));
        for rules in stands.zones {
            self.copies(&rules.item, region);
        }
        self.residency(stands);
        for (name, settings) in stands.warehouses() {
            self.warehouse(name, settings, region, stands.pipeline);
        }
        self.each_catalog_once(stands.pipeline);
        self.catalogs(stands.pipeline);
        let Some(("private", network)) = stands.pipeline.settings.variant("network") else {
            return;
        };
        for source in stands.sources {
            self.of_source(&source.item, network, stands.pipeline);
        }
        for sink in stands.sinks {
            if let Some(("postgres", to)) = sink.settings.variant("to") {
                let said = format!("sink `{}` is a database", sink.name);
                self.host(&said, to, sink, network, stands.pipeline);
            }
        }
    }

    /// What a source asks of the network: brokers of its own stand in it, those of others and databases are reached from it.
    fn of_source(&mut self, source: &Item, network: &Settings, pipeline: &Item) {
        match source.settings.variant("from") {
            Some(("kafka", kafka)) => {
                for name in ["cluster", "migrate_to"] {
                    match kafka.variant(name) {
                        Some(("msk", msk)) => self.brokers(msk, network, pipeline),
                        Some(("self_managed", cluster)) => {
                            let said = format!("source `{}` has a broker", source.name);
                            // A cluster stands in one network: that of its first broker is that of all.
                            if let Some(first) = cluster.list("brokers").first()
                                && let Value::Text(host) = &first.value
                            {
                                self.reached(&said, host, first.span, network, pipeline);
                            }
                        }
                        _ => {}
                    }
                }
            }
            Some(("database", database)) => {
                let said = format!("source `{}` is a database", source.name);
                self.host(&said, database, source, network, pipeline);
            }
            Some(("http", http)) if http.text("url").is_some_and(is_inside) => {
                let said = format!("source `{}` is an endpoint", source.name);
                let (url, span) = (http.text("url").unwrap_or_default(), http.span("url"));
                let host = host_of(url).to_owned();
                self.reached(&said, &host, span.unwrap_or(source.span), network, pipeline);
            }
            Some(("http", http)) => self.way_out(source, http, network, pipeline),
            _ => {}
        }
    }

    /// The platform and all of its copies are where data may be.
    fn residency(&mut self, stands: &Stands<'_>) {
        let settings = &stands.pipeline.settings;
        let names = |item: &crate::base::Spanned<Value>| match &item.value {
            Value::Text(name) => Some(name.clone()),
            _ => None,
        };
        let allowed: Vec<String> = settings.list("regions").iter().filter_map(names).collect();
        if allowed.is_empty() {
            return;
        }
        let of_platform = settings
            .variant("cloud")
            .map(|(_, cloud)| (cloud.text("region"), cloud.span("region")));
        let own = of_platform.map(|(region, span)| ("the platform is".to_owned(), region, span));
        let copies = stands.zones.iter().map(|rules| {
            let zone = &rules.item;
            let (region, span) = (zone.settings.text("replicate_to"), zone.settings.span("replicate_to"));
            (format!("a copy of zone `{}` is", zone.name), region, span)
        });
        for (what, region, span) in own.into_iter().chain(copies) {
            let (Some(region), Some(span)) = (region, span) else {
                continue;
            };
            if allowed.iter().any(|known| known == region) {
                continue;
            }
            let message = format!("{what} in `{region}`, where data may not be");
            let mut diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                .found("not among `regions`")
                .help(format!(
                    "name one of `{}`, or add `{region}` to `regions`",
                    allowed.join("`, `")
                ));
            if let Some(span) = settings.span("regions") {
                diagnostic = diagnostic.label(span, "where data may be");
            }
            self.say(diagnostic);
        }
    }

    /// A copy is in another region.
    fn copies(&mut self, zone: &Item, region: Option<&str>) {
        let Some((to, span)) = zone
            .settings
            .text("replicate_to")
            .zip(zone.settings.span("replicate_to"))
        else {
            return;
        };
        if Some(to) == region {
            let message = format!("zone `{}` copies to `{to}`, where it is already", zone.name);
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                .found("the region of the platform")
                .help("name another region, or leave `replicate_to` out");
            self.say(diagnostic);
        }
    }

    /// Brokers stand evenly in availability zones: two or three, whatever the network has.
    fn brokers(&mut self, msk: &Settings, network: &Settings, pipeline: &Item) {
        let (Some(brokers), Some(span)) = (msk.int("brokers"), msk.span("brokers")) else {
            return;
        };
        let Some(zones) = network.int("availability_zones").map(|zones| zones.clamp(2, 3)) else {
            return;
        };
        if brokers % zones != 0 {
            let more = brokers.div_ceil(zones) * zones;
            let message = format!("{brokers} brokers cannot stand evenly in {zones} availability zones");
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                .found(format!("not a multiple of {zones}"))
                .help(format!("write `brokers = {more}`"))
                .fix(format!("write `{more}`"), span, more.to_string());
            self.say(with_network(diagnostic, network, pipeline));
        }
    }

    /// A warehouse stands in three availability zones, and is large only where there are large ones.
    fn warehouse(&mut self, name: &str, settings: &Settings, region: Option<&str>, pipeline: &Item) {
        let network = pipeline.settings.variant("network").map(|(_, network)| network);
        let zones = network.and_then(|network| network.int("availability_zones"));
        if let (Some(network), Some(1 | 2)) = (network, zones) {
            let span = network_span(network, pipeline);
            let message = format!("{name} asks for three availability zones, and the network spans two");
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                .found("Redshift Serverless stands in three")
                .help("write `availability_zones = 3`");
            self.say(diagnostic);
        }
        let large = settings.range("capacity").filter(|(_, high)| *high > 512);
        if let (Some(_), Some(region)) = (large, region.filter(|region| !LARGE_WAREHOUSES.contains(region))) {
            let span = settings.span("capacity").unwrap_or(pipeline.span);
            let message = format!("{name} has at most 512 units of capacity in `{region}`");
            let diagnostic = Diagnostic::new(Code::OUT_OF_BOUNDS, span, message)
                .found("more than there are")
                .help(format!(
                    "write `512` or less; there are more in `{}`",
                    LARGE_WAREHOUSES.join("`, `")
                ));
            self.say(diagnostic);
        }
    }

    /// A platform has one domain, and is told to one server.
    fn each_catalog_once(&mut self, pipeline: &Item) {
        let mut known: Vec<&str> = vec![];
        for catalog in pipeline.settings.list("catalog") {
            let Value::Variant(kind, _) = &catalog.value else {
                continue;
            };
            if known.contains(&kind.as_str()) {
                let message = format!("the platform is told to `{kind}` twice");
                let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, catalog.span, message)
                    .found("one of a kind")
                    .help("leave one of them out");
                self.say(diagnostic);
            }
            known.push(kind);
        }
    }

    /// A catalog of one's own is told by a function in the network, or from outside of all where there is none.
    fn catalogs(&mut self, pipeline: &Item) {
        let network = pipeline.settings.variant("network").map(|(_, network)| network);
        for catalog in pipeline.settings.list("catalog") {
            if let Value::Variant(kind, settings) = &catalog.value
                && kind == "openmetadata"
                && let (Some(url), Some(span)) = (settings.text("endpoint"), settings.span("endpoint"))
            {
                let host = host_of(url);
                match network {
                    Some(network) => self.reached("a catalog is", host, span, network, pipeline),
                    None if is_inside(host) => {
                        let message = format!("a catalog is at `{host}`, and the platform has no network");
                        let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                            .found("not reached from outside")
                            .help("write `network = private { peers = [vpc(\"vpc-…\")] }`: the one that it is in");
                        self.say(diagnostic);
                    }
                    None => {}
                }
            }
        }
    }

    fn host(&mut self, said: &str, settings: &Settings, item: &Item, network: &Settings, pipeline: &Item) {
        if let Some(host) = settings.text("host") {
            let span = settings.span("host").unwrap_or(item.span);
            self.reached(said, host, span, network, pipeline);
        }
    }

    /// What has a host is in a network that this one is connected with, or outside behind a way out.
    fn reached(&mut self, said: &str, host: &str, span: Span, network: &Settings, pipeline: &Item) {
        let closed = network.text("internet") == Some("none");
        if !network.list("peers").is_empty() || !(closed || is_inside(host)) {
            return;
        }
        let message = format!("{said} at `{host}`, and no way leads there from the network");
        let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
            .found("not reached from a private network")
            .help("write `peers = [vpc(\"vpc-…\")]` in the network: the one that it is in");
        let diagnostic = match is_inside(host) {
            true => diagnostic,
            false => diagnostic.help("or `internet = nat`, where it is reached from outside"),
        };
        self.say(with_network(diagnostic, network, pipeline));
    }

    /// An endpoint outside of the network is reached through a way out.
    fn way_out(&mut self, source: &Item, http: &Settings, network: &Settings, pipeline: &Item) {
        if network.text("internet") != Some("none") || http.text("url").is_none() {
            return;
        }
        let span = http.span("url").unwrap_or(source.span);
        let message = format!(
            "source `{}` asks a host outside, and the network has no way out",
            source.name
        );
        let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
            .found("not reached from a private network")
            .help("write `internet = nat` in the network");
        self.say(with_network(diagnostic, network, pipeline));
    }
}

impl Stands<'_> {
    /// Everything that runs in a warehouse: what it is called, and its settings.
    fn warehouses(&self) -> Vec<(&'static str, &Settings)> {
        let serves = self.serves.iter().map(|serve| serve.item.settings.variant("engine"));
        let sinks = self.sinks.iter().map(|sink| sink.settings.variant("to"));
        let named = serves.chain(sinks).flatten().filter_map(|(name, settings)| match name {
            "redshift_serverless" => Some(("`redshift_serverless`", settings)),
            "redshift" => Some(("`redshift`", settings)),
            _ => None,
        });
        named.collect()
    }
}

/// The host of a URL, or of a broker with its port.
fn host_of(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    host.split_once(':').map_or(host, |(host, _)| host)
}

/// Whether a host is one of a private network, by its name or its address.
/// <https://www.rfc-editor.org/rfc/rfc1918>
fn is_inside(url: &str) -> bool {
    let host = host_of(url);
    let private = [".internal", ".local", ".lan", ".corp", ".amazonaws.com"];
    let address = host
        .parse::<std::net::Ipv4Addr>()
        .is_ok_and(|address| address.is_private());
    address || private.iter().any(|end| host.ends_with(end))
}

fn network_span(network: &Settings, pipeline: &Item) -> Span {
    let written = network
        .get("availability_zones")
        .filter(|setting| setting.layer != crate::resolve::Layer::Default && !matches!(setting.value, Value::Bad));
    let whole = pipeline.settings.span("network").unwrap_or(pipeline.span);
    written.map_or(whole, |setting| setting.span)
}

fn with_network(diagnostic: Diagnostic, network: &Settings, pipeline: &Item) -> Diagnostic {
    diagnostic.label(network_span(network, pipeline), "the network")
}
