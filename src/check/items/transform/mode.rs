//! How a transform writes: `append`, `overwrite`, `merge by`, `history by`, and what each asks of the rows.

use super::facts::{Facts, multiplies, record_wise};
use super::graph::Node;
use super::{Known, arrives, named};
use crate::base::Span;
use crate::check::exprs::{column, convert};
use crate::check::items::Items;
use crate::check::program::{Dataset, Delivers, Mode, Shape, Transform};
use crate::check::steps::{Checked, Rows};
use crate::diag::{Code, Diagnostic};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Step, StepKind, Target};
use crate::syntax::ast::Name;

impl<'a> Items<'a> {
    /// What the rows at the end are, to who reads them. Changes that are read as rows are said.
    pub(super) fn gives(
        &mut self,
        node: &Node<'a>,
        rows: &Rows,
        checked: &Checked,
        known: &Known<'_>,
    ) -> Option<Delivers> {
        let mixing = checked.steps.iter().find(|step| !record_wise(step, known));
        if rows.delivers != Delivers::Changes {
            return Some(match mixing {
                Some(_) => Delivers::Snapshot,
                None => rows.delivers,
            });
        }
        let input = node.transform.inputs.first()?;
        let merges = node.transform.target.as_ref().and_then(|target| target.mode.as_ref());
        let applies = merges.is_some_and(|mode| ["merge", "history"].contains(&mode.text.as_str()));
        let diagnostic = match mixing {
            Some(step) => {
                let word = step.text.split(' ').next().unwrap_or(&step.text);
                Diagnostic::new(
                    Code::CHANGES,
                    step.span,
                    format!("`{word}` would take changes of `{}` for rows", input.text()),
                )
                .found("inserts, updates and deletes of one row are several changes")
                .label(input.span, "holds changes, in order")
            }
            None if applies || node.is_view() => return Some(Delivers::Changes),
            None => Diagnostic::new(
                Code::CHANGES,
                input.span,
                format!(
                    "`{}` holds changes, and this transform would write each as a row",
                    input.text()
                ),
            )
            .found("inserts, updates and deletes, in order"),
        };
        let key = rows
            .columns
            .iter()
            .find(|column| column.key)
            .map_or("KEYS", |column| &column.name);
        self.say(diagnostic.help(format!(
            "apply them first, in a transform `… -> ZONE.DATASET merge by {key}`, and read what it writes"
        )));
        None
    }

    /// How a transform writes. `None` where that is wrong, which is said.
    pub(super) fn mode(
        &mut self,
        node: &Node<'a>,
        rows: &Rows,
        checked: &Checked,
        output: &[Column],
        delivers: Delivers,
        known: &Known<'_>,
    ) -> Option<Mode> {
        let usual = match (rows.shape, delivers) {
            (Shape::Stream | Shape::Objects, _) | (Shape::Table, Delivers::Rows) => Mode::Append,
            (Shape::Table, _) => Mode::Overwrite,
        };
        let target = node.transform.target.as_ref();
        let Some((target, mode)) = target.and_then(|target| Some((target, target.mode.as_ref()?))) else {
            return Some(usual);
        };
        if let Some(Target::Sink(sink)) = super::graph::target_of(self.ground.index, &target.dataset) {
            let diagnostic = Diagnostic::new(
                Code::WRITE_MODE,
                mode.span,
                format!("sink `{sink}` says itself how it is written"),
            )
            .found("not of a sink")
            .help("leave it out; a `key` in the sink makes newer rows take the place of older ones");
            self.say(diagnostic);
            return None;
        }
        match mode.text.as_str() {
            "append" => self.append(mode, rows, checked, delivers, known),
            "overwrite" => self.overwrite(node, mode, rows),
            word => {
                if target.keys.is_empty() {
                    let diagnostic = Diagnostic::new(
                        Code::WRITE_MODE,
                        mode.span,
                        format!("`{word}` does not say which rows are the same"),
                    )
                    .found("no keys")
                    .help(format!("name the columns that tell rows apart: `{word} by KEYS`"));
                    self.say(diagnostic);
                    return None;
                }
                if word == "history" && arrives(rows.shape) {
                    let diagnostic = Diagnostic::new(
                        Code::WRITE_MODE,
                        mode.span,
                        "`history` compares all rows of a run, and a stream has no runs",
                    )
                    .found("these rows arrive one by one")
                    .help("write it from a table, in a transform behind this one");
                    self.say(diagnostic);
                    return None;
                }
                let keys = self.merge_keys(word, &target.keys, output)?;
                Some(if word == "merge" {
                    Mode::Merge(keys)
                } else {
                    Mode::History(keys)
                })
            }
        }
    }

    fn append(
        &mut self,
        mode: &Name,
        rows: &Rows,
        checked: &Checked,
        delivers: Delivers,
        known: &Known<'_>,
    ) -> Option<Mode> {
        if arrives(rows.shape) || delivers == Delivers::Rows {
            return Some(Mode::Append);
        }
        let message = "`append` adds what new rows give, and each run would add the same rows again";
        let mut diagnostic = Diagnostic::new(Code::WRITE_MODE, mode.span, message);
        diagnostic = match checked.steps.iter().find(|step| !record_wise(step, known)) {
            Some(step) => diagnostic
                .found("not of one row at a time")
                .label(step.span, "this needs more than one row"),
            None => diagnostic.found("what it reads is replaced as a whole, not added to"),
        };
        self.say(diagnostic.help("leave it out: the partitions that a run computes are replaced"));
        None
    }

    fn overwrite(&mut self, node: &Node<'a>, mode: &Name, rows: &Rows) -> Option<Mode> {
        if !arrives(rows.shape) {
            return Some(Mode::Overwrite);
        }
        let message = format!(
            "transform `{}` reads a stream, so it cannot overwrite",
            node.entity.name
        );
        let diagnostic = Diagnostic::new(Code::WRITE_MODE, mode.span, message)
            .found("a stream only adds rows")
            .help("leave it out: the rows of a stream are appended");
        self.say(diagnostic);
        None
    }

    /// The keys of a merge: columns of the result that are always there and can be told apart.
    fn merge_keys(&mut self, word: &str, keys: &[Name], output: &[Column]) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for key in keys {
            let Some(column) = column::find(output, &key.text) else {
                let diagnostic = column::unknown(output, &key.text, key.span);
                self.say(diagnostic);
                continue;
            };
            let name = &column.name;
            let wrong = match &column.ty.kind {
                TypeKind::Error => continue,
                TypeKind::Map(_) | TypeKind::Json | TypeKind::Object | TypeKind::List(_) | TypeKind::Struct(_) => {
                    let message = format!("`{name}` is {}, and rows are not merged by one", column.ty);
                    Some(
                        Diagnostic::new(Code::KEY_TYPE, key.span, message)
                            .found("cannot tell rows apart")
                            .help("merge by a text, a number, a date, a timestamp, a uuid or an enum"),
                    )
                }
                _ if column.ty.optional => Some(
                    Diagnostic::new(
                        Code::MAY_BE_MISSING,
                        key.span,
                        format!("`{word} by` wants keys that are always there, but `{name}` may be missing"),
                    )
                    .found(format!("`{name}` is {}", column.ty))
                    .help(format!(
                        "say what stands in for it: `derive {name} = {name} ?? {}`",
                        convert::example(&column.ty.kind).unwrap_or_else(|| "…".to_owned())
                    ))
                    .help(format!(
                        "or turn the row away: `derive {name} = {name} ?? reject \"no {name}\"`"
                    )),
                ),
                TypeKind::Float => {
                    let message = format!("`{name}` is a float and decides which rows belong together");
                    self.say(
                        Diagnostic::new(Code::FLOAT_KEY, key.span, message)
                            .found("floats that print alike may differ")
                            .help("use a decimal, an int or a text"),
                    );
                    None
                }
                _ => None,
            };
            match wrong {
                Some(diagnostic) => self.say(diagnostic),
                None if names.contains(name) => self.twice(key),
                None => names.push(name.clone()),
            }
        }
        (names.len() == keys.len()).then_some(names)
    }

    fn twice(&mut self, key: &Name) {
        let message = format!("`{}` is a key twice", key.text);
        let diagnostic = Diagnostic::new(Code::DUPLICATE_COLUMN, key.span, message).found("the second one");
        self.say(diagnostic.help("leave it out"));
    }

    /// What a merge asks of a dataset, and of the rows that come to it.
    pub(super) fn merge_fits(&mut self, transform: &Transform, dataset: &Dataset, checked: &Checked, facts: &Facts) {
        let (word, keys) = match &transform.mode {
            Mode::Merge(keys) => ("merge", keys),
            Mode::History(keys) => ("history", keys),
            Mode::Append | Mode::Overwrite => return,
        };
        let at = transform.places.mode;
        let covered = |facts: &[Vec<String>]| facts.iter().any(|set| set.iter().all(|name| keys.contains(name)));
        let own = facts.unique.len().saturating_sub(usize::from(word == "merge"));
        let once = covered(facts.unique.get(..own).unwrap_or_default());
        if let Some(step) = several(checked).filter(|_| !once) {
            self.several_rows(word, keys, step, at);
            return;
        }
        if dataset.format != "iceberg" {
            let message = format!(
                "`{word}` changes rows in place, and `{}` is {}",
                named(dataset),
                dataset.format
            );
            let span = transform.item.settings.span("format").unwrap_or(at);
            let diagnostic = Diagnostic::new(Code::WRITE_MODE, span, message)
                .found("only iceberg tables can be changed so")
                .label(at, "asked for here")
                .help("write `format = iceberg` in the transform, or in its zone");
            self.say(diagnostic);
        }
    }

    fn several_rows(&mut self, word: &str, keys: &[String], step: &Step, at: Span) {
        let by = keys.join(", ");
        let joined = matches!(step.kind, StepKind::Join(_));
        let message = match joined {
            true => format!("`{word} by {by}` may meet one key several times: a join can give several rows for one"),
            false => format!("`{word} by {by}` meets one key several times: rows differ in more columns than these"),
        };
        let diagnostic = Diagnostic::new(Code::MULTIPLIED, at, message)
            .found("which of them stays is not said")
            .label(
                step.span,
                if joined {
                    "may find several rows"
                } else {
                    "a row for each of these"
                },
            );
        let diagnostic = match joined {
            true => diagnostic
                .note("nothing says that the columns of `on` are unique on the other side")
                .help(format!("write `dedupe by {by} keep first by COLUMN` behind the join"))
                .help("or join a view that is deduped by the columns of `on`"),
            false => diagnostic.help(format!("{word} by every key of the group, or group by `{by}` alone")),
        };
        self.say(diagnostic);
    }
}

/// The last step that may give several rows of one key, with none behind it that makes them one.
fn several(checked: &Checked) -> Option<&Step> {
    let mut found = None;
    for (at, step) in checked.steps.iter().enumerate() {
        match &step.kind {
            StepKind::Join(join) if multiplies(at, join, checked) => found = Some(step),
            StepKind::Group { .. } | StepKind::Pivot { .. } => found = Some(step),
            StepKind::Dedupe { by: Some(_), .. } => found = None,
            _ => {}
        }
    }
    found
}
