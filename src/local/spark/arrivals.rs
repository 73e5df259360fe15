//! The rows of a test as arrivals: files of records, in the order in which they arrive.

use std::path::Path;

use crate::local::error::RunError;
use crate::local::lambda::rows::record;
use crate::plan::Source;
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use pipec_runtime::Timestamp;

/// Rows of one file, which is one batch.
const TOGETHER: usize = 16;

/// Writes a source's rows below a folder. Rows that arrive in order come in several batches, where they are many.
///
/// # Errors
/// If a file could not be written.
#[allow(clippy::disallowed_methods, reason = "files of a test's own, in a folder of its own")]
pub(super) fn write(source: &Source, rows: &[Vec<Literal>], folder: &Path) -> Result<(), RunError> {
    let failed = |error| RunError::file(folder, "written", error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let fields = &source.schema.fields;
    let columns: Vec<Column> = fields.iter().map(|field| field.column.clone()).collect();
    let time = columns.iter().position(|column| column.event_time);
    let arrived = |row: &Vec<Literal>| match time.and_then(|at| row.get(at)) {
        Some(Literal::Timestamp(micros)) => *micros,
        _ => 0,
    };
    let in_order = rows.is_sorted_by_key(arrived);
    let together = if in_order { TOGETHER } else { rows.len().max(1) };
    for (number, some) in rows.chunks(together).enumerate() {
        let mut text = Vec::new();
        for row in some {
            let mut line = record(&columns, row);
            line.pop();
            let separator = if line.len() > 1 { "," } else { "" };
            line.extend(format!("{separator}\"_arrived\":\"{}\"}}\n", Timestamp(arrived(row))).bytes());
            text.extend(line);
        }
        let path = folder.join(format!("{number:06}.json"));
        std::fs::write(&path, &text).map_err(failed)?;
        // Spark takes files in the order of their times.
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1 + number as u64);
        let file = std::fs::File::options().write(true).open(&path).map_err(failed)?;
        file.set_modified(at).map_err(failed)?;
    }
    Ok(())
}
