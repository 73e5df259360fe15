//! `override RESOURCE.NAME { … }`: attributes of resources that are set otherwise than the compiler would.
//!
//! Three things are asked of each: that the provider's schema has it ([`fits`]), that what was proved of the platform does
//! not rest on it or that its author gives that up and says why ([`touches`]), and then it is put in place.

mod fits;
mod touches;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use touches::give_up;

use super::schema::{self, Entry};
use super::{Stack, made, naming};
use crate::base::suggest;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::emit::hcl::{Block, Item, Value, reference};
use crate::plan::{Constant, Overridden, Override, Plan};

/// The proofs of the overrides of a platform's environments: a resource has to be in one of them.
#[derive(Debug, Default)]
pub struct Proofs {
    /// The resources of all environments so far.
    resources: BTreeSet<String>,
    /// The overrides of them, by address.
    overrides: BTreeMap<String, Override>,
}

impl Proofs {
    /// Says what is wrong with the overrides of one environment.
    pub fn prove(&mut self, plan: &Plan, diagnostics: &mut Diagnostics) {
        if plan.overrides.is_empty() {
            return;
        }
        let without = Plan {
            overrides: vec![],
            ..plan.clone()
        };
        let stack = made(&without, &[]);
        let resources: BTreeMap<_, _> = stack
            .blocks()
            .filter(|block| block.kind == "resource")
            .map(|block| (block.address(), block))
            .collect();
        let claims = super::evidence::of(&without, &stack).claims;
        for one in &plan.overrides {
            let address = one.address();
            if let Some(block) = resources.get(&address)
                && fits::check(plan, one, block, diagnostics)
            {
                touches::check(one, &claims, diagnostics);
            }
            self.overrides.insert(address, one.clone());
        }
        self.resources.extend(resources.into_keys());
    }

    /// Says which overrides are of nothing that any environment has.
    pub fn end(self, diagnostics: &mut Diagnostics) {
        let strangers = self.overrides.iter();
        let strangers = strangers.filter(|(address, _)| !self.resources.contains(*address));
        strangers.for_each(|(_, one)| diagnostics.push(self.stranger(one)));
    }

    fn stranger(&self, one: &Override) -> Diagnostic {
        let (kind, label) = (&one.resource, &one.label);
        let start = format!("{}.", kind.value);
        let labels: Vec<_> = self
            .resources
            .iter()
            .filter_map(|known| known.strip_prefix(&start))
            .collect();
        if labels.is_empty() {
            let message = format!("the build writes no `{}`", kind.value);
            let diagnostic =
                Diagnostic::new(Code::OVERRIDE_RESOURCE, kind.span, message).found("no resource of this type");
            let types: BTreeSet<_> = self
                .resources
                .iter()
                .filter_map(|known| known.split('.').next())
                .collect();
            return match suggest(&kind.value, types) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("write `{near}`"),
                    kind.span,
                    near.to_owned(),
                ),
                None => diagnostic.help("`terraform/` of a build has all that there are"),
            };
        }
        let message = format!("the build writes no `{}` of the name `{}`", kind.value, label.value);
        let diagnostic =
            Diagnostic::new(Code::OVERRIDE_RESOURCE, label.span, message).found("no resource of this name");
        // The compiler writes `zone_raw` for the zone `raw`.
        let is_part = |known: &&&str| known.split('_').any(|part| part == label.value);
        let near = suggest(&label.value, labels.iter().copied());
        match near.or_else(|| labels.iter().find(is_part).copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                label.span,
                near.to_owned(),
            ),
            None => diagnostic.help(format!("there is {}", fits::some_of(&labels))),
        }
    }
}

/// Puts what overrides say in place.
pub(super) fn apply(stack: &mut Stack, plan: &Plan) {
    for one in &plan.overrides {
        stack.change(&one.resource.value, &one.label.value, |block| changed(block, one));
    }
}

fn changed(block: Block, one: &Override) -> Block {
    let Some(shape) = schema::resource(&one.resource.value) else {
        return block;
    };
    let set = one.attributes.iter().filter_map(|attribute| {
        let entry = shape.get(&attribute.name.value)?;
        Some((attribute, items(attribute, entry)))
    });
    set.enumerate().fold(block, |block, (at, (attribute, items))| match at {
        // What an author says of the override stands once.
        0 => replaced(
            block,
            &attribute.name.value,
            [vec![Item::Comment(words(one))], items].concat(),
        ),
        _ => replaced(
            block,
            &attribute.name.value,
            [vec![Item::Comment(head(one))], items].concat(),
        ),
    })
}

fn head(one: &Override) -> String {
    format!("As `override {}` says.", one.address())
}

fn words(one: &Override) -> String {
    let doc = one.doc.iter().cloned();
    let because = one.because.iter().map(|because| format!("Because: {because}"));
    let lines: Vec<_> = std::iter::once(head(one)).chain(doc).chain(because).collect();
    lines.join("\n")
}

/// A block with these items in place of those of a name.
fn replaced(mut block: Block, name: &str, items: Vec<Item>) -> Block {
    let is_named = |item: &Item| match item {
        Item::Attribute(known, _) => known == name,
        Item::Block(nested) => nested.kind == name,
        Item::Comment(_) => false,
    };
    let is_block = items.iter().any(|item| matches!(item, Item::Block(_)));
    let end = |item: &Item| match item {
        Item::Attribute(name, _) => name == "depends_on",
        Item::Block(nested) => nested.kind == "lifecycle" || !is_block,
        Item::Comment(_) => false,
    };
    let known = block.items.iter().position(is_named);
    let place = known.unwrap_or_else(|| {
        let place = block.items.iter().position(end).unwrap_or(block.items.len());
        // A comment belongs to what stands below it.
        let before = block.items.iter().take(place).rev();
        place - before.take_while(|item| matches!(item, Item::Comment(_))).count()
    });
    let before = block.items.iter().take(place).filter(|item| is_named(item)).count();
    block.items.retain(|item| !is_named(item));
    let place = (place - before).min(block.items.len());
    block.items.splice(place..place, items);
    block
}

/// An attribute, or nested blocks.
fn items(attribute: &Overridden, entry: Entry) -> Vec<Item> {
    let name = &attribute.name.value;
    let Entry::Nested(nested) = entry else {
        return vec![Item::Attribute(name.clone(), value(&attribute.value.value))];
    };
    let bodies: Vec<_> = match &attribute.value.value {
        Constant::List(all) => all.iter().map(|one| &one.value).collect(),
        one => vec![one],
    };
    let block = |body: &Constant| {
        let entries = match body {
            Constant::Block(entries) => entries.as_slice(),
            _ => &[],
        };
        let inner = entries
            .iter()
            .filter_map(|inner| Some(items(inner, nested.shape.get(&inner.name.value)?)));
        let (attributes, blocks): (Vec<_>, Vec<_>) =
            inner.flatten().partition(|item| matches!(item, Item::Attribute(..)));
        let mut block = Block::new(name);
        block.items = [attributes, blocks].concat();
        Item::Block(block)
    };
    bodies.into_iter().map(block).collect()
}

fn value(constant: &Constant) -> Value {
    match constant {
        Constant::Bool(value) => Value::Bool(*value),
        Constant::Number(digits) => Value::Number(digits.clone()),
        Constant::Text(text) => Value::from(text),
        Constant::Param(name) => reference(format!("var.{}", naming::variable(name))),
        // No override holds one: that was said.
        Constant::Secret(_) => Value::Null,
        Constant::List(items) => Value::List(items.iter().map(|item| value(&item.value)).collect()),
        Constant::Block(entries) => {
            let entries = entries.iter();
            Value::Object(
                entries
                    .map(|one| (one.name.value.clone(), value(&one.value.value)))
                    .collect(),
            )
        }
    }
}
