//! All resources of a platform, by the file that holds them. Knows nothing of what they mean.

use std::collections::BTreeMap;

use crate::emit::hcl::{Block, Value, print};
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

    /// One more block of a file that there is.
    pub fn add_to(&mut self, name: &str, block: Block) {
        if let Some((_, blocks)) = self.files.get_mut(name) {
            blocks.push(block);
        }
    }

    /// Changes a resource.
    pub fn change(&mut self, kind: &str, label: &str, how: impl FnOnce(Block) -> Block) {
        let mut all = self.files.values_mut().flat_map(|(_, blocks)| blocks);
        if let Some(block) = all.find(|block| block.kind == "resource" && block.labels == [kind, label]) {
            *block = how(block.clone());
        }
    }

    /// The label of a resource's role, and the file that the resource is in.
    pub fn role_of(&self, kind: &str, label: &str) -> Option<(&'static str, String)> {
        self.files.iter().find_map(|(file, (_, blocks))| {
            let mut blocks = blocks.iter();
            let block = blocks.find(|block| block.kind == "resource" && block.labels == [kind, label])?;
            let role = block.get("role").or_else(|| block.get("role_arn"))?;
            match role {
                Value::Reference(role) => {
                    let label = role.strip_prefix("aws_iam_role.")?.strip_suffix(".arn")?;
                    Some((*file, label.to_owned()))
                }
                _ => None,
            }
        })
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
