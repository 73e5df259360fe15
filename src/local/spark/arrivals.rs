//! The rows of a test as arrivals: files of records, in the order in which they arrive.

use std::path::Path;

use crate::local::error::RunError;
use crate::local::lambda::rows::{arrived, line};
use crate::plan::Source;
use crate::plan::expr::Literal;
use crate::plan::types::Column;

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
    let in_order = rows.is_sorted_by_key(|row| arrived(&columns, row));
    let together = if in_order { TOGETHER } else { rows.len().max(1) };
    for (number, some) in rows.chunks(together).enumerate() {
        let text: Vec<u8> = some.iter().flat_map(|row| line(&columns, row)).collect();
        let path = folder.join(format!("{number:06}.json"));
        std::fs::write(&path, &text).map_err(failed)?;
        // Spark takes files in the order of their times.
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1 + number as u64);
        let file = std::fs::File::options().write(true).open(&path).map_err(failed)?;
        file.set_modified(at).map_err(failed)?;
    }
    Ok(())
}
