//! Costs: everything that a build makes is priced or said to be free, and every figure of the tables is used.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pipec::base::Disk;
use pipec::cost::{self, Bounds, table};
use pipec::emit::hcl::Block;
use pipec::plan::Plan;
use pipec::{Options, compile};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of every file of a kind below a folder.
fn texts(folder: &str, extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(folder).unwrap();
        let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// What stands between quotes and is made of these characters.
fn quoted(text: &str, is_part: impl Fn(char) -> bool) -> BTreeSet<String> {
    let parts = text.split('"').skip(1);
    let whole = |part: &&str| !part.is_empty() && part.chars().all(&is_part);
    parts.filter(whole).map(str::to_owned).collect()
}

fn is_type(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

/// The plan of an example, where it can be built.
fn plan(name: &str) -> Option<Plan> {
    compile(&Disk::new(root().join("examples").join(name)), &Options::default()).plan
}

fn examples() -> Vec<String> {
    let entries = fs::read_dir(root().join("examples")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_a_build_makes_is_priced_or_free() {
    let priced: BTreeSet<&str> = cost::priced().collect();
    let free: BTreeSet<&str> = table::free().iter().map(|free| free.resource.as_str()).collect();
    assert_eq!(priced.intersection(&free).collect::<Vec<_>>(), Vec::<&&str>::new());
    let known = |kind: &str| priced.contains(kind) || free.contains(kind);
    // What the bundles can make, and so what no example has too.
    let mut bundles = BTreeSet::new();
    let mut read_only = BTreeSet::new();
    for text in texts("src/aws", "rs") {
        for found in quoted(&text, is_type)
            .into_iter()
            // Of an environment of DataZone, the account is an attribute, and of passwords of connections the key.
            .filter(|found| {
                found.starts_with("aws_") && !found.starts_with("aws_account_") && found != "aws_kms_key_id"
            })
        {
            bundles.insert(found);
        }
        for part in text.split("Block::data(").skip(1) {
            read_only.extend(part.split('"').nth(1).map(str::to_owned));
        }
    }
    assert!(bundles.len() > 100, "{bundles:#?}");
    let unknown: Vec<_> = bundles
        .iter()
        .filter(|kind| !known(kind) && !read_only.contains(*kind))
        .collect();
    assert_eq!(unknown, Vec::<&String>::new(), "neither priced nor free");
    let mut built = 0;
    for plan in examples().iter().filter_map(|name| plan(name)) {
        built += 1;
        let stack = pipec::aws::stack(&plan, &["pipec_runtime"]);
        // The proof makes only what may be paid for, a build makes everything.
        assert_eq!(cost::estimate_of(&plan, &stack), cost::estimate(&plan));
        let paid = cost::Proved::of(&plan).resources;
        let mut addresses = pipec::aws::resources(&plan, Some(&paid));
        assert_eq!(addresses, pipec::aws::resources(&plan, None));
        let is_resource = |block: &&Block| block.kind == "resource";
        let mut labels: Vec<_> = pipec::aws::stack(&plan, &[])
            .blocks()
            .filter(is_resource)
            .map(|block| block.labels.clone())
            .collect();
        addresses.sort();
        labels.sort();
        assert_eq!(labels, addresses, "what an editor says an item becomes");
        for block in stack.blocks().filter(is_resource) {
            assert!(
                known(&block.labels[0]),
                "{} is neither priced nor free",
                block.address()
            );
        }
    }
    assert!(built >= 4, "{built}");
}

#[test]
fn every_figure_is_used_and_every_price_has_one() {
    let figures: BTreeSet<&str> = table::figures().iter().map(|figure| figure.item.as_str()).collect();
    let quotas: BTreeSet<&str> = pipec::prove::quotas::all()
        .iter()
        .map(|quota| quota.quota.as_str())
        .collect();
    let model = texts("src/cost/model", "rs").concat();
    let used: BTreeSet<String> = quoted(&model, |c| is_type(c) || c == '.')
        .into_iter()
        .filter(|found| found.contains('.') && !found.starts_with('.') && !found.starts_with("kafka."))
        .filter(|found| !quotas.contains(found.as_str()))
        .collect();
    let without: Vec<_> = used.iter().filter(|name| !figures.contains(name.as_str())).collect();
    assert_eq!(without, Vec::<&String>::new(), "no figure");
    let unused: Vec<_> = figures.iter().filter(|name| !used.contains(**name)).collect();
    assert_eq!(unused, Vec::<&&str>::new(), "never used");
}

#[test]
fn bounds_are_bounds_and_sums_are_sums() {
    for name in examples() {
        let Some(plan) = plan(&name) else { continue };
        let estimate = cost::estimate(&plan);
        assert!(!estimate.lines.is_empty(), "{name}");
        let mut sum = Bounds::default();
        for line in &estimate.lines {
            let all = line
                .factors
                .iter()
                .fold(Bounds::from(1.0), |all, factor| all * factor.count);
            let usd = all * line.price.usd;
            assert!(0.0 <= line.usd.low && line.usd.low <= line.usd.high, "{name}: {line:?}");
            assert!(
                (usd.low / line.price.per - line.usd.low).abs() < 1e-9,
                "{name}: {line:?}"
            );
            assert!(
                (usd.high / line.price.per - line.usd.high).abs() < 1e-6,
                "{name}: {line:?}"
            );
            sum = sum + line.usd;
        }
        assert_eq!(sum, estimate.total());
        let by_item: Bounds = estimate.by_item().into_values().sum();
        assert!((by_item.high - sum.high).abs() < 1e-6);
        if let Some(budget) = plan.pipeline.budget {
            assert!(sum.low <= budget, "{name}: {sum:?}");
        }
        assert_eq!(cost::difference(&estimate, &estimate), []);
    }
}

#[test]
fn every_quota_is_used_and_every_name_of_one_is_in_the_table() {
    let all: BTreeSet<&str> = pipec::prove::quotas::all()
        .iter()
        .map(|quota| quota.quota.as_str())
        .collect();
    let mut used = BTreeSet::new();
    for text in texts("src", "rs") {
        for start in ["quota(", "whole("] {
            let names = text
                .split(start)
                .skip(1)
                .filter_map(|rest| rest.strip_prefix('"')?.split_once('"'));
            let names = names.map(|(name, _)| name);
            used.extend(
                names
                    .filter(|name| name.chars().all(|c| is_type(c) || c == '.'))
                    .map(str::to_owned),
            );
        }
    }
    let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    assert_eq!(used, all);
}
