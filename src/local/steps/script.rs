//! `run script` and `run container`: a program of the project's own. It is started once a run in an empty folder, reads rows
//! as JSON from its standard input, a line each, and writes rows as JSON to its standard output; what it writes is read as
//! a source's lines are. Of a container the entry point is started, as it is, beside the Dockerfile that names it.
//!
//! What it writes waits in a file, so that neither side waits for the other. An object among the values has the `path` of its
//! file; one that the program makes is a file in its folder, and `{"path": …}` in the row that it answers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::value::RawValue;

use super::super::batch::Batch;
use super::super::error::RunError;
use super::super::lines::{Chunk, Decoder, Lines};
use super::super::objects::Store;
use super::super::value::row_as_json;
use super::program::Program;
use super::{HIDDEN, Stage, Work};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Field, Run, Schema, Step};

/// How many of a failed program's last lines are shown.
const SHOWN: usize = 10;

/// How often a program is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

type Fields = BTreeMap<String, Box<RawValue>>;

/// A program at work.
pub(in super::super) struct Script<'p> {
    program: Program,
    before: &'p [Column],
    settings: &'p Run,
    schema: Schema,
    /// Columns that are objects, before and after.
    objects: [Vec<&'p str>; 2],
    store: Store,
    running: Option<Running>,
    answers: Option<Lines>,
    /// Stays until its answers are read, with the files that it made.
    folder: Option<tempfile::TempDir>,
}

struct Running {
    child: Arc<Mutex<Child>>,
    /// Whether it took too long, and was ended.
    late: Arc<AtomicBool>,
    /// Gone with this: nobody waits any more for it to take too long.
    _ends: Sender<()>,
    input: BufWriter<ChildStdin>,
    output: JoinHandle<std::io::Result<File>>,
    errors: JoinHandle<String>,
}

impl<'p> Script<'p> {
    pub fn new(
        run: &'p Run,
        before: &'p [Column],
        step: &'p Step,
        project: &Path,
        store: Store,
    ) -> Result<Script<'p>, RunError> {
        let field = |column: &Column| Field {
            column: column.clone(),
            default: None,
            check: None,
            inner: Vec::new(),
            object: None,
        };
        let program = Program::of(run, project)?;
        Ok(Script {
            before,
            settings: run,
            schema: Schema {
                name: program.name.clone(),
                doc: None,
                fields: step.columns.iter().map(field).collect(),
            },
            objects: [objects(before), objects(&step.columns)],
            store,
            program,
            running: None,
            answers: None,
            folder: None,
        })
    }

    fn start(&self, folder: &Path) -> Result<Running, RunError> {
        let mut command = self.program.command()?;
        command.current_dir(folder).envs(self.settings.environment());
        let piped = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let failed = |error: std::io::Error| self.failed(&format!("could not be started: {error}"), "");
        let mut child = piped.spawn().map_err(failed)?;
        let (Some(input), Some(mut output), Some(mut errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(self.failed("has no standard streams", ""));
        };
        let (child, late, limit) = (
            Arc::new(Mutex::new(child)),
            Arc::new(AtomicBool::new(false)),
            Duration::from_secs(self.settings.timeout_seconds()),
        );
        let (ends, ended) = channel();
        let (its, was_late) = (Arc::clone(&child), Arc::clone(&late));
        std::thread::spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                was_late.store(true, Ordering::Relaxed);
                // It may have ended by itself: then there is nothing to end.
                let _ = locked(&its).kill();
            }
        });
        Ok(Running {
            child,
            late,
            _ends: ends,
            input: BufWriter::with_capacity(1 << 16, input),
            output: std::thread::spawn(move || {
                let mut file = tempfile::tempfile()?;
                std::io::copy(&mut output, &mut file)?;
                file.rewind()?;
                Ok(file)
            }),
            errors: std::thread::spawn(move || {
                let mut bytes = Vec::new();
                // What cannot be read of its complaints is not shown.
                let _ = errors.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            }),
        })
    }

    fn failed(&self, how: &str, said: &str) -> RunError {
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(SHOWN)..].join("\n    ");
        let message = match last.is_empty() {
            true => format!("the program `{}` {how}", self.program.name),
            false => format!("the program `{}` {how}\n    {last}", self.program.name),
        };
        RunError::data(message)
    }
}

fn locked(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The columns that are objects.
fn objects(columns: &[Column]) -> Vec<&str> {
    let objects = columns.iter().filter(|column| column.ty.kind == TypeKind::Object);
    objects.map(|column| column.name.as_str()).collect()
}

/// A line with other values of some of its columns; as it is where nothing is to be done.
fn replaced(line: Vec<u8>, names: &[&str], with: impl Fn(Fields) -> Option<Box<RawValue>>) -> Vec<u8> {
    if names.is_empty() {
        return line;
    }
    let Ok(mut record) = serde_json::from_slice::<Fields>(&line) else {
        return line;
    };
    for name in names {
        let own = record
            .get(*name)
            .and_then(|value| serde_json::from_str::<Fields>(value.get()).ok());
        if let Some(value) = own.and_then(&with) {
            record.insert((*name).to_owned(), value);
        }
    }
    serde_json::to_vec(&record).unwrap_or(line)
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    serde_json::from_str(fields.get(name)?.get()).ok()
}

/// An object with the path of its file.
fn with_path(mut object: Fields, store: &Store) -> Option<Box<RawValue>> {
    let path = store.path(&text(&object, "bucket")?, &text(&object, "key")?)?;
    let path = std::path::absolute(path).ok()?;
    object.insert(
        "path".to_owned(),
        serde_json::value::to_raw_value(&path.to_str()?).ok()?,
    );
    serde_json::value::to_raw_value(&object).ok()
}

/// A file that a program made, as the object that it becomes; an object that is one already stays.
fn made(object: Fields, folder: &Path, store: &Store) -> Option<Box<RawValue>> {
    if object.contains_key("checksum") {
        return None;
    }
    let path = folder.join(text(&object, "path")?);
    RawValue::from_string(store.keep(&path).ok()?).ok()
}

impl Stage for Script<'_> {
    fn add(&mut self, batch: Batch, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        if self.running.is_none() {
            let folder = tempfile::tempdir().map_err(|error| self.failed(&format!("has no folder: {error}"), ""))?;
            self.running = Some(self.start(folder.path())?);
            self.folder = Some(folder);
        }
        let Some(running) = &mut self.running else {
            return Ok(None);
        };
        let own = batch
            .columns
            .iter()
            .filter(|(name, _)| !HIDDEN.contains(&name.as_str()) && !name.contains('.'));
        let columns: Vec<_> = own.cloned().collect();
        for row in 0..batch.rows() {
            let line = row_as_json(&columns, self.before, row);
            let mut line = replaced(line, &self.objects[0], |object| with_path(object, &self.store));
            line.push(b'\n');
            // A program that has read enough may close its input; whether it ended well is asked at the end.
            if running.input.write_all(&line).is_err() {
                break;
            }
        }
        Ok(None)
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        let Running {
            child,
            late,
            _ends,
            input,
            output,
            errors,
        } = running;
        // Closing it is how the program knows that no more rows come; one that was ended does not take the last of them.
        drop(input);
        let status = loop {
            // What it started itself may go on, and is not waited for.
            if late.load(Ordering::Relaxed) {
                let seconds = self.settings.timeout_seconds();
                let late = self.failed(&format!("took longer than {seconds} seconds"), "");
                return Err(late.help("let it do less at once, or write a longer `timeout`"));
            }
            let lost = |error: std::io::Error| self.failed(&format!("was lost: {error}"), "");
            if output.is_finished()
                && errors.is_finished()
                && let Some(status) = locked(&child).try_wait().map_err(lost)?
            {
                break status;
            }
            std::thread::sleep(LOOK);
        };
        let (read, said) = (output.join(), errors.join().unwrap_or_default());
        if !status.success() {
            let how = match status.code() {
                Some(code) => format!("ended with {code}"),
                None => "was ended by a signal".to_owned(),
            };
            return Err(self.failed(&how, &said));
        }
        let Ok(Ok(file)) = read else {
            return Err(self.failed("wrote what could not be kept", &said));
        };
        let named = PathBuf::from(&self.program.name);
        let answers = Lines::of_text(named, Box::new(file));
        let names: Vec<String> = self.objects[1].iter().map(|name| (*name).to_owned()).collect();
        self.answers = Some(match (names.is_empty(), &self.folder) {
            (false, Some(folder)) => {
                let (folder, store) = (folder.path().to_owned(), self.store.clone());
                answers.adapted(move |line| {
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    let mut line = replaced(line.to_vec(), &names, |object| made(object, &folder, &store));
                    line.extend((!line.ends_with(b"\n")).then_some(b'\n'));
                    line
                })
            }
            _ => answers,
        });
        Ok(())
    }

    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let Some(answers) = &mut self.answers else {
            return Ok(None);
        };
        let mut chunk = Chunk::default();
        while answers.next(&mut chunk)? {
            let mut decoder = Decoder::new(&self.schema, Default::default());
            let (batch, away) = decoder.decode(&mut chunk)?;
            if let Some((line, reason)) = away.first() {
                let text = String::from_utf8_lossy(chunk.line(*line as usize)).into_owned();
                let how = format!("answered what is no row of what it returns: {reason}: {text}");
                return Err(self.failed(&how, ""));
            }
            let mut own = batch;
            own.columns.retain(|(name, _)| !HIDDEN.contains(&name.as_str()));
            if own.rows() > 0 {
                return Ok(Some(own));
            }
        }
        self.answers = None;
        self.folder = None;
        Ok(None)
    }
}
