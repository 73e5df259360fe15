//! Compiles broken programs on two threads, each in a limited time, and says of each what is to be known of it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Program;
use super::platform::{Platform, line};

/// How long one program may take, even in a build that is not optimised, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(20);
/// How many programs are compiled at once.
const THREADS: usize = 2;

/// What came of a program.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// How many errors are said.
    pub errors: usize,
    /// Whether the first is on the broken line or one next to it.
    pub near: bool,
    /// Whether the compiler panicked.
    pub panicked: bool,
    /// What is said, a line each; a panic's message.
    pub said: Vec<String>,
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Judges every program. A program that takes too long ends the process, with its text.
pub fn judge(platforms: &[Platform], programs: &[Program]) -> Vec<Verdict> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|info| {
        PANIC.with(|last| *last.borrow_mut() = info.to_string())
    }));
    let next = AtomicUsize::new(0);
    let running: Vec<Mutex<Option<(usize, Instant)>>> = (0..THREADS).map(|_| Mutex::new(None)).collect();
    let mut verdicts: Vec<Option<Verdict>> = vec![None; programs.len()];
    let done = Mutex::new(&mut verdicts);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|worker| {
                let (next, running, done) = (&next, &running, &done);
                let work = move || loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(program) = programs.get(at) else {
                        *running[worker].lock().unwrap() = None;
                        return;
                    };
                    *running[worker].lock().unwrap() = Some((at, Instant::now()));
                    let verdict = verdict(platforms, program);
                    done.lock().unwrap()[at] = Some(verdict);
                };
                // As much stack as a program's first thread has.
                let thread = std::thread::Builder::new().stack_size(8 << 20);
                thread.spawn_scoped(scope, work).unwrap()
            })
            .collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            std::thread::sleep(Duration::from_millis(50));
            for slot in &running {
                if let Some((at, since)) = *slot.lock().unwrap()
                    && since.elapsed() > LIMIT
                {
                    too_long(platforms, &programs[at]);
                }
            }
        }
    });
    std::panic::set_hook(hook);
    verdicts.into_iter().map(|verdict| verdict.unwrap()).collect()
}

fn too_long(platforms: &[Platform], program: &Program) {
    let platform = &platforms[program.platform];
    eprintln!("{}: {} takes more than {LIMIT:?}:", platform.name, program.mutant.kind);
    eprintln!("{}", program.text(platforms));
    // The thread that hangs cannot be ended otherwise.
    std::process::exit(101);
}

fn verdict(platforms: &[Platform], program: &Program) -> Verdict {
    let platform = &platforms[program.platform];
    let text = program.text(platforms);
    let compiled = catch_unwind(AssertUnwindSafe(|| platform.compile_with(program.file, &text)));
    let Ok(compilation) = compiled else {
        let message = PANIC.with(|last| last.borrow().clone());
        return Verdict {
            errors: 0,
            near: false,
            panicked: true,
            said: vec![message],
        };
    };
    let lines = program.lines(platforms);
    let near = platform.errors(&compilation).next().is_some_and(|first| {
        let source = compilation.sources.get(first.primary.span.file);
        let said = source.line_column(first.primary.span.start).line;
        source.path == platform.files[program.file].0 && lines.iter().any(|line| line.abs_diff(said) <= 1)
    });
    Verdict {
        errors: platform.errors(&compilation).count(),
        near,
        panicked: false,
        said: platform
            .errors(&compilation)
            .map(|error| line(&compilation, error))
            .collect(),
    }
}
