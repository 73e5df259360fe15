//! Types, decoding and functions that the embedded engine and the generated functions share, so that each has one
//! meaning. Knows nothing of plans, arrow or AWS, and depends on little: every generated function is built with it.

pub mod changes;
pub mod decode;
#[cfg(feature = "dynamic")]
pub mod dynamic;
pub mod encode;
pub mod functions;
pub mod json;
pub mod media;
pub mod plain;
pub mod reject;
pub mod types;
pub mod value;

pub use functions::json::Json;
pub use types::{Canonical, Date, Decimal, Timestamp, Uuid};
