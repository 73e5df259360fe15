//! The language server: the only place that knows the protocol, and that waits for several things at once.
//!
//! Every message goes to one thread, which owns all state, in the order in which messages came: an edit is never
//! overtaken by a question. Questions are answered by `session::ide`; what is asked of a whole large project is found out
//! on a thread of its own, and what comes of it is a message like any other. It must not know how anything is compiled.

#![allow(clippy::disallowed_methods, reason = "editors hold files, and so does the disk")]

mod answers;
mod colours;
mod files;
mod preview;
mod pull;
mod queue;
mod say;
mod server;
mod settings;
mod shape;
mod state;
mod text;

use std::io;

use tower_lsp::{LspService, Server};

/// How many messages may be open at once: they wait for the one thread that owns the state, or for an analysis, and what
/// takes them back must get past them.
const OPEN: usize = 256;

/// Serves one editor until it says to end.
///
/// # Errors
/// Where there are no threads to be had.
pub fn serve() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let service = LspService::build(server::Backend::new);
        let (service, socket) = service
            .custom_method("pipec/preview", server::Backend::preview)
            .finish();
        Server::new(tokio::io::stdin(), tokio::io::stdout(), socket)
            .concurrency_level(OPEN)
            .serve(service)
            .await;
    });
    // A thread that waits for input that never comes must not keep the process.
    runtime.shutdown_background();
    Ok(())
}
