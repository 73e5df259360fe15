//! Which program a `run` step starts, and how: a script by its interpreter, of a container its entry point.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::error::{Fault, RunError};
use crate::plan::{Run, RunKind};

/// A program of the project.
pub(super) struct Program {
    /// What messages call it.
    pub name: String,
    kind: Kind,
}

enum Kind {
    /// A file, Python by its ending.
    Script(PathBuf),
    /// The words of a Dockerfile's entry point, and the folder that it is in.
    Entry(Vec<String>, PathBuf),
}

impl Program {
    pub fn of(run: &Run, project: &Path) -> Result<Program, RunError> {
        let (name, kind) = match run.kind {
            RunKind::Script => {
                let name = run.path.clone().unwrap_or_default();
                let path = whole(project).join(&name);
                (name, Kind::Script(path))
            }
            RunKind::Container => {
                let Some(name) = run.settings.text("build").map(str::to_owned) else {
                    let help = "name the folder with its Dockerfile by `build`: its entry point is what runs here";
                    return Err(RunError::unsupported("a container by its image alone").help(help));
                };
                let folder = whole(project).join(&name);
                let words = entry_point(&folder)?;
                (name, Kind::Entry(words, folder))
            }
        };
        Ok(Program { name, kind })
    }

    pub fn command(&self) -> Result<Command, RunError> {
        match &self.kind {
            Kind::Script(path) if !path.is_file() => {
                let message = format!("the program `{}` is not there", self.name);
                Err(RunError::new(Fault::Surroundings, message).help("write it, or name the file that it is in"))
            }
            Kind::Script(path) if path.extension().is_some_and(|ending| ending == "py") => {
                let mut command = Command::new(python());
                command.arg("-B").arg(path);
                Ok(command)
            }
            Kind::Script(path) => Ok(Command::new(path)),
            Kind::Entry(words, folder) => {
                let mut words = words.iter();
                let first = words.next().map(|word| beside(word, folder)).unwrap_or_default();
                let mut command = match first.as_str() {
                    "python" | "python3" => Command::new(python()),
                    _ => Command::new(first),
                };
                command
                    .env("PYTHONDONTWRITEBYTECODE", "1")
                    .args(words.map(|word| beside(word, folder)));
                Ok(command)
            }
        }
    }
}

/// Programs start in a folder of their own, from where no short path leads back.
fn whole(project: &Path) -> PathBuf {
    std::path::absolute(project).unwrap_or_else(|_| project.to_owned())
}

/// The Python that runs scripts.
fn python() -> &'static str {
    "python3"
}

/// A file of the image that stands beside the Dockerfile, by its last name; other words are as they are.
fn beside(word: &str, folder: &Path) -> String {
    let named = Path::new(word)
        .file_name()
        .map(|name| folder.join(name))
        .filter(|path| path.is_file());
    named.map_or_else(|| word.to_owned(), |path| path.display().to_string())
}

/// `ENTRYPOINT ["python3", "/app/decode.py"]` and the words of `CMD` behind it.
fn entry_point(folder: &Path) -> Result<Vec<String>, RunError> {
    let path = folder.join("Dockerfile");
    #[allow(clippy::disallowed_methods, reason = "programs are the embedded engine's to start")]
    let text = std::fs::read_to_string(&path).map_err(|error| RunError::file(&path, "read", error))?;
    let text = text.replace("\\\n", " ");
    let last = |word: &str| {
        let mut found = None;
        for line in text.lines().map(str::trim) {
            if let Some((first, rest)) = line.split_once(char::is_whitespace)
                && first.eq_ignore_ascii_case(word)
            {
                found = Some(rest.trim().to_owned());
            }
        }
        let list = |rest: &String| serde_json::from_str::<Vec<String>>(rest).ok();
        found.map(|rest| list(&rest).unwrap_or_else(|| vec!["sh".to_owned(), "-c".to_owned(), rest]))
    };
    let words: Vec<String> = last("ENTRYPOINT").into_iter().chain(last("CMD")).flatten().collect();
    match words.is_empty() {
        true => {
            let message = format!("`{}` does not say what it starts", path.display());
            Err(RunError::new(Fault::Surroundings, message).help("write `ENTRYPOINT [\"python3\", \"decode.py\"]`"))
        }
        false => Ok(words),
    }
}
