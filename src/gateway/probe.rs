//! Whether a gateway answers, and what time it has: asked at its base URL, without credentials, and without sending
//! anything.

use url::Url;

use super::client::{ClientError, ClientLimits, explain, http_client};
use super::stamp;
use crate::apply::{Clock, GatewayTime, Stamp};
use crate::wire::SANDBOX_HEADER;
use crate::wire::address::check_base_url;

/// Why nothing is known of a gateway.
#[derive(Debug, thiserror::Error)]
pub enum ProbeFailure {
    /// It cannot be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It did not answer; the text says why.
    #[error("{0}")]
    Unreachable(String),
}

/// What an answer has shown besides that there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probed {
    /// Whether it has a date that can be used.
    pub tells_time: bool,
    /// Whether it says that it is a sandbox's.
    pub says_sandbox: bool,
}

/// Asks a gateway for its base URL. Whatever it answers shows that it can be reached; what the answer says of its
/// time goes into `time`.
///
/// # Errors
/// If no gateway may be there; if the system's certificates cannot be used; if it does not answer.
pub async fn probe(
    base: &Url,
    limits: ClientLimits,
    clock: &impl Clock,
    time: &GatewayTime,
) -> Result<Probed, ProbeFailure> {
    check_base_url(base).map_err(ClientError::from)?;
    let http = http_client(limits)?;
    let before = clock.now();
    let answer = http.get(base.clone()).send().await;
    let answer = answer.map_err(|error| ProbeFailure::Unreachable(explain(error, limits)))?;
    let says_sandbox = answer.headers().contains_key(SANDBOX_HEADER);
    let Some(date) = stamp::date(answer.headers()) else { return Ok(Probed { tells_time: false, says_sandbox }) };
    time.take(&Stamp { before, after: clock.now(), elapsed: clock.elapsed(), date, is_sandbox: false });
    Ok(Probed { tells_time: true, says_sandbox })
}
