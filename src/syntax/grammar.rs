//! The grammar's parser, made by pest from `grammar/`.

#![allow(missing_docs, reason = "pest names what it makes")]

use pest_derive::Parser;

/// The parser that pest makes.
#[derive(Parser)]
#[grammar = "grammar/lexical.pest"]
#[grammar = "grammar/types.pest"]
#[grammar = "grammar/expressions.pest"]
#[grammar = "grammar/steps.pest"]
#[grammar = "grammar/items.pest"]
#[grammar = "grammar/recovery.pest"]
pub struct Grammar;
