//! Terraform's language as values, and its canonical text: what is printed here, `terraform fmt` leaves as it is.
//!
//! Knows HCL's syntax and nothing of Terraform's providers or of plans. Author text enters as [`Part::Literal`] or
//! [`Value::from`] a string, and is escaped in one place ([`escape`]).

mod print;
mod value;

pub use print::{escape, print, print_items};
pub use value::{Block, Item, Part, Value, call, commented, list, object, reference, text};

/// A string made of literal text and references: `text_of![reference("local.prefix"), "-raw"]` is `"${local.prefix}-raw"`.
#[macro_export]
macro_rules! text_of {
    ($($part:expr),+ $(,)?) => {
        $crate::emit::hcl::text([$($crate::emit::hcl::Value::from($part)),+])
    };
}

/// An object: `object_of! { "Version" => "2012-10-17" }`.
#[macro_export]
macro_rules! object_of {
    ($($key:expr => $value:expr),* $(,)?) => {
        $crate::emit::hcl::object([$((($key).to_string(), $crate::emit::hcl::Value::from($value))),*])
    };
}
