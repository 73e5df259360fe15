//! Databases that are replicated: what AWS DMS carries of them.
//!
//! It must not know text: it sees the typed program.

use super::Lowering;
use crate::check::program;
use crate::check::settings::{Settings, Value};
use crate::plan::{Capture, Database, Replication, Shape};
use crate::resolve::Layer;

impl Lowering<'_> {
    /// A database; what cannot be brought from it is refused.
    pub(super) fn replication(&mut self, source: &program::Source, settings: &Settings) -> Option<Replication> {
        let written = |name: &str| settings.get(name).filter(|setting| setting.layer != Layer::Default);
        let span = |name: &str| written(name).map_or(source.item.span, |setting| setting.span);
        if self.program.pipeline.settings.variant("network").is_none() {
            let help = "write `network = private { }` in the pipeline: a replication stands in a network";
            self.refuse(source.item.span, "`from = database` without a network", Some(help));
        }
        if source.shape == Shape::Table && source.into.is_none() {
            let help = "write `into = ZONE`";
            self.refuse(source.item.span, "a table of a database that does not land", Some(help));
        }
        let capture = match settings.text("mode")? {
            "cdc" => Capture::Changes,
            "full_load_and_cdc" => Capture::AllAndChanges,
            other => {
                let help = "write `mode = full_load_and_cdc`: all rows once, then what changes";
                self.refuse(span("mode"), format!("`mode = {other}`"), Some(help));
                Capture::AllAndChanges
            }
        };
        let engine = match settings.text("engine")? {
            "postgres" => Database::Postgres,
            "mysql" => Database::Mysql,
            "oracle" => Database::Oracle,
            _ => Database::SqlServer,
        };
        let tls = settings.text("tls")?;
        let authority = secret(settings, "authority");
        let tls = self.encryption(engine, tls, span("tls"));
        Some(Replication {
            engine,
            host: settings.text("host")?.to_owned(),
            own_port: settings.int("port"),
            database_name: settings.text("database")?.to_owned(),
            tables: settings
                .list("tables")
                .iter()
                .filter_map(|table| match &table.value {
                    Value::Text(name) => Some(name.clone()),
                    _ => None,
                })
                .collect(),
            secret: secret(settings, "credentials")?,
            capture,
            tls: tls.to_owned(),
            authority,
            capacity: settings.range("capacity")?,
            largest_value_kib: settings.bytes("largest_value")? >> 10,
        })
    }

    /// Which encryption DMS knows of which database. Where it encrypts only after it has looked at the certificate, that is
    /// what asking for encryption means.
    /// <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Security.SSL.html>
    fn encryption(&mut self, engine: Database, tls: &str, span: crate::base::Span) -> &'static str {
        match (engine, tls) {
            (Database::Postgres | Database::SqlServer, "require") => "require",
            (Database::Postgres | Database::Mysql, "verify_ca") => "verify-ca",
            (Database::Mysql | Database::Oracle, "require") | (Database::Oracle, "verify_ca") => "verify-ca",
            (Database::Postgres | Database::Mysql | Database::SqlServer, "verify_full") => "verify-full",
            (database, _) => {
                let help = match database {
                    Database::SqlServer => "write `tls = verify_full`, which looks at the name as well",
                    _ => "write `tls = verify_ca`: DMS does not compare the name of this database's server",
                };
                self.refuse(span, format!("`tls = {tls}` with this database"), Some(help));
                "verify-ca"
            }
        }
    }
}

fn secret(settings: &Settings, name: &str) -> Option<String> {
    match &settings.get(name)?.value {
        Value::Secret(secret) => Some(secret.clone()),
        _ => None,
    }
}
