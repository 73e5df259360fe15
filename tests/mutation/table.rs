//! The figures of all mutants, by platform and kind, and what is asked of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::Program;
use super::judge::Verdict;
use super::kinds::KINDS;
use super::platform::Platform;

/// Of the mutants that are no program, this share has its first error where it is broken, and this share at most three.
const ASKED: f64 = 95.0;
/// How many errors are not too many.
const ERRORS: usize = 3;

/// Counts of mutants.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    mutants: usize,
    right: usize,
    silent: usize,
    near: usize,
    few: usize,
    panics: usize,
}

impl Figures {
    fn add(&mut self, verdict: &Verdict, may_be_right: bool) {
        self.mutants += 1;
        if verdict.panicked {
            self.panics += 1;
        } else if verdict.errors == 0 && may_be_right {
            self.right += 1;
        } else if verdict.errors == 0 {
            self.silent += 1;
        } else {
            self.near += usize::from(verdict.near);
            self.few += usize::from(verdict.errors <= ERRORS);
        }
    }

    fn plus(self, other: Figures) -> Figures {
        Figures {
            mutants: self.mutants + other.mutants,
            right: self.right + other.right,
            silent: self.silent + other.silent,
            near: self.near + other.near,
            few: self.few + other.few,
            panics: self.panics + other.panics,
        }
    }

    fn broken(&self) -> usize {
        self.mutants - self.right
    }

    /// The share of the broken ones that `count` is, in percent.
    fn share(&self, count: usize) -> f64 {
        match self.broken() {
            0 => 100.0,
            broken => 100.0 * count as f64 / broken as f64,
        }
    }
}

/// The figures by platform and by kind.
pub struct Table {
    platforms: Vec<(&'static str, Figures)>,
    kinds: Vec<(&'static str, Figures)>,
    cells: BTreeMap<(usize, usize), Figures>,
    all: Figures,
}

impl Table {
    /// Counts.
    pub fn new(platforms: &[Platform], programs: &[Program], verdicts: &[Verdict]) -> Table {
        let mut cells: BTreeMap<(usize, usize), Figures> = BTreeMap::new();
        for (program, verdict) in programs.iter().zip(verdicts) {
            let may_be_right = !KINDS[program.kind].may_be_right.is_empty();
            cells
                .entry((program.platform, program.kind))
                .or_default()
                .add(verdict, may_be_right);
        }
        let sum = |wanted: &dyn Fn(usize, usize) -> bool| {
            let found = cells.iter().filter(|((platform, kind), _)| wanted(*platform, *kind));
            found.fold(Figures::default(), |sum, (_, figures)| sum.plus(*figures))
        };
        let of_platform = |at: usize| sum(&move |platform, _| platform == at);
        let of_kind = |at: usize| sum(&move |_, kind| kind == at);
        Table {
            platforms: platforms
                .iter()
                .enumerate()
                .map(|(at, found)| (found.name, of_platform(at)))
                .collect(),
            kinds: KINDS
                .iter()
                .enumerate()
                .map(|(at, kind)| (kind.name, of_kind(at)))
                .collect(),
            all: sum(&|_, _| true),
            cells,
        }
    }

    /// How many programs make the compiler panic.
    pub fn panics(&self) -> usize {
        self.all.panics
    }

    /// What is less than asked, a line each.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, figures) in &self.platforms {
            if figures.silent > 0 {
                wrong.push(format!("{name}: of {} broken programs nothing is said", figures.silent));
            }
            for (count, what) in [(figures.near, "where it is broken"), (figures.few, "and at most three")] {
                if figures.share(count) < ASKED {
                    let share = figures.share(count);
                    wrong.push(format!("{name}: only {share:.1} % have their first error {what}"));
                }
            }
        }
        wrong
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["mutants", "right", "silent", "panics", "near %", "<= 3 %"];
        let head: String = head.iter().map(|title| format!("{title:>9}")).collect();
        writeln!(f, "{:<36}{head}", "by platform")?;
        for (name, figures) in &self.platforms {
            row(f, name, figures)?;
        }
        row(f, "all", &self.all)?;
        writeln!(f, "\n{:<36}{head}", "by kind")?;
        for (name, figures) in &self.kinds {
            row(f, name, figures)?;
        }
        for (at, (platform, _)) in self.platforms.iter().enumerate() {
            writeln!(f, "\n{platform:<36}{head}")?;
            for ((_, kind), figures) in self.cells.iter().filter(|((platform, _), _)| *platform == at) {
                row(f, KINDS[*kind].name, figures)?;
            }
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, figures: &Figures) -> fmt::Result {
    writeln!(
        f,
        "{name:<36}{:>9}{:>9}{:>9}{:>9}{:>9.1}{:>9.1}",
        figures.mutants,
        figures.right,
        figures.silent,
        figures.panics,
        figures.share(figures.near),
        figures.share(figures.few)
    )
}

/// Prints what is said of the programs that are not judged well, of kinds or platforms whose name holds a text.
pub fn show(platforms: &[Platform], programs: &[Program], verdicts: &[Verdict], wanted: &str) {
    for (program, verdict) in programs.iter().zip(verdicts) {
        let kind = &KINDS[program.kind];
        let name = platforms[program.platform].name;
        let panics = wanted == "panic" && verdict.panicked;
        let asked = wanted == "all" || panics || kind.name.contains(wanted) || name.contains(wanted);
        if asked && !verdict.good(!kind.may_be_right.is_empty()) {
            println!("{}", describe(platforms, program, verdict));
        }
    }
}

/// What was done to which line, and what is said of it.
fn describe(platforms: &[Platform], program: &Program, verdict: &Verdict) -> String {
    let platform = &platforms[program.platform];
    let lines = program.lines(platforms);
    let text = program.text(platforms);
    let line = text.lines().nth(lines[0] - 1).unwrap_or("");
    let said: String = verdict.said.iter().map(|said| format!("\n    {said}")).collect();
    let path = &platform.files[program.file].0;
    format!("{}: {path}:{}: {}{said}", program.mutant.kind, lines[0], line.trim())
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutation").join(name)
}

/// The platforms and kinds that the kept figures are not of.
pub fn stale(platforms: &[Platform]) -> Vec<&'static str> {
    let figures = std::fs::read_to_string(kept("figures.txt")).unwrap_or_default();
    let names = platforms.iter().map(|platform| platform.name);
    let all = names.chain(KINDS.iter().map(|kind| kind.name));
    let counted = |name: &&str| figures.lines().any(|line| line.starts_with(name));
    all.filter(|name| !counted(name)).collect()
}

/// Keeps the figures, and every mutant that is still a program.
pub fn write(table: &Table, platforms: &[Platform], programs: &[Program], verdicts: &[Verdict]) {
    std::fs::write(kept("figures.txt"), table.to_string()).unwrap();
    let mut valid = String::new();
    for (program, verdict) in programs.iter().zip(verdicts) {
        if verdict.errors == 0 && !verdict.panicked {
            valid.push_str(&describe(platforms, program, verdict));
            valid.push('\n');
        }
    }
    std::fs::write(kept("valid.txt"), valid).unwrap();
}
