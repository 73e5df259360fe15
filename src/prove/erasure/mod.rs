//! How a person's rows are taken out of a platform: where they are, what finds them there, in which order they go, and when
//! the last copy is gone.
//!
//! A person is whom a `@subject` column of a source names. Rows go from where they came in to where they went, so that no
//! run makes again what was taken out. What can be found is deleted, and its copies go as they expire; what cannot be found
//! goes when its retention ends, and where that is never, the platform does not compile.

mod reach;

use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::{
    Dataset, Format, From, Input, Plan, Serve, Shape, Sink, Source, StorageClass, Transform, Writer, Zone,
};

use super::lifetimes::{Stay, days, turned_away};
pub use reach::{Names, Subject};
use reach::{Reach, Rows};

/// A way of taking rows out of one place.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// Rows are deleted that have the person's name, or its pseudonym, in a column.
    Named(String, Names),
    /// Rows are deleted that have the keys of the person's rows in another dataset.
    Keyed {
        /// The columns that have them.
        columns: Vec<String>,
        /// The other dataset.
        of: String,
        /// What the columns are called there.
        keys: Vec<String>,
    },
    /// Nothing is deleted: it goes by itself.
    Expires,
    /// Nothing can be deleted where it is: it goes by itself as well.
    Fixed,
    /// It has left the platform, and is asked for there.
    Outside,
}

/// As it is told.
impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            How::Named(column, Names::Pseudonym) => write!(f, "delete where {column} is the person's pseudonym"),
            How::Named(column, _) => write!(f, "delete where {column} is the person"),
            How::Keyed { columns, of, .. } => {
                write!(f, "delete where {} is of the person's rows in {of}", columns.join(", "))
            }
            How::Expires | How::Fixed => f.write_str("wait"),
            How::Outside => f.write_str("ask there"),
        }
    }
}

/// A place that a person's rows reach.
#[derive(Clone, Debug)]
pub struct Step<'p> {
    /// What keeps the rows; none where they have left the platform.
    pub stay: Option<Stay<'p>>,
    /// What it is called: `raw.clicks`.
    pub place: String,
    /// How they go.
    pub how: How,
    /// When they are gone, days after the erasure began; infinite where never.
    pub days: f64,
    /// Why not sooner.
    pub because: Option<String>,
}

impl Step<'_> {
    /// When rows are gone, in words.
    pub fn when(&self) -> String {
        match (&self.how, self.days) {
            (How::Outside, _) => "which the platform cannot watch".to_owned(),
            (_, 0.0) => "gone at once".to_owned(),
            (_, count) if count.is_infinite() => "never gone".to_owned(),
            (_, count) => format!("gone after {}", days(count)),
        }
    }
}

/// The erasure of those whom one column names.
#[derive(Clone, Debug)]
pub struct Erasure<'p> {
    /// Whom.
    pub subject: Subject<'p>,
    /// The places, in the order in which they are dealt with.
    pub steps: Vec<Step<'p>>,
}

impl Erasure<'_> {
    /// The datasets out of which rows are taken, in the order in which they are dealt with.
    pub fn changed(&self) -> impl Iterator<Item = &Dataset> {
        self.steps.iter().filter_map(|step| match (&step.how, step.stay) {
            (How::Named(..) | How::Keyed { .. }, Some(Stay::Dataset(dataset, _))) => Some(dataset),
            _ => None,
        })
    }

    /// When the last copy is gone, days after the erasure began.
    pub fn days(&self) -> f64 {
        self.steps.iter().map(|step| step.days).fold(0.0, f64::max)
    }
}

/// The columns of sources that name a person.
pub fn subjects(plan: &Plan) -> Vec<Subject<'_>> {
    let mut out = vec![];
    for source in &plan.sources {
        let columns = source.schema.fields.iter().map(|field| &field.column);
        let named = columns.filter(|column| column.subject);
        out.extend(named.map(|column| Subject { source, column }));
    }
    out
}

/// How long what is on its way when an erasure begins takes to be where it is found, days: what comes in is written within
/// hours, retries included, and a job that has read it already ends. Then all places are looked at once more.
pub fn underway(plan: &Plan) -> f64 {
    let table = |transform: &&Transform| transform.shape == Shape::Table;
    let minutes = plan.transforms.iter().filter(table);
    let longest = minutes.filter_map(|transform| transform.engine.job_minutes()).max();
    1.0 + f64::from(longest.unwrap_or(0)) / (24.0 * 60.0)
}

/// How long a request may lie where it is read, days: it is taken away when it is carried out, and this is for those that
/// are not.
pub fn request_days(plan: &Plan) -> u32 {
    underway(plan).ceil() as u32 + 2
}

/// What S3 adds to that, with an old version's day.
const REQUEST_SWEEP: f64 = 3.0;

/// How long a request to be erased may take, days: a month.
/// <https://eur-lex.europa.eu/eli/reg/2016/679/oj>, article 12 (3).
const MONTH: f64 = 30.0;

/// Whether there is a dataset that a person's rows do not leave within a month of the request.
pub(super) fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    for subject in subjects(plan) {
        for step in &erasure(plan, subject).steps {
            if let (Some(Stay::Dataset(dataset, zone)), true) = (step.stay, step.days > MONTH)
                && let Some(diagnostic) = too_late(subject, step, (dataset, zone), places)
            {
                diagnostics.push(diagnostic);
            }
        }
    }
}

fn too_late(
    subject: Subject<'_>,
    step: &Step<'_>,
    (dataset, zone): (&Dataset, &Zone),
    places: &Places,
) -> Option<Diagnostic> {
    let place = &step.place;
    let writer = match &dataset.writer {
        Writer::Transform(name) => places.get(&format!("transform.{name}")),
        Writer::Source(name) => places.get(&format!("source.{name}")),
        Writer::Import(_) => None,
    };
    let message = format!(
        "whom `{subject}` names cannot be erased from `{place}` within {}: only {} after a request is it sure",
        days(MONTH),
        days(step.days)
    );
    let because = step.because.as_deref().unwrap_or("rows stay there for so long");
    let name = &subject.column.name;
    let help = match step.how {
        How::Expires => {
            format!("keep `{name}` or `pseudonym({name})` in it, leave out what is made of it, or keep it for less")
        }
        _ => format!("keep `{place}` where it can be rewritten"),
    };
    let diagnostic = Diagnostic::new(Code::LATE_ERASURE, writer?, message)
        .found(because)
        .help(help);
    Some(match places.get(&format!("zone.{}.retain", zone.name)) {
        Some(span) => diagnostic.label(span, "how long rows stay"),
        None => diagnostic,
    })
}

/// The erasure of those whom a column of a source names.
pub fn erasure<'p>(plan: &'p Plan, subject: Subject<'p>) -> Erasure<'p> {
    let mut reach = Reach::new(plan, subject);
    let mut steps = arriving(subject.source);
    let underway = underway(plan);
    let mut found: Vec<(&Dataset, Rows)> = vec![];
    if let Some(dataset) = subject.source.into.as_ref().and_then(|id| plan.datasets.get(id)) {
        let rows = reach.of(&Input::Table(dataset.id.clone()));
        found.push((dataset, rows));
        steps.extend(of_dataset(plan, subject, (dataset, underway), &found));
    }
    for transform in &plan.transforms {
        let before = plan
            .reads(transform)
            .into_iter()
            .any(|input| !reach.of(input).is_empty());
        if !before {
            continue;
        }
        let rows = reach.after(transform);
        for id in transform.datasets() {
            found.push((plan.dataset(id), rows.clone()));
            steps.extend(of_dataset(plan, subject, (plan.dataset(id), underway), &found));
        }
        steps.extend(turned(plan, transform));
        if !rows.is_empty() {
            steps.extend(sent(plan, transform, &rows));
        }
    }
    steps.push(Step {
        stay: None,
        place: "the request itself".to_owned(),
        how: How::Expires,
        days: f64::from(request_days(plan)) + REQUEST_SWEEP,
        because: None,
    });
    Erasure { subject, steps }
}

fn expires(stay: Stay<'_>, because: Option<String>) -> Step<'_> {
    Step {
        place: stay.name(),
        how: How::Expires,
        days: stay.days(),
        because,
        stay: Some(stay),
    }
}

/// What keeps rows before they have landed.
fn arriving(source: &Source) -> Vec<Step<'_>> {
    let mut stays = vec![];
    match &source.from {
        From::Files(files) if files.bucket.is_some() => {}
        From::Poll(_) | From::Objects | From::Project(_) => {}
        From::Files(_) => stays.push(Stay::Inbox(source)),
        From::Queue(_) => stays.push(Stay::Queue(source)),
        _ => {
            stays.extend(source.queued.is_some().then_some(Stay::Queue(source)));
            stays.push(Stay::Stream(source));
        }
    }
    stays.into_iter().map(|stay| expires(stay, None)).collect()
}

fn turned<'p>(plan: &'p Plan, transform: &'p Transform) -> Option<Step<'p>> {
    let because = "what is turned away may be unreadable, so nothing finds a person in it";
    turned_away(plan, transform).map(|stay| expires(stay, Some(because.to_owned())))
}

fn sent<'p>(plan: &'p Plan, transform: &'p Transform, rows: &Rows) -> Vec<Step<'p>> {
    let step = |sink: &'p Sink| match sink.to.keeps_days() {
        Some(days) if days.is_finite() => expires(Stay::Sink(sink, days), None),
        _ => {
            let by = match (rows.found_by(), rows.keys.keys().next()) {
                (Some((column, _)), _) => format!("`{column}` names the person there"),
                (None, Some(key)) => format!("`{key}` leads to the person's rows there"),
                (None, None) => "nothing there leads to the person alone".to_owned(),
            };
            Step {
                stay: None,
                place: sink.name.clone(),
                how: How::Outside,
                days: 0.0,
                because: Some(by),
            }
        }
    };
    plan.sinks_of(transform).into_iter().map(step).collect()
}

/// What is done with a dataset, and with its copies; nothing where its rows lead to nobody. `underway` is when it is looked at
/// for the last time, days; `found` is what was looked at so far, the dataset the last of it.
fn of_dataset<'p>(
    plan: &'p Plan,
    subject: Subject<'p>,
    (dataset, underway): (&'p Dataset, f64),
    found: &[(&'p Dataset, Rows)],
) -> Vec<Step<'p>> {
    let Some(((_, rows), before)) = found.split_last() else {
        return vec![];
    };
    let Some(zone) = plan.zone(&dataset.id.zone) else {
        return vec![];
    };
    let stay = Stay::Dataset(dataset, zone);
    let Some((how, known)) = way(subject, dataset, rows, before) else {
        return vec![];
    };
    let lag = underway + stay.lag();
    let (how, days, because) = match (how, hindered(plan, dataset, zone)) {
        (None, _) => {
            let because = "what it has of the person was made of the name, and does not lead back";
            (How::Expires, stay.days(), Some(because.to_owned()))
        }
        (Some(_), Some((age, because))) if age.is_infinite() => (How::Fixed, stay.days(), Some(because)),
        (Some(how), Some((age, because))) => (how, (age + lag).min(stay.days()), Some(because)),
        (Some(how), None) if known.is_some_and(|known| known < dataset.retain_days) => {
            let age = days(f64::from(known.unwrap_or_default()));
            let because = format!("rows older than {age} are found no more, and name nobody from then on");
            (how, lag, Some(because))
        }
        (Some(how), None) => (how, lag, None),
    };
    let mut steps = vec![Step {
        stay: Some(stay),
        place: dataset.id.to_string(),
        how,
        days,
        because,
    }];
    steps.extend(copies(plan, dataset, zone).into_iter().map(|stay| expires(stay, None)));
    steps
}

/// How rows of a dataset are found, none where nothing finds them, and up to which age, days. Nothing at all where they lead to
/// nobody.
fn way(
    subject: Subject<'_>,
    dataset: &Dataset,
    rows: &Rows,
    before: &[(&Dataset, Rows)],
) -> Option<(Option<How>, Option<u32>)> {
    if let Some((column, how)) = rows.found_by() {
        return Some((Some(How::Named(column.to_owned(), how)), None));
    }
    let leads = |(_, other): &&(&Dataset, Rows)| other.found_by().is_some() && other.keys_of(subject.source).is_some();
    let owned = |keys: Vec<&str>| keys.into_iter().map(str::to_owned).collect();
    let by_keys = rows.keys_of(subject.source).and_then(|keys| {
        let (other, there) = before.iter().filter(leads).max_by_key(|(other, _)| other.retain_days)?;
        let how = How::Keyed {
            columns: owned(keys),
            of: other.id.to_string(),
            keys: owned(there.keys_of(subject.source)?),
        };
        Some((how, other.retain_days))
    });
    match by_keys {
        // What was made of the name is there for as long as the row is, so the row has to be found for as long.
        Some((how, known)) if rows.names.is_empty() || known >= dataset.retain_days => Some((Some(how), Some(known))),
        _ => (!rows.names.is_empty()).then_some((None, None)),
    }
}

/// What keeps files from being rewritten, and up to which age, days.
fn hindered(plan: &Plan, dataset: &Dataset, zone: &Zone) -> Option<(f64, String)> {
    let format = plan.file_format(dataset);
    if matches!(format, Format::Avro | Format::Xml) {
        return Some((f64::INFINITY, format!("nothing rewrites files of {}", format.name())));
    }
    let of_objects = |source: &Source| source.shape == Shape::Objects;
    if matches!(&dataset.writer, Writer::Source(name) if plan.source(name).is_some_and(of_objects)) {
        return Some((
            f64::INFINITY,
            "what is in objects, nothing takes out of them".to_owned(),
        ));
    }
    if let Some(tier) = dataset
        .tiers
        .iter()
        .find(|tier| tier.class == StorageClass::DeepArchive)
    {
        let age = days(f64::from(tier.after_days));
        let because = format!("what is older than {age} is in an archive, where nothing rewrites it");
        return Some((f64::INFINITY, because));
    }
    let lock = zone.lock?;
    let because = format!("nobody may change what is younger than {}", days(f64::from(lock.days)));
    Some((f64::from(lock.days), because))
}

/// What was made of a dataset beside its files.
fn copies<'p>(plan: &'p Plan, dataset: &'p Dataset, zone: &'p Zone) -> Vec<Stay<'p>> {
    let mut out: Vec<Stay<'p>> = zone
        .backup_days
        .map(|days| Stay::Backup(zone, days))
        .into_iter()
        .collect();
    let exposes = |serve: &Serve| serve.expose.contains(&dataset.id);
    for (serve, athena) in plan.athena().filter(|(serve, _)| exposes(serve)) {
        out.push(Stay::Results(serve, athena));
    }
    for (serve, quicksight) in plan.dashboards().filter(|(serve, _)| exposes(serve)) {
        out.push(Stay::Asked(serve));
        out.extend(quicksight.refresh.map(|refresh| Stay::Held(serve, refresh)));
    }
    for (serve, _) in plan.warehouses().filter(|(serve, _)| exposes(serve)) {
        out.push(Stay::Warehouse(serve));
    }
    out
}
