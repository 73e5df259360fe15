//! Phase 7: a plan as files. Expressions are built as small trees with one escaping function a target; templates
//! are for the skeletons of files. Knows nothing of folders: paths are relative to the build's, with `/`.

pub mod ci;
pub mod docs;
pub mod hcl;
pub mod pyspark;
pub mod rust;
pub mod states;
