//! `pipec package`: builds the generated functions into the archives that the Terraform names.

use std::path::PathBuf;

use super::output::Output;
use super::{Failure, Outcome};
use crate::local::lambda;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The build folder
    #[arg(value_name = "BUILD", default_value = "build")]
    build: PathBuf,
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    if !arguments.build.join(super::writer::MANIFEST).exists() {
        let folder = arguments.build.display();
        return Err(Failure::Usage(format!(
            "`{folder}` is no build folder; write one with `pipec build`"
        )));
    }
    let archives = lambda::package(&arguments.build, &mut |step| out.detail(step)).map_err(super::run::failure)?;
    for archive in &archives {
        let path = arguments.build.join(&archive.path);
        out.done(&format!(
            "wrote {} ({:.1} MiB)",
            path.display(),
            archive.bytes as f64 / f64::from(1 << 20)
        ));
    }
    Ok(())
}
