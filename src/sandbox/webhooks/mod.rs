//! Posts delivery reports, and what people write, to webhooks: the one part of the sandbox that begins to talk to
//! somebody. A sandbox inside a command has none of it: only [`serve_posting`] makes a poster, and
//! [`start`](super::start) does not.
//!
//! [`model::webhook`](super::model::webhook) decides; here it is done, at the instants of the sandbox's clock, and
//! noted in the books before the next step.

mod engine;
mod own_address;
mod left_out;
mod patience;
mod poster;
mod postman;
mod queues;
mod settings;

pub(super) use left_out::DamagedWork;
pub(super) use postman::Postman;
pub use settings::{PushTimeout, WebhookSettings};

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::error::SandboxError;
use super::server::begin;
use super::state::SandboxState;
use engine::Engine;
use own_address::OwnAddress;

/// How long tries may take to end once the sandbox is told to.
const GRACE: Duration = Duration::from_secs(2);

/// Serves a sandbox as [`serve`](super::serve) does, and posts to webhooks meanwhile.
///
/// # Errors
/// As [`serve`](super::serve); if the books cannot be read; if whoever posts cannot go on, which ends all.
pub async fn serve_posting(
    listener: TcpListener,
    sandbox: SandboxState,
    settings: WebhookSettings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SandboxError> {
    let own = OwnAddress(listener.local_addr().map_err(SandboxError::Serve)?);
    // Nothing that is due passes by while the books are looked through.
    sandbox.clock().bar(Some(sandbox.now()));
    let begun = begin(listener, sandbox.clone()).await?;
    let (stop, stopping) = oneshot::channel();
    let engine = Engine::begin(&sandbox, (settings, own), stopping).await?;
    let mut posting = tokio::spawn(engine.run());
    let (fails, failure) = oneshot::channel();
    let ending = async move {
        tokio::select! {
            ended = &mut posting => {
                // A sandbox that says it posts, and does not, is none.
                if let Err(error) = ended.map_err(SandboxError::BrokenOff).flatten() {
                    fails.send(error).unwrap_or_default();
                }
                return;
            }
            () = shutdown => {}
        }
        drop(stop);
        // What a receiver answers in time is noted; else it is posted once more by the next sandbox.
        if tokio::time::timeout(GRACE, &mut posting).await.is_err() {
            posting.abort();
        }
    };
    let served = begun.serve(ending).await;
    match failure.await {
        Ok(error) => Err(error),
        Err(_) => served,
    }
}

#[cfg(test)]
mod tests;
