//! The job that takes persons' rows out of datasets, as its requests say: `erase_persons.py`.
//!
//! It must not know where datasets and requests are.

use std::collections::{BTreeMap, BTreeSet};

use super::job::{constant, dataset, texts};
use super::labels::{dataset_name, landed_name};
use super::landed::{self, source_of};
use super::tree::{Py, string};
use crate::plan::names::ERASE;
use crate::plan::{Dataset, Format, Plan, Shape, Source, Transform, Writer};
use crate::prove::erasure::{Erasure, How, Names, Step, erasure, subjects, underway};
use crate::prove::lifetimes::Stay;

/// Its text, where a column names persons.
pub fn job(plan: &Plan) -> Option<String> {
    let all: Vec<Erasure<'_>> = subjects(plan)
        .into_iter()
        .map(|subject| erasure(plan, subject))
        .collect();
    if all.is_empty() {
        return None;
    }
    let mut constants = BTreeMap::new();
    for of in all.iter().flat_map(Erasure::changed) {
        let name = dataset_name(&of.id);
        let mut text = constant(&name, &Py::call("runtime.Dataset", dataset(plan, of)));
        if let Some(source) = landed_by(plan, of) {
            text = format!("{text}\n{}", landed::constant(of, source));
        }
        constants.insert(name, text);
    }
    let constants: String = constants.into_values().map(|text| format!("{text}\n")).collect();
    let soon = underway(plan);
    let plans = all.iter().map(|one| steps(plan, one, soon) + "\n");
    let plans: String = plans.collect();
    let imports = [
        ("import pipec_landed as landed\n", "landed."),
        ("import pipec_records as records\n", "records."),
        ("import pipec_runtime as runtime\n", "runtime."),
        ("from pyspark.sql import functions as F\n", "F."),
        ("from pyspark.sql import types as T\n", "T."),
    ];
    let imports: String = imports
        .iter()
        .filter(|(_, used)| constants.contains(used))
        .map(|(import, _)| *import)
        .collect();
    let names = all.iter().map(|one| {
        let subject = one.subject.to_string();
        format!("    {}: {},\n", string(&subject), plan_name(one))
    });
    let names: String = names.collect();
    Some(format!(
        "\"\"\"Takes the rows of persons out of datasets, as a request says whom it is about.\n\n\
         Written by pipec from the platform `{}`: change the platform, not this file.\n\"\"\"\n\n\
         import sys\n\n\
         import pipec_erasure as erasure\n{imports}\n\
         {constants}{plans}\
         # The columns that name persons, and what is done where their rows are.\n\
         PLANS = {{\n{names}}}\n\n\n\
         def main(argv: list[str]) -> None:\n    \
         \"\"\"Carries a request out.\"\"\"\n    \
         erasure.Erasure({}, argv, PLANS).carry_out()\n\n\n\
         if __name__ == \"__main__\":\n    main(sys.argv)\n",
        plan.pipeline.name,
        string(ERASE),
    ))
}

fn plan_name(erasure: &Erasure<'_>) -> String {
    let subject = erasure.subject;
    format!("{}__{}", subject.source.name, subject.column.name).to_uppercase()
}

fn steps(plan: &Plan, erasure: &Erasure<'_>, soon: f64) -> String {
    let all = erasure.steps.iter().map(|one| step(plan, erasure, one, soon)).collect();
    let value = Py::List(all);
    value.statement(0, &format!("{}: list[erasure.Step] = ", plan_name(erasure)))
}

fn step(plan: &Plan, erasure: &Erasure<'_>, step: &Step<'_>, soon: f64) -> Py {
    let days = |days: f64| Py::keyword("days", Py::atom(number(days)));
    let because = step.because.as_deref().map(|why| Py::keyword("because", Py::text(why)));
    let (name, mut arguments) = match (&step.how, step.stay) {
        (How::Named(column, names), Some(Stay::Dataset(of, _))) => {
            let mut arguments = vec![place(plan, of), Py::text(column)];
            if *names == Names::Pseudonym {
                arguments.push(Py::keyword("pseudonym", Py::atom("True")));
            }
            arguments.push(days(step.days - soon));
            ("erasure.Named", arguments)
        }
        (How::Keyed { columns, of, keys }, Some(Stay::Dataset(dataset, _))) => {
            let before = erasure.steps.iter().find(|other| other.place == *of);
            let before = before.map(|other| self::step(plan, erasure, other, soon));
            let mut arguments = vec![place(plan, dataset), texts(columns)];
            arguments.extend(before);
            arguments.extend([texts(keys), days(step.days - soon)]);
            ("erasure.Keyed", arguments)
        }
        _ => {
            let left = match step.how {
                How::Outside => "None".to_owned(),
                _ => number(step.days),
            };
            ("erasure.Left", vec![Py::text(&step.place), Py::atom(left)])
        }
    };
    arguments.extend(because);
    Py::call(name, arguments)
}

fn place(plan: &Plan, dataset: &Dataset) -> Py {
    let mut arguments = vec![Py::text(&dataset.id.to_string()), Py::atom(dataset_name(&dataset.id))];
    if let Some(source) = landed_by(plan, dataset) {
        let landed = Py::atom(landed_name(&source.name));
        arguments.push(Py::keyword("landed", landed));
    }
    if let Some(writer) = replaced_by(plan, dataset) {
        // Both halves of a run and what is between them.
        let halves = if writer.program().is_some() { 3 } else { 1 };
        let minutes = writer.engine.job_minutes().unwrap_or(0) * halves;
        arguments.push(Py::keyword("job", Py::text(&writer.name)));
        arguments.push(Py::keyword("minutes", Py::atom(minutes.to_string())));
    }
    if plan.purged_by_age(dataset) {
        let days = Py::atom(dataset.retain_days.to_string());
        arguments.push(Py::keyword("leaves_after", days));
    }
    Py::call("erasure.Place", arguments)
}

/// The job that replaces files of a dataset: it and what rewrites them wait for one another.
fn replaced_by<'p>(plan: &'p Plan, dataset: &Dataset) -> Option<&'p Transform> {
    let Writer::Transform(name) = &dataset.writer else {
        return None;
    };
    plan.transform(name)
        .filter(|transform| dataset.format != Format::Iceberg && waits(plan, transform))
}

/// The names of the jobs that replace files of these datasets.
pub fn held_up<'p>(plan: &'p Plan, datasets: impl Iterator<Item = &'p Dataset>) -> BTreeSet<String> {
    let writers = datasets.filter_map(|dataset| replaced_by(plan, dataset));
    writers.map(|writer| writer.name.clone()).collect()
}

/// Whether a job waits while persons are taken out of what it writes: it writes files, and anybody may ask to be.
pub(super) fn waits(plan: &Plan, transform: &Transform) -> bool {
    let of_files = || {
        let mut written = transform.datasets().into_iter().map(|id| plan.dataset(id));
        written.any(|dataset| dataset.format != Format::Iceberg)
    };
    transform.shape == Shape::Table && transform.engine.is_job() && !subjects(plan).is_empty() && of_files()
}

/// The source whose records the files of a dataset hold as they came.
fn landed_by<'p>(plan: &'p Plan, dataset: &Dataset) -> Option<&'p Source> {
    source_of(plan, dataset).filter(|_| dataset.format != Format::Iceberg)
}

/// A number of days, whole where it is.
fn number(days: f64) -> String {
    let hundredths = (days * 100.0).round() / 100.0;
    format!("{hundredths}")
}
