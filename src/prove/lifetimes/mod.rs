//! How long a labelled value may really stay, along every path that it can take from its arrival.
//!
//! A stay in S3 is the retention, two days for S3's own sweep, and one more where old versions are kept. The stays of a
//! path add up; copies side by side count as the longest.

mod paths;
mod stay;

use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::{Class, Plan};

pub(super) use paths::turned_away;
use paths::{Hop, Paths};
use stay::Said;
pub use stay::{Stay, days};

pub(super) fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    let bounded = |class: &&Class| class.retain_at_most_days.is_some();
    let mut classes = plan.classes.iter().filter(bounded).peekable();
    if classes.peek().is_none() {
        return;
    }
    let readers = paths::readers(plan);
    for class in classes {
        let path = Paths::longest(plan, &class.name, &readers);
        let sum: f64 = path.iter().map(|hop| hop.stay.days()).sum();
        let too_long = class.retain_at_most_days.filter(|most| sum > *most);
        if let Some(diagnostic) = too_long.and_then(|most| too_long_by(class, most, sum, &path, places)) {
            diagnostics.push(diagnostic);
        }
    }
}

/// All ways of a class through a platform, a line for each stay: how deep it is, how it is told, and the longest that a
/// value may be from there on, days. None where there is no such class.
pub fn explain(plan: &Plan, class: &str) -> Option<Vec<Told>> {
    let class = plan.classes.iter().find(|known| known.name == class)?;
    let readers = paths::readers(plan);
    let all = Paths::all(plan, &class.name, &readers);
    let told = all.into_iter().map(|(depth, hop, again)| Told {
        depth,
        text: hop.stay.told().text,
        column: hop.column.to_owned(),
        days: hop.days,
        again,
    });
    Some(told.collect())
}

/// Everything that keeps values of a class.
pub fn stays<'p>(plan: &'p Plan, class: &'p Class) -> Vec<Kept<'p>> {
    let readers = paths::readers(plan);
    let found = Paths::stays(plan, &class.name, &readers);
    let kept = found.into_iter().map(|(hop, first, next)| Kept {
        stay: hop.stay,
        column: hop.column,
        longest_days: hop.days,
        first,
        next,
    });
    kept.collect()
}

/// How long rows rest in each dataset, and in each quarantine, whatever they carry.
pub fn rests(plan: &Plan) -> Vec<(String, Stay<'_>)> {
    let datasets = plan.datasets.values().filter_map(|dataset| {
        let zone = plan.zone(&dataset.id.zone)?;
        Some((dataset.id.to_string(), Stay::Dataset(dataset, zone)))
    });
    let turned_away = plan
        .transforms
        .iter()
        .filter_map(|transform| Some((transform.name.clone(), paths::turned_away(plan, transform)?)));
    datasets.chain(turned_away).collect()
}

/// A stay on a way of a class.
#[derive(Clone, Debug)]
pub struct Kept<'p> {
    /// What keeps the values.
    pub stay: Stay<'p>,
    /// A column that carries the class there.
    pub column: &'p str,
    /// From its beginning to the end of the longest way on, days.
    pub longest_days: f64,
    /// Whether a way begins there.
    pub first: bool,
    /// The stays that follow, by their places among all.
    pub next: Vec<usize>,
}

/// A stay, as it is explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// How many stays are before it.
    pub depth: usize,
    /// Where, and how long: `raw.clicks (30 days + 3)`.
    pub text: String,
    /// A column that carries the class there.
    pub column: String,
    /// The longest from its beginning to the end of what follows, days.
    pub days: f64,
    /// Whether what follows was told before.
    pub again: bool,
}

fn too_long_by(class: &Class, most: f64, sum: f64, path: &[Hop<'_>], places: &Places) -> Option<Diagnostic> {
    let last = path.last()?;
    // The longest stay decides; pointing at a one-day stream in front of a zone of years would help nobody.
    let worst = path
        .iter()
        .fold(last, |worst, hop| match hop.stay.days() > worst.stay.days() {
            true => hop,
            false => worst,
        });
    let told = worst.stay.told();
    let span = places.get(&told.setting.path)?;
    let message = format!(
        "`{}` may stay {}, but @{} allows at most {}",
        last.column,
        days(sum),
        class.name,
        days(most)
    );
    let all: Vec<_> = path.iter().map(|hop| hop.stay.told()).collect();
    let hops: Vec<_> = all.iter().map(|told| told.text.as_str()).collect();
    let values = match sum.is_finite() {
        true => shorter(&told, most, sum, &all),
        false => told.setting.takes_days().then(|| {
            format!(
                "write `{} = …` in {}: without it rows stay there for ever",
                told.setting.name, told.setting.owner
            )
        }),
    };
    let help = values.unwrap_or_else(|| {
        format!(
            "no setting makes `{}` short enough: lower @{} or drop `{}` before it gets there",
            told.name, class.name, worst.column
        )
    });
    let mut diagnostic = Diagnostic::new(Code::LIFETIME, span, message)
        .note(format!("path: {} ≤ {}", hops.join(" → "), days(sum)))
        .found(told.found)
        .help(help);
    if let Some(place) = places.get(&format!("class.{}.retain_at_most", class.name)) {
        diagnostic = diagnostic.label(place, "the most that is allowed");
    }
    Some(diagnostic)
}

/// Values that keep the path short enough: of the longest stay alone, else of all of them; none where no values do.
fn shorter(worst: &Said, most: f64, sum: f64, path: &[Said]) -> Option<String> {
    let enough = (worst.setting.days - (sum - most)).floor();
    if enough >= 1.0 && worst.setting.takes_days() {
        let (name, owner) = (worst.setting.name, &worst.setting.owner);
        return Some(format!(
            "`{name} = {}` in {owner} keeps the whole path within {}",
            days(enough),
            days(most)
        ));
    }
    let rests: Vec<_> = path
        .iter()
        .filter(|told| told.setting.name != "retention" && told.setting.takes_days())
        .collect();
    let fixed: f64 = sum - rests.iter().map(|told| told.setting.days).sum::<f64>();
    let each = ((most - fixed) / rests.len().max(1) as f64).floor();
    if each < 1.0 || rests.is_empty() {
        return None;
    }
    let settings: Vec<_> = rests
        .iter()
        .map(|told| format!("`{} = {}` in {}", told.setting.name, days(each), told.setting.owner))
        .collect();
    Some(format!(
        "{} keep the whole path within {}",
        settings.join(" and "),
        days(most)
    ))
}
