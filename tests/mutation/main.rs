//! Breaks every acceptance platform in every way of `kinds` at every place where it applies, and judges what is said:
//! at least one error, the first of them on the broken line or one next to it, at most three of them, no panic, no hang.
//!
//! The plain run takes some of the mutants of a kind in a platform, evenly spread; `MUTATION=all` takes all of them.
//! `MUTATION_SHOW=TEXT` prints the programs of the kinds (or platforms) whose name holds TEXT and of which too much, too
//! little, or something elsewhere is said; `MUTATION_DIRTY=1` takes platforms in which something is wrong as they are
//! written, too, and does not count that. `UPDATE_MUTATION=1` writes `figures.txt` and `valid.txt`, of all of them.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads files, and what its author asks for"
)]

mod judge;
mod kinds;
mod place;
mod platform;
mod table;
mod trees;

use judge::{Verdict, judge};
use kinds::{File, KINDS, Mutant};
use platform::{Platform, platforms};
use table::Table;

/// How many mutants of a kind the plain run takes in each file.
const SAMPLE: usize = 12;

/// A mutant and where it belongs.
struct Program {
    platform: usize,
    file: usize,
    kind: usize,
    mutant: Mutant,
}

#[test]
fn broken_platforms_are_told_what_is_wrong_where_it_is() {
    let update = asked("UPDATE_MUTATION").is_some();
    let all = update || asked("MUTATION").is_some_and(|what| what == "all");
    let dirty = asked("MUTATION_DIRTY").is_some();
    let found = platforms().into_iter();
    let (clean, rest): (Vec<_>, Vec<_>) = found.partition(|platform| dirty || platform.own.is_empty());
    for platform in &rest {
        println!(
            "{} has mistakes of its own:\n  {}",
            platform.name,
            platform.own.join("\n  ")
        );
    }
    let programs = programs(&clean, if all { usize::MAX } else { SAMPLE });
    let verdicts = judge(&clean, &programs);
    if let Some(show) = asked("MUTATION_SHOW") {
        table::show(&clean, &programs, &verdicts, &show);
    }
    let table = Table::new(&clean, &programs, &verdicts);
    println!("{table}");
    if update {
        table::write(&table, &clean, &programs, &verdicts);
    }
    assert_eq!(
        table.panics(),
        0,
        "a broken platform makes the compiler panic: MUTATION_SHOW=panic says which"
    );
    assert!(rest.is_empty(), "an acceptance platform has mistakes of its own");
    let wrong = table.wrong();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let stale = table::stale(&clean);
    assert!(
        stale.is_empty(),
        "figures.txt knows nothing of {stale:?}: UPDATE_MUTATION=1 writes it"
    );
}

/// Every mutant of every file of every platform; of each kind at most `most` a file, evenly spread.
fn programs(platforms: &[Platform], most: usize) -> Vec<Program> {
    let mut programs = Vec::new();
    for (platform, found) in platforms.iter().enumerate() {
        let words = found.words();
        for (file, (_, text)) in found.files.iter().enumerate() {
            let parts = File::new(text, &words);
            for (kind, known) in KINDS.iter().enumerate() {
                let mutants = parts.mutants(known);
                let every = mutants.len().div_ceil(most).max(1);
                // The start differs from kind to kind, so that not the same tokens are always left out.
                let mutants = mutants.into_iter().skip(kind % every).step_by(every);
                programs.extend(mutants.map(|mutant| Program {
                    platform,
                    file,
                    kind,
                    mutant,
                }));
            }
        }
    }
    programs
}

fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Program {
    /// Its file's text.
    fn text(&self, platforms: &[Platform]) -> String {
        let text = &platforms[self.platform].files[self.file].1;
        let mutant = &self.mutant;
        format!("{}{}{}", &text[..mutant.start], mutant.text, &text[mutant.end..])
    }

    /// The lines, from 1, where its mistake is.
    fn lines(&self, platforms: &[Platform]) -> Vec<usize> {
        let text = &platforms[self.platform].files[self.file].1;
        let first = 1 + text[..self.mutant.start].matches('\n').count();
        let last = first + self.mutant.text.matches('\n').count();
        (first..=last).chain(self.mutant.also).collect()
    }
}

impl Verdict {
    /// Whether nothing is to be said against it.
    fn good(&self, may_be_right: bool) -> bool {
        if self.errors == 0 {
            return may_be_right && !self.panicked;
        }
        self.near && self.errors <= 3
    }
}
