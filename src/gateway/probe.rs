//! Whether a gateway answers, and what time it has: asked at its base URL, without credentials, and without sending
//! anything.

use url::Url;

use super::client::{ClientError, ClientLimits, explain, http_client};
use super::stamp;
use crate::apply::{Clock, GatewayTime, Stamp};
use crate::wire::SANDBOX_HEADER;
use crate::wire::address::{check_base_url, is_loopback};

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

/// Asks a gateway for its base URL. Whatever it answers shows that it can be reached; what the answer says of its
/// time goes into `time`, and is given back.
///
/// # Errors
/// If no gateway may be there; if the system's certificates cannot be used; if it does not answer.
pub async fn probe(
    base: &Url,
    limits: ClientLimits,
    clock: &impl Clock,
    time: &GatewayTime,
) -> Result<Option<Stamp>, ProbeFailure> {
    check_base_url(base).map_err(ClientError::from)?;
    let http = http_client(limits)?;
    let before = clock.now();
    let answer = http.get(base.clone()).send().await;
    let answer = answer.map_err(|error| ProbeFailure::Unreachable(explain(error, limits)))?;
    let Some(date) = stamp::date(answer.headers()) else { return Ok(None) };
    let is_sandbox = is_loopback(base) && answer.headers().contains_key(SANDBOX_HEADER);
    let stamp = Stamp { before, after: clock.now(), elapsed: clock.elapsed(), date, is_sandbox };
    time.take(&stamp);
    Ok(Some(stamp))
}
