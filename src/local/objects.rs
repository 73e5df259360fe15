//! Objects of a run: files beside its rows, below `objects/` in the output folder, each under the SHA-256 of its bytes.
//!
//! A row holds what is known of its object: bucket, key, version, size and checksum; its file is `OUTPUT/BUCKET/KEY`. What
//! is the same is kept once, so that a run that is repeated adds nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pipec_runtime::media::{self, BEGINNINGS};
use pipec_runtime::reject;
use sha2::{Digest, Sha256};

use super::batch::{Batch, Rejects};
use super::error::RunError;
use super::steps::{Stage, Work};
use crate::plan::{Field, ObjectRules};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;

/// The folder of objects, and the bucket that rows name.
pub(super) const BUCKET: &str = "objects";

/// Where objects are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    /// The output folder; tests of rows keep nothing.
    pub root: Option<PathBuf>,
}

impl Store {
    /// Keeps a file; gives what a row says of it, as JSON.
    pub fn keep(&self, file: &Path) -> io::Result<String> {
        #[allow(
            clippy::disallowed_methods,
            reason = "objects of samples are the embedded engine's to read"
        )]
        let bytes = fs::read(file)?;
        let checksum: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let key = format!("{checksum}.{}", ending(file, &bytes));
        if let Some(root) = &self.root {
            let folder = root.join(BUCKET);
            fs::create_dir_all(&folder)?;
            let path = folder.join(&key);
            #[allow(clippy::disallowed_methods, reason = "the output folder is the embedded engine's")]
            if !path.exists() {
                fs::write(&path, &bytes)?;
            }
        }
        let size = bytes.len();
        Ok(format!(
            r#"{{"bucket":"{BUCKET}","key":"{key}","version":"","size":{size},"checksum":"{checksum}"}}"#
        ))
    }

    /// The file of an object that a run keeps.
    pub fn path(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let plain = Path::new(key)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        let path = self.root.as_ref()?.join(BUCKET).join(key);
        (bucket == BUCKET && plain && path.is_file()).then_some(path)
    }
}

/// The ending that says what a file's bytes are; letters and digits only.
fn ending(file: &Path, bytes: &[u8]) -> String {
    if let Some((.., ending)) = BEGINNINGS.iter().find(|(beginning, ..)| bytes.starts_with(beginning)) {
        return (*ending).to_owned();
    }
    let own = file
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    // A picture by its name alone is none.
    let pretends = BEGINNINGS.iter().any(|(.., ending)| *ending == own) || own == "jpeg";
    match pretends || own.is_empty() || own.len() > 8 || !own.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => "bin".to_owned(),
        false => own,
    }
}

/// The media type of an object, by its key: it was given the ending that its bytes call for.
fn media_type(key: &str) -> &'static str {
    let own = key.rsplit_once('.').map_or("", |(_, ending)| ending);
    let begun = BEGINNINGS.iter().find(|(.., ending)| *ending == own);
    begun.map_or_else(|| media::of(b"", key).0, |(_, media, _)| media)
}

/// `object { types = […], max = … }`: objects of other types and larger ones are turned away.
pub(super) struct Allowed<'p> {
    field: &'p Field,
    rules: &'p ObjectRules,
}

impl<'p> Allowed<'p> {
    /// The rules of a source's object, if it has any.
    pub fn of(field: &'p Field) -> Option<Allowed<'p>> {
        let rules = field.object.as_ref()?;
        (!rules.types.is_empty() || rules.max_bytes.is_some()).then_some(Allowed { field, rules })
    }
}

impl Stage for Allowed<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let name = &self.field.column.name;
        let mut rejects = Rejects::default();
        let column = batch.column(name)?.clone();
        if let Some(objects) = column.as_struct_opt() {
            let keys = objects
                .column_by_name("key")
                .and_then(|keys| keys.as_string_opt::<i32>());
            let sizes = objects
                .column_by_name("size")
                .and_then(|sizes| sizes.as_primitive_opt::<Int64Type>());
            let Some((keys, sizes)) = keys.zip(sizes) else {
                return Ok(Some(batch));
            };
            for row in (0..objects.len()).filter(|row| objects.is_valid(*row)) {
                let media = media_type(keys.value(row));
                if !self.rules.types.is_empty() && !self.rules.types.iter().any(|allowed| allowed == media) {
                    rejects.add(row, &reject::object_type(name, media).into());
                } else if let Some(max) = self.rules.max_bytes
                    && sizes.value(row).max(0) as u64 > max
                {
                    rejects.add(row, &reject::object_size(name, max).into());
                }
            }
        }
        work.turn_away(batch, rejects).map(Some)
    }
}
