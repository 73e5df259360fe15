//! Values through arrays and back.
