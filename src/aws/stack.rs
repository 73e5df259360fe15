//! All resources of a platform, by the file that holds them. Knows nothing of what they mean.

use std::collections::{BTreeMap, BTreeSet};

use crate::emit::hcl::{Block, Value, print};
use crate::plan::Files;

/// The type and the label of a resource.
pub type Address = [String; 2];

/// A platform's Terraform.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    files: BTreeMap<&'static str, (&'static str, Vec<Block>)>,
    /// Where each resource is: its file, and its number there, by type and label.
    places: BTreeMap<Address, (&'static str, usize)>,
    /// The types of resources that are kept, where that is not everything.
    keeps: Option<BTreeSet<&'static str>>,
    /// What is kept of these resources, by the names of attributes and blocks, where that is not everything; and the types
    /// of which it is everything all the same.
    reads: Option<(&'static [&'static str], BTreeSet<&'static str>)>,
    /// The type and label of each resource that came, kept or not.
    addresses: Vec<Address>,
    /// How many resources came that AWS Config may record; objects in buckets are none.
    recorded: usize,
    /// Whether all of those came.
    is_all_recorded: bool,
}

impl Stack {
    /// One that keeps resources of some types only: a thousand jobs have no room for the others beside themselves.
    pub fn keeping(types: impl IntoIterator<Item = &'static str>) -> Stack {
        Stack {
            keeps: Some(types.into_iter().collect()),
            ..Stack::default()
        }
    }

    /// The same, and of resources of other types than these only what has one of these names.
    pub fn reading(self, names: &'static [&'static str], whole: impl IntoIterator<Item = &'static str>) -> Stack {
        Stack {
            reads: Some((names, whole.into_iter().collect())),
            ..self
        }
    }

    /// Type and label of each resource that came, kept or not.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// How many resources there are that AWS Config may record, kept or not.
    pub fn recorded(&self) -> usize {
        self.recorded
    }

    /// What comes from here on, AWS Config does not record.
    pub fn end_of_recorded(&mut self) {
        self.is_all_recorded = true;
    }

    /// A file: its name without `.tf`, what it is for, and its blocks. An empty one is left out.
    pub fn file(&mut self, name: &'static str, purpose: &'static str, blocks: impl IntoIterator<Item = Block>) {
        let mut blocks = blocks.into_iter().peekable();
        if blocks.peek().is_some() {
            self.files.entry(name).or_insert((purpose, vec![]));
            blocks.for_each(|block| self.add_to(name, block));
        }
    }

    /// One more block of a file that there is.
    pub fn add_to(&mut self, name: &'static str, block: Block) {
        let is_resource = block.kind == "resource";
        let kind = block.labels.first().filter(|_| is_resource);
        let is_recorded = !self.is_all_recorded && kind.is_some_and(|kind| kind != "aws_s3_object");
        self.recorded += usize::from(is_recorded);
        if let (Some(kind), Some(label)) = (kind, block.labels.get(1)) {
            self.addresses.push([kind.clone(), label.clone()]);
        }
        if let Some(keeps) = &self.keeps
            && !kind.is_some_and(|kind| keeps.contains(kind.as_str()))
        {
            return;
        }
        let block = match &self.reads {
            Some((names, whole)) if kind.is_none_or(|kind| !whole.contains(kind.as_str())) => block.only(names),
            _ => block,
        };
        let kind = block.labels.first().filter(|_| is_resource);
        if let Some((_, blocks)) = self.files.get_mut(name) {
            if let (Some(kind), Some(label)) = (kind, block.labels.get(1)) {
                let place = (name, blocks.len());
                self.places.entry([kind.clone(), label.clone()]).or_insert(place);
            }
            blocks.push(block);
        }
    }

    /// Changes a resource.
    pub fn change(&mut self, kind: &str, label: &str, how: impl FnOnce(Block) -> Block) {
        let place = self.places.get(&[kind.to_owned(), label.to_owned()]);
        let block = place.and_then(|(file, at)| self.files.get_mut(file)?.1.get_mut(*at));
        if let Some(block) = block {
            let before = std::mem::replace(block, Block::new(""));
            *block = how(before);
        }
    }

    /// A resource, and the file that it is in.
    fn resource(&self, kind: &str, label: &str) -> Option<(&'static str, &Block)> {
        let (file, at) = self.places.get(&[kind.to_owned(), label.to_owned()])?;
        Some((file, self.files.get(file)?.1.get(*at)?))
    }

    /// The label of a resource's role, and the file that the resource is in.
    pub fn role_of(&self, kind: &str, label: &str) -> Option<(&'static str, String)> {
        let (file, block) = self.resource(kind, label)?;
        match block.get("role").or_else(|| block.get("role_arn"))? {
            Value::Reference(role) => {
                let label = role.strip_prefix("aws_iam_role.")?.strip_suffix(".arn")?;
                Some((file, label.to_owned()))
            }
            _ => None,
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

    /// Its files, in a folder of the build.
    pub fn print(&self, folder: &str) -> Files {
        let text = |(purpose, blocks): &(&str, Vec<Block>)| print(purpose, blocks);
        self.files
            .iter()
            .map(|(name, file)| (format!("{folder}/{name}.tf"), text(file)))
            .collect()
    }
}
