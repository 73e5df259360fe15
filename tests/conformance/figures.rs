//! The figures of a run, printed, and kept in `figures.txt` where that is asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::engines::Engine;

/// How many reasons of refusal are printed.
const REASONS: usize = 12;

/// The figures of one kind of cases on one engine.
pub struct Figures {
    head: String,
    lines: Vec<(String, usize)>,
}

impl Figures {
    /// No figures yet.
    pub fn new(of: &str, engine: Engine) -> Figures {
        Figures {
            head: format!("{of}, {}", engine.name()),
            lines: Vec::new(),
        }
    }

    /// One more.
    pub fn put(&mut self, name: &str, count: usize) {
        self.lines.push((name.to_owned(), count));
    }

    fn text(&self) -> String {
        let lines = self
            .lines
            .iter()
            .map(|(name, count)| format!("  {name:<32}{count:>9}\n"));
        format!("{}\n{}", self.head, lines.collect::<String>())
    }

    /// Prints them, and why most of what an engine refuses is refused.
    pub fn say(&self, refused: &BTreeMap<usize, String>) {
        println!("{}", self.text());
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in refused.values() {
            *reasons
                .entry(reason.split(", as ").next().unwrap_or(reason))
                .or_default() += 1;
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (reason, count) in reasons.into_iter().take(REASONS) {
            println!("  {count:>6}  {reason}");
        }
    }

    /// Keeps them, if that is asked for; otherwise an engine may not carry less than it did of as many cases.
    pub fn keep(&self) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/figures.txt");
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let mut parts: BTreeMap<String, String> = old
            .split_inclusive("\n\n")
            .filter_map(|part| Some((part.lines().next()?.to_owned(), part.trim_end().to_owned() + "\n\n")))
            .collect();
        if std::env::var("UPDATE_CONFORMANCE").is_ok() {
            parts.insert(self.head.clone(), self.text() + "\n");
            let all: String = parts.into_values().collect();
            std::fs::write(&path, all.trim_end().to_owned() + "\n").expect("the figures");
            return;
        }
        let kept = parts
            .get(&self.head)
            .and_then(|part| part.lines().find_map(|line| line.trim().strip_prefix("run ")))
            .and_then(|count| count.trim().parse::<usize>().ok());
        let asked = [
            "CONFORMANCE_SEED",
            "CONFORMANCE_CASES",
            "CONFORMANCE_STREAMS",
            "CONFORMANCE_TRANSFORMS",
        ];
        if asked.iter().any(|name| std::env::var(name).is_ok()) {
            return;
        }
        let kept = kept.unwrap_or_else(|| panic!("figures.txt has no {}", self.head));
        let run = self
            .lines
            .iter()
            .find(|(name, _)| name == "run")
            .map_or(0, |(_, count)| *count);
        assert!(run >= kept, "{}: {run} are run, but figures.txt says {kept}", self.head);
    }
}
