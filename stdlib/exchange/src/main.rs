//! Runs a provided program over its part of a run's rows: gives it their lines by its standard input, and once it has ended
//! well leaves what it answered beside them. What it says otherwise goes to the log.
//!
//! `PROGRAM` has the program's words as a JSON list, `EXCHANGE` the folder of the run in S3. It knows nothing of rows.

mod store;

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::{self, JoinHandle};

use store::{Error, Store, setting};

/// The size of the pieces that answers are left in, bytes; a piece ends with a line.
const PIECE: usize = 64 << 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let store = Store::of(&setting("EXCHANGE")?)?;
    // A job that is no array has one part.
    let part = setting("AWS_BATCH_JOB_ARRAY_INDEX").unwrap_or_else(|_| "0".to_owned());
    let part = format!("part={}", part.parse::<u32>()?);
    let given = store.list(&format!("in/{part}/")).await?;
    let answers = format!("out/{part}/");
    // An attempt before this one may have left more.
    for key in store.list(&answers).await? {
        store.delete(&key).await?;
    }
    if given.is_empty() {
        eprintln!("there are no rows for {part}");
        return Ok(());
    }
    let mut program = start()?;
    let answered = collect(&mut program)?;
    let fed = feed(&store, &given, &mut program).await;
    drop(program.stdin.take());
    let status = program.wait()?;
    let mut file = answered.join().map_err(|_| "the program's answers were lost")??;
    fed?;
    if !status.success() {
        return Err(format!("the program ended with {status}").into());
    }
    file.rewind()?;
    let mut lines = BufReader::new(file);
    let mut number = 0;
    while let Some(piece) = piece(&mut lines, PIECE)? {
        store.put(&format!("{answers}{number:05}.json"), piece).await?;
        number += 1;
    }
    Ok(())
}

/// Starts the program in an empty folder.
fn start() -> Result<Child, Error> {
    let words: Vec<String> = serde_json::from_str(&setting("PROGRAM")?)?;
    let mut words = words.iter().filter(|word| !word.is_empty());
    let first = words.next().ok_or("the image does not say what it starts")?;
    let folder = std::env::temp_dir().join(format!("program-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut command = Command::new(first);
    command.args(words).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    // What is this program's own is none of the other's.
    for name in ["PROGRAM", "EXCHANGE"] {
        command.env_remove(name);
    }
    command.spawn().map_err(|error| format!("{first} could not be started: {error}").into())
}

/// Keeps what the program answers in a file, so that neither side waits for the other.
fn collect(program: &mut Child) -> Result<JoinHandle<io::Result<File>>, Error> {
    let mut output = program.stdout.take().ok_or("the program has no standard output")?;
    let path = std::env::temp_dir().join(format!("answers-{}", std::process::id()));
    Ok(thread::spawn(move || {
        let mut file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        io::copy(&mut output, &mut file)?;
        Ok(file)
    }))
}

/// Gives the program its lines; one that has read enough may close its input.
async fn feed(store: &Store, given: &[String], program: &mut Child) -> Result<(), Error> {
    let input = program.stdin.as_mut().ok_or("the program has no standard input")?;
    let mut input = BufWriter::with_capacity(1 << 16, input);
    for key in given {
        let mut body = store.get(key).await?;
        while let Some(bytes) = body.try_next().await? {
            match input.write_all(&bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
    }
    match input.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whole lines of about this size; nothing where there are no more.
fn piece(lines: &mut impl BufRead, size: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    lines.by_ref().take(size as u64).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if !bytes.ends_with(b"\n") {
        lines.read_until(b'\n', &mut bytes)?;
    }
    Ok(Some(bytes))
}
