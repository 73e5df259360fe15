//! Whether the grammar that editors have agrees with the compiler on which of the mutants can be read at all.
//!
//! The compiler's parser says a syntax error, or the editors' tree has an error or a missing part: both or neither. The
//! plain run takes some mutants, `MUTATION=all` all of them; `TREES_SHOW=KIND` prints those of which only one is right,
//! `UPDATE_MUTATION=1` keeps the figures in `trees.txt`.

use std::collections::BTreeMap;
use std::fmt::Write;

use pipec::base::FileId;
use pipec::diag::Diagnostics;
use tree_sitter::Parser;

use super::kinds::KINDS;
use super::platform::{Platform, platforms};
use super::{Program, asked, programs};

/// Of the mutants both must say the same of this share, in percent.
const ASKED: f64 = 97.0;

/// Where the figures are kept.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mutation/trees.txt");

/// Of those that the compiler cannot read, editors must say so of this share.
const FOUND: f64 = 97.0;

/// How many mutants of a kind the plain run takes in each file.
const SAMPLE: usize = 4;

/// Mutants of a kind: how many, how many the compiler cannot read, how many only one of both reads.
#[derive(Clone, Copy, Default)]
struct Counts {
    mutants: usize,
    broken: usize,
    compiler_only: usize,
    editor_only: usize,
}

impl Counts {
    fn agreed(self) -> f64 {
        percent(self.mutants - self.compiler_only - self.editor_only, self.mutants)
    }

    fn found(self) -> f64 {
        percent(self.broken - self.editor_only, self.broken)
    }

    fn plus(self, other: Counts) -> Counts {
        Counts {
            mutants: self.mutants + other.mutants,
            broken: self.broken + other.broken,
            compiler_only: self.compiler_only + other.compiler_only,
            editor_only: self.editor_only + other.editor_only,
        }
    }
}

fn percent(count: usize, of: usize) -> f64 {
    match of {
        0 => 100.0,
        of => 100.0 * count as f64 / of as f64,
    }
}

#[test]
fn editors_and_the_compiler_read_the_same() {
    let platforms = platforms();
    let update = asked("UPDATE_MUTATION").is_some();
    let every = update || asked("MUTATION").is_some_and(|what| what == "all");
    let programs = programs(&platforms, if every { usize::MAX } else { SAMPLE });
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_pipe::LANGUAGE.into()).unwrap();
    let show = asked("TREES_SHOW");
    let mut counts: BTreeMap<usize, Counts> = BTreeMap::new();
    for program in &programs {
        let text = program.text(&platforms);
        let compiler = compiler_reads(&text);
        let editor = !parser.parse(&text, None).unwrap().root_node().has_error();
        let counts = counts.entry(program.kind).or_default();
        counts.mutants += 1;
        counts.broken += usize::from(!compiler);
        counts.compiler_only += usize::from(compiler && !editor);
        counts.editor_only += usize::from(editor && !compiler);
        if show
            .as_ref()
            .is_some_and(|wanted| KINDS[program.kind].name.contains(wanted))
            && compiler != editor
        {
            println!("{}", describe(&platforms, program, editor));
        }
    }
    let all = counts.values().fold(Counts::default(), |all, found| all.plus(*found));
    let table = table(&counts, all);
    println!("{table}");
    if update {
        std::fs::write(KEPT, &table).unwrap();
    }
    assert!(all.agreed() >= ASKED, "both say the same of {:.1} % only", all.agreed());
    assert!(
        all.found() >= FOUND,
        "of what cannot be read editors find {:.1} % only",
        all.found()
    );
}

fn compiler_reads(text: &str) -> bool {
    let mut said = Diagnostics::default();
    pipec::syntax::parse(FileId(0), text, &mut said);
    !said.has_errors()
}

fn describe(platforms: &[Platform], program: &Program, editor: bool) -> String {
    let text = program.text(platforms);
    let at = program.lines(platforms)[0];
    let line = text.lines().nth(at - 1).unwrap_or("").trim();
    let who = if editor { "editor" } else { "compiler" };
    let path = &platforms[program.platform].files[program.file].0;
    format!("only the {who} reads: {}: {path}:{at}: {line}", program.mutant.kind)
}

fn table(counts: &BTreeMap<usize, Counts>, all: Counts) -> String {
    let mut out = format!(
        "{:<36}{:>9}{:>9}{:>15}{:>13}{:>9}{:>9}\n",
        "read by", "mutants", "broken", "compiler only", "editor only", "same %", "found %"
    );
    let named = counts.iter().map(|(kind, found)| (KINDS[*kind].name, *found));
    for (name, found) in named.chain([("all", all)]) {
        let (same, told) = (found.agreed(), found.found());
        writeln!(
            out,
            "{name:<36}{:>9}{:>9}{:>15}{:>13}{same:>9.1}{told:>9.1}",
            found.mutants, found.broken, found.compiler_only, found.editor_only
        )
        .unwrap();
    }
    out
}
