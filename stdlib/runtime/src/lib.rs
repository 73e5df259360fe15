//! Types, decoding and functions that the embedded engine and the generated functions share.
