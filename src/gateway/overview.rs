//! What a sandbox says of all that it was sent: asked at a door of its own that no gateway has, and on this machine
//! only.

use reqwest::header::{ACCEPT, AUTHORIZATION};
use secrecy::SecretString;
use url::Url;

use super::client::{ClientError, ClientLimits, authorization, explain, http_client};
use crate::wire::SANDBOX_HEADER;
use crate::wire::address::{below, check_base_url, is_loopback};
use crate::wire::overview::{CAMPAIGNS_PATH, Overview};

/// Why there is no overview.
#[derive(Debug, thiserror::Error)]
pub enum OverviewFailure {
    /// It cannot be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It is no sandbox.
    #[error("it is not a sandbox on this machine")]
    NotSandbox,
    /// It did not answer; the text says why.
    #[error("{0}")]
    Unreachable(String),
    /// It refused the credentials.
    #[error("it answered {0}: its doors want a credential that may do everything")]
    Refused(u16),
    /// It answered something else.
    #[error("it answered {0}, as a sandbox of another version may")]
    Answered(u16),
    /// Its answer is none that is known.
    #[error("its answer cannot be read, as that of a sandbox of another version may")]
    Unreadable,
}

/// Asks a sandbox what became of everything, by campaign. Nothing else than a sandbox on this machine is asked.
///
/// # Errors
/// If there is no sandbox, or it does not say.
pub async fn overview(base: &Url, key: &SecretString, limits: ClientLimits) -> Result<Overview, OverviewFailure> {
    check_base_url(base).map_err(ClientError::from)?;
    if !is_loopback(base) {
        return Err(OverviewFailure::NotSandbox);
    }
    let request = http_client(limits)?.get(below(base, CAMPAIGNS_PATH)).header(ACCEPT, "application/json");
    let sent = request.header(AUTHORIZATION, authorization(key)?).send().await;
    let unreachable = |error| OverviewFailure::Unreachable(explain(error, limits));
    let mut answer = sent.map_err(unreachable)?;
    if !answer.headers().contains_key(SANDBOX_HEADER) {
        return Err(OverviewFailure::NotSandbox);
    }
    match answer.status().as_u16() {
        200 => {}
        status @ (401 | 403) => return Err(OverviewFailure::Refused(status)),
        status => return Err(OverviewFailure::Answered(status)),
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > limits.answer_bytes_max {
            return Err(OverviewFailure::Unreadable);
        }
    }
    serde_json::from_slice(&body).map_err(|_| OverviewFailure::Unreadable)
}
