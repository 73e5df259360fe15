//! What a database has to be told before DMS reads it: a checklist a source, with its statements. Knows the dialects of four
//! databases, and nothing of AWS resources.
//!
//! Facts: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Source.html>.

use crate::plan::{Capture, Database, Replication, Source};

/// The checklist of a source.
pub fn text(source: &Source, replication: &Replication) -> String {
    let changes = match replication.capture {
        Capture::Changes => "changes from the start of the replication on",
        Capture::AllAndChanges => "all rows once, and every change after that",
    };
    let tables: Vec<String> = replication.tables.iter().map(|table| format!("`{table}`")).collect();
    format!(
        "# Before `{name}` is replicated\n\n\
         AWS DMS reads {changes} of {tables} in `{database}` at `{host}:{port}`.\n\n\
         - [ ] The secret `{secret}` is a JSON object with `username`, `password`, `host` (`{host}`) and `port` ({port}): DMS \
         takes all four from there, and none from elsewhere. It is in the region of the platform.\n\
         - [ ] `{host}` has that name inside of the platform's network, and lets its addresses in at {port}.\n\
         - [ ] Each table has a primary key, which the schema's `@key` names.\n\
         - [ ] Each table has the columns {columns}; others never leave it.\n\
         {steps}",
        name = source.name,
        tables = tables.join(", "),
        database = replication.database_name,
        host = replication.host,
        port = replication.port(),
        secret = replication.secret,
        columns = columns(source),
        steps = steps(replication),
    )
}

fn columns(source: &Source) -> String {
    let names: Vec<String> = source
        .schema
        .fields
        .iter()
        .map(|field| format!("`{}`", field.column.name))
        .collect();
    names.join(", ")
}

fn steps(replication: &Replication) -> String {
    let each = |of: &dyn Fn(&str, &str) -> String| -> String {
        let lines = replication.tables.iter().map(|table| {
            let (schema, name) = replication.place(table);
            of(&schema, &name)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    match replication.engine {
        Database::Postgres => {
            format!(
                "- [ ] The log says enough: `wal_level = logical` (on Amazon RDS `rds.logical_replication = 1`, which restarts it), \
             `max_replication_slots` and `max_wal_senders` have room for one more, and the extension `pglogical` is loaded.\n\
             - [ ] Deletes tell the whole row, and the user may read:\n\n```sql\n{}\n```\n",
                each(&|schema, name| {
                    let table = format!("{}.{}", double(schema), double(name));
                    format!(
                        "ALTER TABLE {table} REPLICA IDENTITY FULL;\nGRANT USAGE ON SCHEMA {} TO dms;\nGRANT SELECT ON {table} TO dms;",
                        double(schema)
                    )
                }),
            ) + "\n- [ ] The user replicates: `ALTER USER dms REPLICATION;` (on Amazon RDS `GRANT rds_replication TO dms;`)\n"
        }
        Database::Mysql => format!(
            "- [ ] The binary log says enough: `binlog_format = ROW`, `binlog_row_image = FULL`, `binlog_checksum = NONE`, and it \
             is kept for a day or longer (on Amazon RDS `CALL mysql.rds_set_configuration('binlog retention hours', 24);`).\n\
             - [ ] The user may read:\n\n```sql\nGRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'dms'@'%';\n{}\n```\n",
            each(&|schema, name| format!("GRANT SELECT ON `{}`.`{}` TO 'dms'@'%';", back(schema), back(name))),
        ),
        Database::Oracle => format!(
            "- [ ] The database archives its log (`ARCHIVELOG`), and keeps it for a day or longer.\n\
             - [ ] It logs keys, and of these tables all columns, and the user may read:\n\n```sql\n\
             ALTER DATABASE ADD SUPPLEMENTAL LOG DATA;\n{}\nGRANT CREATE SESSION, LOGMINING, SELECT ANY TRANSACTION, \
             EXECUTE_CATALOG_ROLE TO dms;\n```\n",
            each(&|schema, name| {
                let table = format!("{}.{}", double(schema), double(name));
                format!("ALTER TABLE {table} ADD SUPPLEMENTAL LOG DATA (ALL) COLUMNS;\nGRANT SELECT ON {table} TO dms;")
            }),
        ),
        Database::SqlServer => format!(
            "- [ ] The database has the recovery model `FULL`, and a backup.\n\
             - [ ] Changes are published, and the user may read:\n\n```sql\nEXEC sys.sp_cdc_enable_db;\n{}\n\
             EXEC sp_addrolemember 'db_owner', 'dms';\n```\n",
            each(&|schema, name| {
                let text = |text: &str| text.replace('\'', "''");
                format!(
                    "EXEC sys.sp_cdc_enable_table @source_schema = N'{}', @source_name = N'{}', @role_name = NULL;",
                    text(schema),
                    text(name)
                )
            }),
        ),
    }
}

fn double(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn back(name: &str) -> String {
    name.replace('`', "``")
}
