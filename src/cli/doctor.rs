//! `pipec doctor`: which tools are there for what, and what to install.

use std::process::{Command, Stdio};

use super::Outcome;
use super::output::Output;

/// A tool that a command calls.
struct Tool {
    name: &'static str,
    arguments: &'static [&'static str],
    needed_for: &'static str,
    install: &'static str,
}

/// What this version calls. Compiling and the embedded engine need none of them.
const TOOLS: &[Tool] = &[
    Tool {
        name: "cargo",
        arguments: &["--version"],
        needed_for: "`pipec package`, `pipec test --engine lambda`",
        install: "Rust 1.90 or later, from your system's packages or rustup",
    },
    Tool {
        name: "cc",
        arguments: &["--version"],
        needed_for: "`pipec package`, `pipec test --engine lambda`: links the generated functions",
        install: "a C compiler: `apt-get install gcc`",
    },
    Tool {
        name: "terraform",
        arguments: &["version"],
        needed_for: "deploying a build",
        install: "Terraform 1.11 or later, or OpenTofu 1.10 or later",
    },
    Tool {
        name: "java",
        arguments: &["-version"],
        needed_for: "`pipec test --engine spark`",
        install: "Java 17: `apt-get install openjdk-17-jre-headless`",
    },
];

pub(super) fn run(out: &Output) -> Outcome {
    let mut text = String::from("Checking, building, formatting and the embedded engine need no other tool.\n\n");
    for tool in TOOLS {
        text += &line(
            tool.name,
            version(tool.name, tool.arguments),
            tool.needed_for,
            tool.install,
        );
    }
    let python = crate::local::spark::python();
    let pyspark = version(
        &python,
        &["-c", "import pyspark; print('pyspark', pyspark.__version__)"],
    );
    text += &line(
        "pyspark",
        pyspark,
        "`pipec test --engine spark`",
        "`pip install pyspark==3.5.4`; PIPEC_PYTHON names another Python",
    );
    out.result(&text);
    Ok(())
}

fn line(name: &str, version: Option<String>, needed_for: &str, install: &str) -> String {
    match version {
        Some(version) => format!("{name:<10} {version}\n           for {needed_for}\n"),
        None => format!("{name:<10} missing\n           for {needed_for}\n           install {install}\n"),
    }
}

/// The first line that a tool says of its version, or nothing where it cannot be run.
fn version(name: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(name).args(arguments).stdin(Stdio::null()).output().ok()?;
    let said = if output.stdout.is_empty() {
        output.stderr
    } else {
        output.stdout
    };
    let text = String::from_utf8_lossy(&said)
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    output.status.success().then_some(text)
}
