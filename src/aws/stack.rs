//! All resources of a platform, by the file that holds them. Knows nothing of what they mean.

use std::collections::BTreeMap;

use crate::emit::hcl::{Block, print};
use crate::plan::Files;

/// A platform's Terraform.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    files: BTreeMap<&'static str, (&'static str, Vec<Block>)>,
}

impl Stack {
    /// A file: its name without `.tf`, what it is for, and its blocks. An empty one is left out.
    pub fn file(&mut self, name: &'static str, purpose: &'static str, blocks: impl IntoIterator<Item = Block>) {
        let blocks: Vec<_> = blocks.into_iter().collect();
        if !blocks.is_empty() {
            self.files.entry(name).or_insert((purpose, vec![])).1.extend(blocks);
        }
    }

    /// Every block, by file.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.files.values().flat_map(|(_, blocks)| blocks)
    }

    /// Every resource of a type.
    pub fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks()
            .filter(move |block| block.kind == "resource" && block.labels.first().is_some_and(|label| label == kind))
    }

    /// The files of the `terraform/` folder.
    pub fn print(&self) -> Files {
        let text = |(purpose, blocks): &(&str, Vec<Block>)| print(purpose, blocks);
        self.files
            .iter()
            .map(|(name, file)| (format!("terraform/{name}.tf"), text(file)))
            .collect()
    }
}
