//! `pipec new`: a project that compiles, with a sample and a test.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::output::Output;
use super::{Failure, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to make; its last part names the pipeline
    #[arg(value_name = "NAME")]
    path: PathBuf,
    /// The example to start from
    #[arg(long, value_enum, default_value = "starter")]
    from: Example,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Example {
    /// One stream, one transform, one test
    Starter,
    /// Clicks, cleaned within seconds, added up nightly
    Clickstream,
}

impl Example {
    /// The pipeline's name in the example, and its files.
    fn files(self) -> (&'static str, [(&'static str, &'static str); 2]) {
        match self {
            Example::Starter => (
                "starter",
                [
                    ("starter.pipe", include_str!("../../examples/starter/starter.pipe")),
                    (
                        "samples/readings.jsonl",
                        include_str!("../../examples/starter/samples/readings.jsonl"),
                    ),
                ],
            ),
            Example::Clickstream => (
                "clickstream",
                [
                    (
                        "clickstream.pipe",
                        include_str!("../../examples/clickstream/clickstream.pipe"),
                    ),
                    (
                        "samples/clicks.jsonl",
                        include_str!("../../examples/clickstream/samples/clicks.jsonl"),
                    ),
                ],
            ),
        }
    }
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let folder = &arguments.path;
    let name = pipeline_name(folder)?;
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::Usage(format!(
            "`{}` is there already, and not empty",
            folder.display()
        )));
    }
    let (example, files) = arguments.from.files();
    for (path, text) in files {
        let path = path
            .strip_suffix(".pipe")
            .map_or(path.to_owned(), |_| format!("{name}.pipe"));
        let text = text.replacen(&format!("pipeline {example} "), &format!("pipeline {name} "), 1);
        write(&folder.join(path), &text)?;
    }
    write(&folder.join(".gitignore"), "/build/\n/run/\n/.pipec/\n")?;
    out.done(&format!(
        "made {}; next: `pipec check {0}`, `pipec test {0}`, `pipec run {0}`",
        folder.display()
    ));
    Ok(())
}

/// The folder's name as a pipeline's: `my-lake` gives `my_lake`.
fn pipeline_name(folder: &Path) -> Result<String, Failure> {
    let last = folder
        .file_name()
        .map(|name| name.to_string_lossy().replace('-', "_"))
        .unwrap_or_default();
    let mut letters = last.chars();
    let good = letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    match good {
        true => Ok(last),
        false => Err(Failure::Usage(format!(
            "`{last}` cannot name a pipeline: write it in `snake_case`, a letter first"
        ))),
    }
}

fn write(path: &Path, text: &str) -> Outcome {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
    fs::write(path, text).map_err(|error| Failure::io("write", path, &error))
}
