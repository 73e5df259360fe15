//! What every phase stands on: places in source text, the files of a project, the world outside.

mod source;
mod suggest;
mod excerpt;
mod world;

pub use source::{FileId, LineColumn, Source, Sources, Span, Spanned};
pub use suggest::suggest;
pub use excerpt::Excerpt;
pub use world::{Below, Disk, Memory, World, join};
