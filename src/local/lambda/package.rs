//! `pipec package`: the functions of a build as the archives that its Terraform names.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader, SectionHeader as _};
use serde_json::Value;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::pip;
use crate::local::{Fault, RunError};
use crate::plan::names;

/// The newest glibc on Lambda's `provided.al2023`.
const GLIBC: (u32, u32) = (2, 34);

/// An archive that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its path below the build folder.
    pub path: String,
    /// Its size, bytes.
    pub bytes: u64,
}

/// A function's crate in the generated workspace.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// The package, and its binary.
    pub package: String,
    /// Where its archive goes, below the build folder.
    archive: String,
    /// `x86_64` or `arm64`.
    architecture: String,
    /// The transforms whose scripts it starts.
    scripts: Vec<String>,
}

/// Builds every function of a build folder and archives it; `progress` hears what is being done.
pub fn package(build: &Path, progress: &mut dyn FnMut(&str)) -> Result<Vec<Archive>, RunError> {
    let mut archives = Vec::new();
    for (function, binary) in binaries(build, progress)? {
        let bytes = read(&binary)?;
        check_glibc(&bytes, &function.package)?;
        progress(&format!("archiving {}", function.archive));
        let mut files = vec![Packed::new("bootstrap", bytes, 0o755)];
        for transform in &function.scripts {
            progress(&format!("fetching what the script of `{transform}` needs"));
            files.extend(beside(build, transform, &function.architecture)?);
        }
        fits(&function, &files)?;
        archives.push(archive(build, &function.archive, &mut files)?);
    }
    let others = [
        names::LANDING,
        names::UPLOADS,
        names::PARTITIONS,
        names::EMBED,
        names::REPORT,
        names::PURGE_SEARCH,
        names::TELL,
        names::TELL_CATALOG,
        names::TOPICS,
    ];
    for name in names::OPERATIONS.into_iter().chain(others) {
        let source = build.join(names::operations_source(name));
        if source.exists() {
            let mut files = vec![Packed::new(&format!("{name}.py"), read(&source)?, 0o644)];
            let requirements = build.join(names::operations_requirements(name));
            if requirements.exists() {
                progress(&format!("fetching what `{name}` needs"));
                files.extend(pip::packages(&requirements, "arm64")?);
            }
            archives.push(archive(build, &names::operations_archive(name), &mut files)?);
        }
    }
    Ok(archives)
}

/// What stands beside a function's binary for the script of a transform: its files, and the packages that it uses.
fn beside(build: &Path, transform: &str, architecture: &str) -> Result<Vec<Packed>, RunError> {
    let folder = names::script_folder(transform);
    let mut out = pip::files(&build.join(&folder), &format!("{folder}/"))?;
    let requirements = build.join(names::script_requirements(transform));
    if requirements.exists() {
        let packages = pip::packages(&requirements, architecture)?.into_iter();
        let below = names::script_packages(transform);
        out.extend(packages.map(|file| Packed {
            name: format!("{below}/{}", file.name),
            ..file
        }));
    }
    Ok(out)
}

/// What the service unpacks of an archive, bytes (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const UNPACKED: u64 = 250 << 20;

/// Whether the service takes a function with all that stands beside it.
fn fits(function: &Function, files: &[Packed]) -> Result<(), RunError> {
    let bytes: u64 = files.iter().map(|file| file.bytes.len() as u64).sum();
    if bytes <= UNPACKED {
        return Ok(());
    }
    let what = format!(
        "`{}` has {} MiB with what its scripts need, but Lambda takes {}",
        function.package,
        bytes >> 20,
        UNPACKED >> 20
    );
    Err(RunError::new(Fault::Surroundings, what).help("name fewer packages in `requirements`, or smaller ones"))
}

/// Every function of a build folder with its binary, built now; none where the build has no workspace of functions.
pub(super) fn binaries(build: &Path, progress: &mut dyn FnMut(&str)) -> Result<Vec<(Function, PathBuf)>, RunError> {
    let workspace = build.join("lambda");
    if !workspace.join("Cargo.toml").exists() {
        return match build.is_dir() {
            true => Ok(Vec::new()),
            false => Err(RunError::new(
                Fault::Surroundings,
                format!("there is no build in `{}`", build.display()),
            )
            .help("run `pipec build` first")),
        };
    }
    let (functions, target) = workspace_of(&workspace)?;
    let mut built = Vec::new();
    for architecture in ["x86_64", "arm64"] {
        let here: Vec<_> = functions
            .iter()
            .filter(|function| function.architecture == architecture)
            .collect();
        if here.is_empty() {
            continue;
        }
        let triple = (rust_name(architecture) != std::env::consts::ARCH)
            .then(|| format!("{}-unknown-linux-gnu", rust_name(architecture)));
        compile(&workspace, &here, triple.as_deref(), progress)?;
        let folder = triple
            .map_or_else(|| target.clone(), |triple| target.join(triple))
            .join("release");
        built.extend(
            here.into_iter()
                .map(|function| (function.clone(), folder.join(&function.package))),
        );
    }
    Ok(built)
}

fn rust_name(architecture: &str) -> &str {
    match architecture {
        "arm64" => "aarch64",
        other => other,
    }
}

fn cargo(workspace: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(workspace).stdin(Stdio::null());
    command
}

fn cargo_is_missing(error: &std::io::Error) -> RunError {
    RunError::new(Fault::Surroundings, format!("cargo could not be started: {error}"))
        .help("install Rust 1.94 or later from rust-lang.org, or your system's packages")
}

/// The functions of a workspace and cargo's target folder, as cargo itself sees them.
fn workspace_of(workspace: &Path) -> Result<(Vec<Function>, PathBuf), RunError> {
    let output = cargo(workspace, &["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| cargo_is_missing(&error))?;
    let unreadable = |why: &str| RunError::new(Fault::Surroundings, format!("cargo cannot read `lambda/`: {why}"));
    if !output.status.success() {
        return Err(unreadable(String::from_utf8_lossy(&output.stderr).trim()));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| unreadable(&error.to_string()))?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let functions = packages.iter().filter_map(|package| {
        let ours = package["metadata"].get("pipec")?;
        Some(Function {
            package: text(&package["name"]),
            archive: text(&ours["archive"]),
            architecture: text(&ours["architecture"]),
            scripts: ours["scripts"].as_array().into_iter().flatten().map(text).collect(),
        })
    });
    Ok((functions.collect(), PathBuf::from(text(&metadata["target_directory"]))))
}

fn compile(
    workspace: &Path,
    functions: &[&Function],
    triple: Option<&str>,
    progress: &mut dyn FnMut(&str),
) -> Result<(), RunError> {
    let mut command = cargo(workspace, &["build", "--release", "--locked"]);
    for function in functions {
        command.args(["--package", &function.package]);
    }
    if let Some(triple) = triple {
        command.args(["--target", triple]);
    }
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cargo_is_missing(&error))?;
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            progress(line.trim());
            said.push_str(&line);
            said.push('\n');
        }
    }
    let status = child.wait().map_err(|error| cargo_is_missing(&error))?;
    if status.success() {
        return Ok(());
    }
    let error = RunError::new(
        Fault::Surroundings,
        format!("the functions could not be built:\n{}", said.trim_end()),
    );
    Err(match triple {
        Some(triple) => error.help(format!(
            "building for {triple} here needs `rustup target add {triple}` and a C compiler and linker for it"
        )),
        None => {
            error.help("the build needs Rust 1.94 or later, a C compiler and, the first time, the crates' registry")
        }
    })
}

/// A binary that asks for a newer glibc than the service has would only fail once it is deployed.
fn check_glibc(bytes: &[u8], package: &str) -> Result<(), RunError> {
    let newest = newest_glibc(bytes).map_err(|error| {
        RunError::new(
            Fault::Surroundings,
            format!("the binary of `{package}` cannot be read: {error}"),
        )
    })?;
    match newest {
        Some((major, minor)) if (major, minor) > GLIBC => Err(RunError::new(
            Fault::Surroundings,
            format!(
                "`{package}` was linked against glibc {major}.{minor}, but Lambda has {}.{}",
                GLIBC.0, GLIBC.1
            ),
        )
        .help("package on a system with glibc 2.34 or older, such as Amazon Linux 2023")),
        _ => Ok(()),
    }
}

/// The newest version of glibc whose symbols a binary needs.
fn newest_glibc(bytes: &[u8]) -> object::read::Result<Option<(u32, u32)>> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let mut newest = None;
    for section in sections.iter() {
        let Some((mut needs, link)) = section.gnu_verneed(endian, bytes)? else {
            continue;
        };
        let strings = sections.strings(endian, bytes, link)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                let name = String::from_utf8_lossy(version.name(endian, strings)?).into_owned();
                newest = newest.max(version_of(&name));
            }
        }
    }
    Ok(newest)
}

/// `GLIBC_2.34`, `GLIBC_2.2.5`; others say nothing of glibc.
fn version_of(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[allow(clippy::disallowed_methods, reason = "what cargo built is no input of a compilation")]
pub(super) fn read(path: &Path) -> Result<Vec<u8>, RunError> {
    std::fs::read(path).map_err(|error| RunError::file(path, "read", error))
}

/// A file of an archive.
#[derive(Debug)]
pub(super) struct Packed {
    /// Its path there.
    name: String,
    bytes: Vec<u8>,
    /// Who may read and run it.
    mode: u32,
}

impl Packed {
    /// Its path there.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn new(name: &str, bytes: Vec<u8>, mode: u32) -> Packed {
        Packed {
            name: name.to_owned(),
            bytes,
            mode,
        }
    }
}

/// Files in an archive whose bytes depend on these files alone.
fn archive(build: &Path, to: &str, files: &mut [Packed]) -> Result<Archive, RunError> {
    let path = build.join(to);
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let zipped = zip_of(files).map_err(|error| RunError::file(&path, "written", error))?;
    let folder = path.parent().unwrap_or(build);
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| readable().tempfile_in(folder))
        .and_then(|mut file| file.write_all(&zipped).map(|()| file));
    let file = written.map_err(|error| RunError::file(&path, "written", error))?;
    file.persist(&path)
        .map_err(|error| RunError::file(&path, "written", error.error))?;
    Ok(Archive {
        path: to.to_owned(),
        bytes: zipped.len() as u64,
    })
}

/// A file that others may read too, unlike what is temporary by default.
fn readable() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder
}

fn zip_of(files: &[Packed]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(file.mode);
        zip.start_file(file.name.as_str(), options)?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn versions_of_glibc() {
        assert_eq!(version_of("GLIBC_2.34"), Some((2, 34)));
        assert_eq!(version_of("GLIBC_2.2.5"), Some((2, 2)));
        assert_eq!(version_of("GCC_3.0"), None);
        assert!(version_of("GLIBC_2.4") < version_of("GLIBC_2.34"));
    }

    #[test]
    fn a_binary_says_what_it_needs() {
        let me = std::env::current_exe().unwrap();
        assert!(
            newest_glibc(&read(&me).unwrap())
                .unwrap()
                .is_some_and(|version| version >= (2, 2))
        );
        assert!(newest_glibc(b"no binary").is_err());
    }

    #[test]
    fn an_archive_depends_on_its_file_alone() {
        let files = [Packed::new("bootstrap", b"binary".to_vec(), 0o755)];
        let first = zip_of(&files).unwrap();
        assert_eq!(first, zip_of(&files).unwrap());
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(first)).unwrap();
        let file = zip.by_index(0).unwrap();
        assert_eq!(
            (file.name().unwrap().as_ref(), file.unix_mode().map(|mode| mode & 0o777)),
            ("bootstrap", Some(0o755))
        );
    }

    #[test]
    fn a_folder_that_is_no_build_is_an_error() {
        let error = package(Path::new("/there/is/no/such/build"), &mut |_| {}).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("run `pipec build` first"));
    }
}
