//! Sources.

use super::brokers::queue_of;
use super::{Lowering, Scope};
use crate::check::program::{self, Shape};
use crate::check::settings::{Settings, Value};
use crate::plan::{
    Api, ApiAuth, Delivers, FilesOf, Format, From, Gathered, Kinesis, Peak, Poll, PollAuth, Schema, Source, Volume,
};

impl Lowering<'_> {
    pub(super) fn sources(&mut self) -> Vec<Source> {
        let program = self.program;
        program
            .sources
            .iter()
            .filter_map(|source| self.source(source))
            .collect()
    }

    fn source(&mut self, source: &program::Source) -> Option<Source> {
        let item = &source.item;
        let settings = &item.settings;
        let (name, connector) = settings.variant("from")?;
        let platform = self.scope == Scope::Platform;
        let copied = platform && (source.shape, name) == (Shape::Table, "database");
        let landed = copied || matches!((source.shape, name), (Shape::Table, "s3" | "http"));
        let brought = matches!((source.shape, name), (Shape::Objects, "api" | "kafka"));
        if source.shape != Shape::Stream && !landed && !brought && name != "project" {
            self.no_way(source, name);
            if platform {
                return None;
            }
        }
        if landed && !copied {
            self.files(source, connector);
        }
        let replication = match name {
            "database" => self.replication(source, connector),
            _ => None,
        };
        self.objects_land(source, platform && brought);
        let volume = volume_of(settings);
        let brokered = self.brokered(source, connector, volume.as_ref());
        let from = match (name, settings.variant("via")) {
            ("kafka" | "sqs", _) if brokered.is_some() => brokered?,
            ("api" | "s3", _) if source.shape == Shape::Objects => From::Objects,
            ("kinesis", _) => From::Kinesis(kinesis_of(connector, &source.schema)?),
            (_, Some(("kinesis", stream))) => From::Kinesis(kinesis_of(stream, &source.schema)?),
            (_, Some(("firehose", gathered))) => From::Firehose(Gathered {
                mebibytes: u32::try_from(gathered.bytes("buffer")? >> 20).ok()?,
                seconds: u32::try_from(gathered.seconds("interval")?).ok()?,
            }),
            ("project", _) => From::Project(self.foreign(source)?),
            ("api", Some(("direct", _))) => From::Http,
            ("s3", _) if source.shape == Shape::Table => From::Files(files_of(settings, connector)),
            ("http", _) if source.shape == Shape::Table => From::Poll(poll_of(settings, connector)?),
            // What DMS writes is taken over as the files of a sender are.
            ("database", _) if copied => From::Files(own_inbox()),
            // What carries these, where nothing is said, is a stream of our own.
            ("api" | "iot" | "database", None) if source.shape == Shape::Stream => {
                From::Kinesis(own_stream(&source.schema))
            }
            (other, _) => From::Other(other.to_owned()),
        };
        let api = self.requests(source, name, &from, connector);
        let topic = match (name, &from) {
            ("iot", From::Kinesis(_)) => connector.text("topic").map(str::to_owned),
            ("iot", _) => {
                let span = settings.span("via").unwrap_or(item.span);
                self.refuse(span, "`from = iot` without a stream", Some("write `via = kinesis { }`"));
                None
            }
            _ => None,
        };
        let queued = match (name, &from) {
            ("sqs", From::Kinesis(_)) => queue_of(connector),
            _ => None,
        };
        let format = connector.variant("format");
        let bytes_per_second = match settings.get("volume").map(|setting| &setting.value) {
            Some(Value::Throughput(bytes)) => Some(*bytes),
            _ => None,
        };
        Some(Source {
            name: item.name.clone(),
            doc: item.doc.clone(),
            shape: source.shape,
            delivers: source.delivers,
            format: match copied {
                true => Format::Csv,
                false => format
                    .and_then(|(name, _)| Format::of_name(name))
                    .unwrap_or(Format::Json),
            },
            format_settings: format.map(|(_, settings)| settings.clone()),
            connector: name.to_owned(),
            from,
            api,
            queued,
            topic,
            schema: source.schema.clone(),
            replication,
            volume,
            bytes_per_second,
            late_at_most_seconds: settings.seconds("late_at_most")?,
            into: source.into.clone(),
        })
    }
}

impl Lowering<'_> {
    /// The requests that bring a source, where some do.
    fn requests(&mut self, source: &program::Source, name: &str, from: &From, connector: &Settings) -> Option<Api> {
        let item = &source.item;
        let settings = &item.settings;
        let platform = self.scope == Scope::Platform;
        match (name, from) {
            ("api", From::Kinesis(_) | From::Firehose(_)) => self.api(connector, false),
            ("api", From::Objects) if platform => {
                self.uploads(source);
                self.api(connector, true)
            }
            // Objects are there when a function of its own is told of them.
            ("api", From::Objects) => None,
            ("api", _) => {
                let span = settings.span("via").unwrap_or(item.span);
                self.refuse(
                    span,
                    "`from = api` straight to a function",
                    Some("write `via = kinesis { }`, or `via = firehose { }` where nothing reads the arrivals"),
                );
                None
            }
            _ => None,
        }
    }

    /// Files whose rows no job reads are refused.
    fn files(&mut self, source: &program::Source, connector: &Settings) {
        let format = connector.variant("format").map_or("json", |(name, _)| name);
        if !["json", "csv", "parquet"].contains(&format) {
            let span = connector.span("format").unwrap_or(source.item.span);
            let what = format!("files of `{format}` from a bucket");
            self.refuse(span, what, Some("write `format = json`, `csv` or `parquet`"));
        }
        if let Some(compression @ ("zstd" | "snappy")) = connector.text("compression") {
            let span = connector.span("compression").unwrap_or(source.item.span);
            let what = format!("`compression = {compression}`");
            self.refuse(span, what, Some("write `compression = gzip`, or `bzip2`"));
        }
        let of_one_list = connector
            .variant("format")
            .is_some_and(|(_, format)| format.bool("lines") == Some(false));
        if of_one_list {
            let span = connector.span("format").unwrap_or(source.item.span);
            self.refuse(span, "files that are one list of records", Some("leave `lines` out"));
        }
        if source.delivers == Delivers::Changes {
            let span = source.item.settings.span("delivers").unwrap_or(source.item.span);
            self.refuse(span, "changes that come as files", Some("write `delivers = rows`"));
        }
        if source.into.is_none() {
            self.refuse(
                source.item.span,
                "a table that does not land",
                Some("write `into = ZONE`"),
            );
        }
    }

    /// Rows that no bundle brings by this way.
    fn no_way(&mut self, source: &program::Source, from: &str) {
        let (shape, help) = match source.shape {
            Shape::Objects => (
                "objects",
                "write `from = api { … }`: senders ask for uploads; or `from = kafka { … }`",
            ),
            _ => (
                "table",
                "this version has `stream of`, and tables of `s3`, `http`, `database` and `project`",
            ),
        };
        let what = format!("`{shape} of` sources by `{from}`");
        self.refuse(source.item.span, what, Some(help));
    }

    /// Objects that land nowhere, where they have to.
    fn objects_land(&mut self, source: &program::Source, must: bool) {
        if must && source.into.is_none() {
            let help = Some("write `into = ZONE`");
            self.refuse(source.item.span, "objects that do not land", help);
        }
    }

    /// Uploads that no link lets in.
    fn uploads(&mut self, source: &program::Source) {
        let rules = source.schema.fields.iter().find_map(|field| field.object.as_ref());
        let most = rules.and_then(|rules| rules.max_bytes);
        if most.is_some_and(|bytes| bytes > LARGEST_UPLOAD) {
            let what = "objects of more than 5 GiB, which one request does not bring";
            self.refuse(source.item.span, what, Some("write `max = 5 GiB`, or less"));
        }
    }

    /// Requests that a stream takes, or that ask for `uploads`; what no bundle carries of them is refused.
    fn api(&mut self, settings: &Settings, uploads: bool) -> Option<Api> {
        let (auth, of_auth) = settings.variant("auth")?;
        let kind = match (auth, uploads) {
            ("api_key", false) => ApiAuth::Key,
            ("iam", _) => ApiAuth::Iam,
            ("public", _) => ApiAuth::Public,
            ("jwt", true) => ApiAuth::Jwt {
                issuer: of_auth.text("issuer")?.to_owned(),
                audience: of_auth.text("audience")?.to_owned(),
            },
            (other, _) => {
                let span = settings.span("auth").or_else(|| of_auth.span("issuer"))?;
                let (what, help) = match uploads {
                    true => (" of uploads", "write `auth = jwt { … }`, or `iam`"),
                    false => ("", "write `auth = api_key`, or `iam`"),
                };
                self.refuse(span, format!("`auth = {other}`{what}"), Some(help));
                ApiAuth::Iam
            }
        };
        let asked = [
            ("cors", !uploads && !settings.list("cors").is_empty()),
            ("domain", settings.text("domain").is_some()),
            ("firewall", settings.bool("firewall") == Some(true)),
        ];
        for (name, _) in asked.into_iter().filter(|(_, asked)| *asked) {
            if let Some(span) = settings.span(name) {
                self.refuse(span, format!("the setting `{name}`"), None);
            }
        }
        let per_second = settings.rate("throttle")?;
        Some(Api {
            path: settings.text("path")?.to_owned(),
            auth: kind,
            per_second,
            // Room for what comes in one second.
            burst: settings.int("burst").unwrap_or(per_second.ceil().min(5_000.0) as u32),
            origins: super::serve::texts(settings, "cors"),
        })
    }
}

/// What an item promises, record by record.
pub(super) fn volume_of(settings: &Settings) -> Option<Volume> {
    match settings.get("volume").map(|setting| &setting.value) {
        Some(Value::Volume(records_per_second, record_bytes)) => Some(Volume {
            records_per_second: *records_per_second,
            record_bytes: *record_bytes,
            peak: peak_of(settings),
        }),
        _ => None,
    }
}

/// The most that an item promises, for a while.
fn peak_of(settings: &Settings) -> Option<Peak> {
    match settings.get("peak").map(|setting| &setting.value) {
        Some(Value::Peak(records_per_second, milliseconds)) => Some(Peak {
            records_per_second: *records_per_second,
            seconds: *milliseconds as f64 / 1_000.0,
        }),
        _ => None,
    }
}

/// The files of a bucket.
fn files_of(settings: &Settings, connector: &Settings) -> FilesOf {
    let own = connector.bool("own") == Some(true);
    FilesOf {
        bucket: connector.text("bucket").filter(|_| !own).map(str::to_owned),
        prefix: connector.text("prefix").unwrap_or_default().to_owned(),
        suffix: match connector.text("compression") {
            Some("gzip") => ".gz",
            Some("bzip2") => ".bz2",
            _ => "",
        },
        every_seconds: settings.seconds("every"),
    }
}

/// A bucket of the platform's own, each file as it comes.
fn own_inbox() -> FilesOf {
    FilesOf {
        bucket: None,
        prefix: String::new(),
        suffix: "",
        every_seconds: None,
    }
}

/// What is asked of an endpoint.
fn poll_of(settings: &Settings, connector: &Settings) -> Option<Poll> {
    let secret = |settings: &Settings, name: &str| match &settings.get(name)?.value {
        Value::Secret(secret) => Some(secret.clone()),
        _ => None,
    };
    let auth = match connector.variant("auth") {
        None => None,
        Some(("bearer", auth)) => Some(PollAuth::Bearer(secret(auth, "token")?)),
        Some(("basic", auth)) => Some(PollAuth::Basic(secret(auth, "credentials")?)),
        Some((_, auth)) => Some(PollAuth::Header(auth.text("name")?.to_owned(), secret(auth, "key")?)),
    };
    let headers = match connector.get("headers").map(|setting| &setting.value) {
        Some(Value::Map(headers)) => headers
            .iter()
            .filter_map(|(name, named)| match &named.value.value {
                Value::Text(text) => Some((name.clone(), text.clone())),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some(Poll {
        url: connector.text("url")?.to_owned(),
        method: match connector.text("method") {
            Some("post") => "POST",
            _ => "GET",
        },
        headers,
        auth,
        rows: connector.text("rows").map(str::to_owned),
        timeout_seconds: connector.seconds("timeout")?,
        every_seconds: settings.seconds("every")?,
    })
}

/// The most that S3 takes by one request, bytes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html>).
const LARGEST_UPLOAD: u64 = 5 << 30;

/// The shortest time that a stream keeps records, hours.
const LEAST_HOURS: u32 = 24;

fn first_key(schema: &Schema) -> Option<String> {
    let mut keys = schema.fields.iter().filter(|field| field.column.key);
    keys.next().map(|field| field.column.name.clone())
}

fn own_stream(schema: &Schema) -> Kinesis {
    Kinesis {
        existing: None,
        shards: None,
        retention_hours: LEAST_HOURS,
        partition_key: first_key(schema),
    }
}

fn kinesis_of(settings: &Settings, schema: &Schema) -> Option<Kinesis> {
    kinesis_with(settings, || first_key(schema))
}

/// A stream as its settings say, and its partition key where they do not.
pub(super) fn kinesis_with(settings: &Settings, first_key: impl FnOnce() -> Option<String>) -> Option<Kinesis> {
    let existing = match settings.get("stream").map(|setting| &setting.value) {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => None,
    };
    let shards = match settings.variant("capacity")? {
        ("provisioned", provisioned) => Some(provisioned.int("shards")?),
        _ => None,
    };
    Some(Kinesis {
        existing,
        shards,
        retention_hours: u32::try_from(settings.seconds("retention")? / 3_600).ok()?,
        partition_key: settings.text("key").map(str::to_owned).or_else(first_key),
    })
}
