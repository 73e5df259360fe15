//! The one thread that owns the state, and how it is asked. A question that panics is answered with an error, and the
//! next one works.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

/// Something to do with the state.
pub(super) type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// What the thread owns.
pub(super) trait Owned: Sized {
    /// A question panicked: what may be half done is forgotten.
    fn after_panic(&mut self, what: &str);
    /// Nothing waits any more: time for what need not be done at once. When to be called again, if nothing comes.
    fn idle(&mut self) -> Option<Instant>;
}

/// Does what comes, in order, until nobody can ask any more.
pub(super) fn run<S: Owned>(mut state: S, jobs: &Receiver<Job<S>>) {
    let mut wake: Option<Instant> = None;
    loop {
        let job = match jobs.try_recv() {
            Ok(job) => job,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {
                guarded(&mut state, |state| wake = state.idle());
                match wait(jobs, wake) {
                    Ok(Some(job)) => job,
                    Ok(None) => continue,
                    Err(()) => return,
                }
            }
        };
        guarded(&mut state, job);
    }
}

fn wait<S>(jobs: &Receiver<Job<S>>, wake: Option<Instant>) -> std::result::Result<Option<Job<S>>, ()> {
    match wake {
        None => jobs.recv().map(Some).map_err(|_| ()),
        Some(at) => {
            let left = at
                .saturating_duration_since(Instant::now())
                .max(Duration::from_millis(1));
            match jobs.recv_timeout(left) {
                Ok(job) => Ok(Some(job)),
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Err(RecvTimeoutError::Disconnected) => Err(()),
            }
        }
    }
}

fn guarded<S: Owned>(state: &mut S, job: impl FnOnce(&mut S)) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(state))) {
        state.after_panic(&words(panic.as_ref()));
    }
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a word".to_owned())
}

/// Asks the thread, and waits for the answer. A question that the editor took back is not asked.
pub(super) async fn ask<S, T>(
    jobs: &Sender<Job<S>>,
    question: impl FnOnce(&mut S) -> Result<T> + Send + 'static,
) -> Result<T>
where
    T: Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let job: Job<S> = Box::new(move |state| {
        if !answer.is_closed() {
            let found = question(state);
            // Who took the question back in the meantime does not want to know.
            let _ = answer.send(found);
        }
    });
    let failed = || Error {
        code: ErrorCode::InternalError,
        message: "the server failed at this question; it was logged".into(),
        data: None,
    };
    jobs.send(job).map_err(|_| failed())?;
    answered.await.map_err(|_| failed())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Vec<String>);

    impl Owned for Log {
        fn after_panic(&mut self, what: &str) {
            self.0.push(what.to_owned());
        }

        fn idle(&mut self) -> Option<Instant> {
            None
        }
    }

    #[test]
    fn a_panic_is_an_error_and_the_next_question_works() {
        let (jobs, received) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || run(Log::default(), &received));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (broken, next) = runtime.block_on(async {
            let broken: Result<()> = ask(&jobs, |_: &mut Log| panic!("out of cheese")).await;
            let next = ask(&jobs, |log: &mut Log| Ok(log.0.clone())).await;
            (broken, next)
        });
        assert_eq!(broken.unwrap_err().code, ErrorCode::InternalError);
        assert_eq!(next.unwrap(), ["out of cheese"]);
        drop(jobs);
        thread.join().unwrap();
    }
}
