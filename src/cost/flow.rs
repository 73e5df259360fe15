//! How many rows and bytes pass where, from what sources promise.
//!
//! It must not know prices or resources.

use std::collections::BTreeMap;

use super::bounds::Bounds;
use crate::plan::{
    Dataset, DatasetId, From, Input, JoinKind, Otherwise, Plan, Source, Step, StepKind, Transform, Writer,
};

/// What of a source is supposed that promises no volume: bytes a second, a GiB a day.
pub const SUPPOSED_BYTES: f64 = 1_073_741_824.0 / 86_400.0;
/// The size of a record of which only a number is known, bytes.
const SUPPOSED_RECORD: f64 = 1_024.0;
/// Entries of a list that an `explode` makes rows of, where no `volume` says how many come out.
pub const SUPPOSED_ENTRIES: f64 = 10.0;

/// Rows that pass in a second, as JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// How many.
    pub rows: Bounds,
    /// Their bytes.
    pub bytes: Bounds,
}

impl Flow {
    fn promised(rows: f64, bytes: f64) -> Flow {
        Flow {
            rows: rows.into(),
            bytes: bytes.into(),
        }
    }

    fn up_to(rows: f64, bytes: f64) -> Flow {
        Flow {
            rows: Bounds::up_to(rows),
            bytes: Bounds::up_to(bytes),
        }
    }

    fn or_nothing(self) -> Flow {
        Flow {
            rows: self.rows.or_nothing(),
            bytes: self.bytes.or_nothing(),
        }
    }

    fn and(self, other: Flow) -> Flow {
        Flow {
            rows: self.rows + other.rows,
            bytes: self.bytes + other.bytes,
        }
    }

    fn times_at_most(self, most: f64) -> Flow {
        let more = |bounds: Bounds| Bounds::new(0.0, bounds.high * most);
        Flow {
            rows: more(self.rows),
            bytes: more(self.bytes),
        }
    }

    /// The size of a row, bytes.
    pub fn row_bytes(self) -> f64 {
        match self.rows.high > 0.0 {
            true => self.bytes.high / self.rows.high,
            false => SUPPOSED_RECORD,
        }
    }
}

/// What passes in all of a plan.
#[derive(Debug)]
pub struct Flows<'p> {
    plan: &'p Plan,
    /// What came of transforms and views so far; one that is being looked at brings nothing, so that no circle is walked
    /// round.
    known: BTreeMap<&'p str, Flow>,
}

impl<'p> Flows<'p> {
    /// Of a plan.
    pub fn new(plan: &'p Plan) -> Flows<'p> {
        Flows {
            plan,
            known: BTreeMap::new(),
        }
    }

    /// What a source brings.
    pub fn source(&self, source: &Source) -> Flow {
        if let Some(volume) = &source.volume {
            let rows = volume.records_per_second;
            return Flow::promised(rows, rows * volume.record_bytes as f64);
        }
        if let Some(bytes) = source.bytes_per_second {
            // As many rows as there are of the size that is supposed.
            return Flow {
                rows: Bounds::up_to(bytes / SUPPOSED_RECORD),
                bytes: bytes.into(),
            };
        }
        let bytes = match (&source.from, &source.api) {
            (From::Kinesis(_), Some(api)) => api.per_second * SUPPOSED_RECORD,
            (From::Kinesis(stream), None) => match stream.shards {
                Some(shards) => f64::from(shards) * 1_048_576.0,
                None => SUPPOSED_BYTES,
            },
            _ => SUPPOSED_BYTES,
        };
        Flow::up_to(bytes / SUPPOSED_RECORD, bytes)
    }

    /// What comes to a dataset.
    pub fn dataset(&mut self, dataset: &'p Dataset) -> Flow {
        match &dataset.writer {
            Writer::Source(name) => self
                .plan
                .source(name)
                .map(|source| self.source(source))
                .unwrap_or_default(),
            Writer::Transform(name) => match self.plan.transform(name) {
                Some(transform) => self.transform(transform),
                None => Flow::default(),
            },
            // Another project pays for it.
            Writer::Import(_) => Flow::up_to(SUPPOSED_BYTES / SUPPOSED_RECORD, SUPPOSED_BYTES),
        }
    }

    fn dataset_of(&mut self, id: &DatasetId) -> Flow {
        match self.plan.datasets.get(id) {
            Some(dataset) => self.dataset(dataset),
            None => Flow::default(),
        }
    }

    /// What a transform reads.
    pub fn input(&mut self, input: &'p Input) -> Flow {
        match input {
            Input::Stream(name) => self
                .plan
                .source(name)
                .map(|source| self.source(source))
                .unwrap_or_default(),
            Input::Table(id) => self.dataset_of(id),
            Input::View(name) => match self.plan.view(name) {
                Some(view) => self.out(&view.name, &view.input, &view.steps, view.volume.as_ref()),
                None => Flow::default(),
            },
        }
    }

    /// What a transform writes, to each of its targets at most.
    pub fn transform(&mut self, transform: &'p Transform) -> Flow {
        self.out(
            &transform.name,
            &transform.input,
            &transform.steps,
            transform.volume.as_ref(),
        )
    }

    fn out(
        &mut self,
        name: &'p str,
        input: &'p Input,
        steps: &'p [Step],
        volume: Option<&crate::plan::Volume>,
    ) -> Flow {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        self.known.insert(name, Flow::default());
        let flow = match volume {
            Some(volume) => {
                let rows = volume.records_per_second;
                Flow::promised(rows, rows * volume.record_bytes as f64)
            }
            None => {
                let mut flow = self.input(input);
                for step in steps {
                    flow = self.after(flow, step);
                }
                flow
            }
        };
        self.known.insert(name, flow);
        flow
    }

    /// Of rows that no check turns away: those are delivered too, elsewhere.
    fn after(&mut self, flow: Flow, step: &'p Step) -> Flow {
        match &step.kind {
            StepKind::Derive(_)
            | StepKind::Select(_)
            | StepKind::Drop(_)
            | StepKind::Rename(_)
            | StepKind::Window { .. }
            | StepKind::Session { .. }
            | StepKind::Sort(_) => flow,
            StepKind::Expect {
                otherwise: Otherwise::Quarantine | Otherwise::Warn | Otherwise::Fail,
                ..
            } => flow,
            StepKind::Join(join) if join.kind == JoinKind::Left => flow,
            StepKind::Join(join) if join.kind == JoinKind::Full => {
                let other = self.input(&join.other);
                flow.and(other.or_nothing())
            }
            StepKind::Union { other, .. } => {
                let other = self.input(other);
                flow.and(other)
            }
            StepKind::Explode { .. } => flow.times_at_most(SUPPOSED_ENTRIES),
            StepKind::Unpivot { columns, .. } => flow.times_at_most(columns.len() as f64),
            StepKind::Filter(_)
            | StepKind::Dedupe { .. }
            | StepKind::Group { .. }
            | StepKind::Join(_)
            | StepKind::Pivot { .. }
            | StepKind::Take(_)
            | StepKind::Route { .. }
            | StepKind::Run(_)
            | StepKind::Expect { .. } => flow.or_nothing(),
        }
    }
}
