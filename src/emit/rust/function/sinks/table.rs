//! PostgreSQL: the rows of a request are one statement, so all of it is written or nothing. The database gives values the
//! types that its table has.

use serde_json::Value;
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::{Answer, Row, tls};
use crate::Error;
use crate::aws::Aws;

/// A table.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Where the database listens.
    host: String,
    /// The port.
    port: u16,
    /// The database.
    database: String,
    /// The table, with its schema before a dot where it is in another than the user's own.
    pub table: String,
    /// The columns that rows have.
    columns: Vec<String>,
    /// The columns that tell one row from another.
    #[serde(default)]
    pub key: Vec<String>,
    /// The secret that holds `username` and `password`.
    credentials: String,
    /// The secret that is the certificate of the authority that signed the database's.
    authority: Option<String>,
    #[serde(skip)]
    client: Mutex<Option<Client>>,
}

impl Table {
    /// Writes rows.
    pub async fn send(&self, aws: &Aws, rows: &[Row<'_>]) -> Answer {
        let mut client = self.client.lock().await;
        if client.as_ref().is_none_or(Client::is_closed) {
            *client = match self.connect(aws).await {
                Ok(connected) => Some(connected),
                Err(error) => return Answer::Busy(error.to_string()),
            };
        }
        let texts: Vec<&str> = rows.iter().map(|row| row.text).collect();
        let all = format!("[{}]", texts.join(","));
        let Some(connected) = client.as_ref() else {
            return Answer::Busy("no connection".into());
        };
        match connected.execute(self.statement().as_str(), &[&all]).await {
            Ok(_) => Answer::ALL,
            Err(error) => {
                // Only the code: the message may hold a value.
                let code = error.code().map_or("the connection broke", SqlState::code).to_owned();
                match code.get(..2) {
                    // Values that do not fit, and constraints that do not hold.
                    Some("22" | "23") => Answer::Wrong(code),
                    _ => {
                        *client = None;
                        Answer::Busy(code)
                    }
                }
            }
        }
    }

    /// Adds rows; a row with the same key as one that is there replaces it.
    fn statement(&self) -> String {
        let table = self.table.split('.').map(name).collect::<Vec<_>>().join(".");
        let columns = self.columns.iter().map(|column| name(column)).collect::<Vec<_>>().join(", ");
        let rows = format!("json_populate_recordset(NULL::{table}, $1::text::json)");
        let added = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows}");
        if self.key.is_empty() {
            return added;
        }
        let key = self.key.iter().map(|column| name(column)).collect::<Vec<_>>().join(", ");
        let others = self.columns.iter().filter(|column| !self.key.contains(column));
        let set: Vec<_> = others.map(|column| format!("{0} = EXCLUDED.{0}", name(column))).collect();
        match set.is_empty() {
            true => format!("{added} ON CONFLICT ({key}) DO NOTHING"),
            false => format!("{added} ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", ")),
        }
    }

    async fn connect(&self, aws: &Aws) -> Result<Client, Error> {
        let text = aws.secret(&self.credentials).await?;
        let login: Value = serde_json::from_str(&text).map_err(|_| self.without("is no JSON"))?;
        let of = |field: &str| login[field].as_str().ok_or_else(|| self.without(&format!("has no `{field}`")));
        let authority = match &self.authority {
            Some(secret) => Some(aws.secret(secret).await?),
            None => None,
        };
        let mut config = Config::new();
        config.host(&self.host).port(self.port).dbname(&self.database).application_name(&aws.function);
        config.user(of("username")?).password(of("password")?).connect_timeout(std::time::Duration::from_secs(5));
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
        let (client, connection) = config.connect(tls::Connect::new(authority.as_deref())?).await.map_err(|error| {
            let code = error.code().map_or("no answer", SqlState::code);
            format!("{} cannot be reached ({code}): {error}", self.host)
        })?;
        tokio::spawn(async move {
            // That it ended is seen at its next use.
            let _ = connection.await;
        });
        client.batch_execute("SET statement_timeout = '10s'; SET TIME ZONE 'UTC'").await?;
        Ok(client)
    }

    fn without(&self, what: &str) -> Error {
        let id = &self.credentials;
        format!("the secret `{id}` {what}: it holds {{\"username\": …, \"password\": …}}").into()
    }
}

/// A name as SQL has it.
fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(key: &[&str]) -> Table {
        let text = serde_json::json!({
            "host": "h", "port": 5432, "database": "d", "table": "s.t\"t", "columns": ["a", "b"], "key": key,
            "credentials": "c", "authority": null,
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_key_replaces() {
        let rows = "INSERT INTO \"s\".\"t\"\"t\" (\"a\", \"b\") SELECT \"a\", \"b\" FROM \
                    json_populate_recordset(NULL::\"s\".\"t\"\"t\", $1::text::json)";
        assert_eq!(table(&[]).statement(), rows);
        let replaced = format!("{rows} ON CONFLICT (\"a\") DO UPDATE SET \"b\" = EXCLUDED.\"b\"");
        assert_eq!(table(&["a"]).statement(), replaced);
        assert_eq!(table(&["a", "b"]).statement(), format!("{rows} ON CONFLICT (\"a\", \"b\") DO NOTHING"));
    }
}
