//! What an override sets, held against the provider's schema.

use std::collections::BTreeSet;

use crate::aws::schema::{self, Attribute, Entry, Form, Kind, Nested, Shape};
use crate::base::{Span, Spanned, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::emit::hcl::Block;
use crate::plan::{Constant, Overridden, Override, Plan};

/// How many names a message lists.
const NAMES: usize = 6;

/// Whether the provider takes what an override sets; what it does not take is said.
pub(super) fn check(plan: &Plan, one: &Override, block: &Block, diagnostics: &mut Diagnostics) -> bool {
    let mut checker = Checker { plan, said: Vec::new() };
    if let Some(shape) = schema::resource(&one.resource.value) {
        let known: Vec<_> = one
            .attributes
            .iter()
            .filter(|set| checker.is_checkable(block, shape, set))
            .collect();
        checker.entries(&one.resource.value, shape, known.into_iter());
    }
    let fits = checker.said.is_empty();
    checker
        .said
        .into_iter()
        .for_each(|diagnostic| diagnostics.push(diagnostic));
    fits
}

/// `` `a`, `b` and 3 others ``
pub(super) fn some_of(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().take(NAMES).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        1 => format!("{} and 1 other", shown.join(", ")),
        others => format!("{} and {others} others", shown.join(", ")),
    }
}

struct Checker<'p> {
    plan: &'p Plan,
    said: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn say(&mut self, code: Code, span: Span, message: String, found: impl Into<String>, help: impl Into<String>) {
        self.said
            .push(Diagnostic::new(code, span, message).found(found).help(help));
    }

    /// The oracle that the schema is of leaves out the largest blocks; what the compiler itself writes is there.
    fn is_checkable(&mut self, block: &Block, shape: Shape, set: &Overridden) -> bool {
        let name = &set.name.value;
        let is_there = block.get(name).is_some() || block.children(name).next().is_some();
        if shape.get(name).is_some() || !is_there {
            return true;
        }
        self.say(
            Code::OVERRIDE_ATTRIBUTE,
            set.name.span,
            format!("`{name}` of `{}` cannot be set otherwise", block.address()),
            "its parts are not in the schema that this version has",
            "say it by settings of the item that it is made from",
        );
        false
    }

    /// Everything that is set of a resource or a nested block.
    fn entries<'o>(&mut self, owner: &str, shape: Shape, set: impl Iterator<Item = &'o Overridden>) {
        for one in set {
            match shape.get(&one.name.value) {
                None => self.unknown(owner, shape, &one.name),
                Some(Entry::Attribute(attribute)) => self.attribute(owner, attribute, one),
                Some(Entry::Nested(nested)) => self.nested(owner, nested, one),
            }
        }
    }

    fn unknown(&mut self, owner: &str, shape: Shape, name: &Spanned<String>) {
        let message = format!("`{owner}` has no attribute `{}`", name.value);
        let diagnostic =
            Diagnostic::new(Code::OVERRIDE_ATTRIBUTE, name.span, message).found("the provider does not know it");
        let names: Vec<_> = shape.writable().collect();
        self.said.push(match suggest(&name.value, names.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                name.span,
                near.to_owned(),
            ),
            None => diagnostic.help(format!("it has {}", some_of(&names))),
        });
    }

    fn attribute(&mut self, owner: &str, attribute: Attribute, set: &Overridden) {
        let name = &set.name.value;
        if !attribute.is_writable() {
            self.say(
                Code::OVERRIDE_ATTRIBUTE,
                set.name.span,
                format!("`{name}` of `{owner}` can only be read"),
                "AWS says it once the resource is there",
                "leave it out",
            );
        } else if attribute.is_sensitive() {
            self.say(
                Code::OVERRIDE_ATTRIBUTE,
                set.name.span,
                format!("`{name}` of `{owner}` is a secret"),
                "Terraform would keep it in its state, in plain text",
                "keep it in AWS Secrets Manager, and name it by `secret(\"NAME\")` in the item that needs it",
            );
        } else {
            self.value(name, attribute.kind, &set.value);
        }
    }

    fn nested(&mut self, owner: &str, nested: Nested, set: &Overridden) {
        let name = &set.name.value;
        let bodies: Vec<&Spanned<Constant>> = match &set.value.value {
            Constant::List(all) => all.iter().collect(),
            _ => vec![&set.value],
        };
        let count = bodies.len();
        if count < nested.least || nested.most.is_some_and(|most| count > most) {
            let allowed = match (nested.least, nested.most) {
                (least, Some(most)) if least == most => format!("{most}"),
                (least, Some(most)) => format!("{least} to {most}"),
                (least, None) => format!("{least} or more"),
            };
            self.say(
                Code::OVERRIDE_VALUE,
                set.value.span,
                format!("`{owner}` takes {allowed} of `{name}`, but here are {count}"),
                format!("{count} of them"),
                format!("write `{name} = {{ … }}`"),
            );
        }
        for body in bodies {
            let Constant::Block(entries) = &body.value else {
                let entries = some_of(&nested.shape.writable().collect::<Vec<_>>());
                self.say(
                    Code::OVERRIDE_VALUE,
                    body.span,
                    format!(
                        "`{name}` of `{owner}` is a block, but this is {}",
                        described(&body.value)
                    ),
                    described(&body.value),
                    format!("write `{name} = {{ … }}` with {entries}"),
                );
                continue;
            };
            // What is missing may be there under a wrong name: that is one mistake.
            if entries
                .iter()
                .all(|entry| nested.shape.get(&entry.name.value).is_some())
            {
                self.missing(name, nested.shape.required(), entries, body.span);
            }
            self.entries(name, nested.shape, entries.iter());
        }
    }

    fn missing<'n>(&mut self, name: &str, required: impl Iterator<Item = &'n str>, entries: &[Overridden], span: Span) {
        let said: BTreeSet<_> = entries.iter().map(|entry| entry.name.value.as_str()).collect();
        let missing: Vec<_> = required.filter(|needed| !said.contains(needed)).collect();
        if !missing.is_empty() {
            self.say(
                Code::OVERRIDE_VALUE,
                span,
                format!("`{name}` does not say {}", some_of(&missing)),
                "what is written here takes the place of all that was there",
                format!("write {} too", some_of(&missing)),
            );
        }
    }

    fn value(&mut self, name: &str, kind: Kind, value: &Spanned<Constant>) {
        match (kind.form(), &value.value) {
            (_, Constant::Secret(_)) => self.say(
                Code::OVERRIDE_VALUE,
                value.span,
                format!("`{name}` cannot hold a secret"),
                "Terraform would keep it in its state, in plain text",
                "name the secret in the item that needs it",
            ),
            (Form::Text, Constant::Text(_))
            | (Form::Number, Constant::Number(_))
            | (Form::Bool, Constant::Bool(_))
            | (Form::Any, _) => {}
            (form, Constant::Param(param)) if self.is_of(&form, param) => {}
            (Form::List(inner), Constant::List(items)) => {
                items.iter().for_each(|item| self.value(name, inner, item));
            }
            (Form::Map(inner), Constant::Block(entries)) => {
                entries.iter().for_each(|entry| self.value(name, inner, &entry.value));
            }
            (Form::Object(members), Constant::Block(entries)) => {
                self.missing(name, members.iter().map(|(member, _)| *member), entries, value.span);
                for entry in entries {
                    let known = members.iter().find(|(member, _)| *member == entry.name.value);
                    match known {
                        Some((member, inner)) => self.value(member, *inner, &entry.value),
                        None => {
                            let names: Vec<_> = members.iter().map(|(member, _)| *member).collect();
                            let message = format!("`{name}` has no attribute `{}`", entry.name.value);
                            let help = format!("it has {}", some_of(&names));
                            let found = "the provider does not know it";
                            self.say(Code::OVERRIDE_ATTRIBUTE, entry.name.span, message, found, help);
                        }
                    }
                }
            }
            (form, _) => {
                let found = self.described(&value.value);
                let message = format!("`{name}` takes {}, but this is {found}", taken(&form));
                self.say(Code::OVERRIDE_VALUE, value.span, message, found, example(name, &form));
            }
        }
    }

    fn param(&self, name: &str) -> &'static str {
        let param = self.plan.params.iter().find(|param| param.name == name);
        param.map_or("string", |param| param.terraform_type())
    }

    /// Whether a param's variable is of a form.
    fn is_of(&self, form: &Form, param: &str) -> bool {
        let of = self.param(param);
        match form {
            Form::Text => of == "string",
            Form::Number => of == "number",
            Form::Bool => of == "bool",
            _ => false,
        }
    }

    fn described(&self, value: &Constant) -> &'static str {
        match value {
            Constant::Param(name) => match self.param(name) {
                "number" => "a param that is a number",
                "bool" => "a param that is `true` or `false`",
                _ => "a param that is a text",
            },
            other => described(other),
        }
    }
}

fn taken(form: &Form) -> &'static str {
    match form {
        Form::Text => "a text",
        Form::Number => "a number",
        Form::Bool => "`true` or `false`",
        Form::List(_) => "a list",
        Form::Map(_) | Form::Object(_) => "names and values",
        Form::Any => "anything",
    }
}

fn described(value: &Constant) -> &'static str {
    match value {
        Constant::Bool(_) => "`true` or `false`",
        Constant::Number(_) => "a number",
        Constant::Text(_) => "a text",
        Constant::Param(_) => "a param",
        Constant::Secret(_) => "a secret",
        Constant::List(_) => "a list",
        Constant::Block(_) => "names and values",
    }
}

fn example(name: &str, form: &Form) -> String {
    let value = match form {
        Form::Text | Form::Any => "\"…\"",
        Form::Number => "1",
        Form::Bool => "true",
        Form::List(inner) => match inner.form() {
            Form::Number => "[1]",
            Form::Object(_) | Form::Map(_) => "[{ … }]",
            _ => "[\"…\"]",
        },
        Form::Map(_) | Form::Object(_) => "{ … }",
    };
    format!("write `{name} = {value}`")
}
