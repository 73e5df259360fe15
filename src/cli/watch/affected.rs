//! What of a platform is another than before: which tests and transforms a change can affect.
//!
//! It must not know files: it compares plans.

use std::collections::BTreeSet;

use crate::base::{FileId, Span};
use crate::plan::{Input, Plan, StepKind, Steps, Target};

/// What a change can affect, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Affected {
    /// Transforms whose rows may be others: those that changed, and all that read of them.
    pub(super) transforms: BTreeSet<String>,
    /// Titles of tests that may judge otherwise.
    pub(super) tests: BTreeSet<String>,
}

/// What is other in `new` than in `old`; nothing where what it is cannot be told transform by transform.
pub(super) fn affected(old: &Plan, new: &Plan) -> Option<Affected> {
    let (old, new) = (without_places(old), without_places(new));
    if old.sources != new.sources
        || old.functions != new.functions
        || old.classes != new.classes
        || old.zones != new.zones
    {
        return None;
    }
    let mut changed: BTreeSet<String> = BTreeSet::new();
    for transform in &new.transforms {
        if !old.transforms.contains(transform) {
            changed.insert(transform.name.clone());
        }
    }
    for view in &new.views {
        if !old.views.contains(view) {
            changed.insert(view.name.clone());
        }
    }
    let edges = edges(&new);
    let mut transforms = changed.clone();
    // Views that a test's transform reads are run with it.
    let mut with_views = changed;
    loop {
        let before = (transforms.len(), with_views.len());
        for (name, reads, through_view) in &edges {
            if transforms.contains(reads) {
                transforms.insert(name.clone());
            }
            if *through_view && with_views.contains(reads) {
                with_views.insert(name.clone());
            }
        }
        if before == (transforms.len(), with_views.len()) {
            break;
        }
    }
    let tests = new
        .tests
        .iter()
        .filter(|test| with_views.contains(&test.transform) || !old.tests.contains(test));
    let tests = tests.map(|test| test.title.clone()).collect();
    Some(Affected { transforms, tests })
}

/// Who reads what whom gives, and whether by its name.
fn edges(plan: &Plan) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    let transforms = plan.transforms.iter().map(|t| (&t.name, &t.input, &t.steps));
    let views = plan.views.iter().map(|view| (&view.name, &view.input, &view.steps));
    for (name, input, steps) in transforms.chain(views) {
        for input in std::iter::once(input).chain(others(steps)) {
            match input {
                Input::View(view) => found.push((name.clone(), view.clone(), true)),
                Input::Table(id) => {
                    let writes = |target: &Option<Target>| *target == Some(Target::Dataset(id.clone()));
                    let writer = plan
                        .transforms
                        .iter()
                        .find(|t| writes(&t.target) || routes(&t.steps).contains(&&Target::Dataset(id.clone())));
                    found.extend(writer.map(|writer| (name.clone(), writer.name.clone(), false)));
                }
                Input::Stream(_) => {}
            }
        }
    }
    found
}

fn others(steps: &Steps) -> impl Iterator<Item = &Input> {
    steps.iter().filter_map(|step| match &step.kind {
        StepKind::Join(join) => Some(&join.other),
        StepKind::Union { other, .. } => Some(other),
        _ => None,
    })
}

fn routes(steps: &Steps) -> Vec<&Target> {
    let routes = steps.iter().filter_map(|step| match &step.kind {
        StepKind::Route { branches, otherwise } => Some((branches, otherwise)),
        _ => None,
    });
    let targets = routes.flat_map(|(branches, otherwise)| branches.iter().map(|(_, target)| target).chain(otherwise));
    targets.collect()
}

/// A plan without the places of its parts: what moved did not change.
fn without_places(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let nowhere = Span::new(FileId(0), 0, 0);
    for transform in &mut plan.transforms {
        transform.span = nowhere;
        transform.steps.iter_mut().for_each(|step| step.span = nowhere);
    }
    for view in &mut plan.views {
        view.span = nowhere;
        view.steps.iter_mut().for_each(|step| step.span = nowhere);
    }
    plan.tests.iter_mut().for_each(|test| test.span = nowhere);
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Memory;
    use crate::{Options, compile};

    const CLICKSTREAM: &str = include_str!("../../../examples/clickstream/clickstream.pipe");

    fn between(change: impl Fn(&str) -> String) -> Option<Affected> {
        let plan = |text: &str| {
            compile(&Memory::new([("a.pipe", text)]), &Options::default())
                .plan
                .unwrap()
        };
        affected(&plan(CLICKSTREAM), &plan(&change(CLICKSTREAM)))
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_change_affects_what_reads_of_it_and_a_move_nothing() {
        let moved = between(|text| format!("// A remark.\n\n{text}")).unwrap();
        assert_eq!(moved.transforms, names(&[]));
        assert_eq!(moved.tests, names(&[]));
        let first = between(|text| text.replace("amount < 100_000", "amount < 90_000")).unwrap();
        assert_eq!(first.transforms, names(&["clean", "daily_pages"]));
        assert_eq!(first.tests, names(&["a purchase without an amount is turned away"]));
        let last = between(|text| text.replace("keep first by at", "keep last by at")).unwrap();
        assert_eq!(last.transforms, names(&["daily_pages"]));
        assert_eq!(last.tests, names(&["revenue adds up"]));
        assert_eq!(between(|text| text.replace("<= 2048", "<= 1024")), None);
    }
}
