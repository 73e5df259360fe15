//! `run script`: a program of the project's own. It is started once a run, reads rows as JSON from its standard input, a
//! line each, and writes rows as JSON to its standard output; what it writes is read as a source's lines are.
//!
//! What it writes waits in a file, so that neither side waits for the other.

use std::fs::File;
use std::io::{BufWriter, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

use super::super::batch::Batch;
use super::super::error::{Fault, RunError};
use super::super::lines::{Chunk, Decoder, Lines};
use super::super::value::row_as_json;
use super::{HIDDEN, Stage, Work};
use crate::check::settings::{Settings, Value};
use crate::plan::types::Column;
use crate::plan::{Field, Run, RunKind, Schema, Step};

/// How many of a failed program's last lines are shown.
const SHOWN: usize = 10;

/// A program at work.
pub(in super::super) struct Script<'p> {
    path: PathBuf,
    name: &'p str,
    before: &'p [Column],
    settings: &'p Run,
    schema: Schema,
    running: Option<Running>,
    answers: Option<Lines>,
}

struct Running {
    child: Child,
    input: BufWriter<ChildStdin>,
    output: JoinHandle<std::io::Result<File>>,
    errors: JoinHandle<String>,
}

impl<'p> Script<'p> {
    pub fn new(run: &'p Run, before: &'p [Column], step: &'p Step, project: &Path) -> Result<Script<'p>, RunError> {
        let (RunKind::Script, Some(name)) = (run.kind, run.path.as_deref()) else {
            return Err(RunError::unsupported("`run container`").help("give its rows in a test, or run it where containers run"));
        };
        let field = |column: &Column| Field {
            column: column.clone(),
            default: None,
            check: None,
            inner: Vec::new(),
            object: None,
        };
        Ok(Script {
            path: project.join(name),
            name,
            before,
            settings: run,
            schema: Schema {
                name: name.to_owned(),
                doc: None,
                fields: step.columns.iter().map(field).collect(),
            },
            running: None,
            answers: None,
        })
    }

    fn start(&self) -> Result<Running, RunError> {
        if !self.path.is_file() {
            let message = format!("the program `{}` is not there", self.name);
            return Err(RunError::new(Fault::Surroundings, message).help("write it, or name the file that it is in"));
        }
        let python = self.path.extension().is_some_and(|ending| ending == "py");
        let mut command = match python {
            true => {
                let mut command = Command::new("python3");
                command.arg(&self.path);
                command
            }
            false => Command::new(&self.path),
        };
        command.envs(environment(&self.settings.settings));
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error: std::io::Error| self.failed(&format!("could not be started: {error}"), "");
        let mut child = piped.spawn().map_err(failed)?;
        let (Some(input), Some(mut output), Some(mut errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(self.failed("has no standard streams", ""));
        };
        Ok(Running {
            child,
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
            true => format!("the program `{}` {how}", self.name),
            false => format!("the program `{}` {how}\n    {last}", self.name),
        };
        RunError::data(message)
    }
}

/// What its settings put into its environment; secrets are not on a laptop, unless its own environment has them.
fn environment(settings: &Settings) -> Vec<(String, String)> {
    let Some(Value::Map(entries)) = settings.get("env").map(|setting| &setting.value) else {
        return Vec::new();
    };
    let texts = entries.iter().filter_map(|(name, value)| match value {
        Value::Text(text) => Some((name.clone(), text.clone())),
        _ => None,
    });
    texts.collect()
}

impl Stage for Script<'_> {
    fn add(&mut self, batch: Batch, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        if self.running.is_none() {
            self.running = Some(self.start()?);
        }
        let Some(running) = &mut self.running else { return Ok(None) };
        let own = batch.columns.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str()) && !name.contains('.'));
        let columns: Vec<_> = own.cloned().collect();
        for row in 0..batch.rows() {
            let mut line = row_as_json(&columns, self.before, row);
            line.push(b'\n');
            // A program that has read enough may close its input; whether it ended well is asked at the end.
            if running.input.write_all(&line).is_err() {
                break;
            }
        }
        Ok(None)
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        let Some(running) = self.running.take() else { return Ok(()) };
        let Running {
            mut child,
            input,
            output,
            errors,
        } = running;
        // Closing it is how the program knows that no more rows come.
        drop(input);
        let read = output.join();
        let status = child.wait().map_err(|error| self.failed(&format!("was lost: {error}"), ""))?;
        let said = errors.join().unwrap_or_default();
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
        self.answers = Some(Lines::of_text(self.path.clone(), Box::new(file)));
        Ok(())
    }

    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let Some(answers) = &mut self.answers else { return Ok(None) };
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
        Ok(None)
    }
}
