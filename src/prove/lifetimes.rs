//! How long a labelled value may really stay, along every path that it can take from its arrival.
//!
//! A stay in S3 is the retention, two days for S3's own sweep, and one more where old versions are kept. The stays of a
//! path add up; copies side by side count as the longest.

use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::Column;
use crate::plan::{Class, Dataset, Format, Input, Plan, Source, Transform, Writer, Zone};

/// One stay of a value.
#[derive(Clone, Debug)]
struct Hop {
    /// Where: `raw.clicks`.
    name: String,
    /// As it stands in the path: `raw.clicks (30 days + 3)`.
    text: String,
    /// What is said at its place.
    found: String,
    /// All of it, days.
    days: f64,
    /// The setting that decides: its path, its name, its value in days.
    setting: Setting,
    /// The column that carries the label there.
    column: String,
}

/// A setting that a hop's length is.
#[derive(Clone, Debug)]
struct Setting {
    /// Where to point: `zone.raw.retain`.
    path: String,
    /// Its name: `retain`.
    name: &'static str,
    /// Its owner, for the help: "zone `raw`".
    owner: String,
    /// Its value, days.
    days: f64,
    /// The least that it can be, days.
    least: f64,
}

/// Days that S3 takes to sweep, and a day of old versions.
const SWEEP: f64 = 2.0;
const VERSIONS: f64 = 1.0;

pub(super) fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    for class in &plan.classes {
        let Some(most) = class.retain_at_most_days else {
            continue;
        };
        let paths = Paths {
            plan,
            class: &class.name,
        }
        .all();
        let longest = paths
            .into_iter()
            .fold(None, |longest: Option<Vec<Hop>>, path| match longest {
                Some(known) if total(&known) >= total(&path) => Some(known),
                _ => Some(path),
            });
        let too_long = longest.filter(|path| total(path) > most);
        if let Some(diagnostic) = too_long.and_then(|path| too_long_by(class, most, &path, places)) {
            diagnostics.push(diagnostic);
        }
    }
}

fn total(path: &[Hop]) -> f64 {
    path.iter().map(|hop| hop.days).sum()
}

struct Paths<'p> {
    plan: &'p Plan,
    class: &'p str,
}

impl Paths<'_> {
    /// Every path of the class, from its sources to wherever it ends.
    fn all(&self) -> Vec<Vec<Hop>> {
        let mut paths = Vec::new();
        for source in &self.plan.sources {
            let columns: Vec<_> = source.schema.fields.iter().map(|field| &field.column).collect();
            let Some(column) = self.carrier(columns) else {
                continue;
            };
            let start = vec![stream(source, column)];
            let landed = source.into.as_ref().and_then(|id| self.plan.datasets.get(id));
            let before = paths.len();
            landed
                .into_iter()
                .for_each(|dataset| self.at(dataset, &start, &mut paths));
            self.readers(&Input::Stream(source.name.clone()), &start, &mut paths);
            if paths.len() == before {
                paths.push(start);
            }
        }
        paths
    }

    /// Goes on through a dataset, if the class gets there.
    fn at(&self, dataset: &Dataset, before: &[Hop], paths: &mut Vec<Vec<Hop>>) {
        let (Some(column), Some(zone)) = (
            self.carrier(dataset.columns.iter().collect()),
            self.plan.zone(&dataset.id.zone),
        ) else {
            return;
        };
        let path = longer(before, stay(dataset, zone, column));
        if let Some(days) = zone.backup_days {
            paths.push(longer(&path, backup(zone, days, column)));
        }
        let exposed = self
            .plan
            .serves
            .iter()
            .filter(|serve| serve.expose.contains(&dataset.id));
        for serve in exposed {
            let days = f64::from(serve.result_days);
            let setting = Setting {
                path: format!("serve.{}.engine", serve.name),
                name: "results",
                owner: format!("serve `{}`", serve.name),
                days,
                least: 1.0,
            };
            paths.push(longer(
                &path,
                s3(format!("results of {}", serve.name), days, true, setting, column),
            ));
        }
        self.readers(&Input::Table(dataset.id.clone()), &path, paths);
        paths.push(path);
    }

    /// Goes on through every transform that reads `input`: what it turns away, and what it writes.
    fn readers(&self, input: &Input, before: &[Hop], paths: &mut Vec<Vec<Hop>>) {
        let transforms = self.plan.transforms.iter();
        for transform in transforms.filter(|transform| self.plan.reads(transform).contains(&input)) {
            let later = transform.steps.iter().flat_map(|step| step.columns.iter());
            let column = self.carrier(transform.input_columns.iter().chain(later).collect());
            let zones = transform
                .datasets()
                .into_iter()
                .filter_map(|id| self.plan.zone(&id.zone));
            if let (Some(column), Some(zone)) = (column, zones.min_by_key(|zone| zone.quarantine_days)) {
                paths.push(longer(before, turned_away(transform, zone, column)));
            }
            for id in transform.datasets() {
                // What reads what it writes itself adds nothing to how long a row stays.
                if *input != Input::Table(id.clone()) {
                    self.at(self.plan.dataset(id), before, paths);
                }
            }
        }
    }

    /// The first column that carries the class.
    fn carrier<'c>(&self, columns: Vec<&'c Column>) -> Option<&'c str> {
        let carries = |column: &&Column| column.labels.contains(self.class);
        columns.into_iter().find(carries).map(|column| column.name.as_str())
    }
}

fn longer(path: &[Hop], hop: Hop) -> Vec<Hop> {
    path.iter().cloned().chain([hop]).collect()
}

fn stream(source: &Source, column: &str) -> Hop {
    let kinesis = source.kinesis();
    let length = f64::from(kinesis.retention_hours) / 24.0;
    Hop {
        name: source.name.clone(),
        text: format!("{} (kinesis, {})", source.name, days(length)),
        found: format!("the stream of `{}` keeps it {}", source.name, days(length)),
        days: length,
        setting: Setting {
            path: format!("source.{}.{}.retention", source.name, source.stream_setting()),
            name: "retention",
            owner: format!("source `{}`", source.name),
            days: length,
            least: 1.0,
        },
        column: column.to_owned(),
    }
}

fn stay(dataset: &Dataset, zone: &Zone, column: &str) -> Hop {
    let own = match &dataset.writer {
        Writer::Transform(name) if dataset.retain_days != zone.retain_days => Some(name),
        _ => None,
    };
    let setting = Setting {
        path: own.map_or_else(
            || format!("zone.{}.retain", zone.name),
            |name| format!("transform.{name}.retain"),
        ),
        name: "retain",
        owner: own.map_or_else(|| format!("zone `{}`", zone.name), |name| format!("transform `{name}`")),
        days: f64::from(dataset.retain_days),
        least: 1.0,
    };
    let versions = zone.versioning || zone.backup_days.is_some();
    let history = match dataset.format {
        // What was there before can be read, and is taken out by a daily run.
        Format::Iceberg => f64::from(dataset.history_days) + 1.0,
        _ => 0.0,
    };
    s3(
        dataset.id.to_string(),
        f64::from(dataset.retain_days) + history,
        versions,
        setting,
        column,
    )
}

fn turned_away(transform: &Transform, zone: &Zone, column: &str) -> Hop {
    let length = f64::from(zone.quarantine_days);
    let setting = Setting {
        path: format!("zone.{}.quarantine", zone.name),
        name: "quarantine",
        owner: format!("zone `{}`", zone.name),
        days: length,
        least: 1.0,
    };
    s3(
        format!("quarantine of {}", transform.name),
        length,
        true,
        setting,
        column,
    )
}

fn backup(zone: &Zone, length: u32, column: &str) -> Hop {
    let length = f64::from(length);
    Hop {
        name: format!("backups of {}", zone.name),
        text: format!("backups of {} ({})", zone.name, days(length)),
        found: format!(
            "a backup of `{}` from its last day keeps it {} more",
            zone.name,
            days(length)
        ),
        days: length,
        setting: Setting {
            path: format!("zone.{}.backup", zone.name),
            name: "backup",
            owner: format!("zone `{}`", zone.name),
            days: length,
            least: 1.0,
        },
        column: column.to_owned(),
    }
}

fn s3(name: String, length: f64, versions: bool, setting: Setting, column: &str) -> Hop {
    let extra = SWEEP + if versions { VERSIONS } else { 0.0 };
    let old = if versions {
        ", one of them as an old version"
    } else {
        ""
    };
    Hop {
        text: format!("{name} ({} + {extra})", days(length)),
        found: format!(
            "`{name}` keeps it {}, and up to {extra} more until S3 sweeps it{old}",
            days(length)
        ),
        name,
        days: length + extra,
        setting,
        column: column.to_owned(),
    }
}

fn too_long_by(class: &Class, most: f64, path: &[Hop], places: &Places) -> Option<Diagnostic> {
    let (last, sum) = (path.last()?, total(path));
    // The longest stay decides; pointing at a one-day stream in front of a zone of years would help nobody.
    let worst = path
        .iter()
        .fold(last, |worst, hop| if hop.days > worst.days { hop } else { worst });
    let span = places.get(&worst.setting.path)?;
    let message = format!(
        "`{}` may stay {}, but @{} allows at most {}",
        last.column,
        days(sum),
        class.name,
        days(most)
    );
    let hops: Vec<_> = path.iter().map(|hop| hop.text.as_str()).collect();
    let mut diagnostic = Diagnostic::new(Code::LIFETIME, span, message)
        .found(worst.found.clone())
        .note(format!("path: {} ≤ {}", hops.join(" → "), days(sum)))
        .help(shorter(class, most, sum, worst, path));
    if let Some(place) = places.get(&format!("class.{}.retain_at_most", class.name)) {
        diagnostic = diagnostic.label(place, "the most that is allowed");
    }
    Some(diagnostic)
}

/// Values that keep the path short enough: of the longest stay alone, else of all of them.
fn shorter(class: &Class, most: f64, sum: f64, worst: &Hop, path: &[Hop]) -> String {
    let enough = (worst.setting.days - (sum - most)).floor();
    if enough >= worst.setting.least {
        let Setting { name, owner, .. } = &worst.setting;
        return format!(
            "`{name} = {}` in {owner} keeps the whole path within {}",
            days(enough),
            days(most)
        );
    }
    let rests: Vec<_> = path.iter().filter(|hop| hop.setting.name != "retention").collect();
    let fixed: f64 = sum - rests.iter().map(|hop| hop.setting.days).sum::<f64>();
    let each = ((most - fixed) / rests.len().max(1) as f64).floor();
    if each >= 1.0 && !rests.is_empty() {
        let settings: Vec<_> = rests
            .iter()
            .map(|hop| format!("`{} = {}` in {}", hop.setting.name, days(each), hop.setting.owner))
            .collect();
        return format!("{} keep the whole path within {}", settings.join(" and "), days(most));
    }
    format!(
        "no setting makes `{}` short enough: lower @{} or drop `{}` before it gets there",
        worst.name, class.name, worst.column
    )
}

fn days(count: f64) -> String {
    let count = (count * 100.0).round() / 100.0;
    if count == 1.0 {
        "1 day".to_owned()
    } else {
        format!("{count} days")
    }
}
