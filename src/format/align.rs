//! Lines up the pieces of neighbouring lines of one kind.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Kind, Line};

/// How much further right than it must a column may lie because its author put it there.
const ROOM: usize = 8;

/// Lines up everything that lines up.
pub fn align(lines: &mut [Line]) {
    for run in steps(lines) {
        line_up(lines, &run);
    }
    lists(lines);
    for run in items(lines) {
        line_up(lines, &run);
    }
    let plain = |line: &Line| line.whole && matches!(line.kind, Kind::Setting | Kind::Field | Kind::Row(_));
    for run in runs(lines, plain) {
        line_up(lines, &run);
    }
}

/// Runs of lines of one kind in one bracket, without blank lines between them.
fn runs(lines: &[Line], wanted: impl Fn(&Line) -> bool) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        open &= !line.blank_before;
        if line.kind == Kind::Note {
            continue;
        }
        if !wanted(line) {
            open = false;
            continue;
        }
        let last = runs.last().and_then(|run| run.last()).and_then(|last| lines.get(*last));
        let joins = open && last.is_some_and(|last| last.kind == line.kind && last.frame == line.frame);
        match runs.last_mut() {
            Some(run) if joins => run.push(at),
            _ => runs.push(vec![at]),
        }
        open = true;
    }
    runs
}

/// The steps of each block, up to a blank line between two of them; what stands in their own blocks does not count.
fn steps(lines: &[Line]) -> Vec<Vec<usize>> {
    let mut runs: BTreeMap<usize, Vec<Vec<usize>>> = BTreeMap::new();
    let mut blank: BTreeSet<usize> = BTreeSet::new();
    for (at, line) in lines.iter().enumerate() {
        if line.blank_before {
            blank.insert(line.frame);
        }
        if line.kind != Kind::Step {
            continue;
        }
        let ends = blank.remove(&line.frame);
        let runs = runs.entry(line.frame).or_default();
        match runs.last_mut() {
            Some(run) if !ends => run.push(at),
            _ => runs.push(vec![at]),
        }
    }
    let mut runs: Vec<Vec<usize>> = runs.into_values().flatten().collect();
    for run in &mut runs {
        let word = |at: &usize| {
            let line = lines.get(*at);
            line.and_then(|line| line.pieces.first())
                .map_or("", |piece| piece.text.as_str())
        };
        let widest = run.iter().map(|at| word(at).len()).max().unwrap_or(0);
        run.retain(|at| word(at).len() == widest || !lines.get(*at).is_some_and(stands_alone));
    }
    runs
}

/// `group by …` and `run script …` may be read as one word: with one space between they take no part in the column of
/// longer steps around them.
fn stands_alone(line: &Line) -> bool {
    let word = line.pieces.first().map_or("", |piece| piece.text.as_str());
    let second = line.pieces.get(1);
    second.is_some_and(|second| second.old_gap == 1 && (second.text == "by" || word == "run"))
}

/// Neighbouring items on one line each, of one kind or lined up by their author; the first line of an item on several
/// lines may be the last of them.
fn items(lines: &[Line]) -> Vec<Vec<usize>> {
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        let item = matches!(line.kind, Kind::Item(_));
        match blocks.last_mut() {
            Some(run) if open && item && !line.blank_before => run.push(at),
            _ if item => blocks.push(vec![at]),
            _ => {}
        }
        open = item && line.whole;
    }
    let mut runs = Vec::new();
    for block in blocks {
        let last = |line: &Line| line.anchors.iter().flatten().next_back().copied();
        let column = |at: &usize| {
            let line = lines.get(*at)?;
            line.pieces.get(last(line)?).map(|piece| piece.old_column)
        };
        let columns: BTreeSet<_> = block.iter().map(column).collect();
        if columns.len() == 1 && !columns.contains(&None) {
            runs.push(block);
            continue;
        }
        let kind = |at: &usize| lines.get(*at).map(|line| &line.kind);
        let same = block.chunk_by(|left, right| kind(left) == kind(right));
        runs.extend(same.map(<[usize]>::to_vec));
    }
    runs
}

/// Puts the anchors of lines below each other, from left to right.
fn line_up(lines: &mut [Line], run: &[usize]) {
    let most = run
        .iter()
        .filter_map(|at| lines.get(*at))
        .map(|line| line.anchors.len())
        .max()
        .unwrap_or(0);
    for anchor in 0..most {
        let has = |at: &usize| lines.get(*at).is_some_and(|line| piece_of(line, anchor).is_some());
        let with: Vec<usize> = run.iter().copied().filter(has).collect();
        if in_column(lines, &with, anchor).is_some() {
            put(lines, &with, anchor);
            continue;
        }
        // Labels of a few neighbouring fields may have a column of their own, where the ones between have none.
        let near = |left: &usize, right: &usize| {
            let between = run.iter().filter(|at| *at > left && *at < right);
            between.count() == 0
        };
        let parts: Vec<Vec<usize>> = with.chunk_by(near).map(<[usize]>::to_vec).collect();
        let own = |part: &Vec<usize>| part.len() > 1 && anchor > 0 && in_column(lines, part, anchor) == Some(0);
        let (own, rest): (Vec<_>, Vec<_>) = parts.into_iter().partition(own);
        for part in own {
            put(lines, &part, anchor);
        }
        put(lines, &rest.concat(), anchor);
    }
}

fn piece_of(line: &Line, anchor: usize) -> Option<usize> {
    line.anchors.get(anchor).copied().flatten()
}

/// Whether the author put an anchor of several lines into one column, and how much further right than it must lie.
fn in_column(lines: &[Line], run: &[usize], anchor: usize) -> Option<usize> {
    let pieces = || {
        run.iter().filter_map(|at| {
            let line = lines.get(*at)?;
            line.pieces.get(piece_of(line, anchor)?)
        })
    };
    let column = pieces().next()?.old_column;
    let extra = pieces().map(|piece| piece.old_gap).min()?.checked_sub(1)?;
    let aligned = run.len() > 1 && pieces().all(|piece| piece.old_column == column);
    (aligned && extra <= ROOM).then_some(extra)
}

/// Puts an anchor of lines into one column: as far left as can be, or where the author put all of them.
fn put(lines: &mut [Line], run: &[usize], anchor: usize) {
    let extra = in_column(lines, run, anchor).unwrap_or(0);
    let width = |at: &usize| {
        lines
            .get(*at)
            .and_then(|line| piece_of(line, anchor).map(|piece| line.width_before(piece)))
    };
    let Some(target) = run.iter().filter_map(width).max() else {
        return;
    };
    for at in run {
        let Some(line) = lines.get_mut(*at) else { continue };
        let Some(piece) = piece_of(line, anchor) else { continue };
        let padding = target + 1 + extra - line.width_before(piece);
        if let Some(piece) = line.pieces.get_mut(piece) {
            piece.gap = padding;
        }
    }
}

/// Puts the later entries of a `derive` or `select` below the first, and their `=` below each other.
fn lists(lines: &mut [Line]) {
    let mut head: Option<usize> = None;
    let mut list: Vec<usize> = Vec::new();
    for at in 0..lines.len() {
        let kind = lines.get(at).map_or(Kind::Other, |line| line.kind.clone());
        match kind {
            Kind::Step => {
                finish(lines, &list);
                list = vec![at];
                head = Some(at);
            }
            Kind::Listed | Kind::ListedNote => {
                let column = head.and_then(|head| lines.get(head)).map_or(0, |line| {
                    line.width_before(1) + line.pieces.get(1).map_or(1, |piece| piece.gap)
                });
                if let Some(line) = lines.get_mut(at) {
                    line.indent = column;
                }
                if kind == Kind::Listed {
                    list.push(at);
                }
            }
            _ => {}
        }
    }
    finish(lines, &list);
}

fn finish(lines: &mut [Line], list: &[usize]) {
    if list.len() < 2 {
        return;
    }
    for at in list {
        if let Some(line) = lines.get_mut(*at) {
            // Only `name = …` lines up, not a comparison further right: its `=` stands right behind the name.
            let name = if line.kind == Kind::Step { 2 } else { 1 };
            let equals = line.pieces.get(name).is_some_and(|piece| piece.text == "=");
            line.anchors = vec![equals.then_some(name)];
        }
    }
    line_up(lines, list);
}
