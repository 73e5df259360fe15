//! Functions on streams: one for all transforms that read a source's arrivals, so that each record is read once.

use std::collections::BTreeMap;

use super::types::TypeKind;
use super::{DatasetId, Engine, Input, Lambda, Plan, Run, Source, Step, StepKind, Target, Transform, names};

/// The function that reads a source.
#[derive(Clone, Debug)]
pub struct StreamFunction<'p> {
    /// The source; the function bears its name.
    pub source: &'p Source,
    /// What fits all of its transforms.
    pub settings: Lambda,
    /// The transforms, in the plan's order.
    pub transforms: Vec<&'p Transform>,
    /// How the source's rows come to them.
    pub ways: Vec<Way<'p>>,
}

/// How rows come from a source to what a transform writes: by views, and into the middle of a transform by a `union`.
#[derive(Clone, Debug)]
pub struct Way<'p> {
    /// The transform.
    pub transform: &'p Transform,
    /// All that is done with a row. A `union` is where another input's rows come in; of these it only brings the columns
    /// into the order and types of both.
    pub steps: Vec<WayStep<'p>>,
}

/// A step, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct WayStep<'p> {
    /// The step.
    pub step: &'p Step,
    /// The transform or view that it stands in.
    pub owner: &'p str,
    /// Its place there.
    pub place: usize,
}

impl<'p> Way<'p> {
    /// The steps before a script, the script's own, and those behind it; nothing where there is none.
    pub fn around_script(&self) -> Option<(&[WayStep<'p>], WayStep<'p>, &[WayStep<'p>])> {
        let at = self.steps.iter().position(|one| one.step.script().is_some())?;
        Some((self.steps.get(..at)?, *self.steps.get(at)?, self.steps.get(at + 1..)?))
    }
}

impl Plan {
    /// Each transform whose script answers objects, with the dataset that its rows go to: they are kept beside it, as long.
    pub fn objects_of_scripts(&self) -> impl Iterator<Item = (&Transform, &DatasetId)> {
        let answers = |transform: &&Transform| {
            let script = transform.steps.iter().find(|step| step.script().is_some());
            let mut columns = script.into_iter().flat_map(|step| step.columns.iter());
            columns.any(|column| column.ty.kind == TypeKind::Object)
        };
        let all = self.transforms.iter().filter(answers);
        all.filter_map(|transform| Some((transform, transform.datasets().into_iter().next()?)))
    }
}

impl StreamFunction<'_> {
    /// Whether it runs a transform.
    pub fn runs(&self, transform: &Transform) -> bool {
        self.transforms.iter().any(|own| own.name == transform.name)
    }

    /// The scripts that it gives rows to, each with its transform.
    pub fn scripts(&self) -> impl Iterator<Item = (&Transform, &Run)> {
        let all = self.transforms.iter();
        all.filter_map(|transform| Some((*transform, transform.script()?)))
    }
}

impl Transform {
    /// Where the rows of a function go, each place once, with the label of what brings them there: a delivery stream, or a sink.
    pub fn deliveries(&self) -> Vec<(&Target, String)> {
        let mut found: Vec<(&Target, String)> = Vec::new();
        for target in self.targets() {
            if found.iter().all(|(other, _)| *other != target) {
                let label = match (&self.target, target) {
                    (Some(_), _) => self.name.clone(),
                    (None, Target::Dataset(id)) => format!("{}_{}_{}", self.name, id.zone, id.name),
                    (None, Target::Sink(sink)) => format!("{}_{sink}", self.name),
                };
                found.push((target, label));
            }
        }
        found
    }
}

/// The environment variable of a function that says where rows go which it writes under this label.
pub fn target_variable(target: &Target, label: &str) -> String {
    match target {
        Target::Dataset(_) => names::delivery_variable(label),
        Target::Sink(_) => names::sink_variable(label),
    }
}

/// Every function, in the order of the sources.
pub fn stream_functions(plan: &Plan) -> Vec<StreamFunction<'_>> {
    let mut of_sources: BTreeMap<&str, (Vec<&Transform>, Vec<Way<'_>>)> = BTreeMap::new();
    let all = plan.transforms.iter();
    for transform in all.filter(|transform| matches!(transform.engine, Engine::Lambda(_))) {
        for (source, steps) in through(plan, &transform.input, &transform.name, &transform.steps) {
            let (transforms, ways) = of_sources.entry(source).or_default();
            if transforms.last().is_none_or(|last| last.name != transform.name) {
                transforms.push(transform);
            }
            ways.push(Way { transform, steps });
        }
    }
    let mut functions = Vec::new();
    for source in &plan.sources {
        let Some((transforms, ways)) = of_sources.remove(source.name.as_str()) else {
            continue;
        };
        let settings = transforms.iter().filter_map(|transform| match &transform.engine {
            Engine::Lambda(own) => Some(own.clone()),
            _ => None,
        });
        let settings = settings.reduce(|all, own| fitting(&all, &own));
        functions.extend(settings.map(|settings| StreamFunction {
            source,
            settings,
            transforms,
            ways,
        }));
    }
    functions
}

/// The sources of an input, each with what is done with its rows before and in these steps.
fn through<'p>(
    plan: &'p Plan,
    input: &'p Input,
    owner: &'p str,
    steps: &'p [Step],
) -> Vec<(&'p str, Vec<WayStep<'p>>)> {
    let mut ways = into(plan, input);
    for (place, step) in steps.iter().enumerate() {
        if let StepKind::Union { other, .. } = &step.kind {
            ways.extend(into(plan, other));
        }
        for (_, done) in &mut ways {
            done.push(WayStep { step, owner, place });
        }
    }
    ways
}

fn into<'p>(plan: &'p Plan, input: &'p Input) -> Vec<(&'p str, Vec<WayStep<'p>>)> {
    match input {
        Input::Stream(source) => vec![(source.as_str(), Vec::new())],
        Input::View(name) => match plan.view(name) {
            Some(view) => through(plan, &view.input, &view.name, &view.steps),
            None => Vec::new(),
        },
        Input::Table(_) => Vec::new(),
    }
}

/// Settings with which both can do: room for the larger, batches for the sooner. A processor that one of them cannot
/// have none has.
fn fitting(one: &Lambda, other: &Lambda) -> Lambda {
    let both_arm = one.architecture == "arm64" && other.architecture == "arm64";
    Lambda {
        batch: one.batch.min(other.batch),
        wait_seconds: one.wait_seconds.min(other.wait_seconds),
        memory_mib: one.memory_mib.max(other.memory_mib),
        timeout_seconds: one.timeout_seconds.max(other.timeout_seconds),
        architecture: if both_arm { "arm64" } else { "x86_64" }.to_owned(),
        retries: one.retries.max(other.retries),
    }
}
