//! The `.pipe` compiler: text in, a whole data platform out.
