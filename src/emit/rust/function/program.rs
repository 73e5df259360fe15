//! A program of the project's own, between two halves of a transform: it is started once a batch in an empty folder, reads rows
//! as JSON from its standard input, a line each, and writes rows as JSON to its standard output. Knows no schema.
//!
//! An object among the values has the `path` of its file. One that the program answers, made by itself or handed on, is kept
//! beside the dataset that its row goes to: both stay as long. What the program finds in its environment is what its author
//! says, and nothing of the function's: no credentials.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pipec_runtime::Timestamp;
use serde_json::value::RawValue;

use crate::Error;
use crate::aws::{Aws, setting};
use crate::batch::Lines;
use crate::objects;

/// A program that a transform gives its rows to.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The transform, by its number.
    pub transform: usize,
    /// Its file, below the function's own folder.
    pub path: &'static str,
    /// The folder with the packages that it uses, there too.
    pub packages: &'static str,
    /// What it finds in its environment.
    pub environment: &'static [(&'static str, &'static str)],
    /// The longest that one call may take, seconds.
    pub timeout_seconds: u64,
    /// The columns that are objects, of the rows that it reads.
    pub takes: &'static [&'static str],
    /// The columns that are objects, of the rows that it answers.
    pub makes: &'static [&'static str],
    /// Environment variable: where objects that it answers are kept, `s3://BUCKET/FOLDER/`.
    pub objects: &'static str,
}

type Fields = BTreeMap<String, Box<RawValue>>;

/// How often a program is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);
/// What of the function's environment a program finds: where programs and their texts are.
const KEPT: [&str; 4] = ["LANG", "LD_LIBRARY_PATH", "PATH", "TZ"];

impl Program {
    /// What the program makes of these rows.
    ///
    /// # Errors
    /// Where it cannot be started, fails, takes too long, or an object cannot be had or kept.
    pub async fn answers(&self, aws: &Aws, rows: &Lines, arrived: Timestamp) -> Result<Vec<Vec<u8>>, Error> {
        let folder = Folder::new()?;
        let mut lines = Vec::new();
        for (number, (line, _)) in rows.iter().enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
            let mut line = self.fetched(aws, line, &folder.0, number).await?;
            line.push(b'\n');
            lines.extend(line);
        }
        let work = folder.0.join("work");
        std::fs::create_dir(&work)?;
        let answered = self.run(&work, lines).await?;
        let mut out = Vec::new();
        for line in answered.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            out.push(self.kept(aws, line.to_vec(), &work, arrived).await?);
        }
        Ok(out)
    }

    /// A row with the files of its objects.
    async fn fetched(&self, aws: &Aws, line: Vec<u8>, folder: &Path, number: usize) -> Result<Vec<u8>, Error> {
        if self.takes.is_empty() {
            return Ok(line);
        }
        let mut row: Fields = serde_json::from_slice(&line)?;
        for name in self.takes {
            let Some(mut object) = object_of(&row, name) else { continue };
            let (bucket, key) = (text(&object, "bucket")?, text(&object, "key")?);
            let file = folder.join(format!("{number}-{name}"));
            let version = text(&object, "version").ok().filter(|version| !version.is_empty());
            objects::save(&aws.s3()?, (&bucket, &key, version), &file).await?;
            object.insert("path".to_owned(), serde_json::value::to_raw_value(&file.to_string_lossy())?);
            row.insert((*name).to_owned(), serde_json::value::to_raw_value(&object)?);
        }
        Ok(serde_json::to_vec(&row)?)
    }

    /// A row that was answered, with its objects where they stay.
    async fn kept(&self, aws: &Aws, line: Vec<u8>, folder: &Path, arrived: Timestamp) -> Result<Vec<u8>, Error> {
        // What is no row is said where rows are read.
        let (false, Ok(mut row)) = (self.makes.is_empty(), serde_json::from_slice::<Fields>(&line)) else {
            return Ok(line);
        };
        let place = setting(self.objects)?;
        for name in self.makes {
            // What says only where it lies stays there.
            let object = object_of(&row, name).filter(|object| object.contains_key("path"));
            let Some(object) = object else { continue };
            // What was handed on lies where it was put; a path that the program made is one below its folder.
            let path = folder.join(text(&object, "path")?);
            let path = path.canonicalize().map_err(|error| format!("`{name}` is no file: {error}"))?;
            let around = folder.parent().unwrap_or(folder).canonicalize()?;
            if !path.starts_with(&around) {
                return Err(format!("`{name}` is a file outside of the program's folder").into());
            }
            let kept = objects::keep_file(&aws.s3()?, &place, &path, arrived).await?;
            row.insert((*name).to_owned(), RawValue::from_string(kept)?);
        }
        Ok(serde_json::to_vec(&row)?)
    }

    async fn run(&self, folder: &Path, lines: Vec<u8>) -> Result<Vec<u8>, Error> {
        let root = PathBuf::from(setting("LAMBDA_TASK_ROOT")?);
        let mut command = Command::new("python3");
        command.arg("-B").arg(root.join(self.path)).current_dir(folder).env_clear();
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("HOME", folder).env("PYTHONPATH", root.join(self.packages)).envs(self.environment.iter().copied());
        // What it says otherwise is in the function's log.
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = Running(piped.spawn().map_err(|error| self.failed(&format!("could not be started: {error}")))?);
        let (Some(mut input), Some(mut output)) = (child.0.stdin.take(), child.0.stdout.take()) else {
            return Err(self.failed("has no standard streams"));
        };
        // A program that has read enough may close its input; whether it ended well is asked at the end.
        let fed = std::thread::spawn(move || drop(input.write_all(&lines)));
        let answered: JoinHandle<std::io::Result<Vec<u8>>> = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            output.read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let end = Instant::now() + Duration::from_secs(self.timeout_seconds);
        let status = loop {
            if let Some(status) = child.0.try_wait()? {
                break status;
            }
            if Instant::now() >= end {
                return Err(self.failed(&format!("took longer than {} seconds", self.timeout_seconds)));
            }
            tokio::time::sleep(LOOK).await;
        };
        if !status.success() {
            return Err(self.failed(&match status.code() {
                Some(code) => format!("ended with {code}"),
                None => "was ended by a signal".to_owned(),
            }));
        }
        fed.join().map_err(|_| self.failed("could not be given its rows"))?;
        Ok(answered.join().map_err(|_| self.failed("wrote what could not be read"))??)
    }

    /// Why a batch fails: the program's own doing.
    #[must_use]
    pub fn failed(&self, how: &str) -> Error {
        let name = self.path.split('/').skip(2).collect::<Vec<_>>().join("/");
        format!("the program `{name}` {how}").into()
    }
}

/// A program that does not outlive its call.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that is gone after a call, with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder, Error> {
        let folder = std::env::temp_dir().join(format!("program-{}", std::process::id()));
        // What a call left that was cut off is not this one's.
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The next call takes away what stays.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The object in a column, where there is one.
fn object_of(row: &Fields, name: &str) -> Option<Fields> {
    serde_json::from_str(row.get(name)?.get()).ok()
}

fn text(fields: &Fields, name: &str) -> Result<String, Error> {
    let value = fields.get(name).and_then(|value| serde_json::from_str(value.get()).ok());
    value.ok_or_else(|| format!("an object without its `{name}`").into())
}
