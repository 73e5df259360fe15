//! What a dataset's writes wait for, one after the other.
//!
//! It must not know how that is told.

use std::collections::BTreeMap;

use super::calendar::{Calendar, Gap};
use crate::plan::names::{ARRIVAL_LOOK_SECONDS, ARRIVAL_SETTLE_SECONDS, DELIVERY_BUFFER_SECONDS};
use crate::plan::{DatasetId, Engine, From, Input, Plan, Retry, Schedule, Source, Starts, StepKind, Transform, Writer};

/// Something that takes time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The most of it, seconds.
    pub seconds: u64,
    /// What it is: "one start of `nightly` to the next".
    pub what: String,
}

/// What adds up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// Its parts, in the order in which they pass.
    pub(super) parts: Vec<Part>,
}

impl Sum {
    /// All of it.
    pub(super) fn seconds(&self) -> u64 {
        self.parts.iter().map(|part| part.seconds).sum()
    }

    fn and(mut self, seconds: u64, what: impl Into<String>) -> Sum {
        let what = what.into();
        self.parts.push(Part { seconds, what });
        self
    }
}

/// What is known of datasets so far.
pub(super) struct Walk<'p> {
    plan: &'p Plan,
    calendar: Calendar,
    /// None where a dataset is never written; a dataset that is being looked at counts as one, so that no circle is walked
    /// round.
    known: BTreeMap<&'p DatasetId, Option<Sum>>,
}

impl<'p> Walk<'p> {
    pub(super) fn new(plan: &'p Plan) -> Walk<'p> {
        Walk {
            plan,
            calendar: Calendar::default(),
            known: BTreeMap::new(),
        }
    }

    /// The longest time from one write of a dataset to the next; none where nothing writes it.
    pub(super) fn between_writes(&mut self, id: &DatasetId) -> Option<Sum> {
        let plan = self.plan;
        let (id, dataset) = plan.datasets.get_key_value(id)?;
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        self.known.insert(id, None);
        let sum = match &dataset.writer {
            Writer::Source(name) => plan.source(name).map(landing),
            Writer::Transform(name) => plan.transform(name).and_then(|transform| self.written(transform)),
            // The other project's own alarms tell of it.
            Writer::Import(_) => Some(Sum::default()),
        };
        self.known.insert(id, sum.clone());
        sum
    }

    fn written(&mut self, transform: &'p Transform) -> Option<Sum> {
        match (&transform.engine, &transform.input) {
            (Engine::Lambda(function), _) => {
                let name = &transform.name;
                let sum = Sum::default().and(u64::from(function.wait_seconds), format!("a batch of `{name}` fills"));
                let sum = sum.and(u64::from(function.timeout_seconds), format!("`{name}` runs"));
                Some(sum.and(DELIVERY_BUFFER_SECONDS.into(), "a buffer of Firehose fills"))
            }
            (_, Input::Stream(_)) => Some(streamed(transform)),
            _ => self.scheduled(transform),
        }
    }

    /// By the schedule that runs it most often.
    fn scheduled(&mut self, transform: &Transform) -> Option<Sum> {
        let plan = self.plan;
        let runs = |schedule: &&Schedule| schedule.waves.iter().flatten().any(|name| *name == transform.name);
        let sums = plan.schedules.iter().filter(runs).filter_map(|schedule| {
            let start = self.starts(schedule)?;
            Some(run(plan, schedule, Some(&transform.name), start))
        });
        sums.min_by_key(Sum::seconds)
    }

    /// From one start of a schedule to the next.
    fn starts(&mut self, schedule: &'p Schedule) -> Option<Sum> {
        let (plan, name) = (self.plan, &schedule.name);
        match &schedule.starts {
            Starts::Clock { expression, zone } => {
                let Gap { seconds, clock_change } = self.calendar.longest_gap(expression, zone)?;
                let why = match clock_change {
                    Some(day) => format!("one start of `{name}` to the next, over the clock change of {day}"),
                    None => format!("one start of `{name}` to the next"),
                };
                Some(Sum::default().and(seconds, why))
            }
            Starts::Arrival { of, every_minutes } => {
                let mut sum = self.between_writes(of)?;
                // A run looks once, when it starts: what lands after that waits for its end.
                let whole: u64 = run(plan, schedule, None, Sum::default()).seconds();
                let longer = whole.saturating_sub(sum.seconds());
                if longer > 0 {
                    sum = sum.and(longer, format!("a run of `{name}` that goes on ends"));
                }
                let sum = sum.and(u64::from(*every_minutes) * 60, format!("`{name}` starts no sooner"));
                let looks = ARRIVAL_LOOK_SECONDS + ARRIVAL_SETTLE_SECONDS;
                Some(sum.and(looks.into(), format!("`{name}` looks at what has landed")))
            }
        }
    }
}

/// How long a source's deliveries take to land.
fn landing(source: &Source) -> Sum {
    let name = &source.name;
    let sum = Sum::default();
    match &source.from {
        From::Files(files) => match files.every_seconds {
            Some(every) => sum.and(every, format!("files of `{name}` are looked for")),
            None => sum,
        },
        From::Poll(poll) => sum.and(poll.every_seconds, format!("`{name}` is asked")),
        From::Firehose(gathered) => sum.and(gathered.seconds.into(), "a buffer of Firehose fills"),
        _ => sum.and(DELIVERY_BUFFER_SECONDS.into(), "a buffer of Firehose fills"),
    }
}

/// A job on a stream: windows are written when they end and nothing may be late any more.
fn streamed(transform: &Transform) -> Sum {
    let sum = Sum::default();
    let windows = transform.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Group { window, .. } => window.as_ref(),
        _ => None,
    });
    let name = &transform.name;
    let sum = windows.fold(sum, |sum, window| {
        let sum = sum.and(window.every_seconds, format!("a window of `{name}` ends"));
        sum.and(window.late_seconds, format!("a window of `{name}` waits for late rows"))
    });
    sum.and(TRIGGER_SECONDS, format!("a batch of `{name}` begins"))
}

/// The longest from one batch of a job on a stream to the next, seconds.
const TRIGGER_SECONDS: u64 = 60;

/// How long what reads a source lets rows wait before it looks at them, though nothing is wrong: the longest of its readers.
pub(super) fn waits_of_readers(plan: &Plan, source: &str) -> Option<Part> {
    let reads = |transform: &&Transform| matches!(&transform.input, Input::Stream(name) if name == source);
    let waits = plan.transforms.iter().filter(reads).map(|transform| {
        let (seconds, what) = match &transform.engine {
            Engine::Lambda(function) => (function.wait_seconds.into(), "fills"),
            _ => (TRIGGER_SECONDS, "begins"),
        };
        let what = format!("a batch of `{}` {what}", transform.name);
        Part { seconds, what }
    });
    waits.max_by_key(|part| part.seconds)
}

/// A run up to the end of a transform, or of all: each wave waits for the slowest of the one before.
fn run(plan: &Plan, schedule: &Schedule, last: Option<&str>, mut sum: Sum) -> Sum {
    for wave in &schedule.waves {
        let is_last = |name: &&String| last == Some(name.as_str());
        let ends = wave.iter().any(|name| is_last(&name));
        let slowest = wave
            .iter()
            .filter(|name| !ends || is_last(name))
            .filter_map(|name| plan.transform(name))
            .max_by_key(|transform| job_seconds(transform));
        if let Some(transform) = slowest {
            sum = sum.and(job_seconds(transform), format!("`{}` runs", transform.name));
            if let Some(retry) = &schedule.retry {
                sum = sum.and(
                    waits(retry),
                    format!("`{}` is tried {} times more", transform.name, retry.times),
                );
            }
        }
        if ends {
            break;
        }
    }
    sum
}

/// The longest that a job may take, with the containers between its halves.
fn job_seconds(transform: &Transform) -> u64 {
    let job = u64::from(transform.engine.job_minutes().unwrap_or(0)) * 60;
    match (transform.program(), &transform.engine) {
        (Some(program), Engine::Glue(glue)) => 2 * job + u64::from(program.rounds(glue)) * program.timeout_seconds(),
        _ => job,
    }
}

/// What lies between the tries of a schedule.
fn waits(retry: &Retry) -> u64 {
    let waits = (0..retry.times).map(|at| f64::from(retry.first_seconds) * retry.factor.powi(at as i32));
    waits
        .map(|wait| wait.min(f64::from(retry.longest_wait_seconds())))
        .sum::<f64>()
        .ceil() as u64
}
