//! A sandbox inside this process, for `--sandbox` and for tests.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::error::SandboxError;
use super::options::Options;
use super::server::begin;
use super::state::SandboxState;

/// A sandbox that is served on a free port of 127.0.0.1. Dropped, it ends by itself; stopped, it
/// also says whether its books are whole.
#[derive(Debug)]
pub struct Running {
    /// Where it is, for example `http://127.0.0.1:40001`.
    pub base_url: String,
    /// The sandbox itself.
    pub sandbox: SandboxState,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), SandboxError>>,
}

/// Opens a sandbox and serves it.
///
/// # Errors
/// If its books cannot be opened, or there is no free port.
pub async fn start(options: Options) -> Result<Running, SandboxError> {
    let sandbox = SandboxState::open(options)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(SandboxError::Serve)?;
    let address = listener.local_addr().map_err(SandboxError::Serve)?;
    let begun = begin(listener, sandbox.clone()).await?;
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move { drop(stopped.await) };
    let task = tokio::spawn(begun.serve(shutdown));
    Ok(Running { base_url: format!("http://{address}"), sandbox, stop, task })
}

impl Running {
    /// The time of its clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.sandbox.now()
    }

    /// Ends it and closes its books.
    ///
    /// # Errors
    /// If the books could not be closed.
    pub async fn stop(self) -> Result<(), SandboxError> {
        drop(self.stop);
        let closed = || SandboxError::Closed { path: self.sandbox.books_path().to_owned() };
        self.task.await.map_err(|_| closed())?
    }
}
