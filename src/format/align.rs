//! Lines up the pieces of neighbouring lines of one kind.

use super::lines::{Kind, Line};

/// Lines up everything that lines up.
pub fn align(lines: &mut [Line]) {
    for run in runs(
        lines,
        |line| matches!(line.kind, Kind::Step),
        |kind| matches!(kind, Kind::Listed | Kind::ListedNote | Kind::Note),
    ) {
        line_up(lines, &run);
    }
    lists(lines);
    let plain = |line: &Line| matches!(line.kind, Kind::Setting | Kind::Field | Kind::Item(_) | Kind::Row(_));
    for run in runs(lines, plain, |kind| matches!(kind, Kind::Note)) {
        line_up(lines, &run);
    }
}

/// Runs of whole lines of one kind in one bracket, without blank lines between them; `skipped` kinds do not end one.
fn runs(lines: &[Line], wanted: impl Fn(&Line) -> bool, skipped: impl Fn(&Kind) -> bool) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut open = false;
    for (at, line) in lines.iter().enumerate() {
        if line.blank_before {
            open = false;
        }
        let item_note = line.kind == Kind::Note && line.frame == 0;
        if skipped(&line.kind) && !item_note {
            continue;
        }
        // The lines of a step's own list are no end of the run; it is whole if only they follow.
        let listed = lines
            .get(at + 1)
            .is_some_and(|next| matches!(next.kind, Kind::Listed | Kind::ListedNote));
        if !wanted(line) || !(line.whole || line.kind == Kind::Step && listed) {
            open = false;
            continue;
        }
        let same = |other: &Line| other.kind == line.kind && other.frame == line.frame;
        let joins = open
            && runs
                .last()
                .and_then(|run| run.last())
                .and_then(|last| lines.get(*last))
                .is_some_and(same);
        match runs.last_mut() {
            Some(run) if joins => run.push(at),
            _ => runs.push(vec![at]),
        }
        open = true;
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
        let piece_of = |line: &Line| line.anchors.get(anchor).copied().flatten();
        let width = |at: &usize| {
            lines
                .get(*at)
                .and_then(|line| piece_of(line).map(|piece| line.width_before(piece)))
        };
        let Some(target) = run.iter().filter_map(width).max() else {
            continue;
        };
        for at in run {
            let Some(line) = lines.get_mut(*at) else { continue };
            let Some(piece) = piece_of(line) else { continue };
            // A piece that touches the one before it, `name:`, still does in the widest line.
            let padding = target + 1 - line.width_before(piece);
            if let Some(piece) = line.pieces.get_mut(piece) {
                piece.gap = padding;
            }
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
