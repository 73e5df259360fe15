//! Sources that read what another project exports: jobs read it where it is, as a table like any other.
//!
//! It must not know text: it sees the typed program.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Datasets, FOREVER_DAYS, Lowering, Scope, dataset_of};
use crate::check::program::{self, DatasetWriter, Program};
use crate::check::settings::{Settings, Value};
use crate::plan::{DatasetId, Foreign, From, Input, Source, Step, StepKind, Writer};

/// The program with inputs that are datasets of other projects as tables. The embedded engine has samples in their place, by
/// the names of the sources.
pub(super) fn read_in_place(program: &Program, scope: Scope) -> Cow<'_, Program> {
    let sources = program.sources.iter();
    let read: BTreeMap<String, DatasetId> = sources
        .filter_map(|source| Some((source.item.name.clone(), id_of(&source.item.settings)?)))
        .collect();
    if read.is_empty() || !matches!(scope, Scope::Platform | Scope::Jobs) {
        return Cow::Borrowed(program);
    }
    let mut program = program.clone();
    for source in &program.sources {
        let Some(id) = read.get(&source.item.name) else {
            continue;
        };
        let found = exported(&program.imports, id).map(|(_, dataset, _)| dataset);
        program.datasets.extend(found.map(|dataset| {
            let dataset = program::Dataset {
                id: id.clone(),
                ..dataset.clone()
            };
            (id.clone(), dataset)
        }));
    }
    let table = |input: &mut Input| {
        if let Input::Stream(name) = input
            && let Some(id) = read.get(name)
        {
            *input = Input::Table(id.clone());
        }
    };
    for transform in &mut program.transforms {
        transform.inputs.iter_mut().for_each(table);
        if transform.steps.iter().any(|step| step.kind.other().is_some()) {
            transform.steps.iter_mut().for_each(|step| others(step, &table));
        }
    }
    for test in program.tests.iter_mut() {
        test.given.iter_mut().for_each(|given| table(&mut given.input));
    }
    Cow::Owned(program)
}

/// What a step reads beside the rows that come to it.
fn others(step: &mut Step, table: &impl Fn(&mut Input)) {
    match &mut step.kind {
        StepKind::Join(join) => table(&mut join.other),
        StepKind::Union { other, .. } => table(other),
        _ => {}
    }
}

/// The dataset that a source reads where another project keeps it.
fn id_of(source: &Settings) -> Option<DatasetId> {
    let ("project", project) = source.variant("from")? else {
        return None;
    };
    let Value::Foreign { pipeline, zone, name } = &project.get("dataset")?.value else {
        return None;
    };
    let (zone, name) = (zone.clone(), name.clone());
    Some(DatasetId::of_project(pipeline, &DatasetId { zone, name }))
}

/// A dataset as it is exported, with the region of its project, and what is left of each class's lifetime.
fn exported<'p>(
    imports: &'p [program::Import],
    id: &DatasetId,
) -> Option<(&'p str, &'p program::Dataset, &'p BTreeMap<String, f64>)> {
    imports.iter().find_map(|import| {
        let mut datasets = import.datasets.iter();
        let same = |dataset: &program::Dataset| DatasetId::of_project(&import.pipeline, &dataset.id) == *id;
        let (dataset, left) = datasets.find(|(dataset, _)| same(dataset))?;
        Some((import.region.as_str(), dataset, left))
    })
}

impl Lowering<'_> {
    /// What a source reads of another project; what a build cannot read there is refused.
    pub(super) fn foreign(&mut self, source: &program::Source) -> Option<Foreign> {
        let program = self.program;
        let settings = &source.item.settings;
        let id = id_of(settings)?;
        let (region, dataset, left) = exported(&program.imports, &id)?;
        let span = settings.span("from").unwrap_or(source.item.span);
        if !["iceberg", "parquet"].contains(&dataset.format.as_str()) {
            let what = format!("reading `{}`, which another project keeps as `{}`,", id, dataset.format);
            self.refuse(span, what, Some("let it export a dataset of `parquet` or `iceberg`"));
        }
        let (_, cloud) = program.pipeline.settings.variant("cloud")?;
        if cloud.text("region") != Some(region) {
            let what = format!("reading `{id}` of another region, `{region}`,");
            self.refuse(span, what, Some("let both projects be in one region"));
        }
        let bounds = program.classes.iter().filter_map(|class| {
            let most = class.retain_at_most_days?;
            Some((class.name.clone(), most - left.get(&class.name)?))
        });
        Some(Foreign {
            id,
            used_days: bounds.collect(),
        })
    }

    /// The datasets of other projects that are read.
    pub(super) fn imported(&mut self, sources: &[Source], datasets: &mut Datasets) {
        for source in sources {
            let From::Project(foreign) = &source.from else { continue };
            let Some((_, dataset, _)) = exported(&self.program.imports, &foreign.id) else {
                continue;
            };
            if let DatasetWriter::Import(pipeline) = &dataset.writer {
                let lowered = dataset_of(dataset, FOREVER_DAYS, Writer::Import(pipeline.clone()));
                let id = foreign.id.clone();
                datasets.insert(id.clone(), crate::plan::Dataset { id, ..lowered });
            }
        }
    }
}
