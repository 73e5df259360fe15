//! Sums of money and derivations, in words.

use std::fmt::Write as _;

use super::{Bounds, Estimate, Line};

/// A sum of money, to the cent: `1,234.50`; what is less than a cent is shown as such.
pub fn dollars(usd: f64) -> String {
    let cents = (usd * 100.0).round();
    let whole = (cents / 100.0).trunc();
    let rest = (cents - whole * 100.0).round();
    match rest == 0.0 {
        true => thousands(whole),
        false => format!("{}.{rest:02}", thousands(whole)),
    }
}

/// A whole number with commas.
fn thousands(whole: f64) -> String {
    let digits = format!("{whole:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number as it is read: three digits behind the point where it is small, none where it is large.
fn number(value: f64) -> String {
    if value.fract() == 0.0 || value >= 10_000.0 {
        return thousands(value.round());
    }
    let digits = match value {
        100.0.. => 1,
        1.0.. => 2,
        0.01.. => 4,
        _ => 10,
    };
    let text = format!("{value:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", whole.parse().map_or(whole.to_owned(), thousands)),
        None => text.to_owned(),
    }
}

/// `2`, or `2..10`.
fn range(bounds: Bounds) -> String {
    match bounds.low == bounds.high {
        true => number(bounds.low),
        false => format!("{}..{}", number(bounds.low), number(bounds.high)),
    }
}

/// `12.40..180 USD`
pub fn amount(usd: Bounds) -> String {
    let (low, high) = (dollars(usd.low), dollars(usd.high));
    match low == high {
        true => format!("{low} USD"),
        false => format!("{low}..{high} USD"),
    }
}

fn price(usd: Bounds, per: f64) -> String {
    let usd = range(usd);
    match per == 1.0 {
        true => format!("${usd}"),
        false => format!("${usd} per {}", thousands(per)),
    }
}

/// How a line comes about: `2 shards × 730 h × $0.017`.
pub fn derivation(line: &Line) -> String {
    of(line, |bounds| bounds)
}

/// The same at its low bound alone.
pub fn low(line: &Line) -> String {
    of(line, |bounds| Bounds::from(bounds.low))
}

/// `2 shards`, `1 shard`
fn counted(count: Bounds, of: &str) -> String {
    let one = count == Bounds::from(1.0);
    match of.split_once(' ') {
        Some((first, rest)) if one && first.len() > 1 => format!("1 {} {rest}", first.trim_end_matches('s')),
        None if one && of.len() > 1 => format!("1 {}", of.trim_end_matches('s')),
        _ => format!("{} {of}", range(count)),
    }
}

fn of(line: &Line, which: impl Fn(Bounds) -> Bounds) -> String {
    let factors = line
        .factors
        .iter()
        .map(|factor| counted(which(factor.count), &factor.of));
    let all: Vec<_> = factors.chain([price(which(line.price.usd), line.price.per)]).collect();
    all.join(" × ")
}

/// An estimate as `pipec explain cost` shows it: items, the dearest first, and their lines. With `only`, those alone whose
/// names have this word in them.
pub fn text(estimate: &Estimate, budget: Option<f64>, only: Option<&str>) -> String {
    let mut out = String::new();
    let total = estimate.total();
    // Writing to a String cannot fail.
    let _ = write!(out, "{} a month in {}", amount(total), estimate.region);
    let _ = match budget {
        Some(budget) => writeln!(out, ", and the budget is {} USD", dollars(budget)),
        None => writeln!(out, ", and there is no budget"),
    };
    for (item, usd, lines) in derivations(estimate) {
        if is_meant(&item, only) {
            let _ = writeln!(out, "\n{item}: {usd}");
            for line in lines {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
    let unknown = estimate.without_figures();
    if !unknown.is_empty() {
        let _ = writeln!(
            out,
            "\nof {} the table has no figures for {}: they lie between the cheapest and the dearest region that it has",
            estimate.region,
            unknown.join(", ")
        );
    }
    out
}

/// Every item, the dearest first: its name, its bounds, and how its lines come about.
pub fn derivations(estimate: &Estimate) -> Vec<(String, String, Vec<String>)> {
    let items = estimate.dearest(|usd| usd.high).into_iter();
    let part = |(item, usd): (&str, Bounds)| {
        let lines = estimate.lines.iter().filter(|line| line.item == item);
        let lines = groups(lines).iter().map(|group| shown(group)).collect();
        (item.to_owned(), amount(usd), lines)
    };
    items.map(part).collect()
}

/// Lines of one item, those together that come about alike, the dearest first.
fn groups<'e>(lines: impl Iterator<Item = &'e Line>) -> Vec<Vec<&'e Line>> {
    let mut groups: Vec<Vec<&Line>> = Vec::new();
    for line in lines {
        let kind = |line: &Line| line.resource.split('.').next().map(str::to_owned);
        let alike = |group: &&mut Vec<&Line>| {
            let first = group.first();
            first.is_some_and(|first| {
                (first.price_of, &first.factors, kind(first)) == (line.price_of, &line.factors, kind(line))
            })
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    let high = |group: &Vec<&Line>| group.iter().map(|line| line.usd.high).sum::<f64>();
    groups.sort_by(|one, other| high(other).total_cmp(&high(one)));
    groups
}

/// `kinesis.shard_hour: 2 shards × 730 h × $0.017 = 24.82 USD (aws_kinesis_stream.clicks)`
fn shown(group: &[&Line]) -> String {
    let usd = amount(group.iter().map(|line| line.usd).sum());
    match group {
        [line] => format!("{}: {} = {usd} ({})", line.price_of, derivation(line), line.resource),
        [line, ..] => {
            let kind = line.resource.split('.').next().unwrap_or_default();
            let count = group.len();
            format!(
                "{}: {count} × {} = {usd} ({count} {kind})",
                line.price_of,
                derivation(line)
            )
        }
        [] => String::new(),
    }
}

/// Whether an item is the one that is asked for: `clicks`, `source clicks`, `source.clicks`.
pub(super) fn is_meant(item: &str, only: Option<&str>) -> bool {
    let Some(only) = only else { return true };
    let name = item.split_once(' ').map_or(item, |(_, name)| name);
    item == only || name == only || item.replacen(' ', ".", 1) == only
}

impl Estimate {
    /// Whether an item of it has this name.
    pub fn has(&self, item: &str) -> bool {
        self.lines.iter().any(|line| is_meant(&line.item, Some(item)))
    }

    /// The same as JSON, for programs: every line with its factors and its price.
    pub fn json(&self, budget: Option<f64>, only: Option<&str>) -> serde_json::Value {
        let lines = self.lines.iter().filter(|line| is_meant(&line.item, only)).map(|line| {
            serde_json::json!({
                "item": line.item,
                "resource": line.resource,
                "price_of": line.price_of,
                "high_price_of": line.high_price_of,
                "factors": line.factors,
                "price": { "low": line.price.usd.low, "high": line.price.usd.high, "per": line.price.per, "unit": line.price.unit, "known": line.price.known },
                "usd": line.usd,
                "derivation": derivation(line),
            })
        });
        serde_json::json!({
            "region": self.region,
            "budget": budget,
            "usd": self.total(),
            "lines": lines.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_at_a_glance() {
        assert_eq!(dollars(1_234_567.5), "1,234,567.50");
        assert_eq!(dollars(600.0), "600");
        assert_eq!(dollars(0.004), "0");
        assert_eq!(dollars(999.999), "1,000");
        assert_eq!(number(0.0000166667), "0.0000166667");
        assert_eq!(number(1_314_000_000.0), "1,314,000,000");
        assert_eq!(number(30.4167), "30.42");
        assert_eq!(amount(Bounds::new(1.0, 2.5)), "1..2.50 USD");
    }
}
