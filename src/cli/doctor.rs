//! `pipec doctor`: what each engine needs, whether it is there, and what to install.

use std::process::{Command, Stdio};

use super::Outcome;
use super::output::Output;

/// What is done by the same tools.
struct Engine {
    name: &'static str,
    commands: &'static str,
    tools: Vec<Tool>,
}

/// A tool, a library or a file that an engine calls.
struct Tool {
    name: &'static str,
    found: Found,
    needed_for: &'static str,
    install: &'static str,
    /// Whether the engine does all but one thing without it.
    optional: bool,
}

/// Whether a tool is there.
enum Found {
    /// What it says of its version.
    Yes(String),
    /// It is there, and is not what is needed.
    Other(String),
    No,
}

/// Java versions that Spark 3.5 runs on.
const JAVA: [&str; 3] = ["8", "11", "17"];

pub(super) fn run(out: &Output) -> Outcome {
    let engines = [embedded(), functions(), jobs(), deployment()];
    let text: Vec<String> = engines.iter().map(Engine::said).collect();
    out.result(&text.join("\n"));
    Ok(())
}

fn embedded() -> Engine {
    Engine {
        name: "the embedded engine",
        commands: "`pipec check`, `build`, `fmt`, `run`, `test`",
        tools: vec![Tool {
            name: "python3",
            found: said("python3", &["--version"]),
            needed_for: "`run script` and `run container` of Python",
            install: "Python 3.10 or later",
            optional: true,
        }],
    }
}

fn functions() -> Engine {
    let tool = |name, needed_for, install| Tool {
        name,
        found: said(name, &["--version"]),
        needed_for,
        install,
        optional: false,
    };
    Engine {
        name: "functions",
        commands: "`pipec package`, `pipec test --engine lambda`",
        tools: vec![
            tool(
                "cargo",
                "building generated functions",
                "Rust 1.90 or later, from your system's packages or rustup",
            ),
            tool("cc", "linking them", "a C compiler: `apt-get install gcc`"),
        ],
    }
}

fn jobs() -> Engine {
    let python = crate::local::spark::python();
    let version = "import pyspark; print('pyspark', pyspark.__version__)";
    let jar = |name, needed_for, install| Tool {
        name,
        found: jar(&python, name),
        needed_for,
        install,
        optional: true,
    };
    Engine {
        name: "jobs",
        commands: "`pipec test --engine spark`",
        tools: vec![
            Tool {
                name: "java",
                found: java(),
                needed_for: "Spark",
                install: "Java 17: `apt-get install openjdk-17-jre-headless`; JAVA_HOME names another",
                optional: false,
            },
            Tool {
                name: "pyspark",
                found: said(&python, &["-c", version]),
                needed_for: "generated jobs",
                install: "`pip install pyspark==3.5.4`; PIPEC_PYTHON names another Python",
                optional: false,
            },
            jar(
                "iceberg-spark-runtime",
                "jobs that write iceberg",
                "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.7.1 into a folder that PIPEC_JARS names",
            ),
            jar(
                "spark-avro",
                "jobs that read or write avro",
                "org.apache.spark:spark-avro_2.12:3.5.4 into a folder that PIPEC_JARS names",
            ),
        ],
    }
}

fn deployment() -> Engine {
    let terraform = match said("terraform", &["version"]) {
        Found::No => said("tofu", &["version"]),
        found => found,
    };
    Engine {
        name: "deployment",
        commands: "`terraform validate`, `plan`, `apply` of a build",
        tools: vec![Tool {
            name: "terraform",
            found: terraform,
            needed_for: "what a build writes to `terraform/`",
            install: "Terraform 1.11 or later, or OpenTofu 1.10 or later",
            optional: false,
        }],
    }
}

impl Engine {
    fn said(&self) -> String {
        let there = |tool: &&Tool| matches!(tool.found, Found::Yes(_));
        let missing = self.tools.iter().filter(|tool| !tool.optional && !there(tool)).count();
        let state = if missing == 0 { "ready" } else { "not ready" };
        let mut text = format!("{}: {state}, for {}\n", self.name, self.commands);
        for tool in &self.tools {
            text += &tool.said();
        }
        text
    }
}

impl Tool {
    fn said(&self) -> String {
        let (name, what) = (self.name, self.needed_for);
        let found = match &self.found {
            Found::Yes(version) => return format!("  {name:<22} {version}, for {what}\n"),
            Found::Other(version) => format!("not this one: {version}"),
            Found::No => "missing".to_owned(),
        };
        format!(
            "  {name:<22} {found}, for {what}\n  {:<22} install {}\n",
            "", self.install
        )
    }
}

/// Java as PySpark finds it.
fn java() -> Found {
    #[allow(
        clippy::disallowed_methods,
        reason = "where the tools are is this command's question"
    )]
    let home = std::env::var("JAVA_HOME").ok().filter(|home| !home.is_empty());
    let name = home.map_or_else(|| "java".to_owned(), |home| format!("{home}/bin/java"));
    let Found::Yes(line) = said(&name, &["-version"]) else {
        return Found::No;
    };
    // `openjdk version "17.0.13" 2024-10-15`; Java 8 calls itself 1.8.
    let version = line.split('"').nth(1).unwrap_or_default();
    let version = version.strip_prefix("1.").unwrap_or(version);
    let major = version.split('.').next().unwrap_or_default();
    match JAVA.contains(&major) {
        true => Found::Yes(line),
        false => Found::Other(line),
    }
}

/// A jar in the folder that `PIPEC_JARS` names, or among PySpark's own.
fn jar(python: &str, name: &str) -> Found {
    let find = "import os, pathlib, sys
folders = [pathlib.Path(os.environ['PIPEC_JARS'])] if os.environ.get('PIPEC_JARS') else []
try:
    import pyspark
    folders.append(pathlib.Path(pyspark.__file__).parent / 'jars')
except ImportError:
    pass
found = [jar.name for folder in folders for jar in folder.glob(sys.argv[1] + '*.jar')]
print(found[0]) if found else sys.exit(1)";
    said(python, &["-c", find, name])
}

/// The first line that a tool says of its version, or nothing where it cannot be run.
fn said(name: &str, arguments: &[&str]) -> Found {
    let output = Command::new(name).args(arguments).stdin(Stdio::null()).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        return Found::No;
    };
    let said = if output.stdout.is_empty() {
        output.stderr
    } else {
        output.stdout
    };
    let text = String::from_utf8_lossy(&said);
    Found::Yes(text.lines().next().unwrap_or_default().trim().to_owned())
}
