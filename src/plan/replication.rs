//! Databases whose tables or changes are brought, as an author says it.
//!
//! It must not know AWS.

/// A database whose tables or changes are brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication {
    /// What it is.
    pub engine: Database,
    /// Where it listens.
    pub host: String,
    /// The port, where it is not the usual one.
    pub own_port: Option<u32>,
    /// The database.
    pub database_name: String,
    /// The tables, with their schemas where the engine has any.
    pub tables: Vec<String>,
    /// The name of the secret that holds how to sign in.
    pub secret: String,
    /// What is read.
    pub capture: Capture,
    /// How the connection is encrypted: `require`, `verify-ca` or `verify-full`.
    pub tls: String,
    /// The name of the secret that holds the certificate of the authority which signed the server's.
    pub authority: Option<String>,
    /// The least and the most capacity, in units of 2 GiB of memory.
    pub capacity: (u32, u32),
    /// The largest value of a column without a bound, KiB: what is longer is cut.
    pub largest_value_kib: u64,
}

/// What a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// Oracle Database.
    Oracle,
    /// Microsoft SQL Server.
    SqlServer,
}

/// What is read of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// Changes as they happen.
    Changes,
    /// All rows once, then changes.
    AllAndChanges,
}

impl Replication {
    /// Where it listens.
    pub fn port(&self) -> u32 {
        self.own_port.unwrap_or(match self.engine {
            Database::Postgres => 5_432,
            Database::Mysql => 3_306,
            Database::Oracle => 1_521,
            Database::SqlServer => 1_433,
        })
    }

    /// The schema and the name of a table: where it says none, the one that the engine has usually.
    pub fn place(&self, table: &str) -> (String, String) {
        match table.split_once('.') {
            Some((schema, name)) => (schema.to_owned(), name.to_owned()),
            None => {
                let usual = match self.engine {
                    Database::Postgres => "public",
                    Database::SqlServer => "dbo",
                    // A schema of MySQL is a database; Oracle's bear the name of their owner.
                    Database::Mysql | Database::Oracle => self.database_name.as_str(),
                };
                (usual.to_owned(), table.to_owned())
            }
        }
    }
}
