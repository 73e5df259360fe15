//! What every phase stands on: places in source text, the files of a project, the world outside.

mod excerpt;
mod source;
mod suggest;
mod world;

pub use excerpt::Excerpt;
pub use source::{FileId, LineColumn, Source, Sources, Span, Spanned};
pub use suggest::suggest;
pub use world::{Below, Disk, Memory, World, join};
