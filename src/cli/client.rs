//! The way to the gateway, as the environment and the project say.

use crate::apply::GatewayTime;
use crate::gateway::{Client, ClientError, ClientLimits};
use crate::report::failure_code::FailureCode;

use super::clock::RunClock;
use super::context::Context;
use super::failure::Failure;
use super::settings::Settings;
use super::store::expected;

/// Makes the way to the gateway.
///
/// # Errors
/// If there is no gateway, no key for it, or none that can be used.
pub(super) fn client(context: &Context, settings: &Settings, clock: RunClock) -> Result<Client<RunClock>, Failure> {
    expected(context)?;
    let gateway = &context.gateway;
    let (Some(base_url), Some(api_key)) = (&gateway.base_url, &gateway.api_key) else {
        return Err(no_api_key());
    };
    let mut limits = ClientLimits::default();
    limits.total = settings.answer_within.unwrap_or(limits.total);
    Client::new(base_url, api_key, limits, clock, GatewayTime::new(!gateway.has_fixed_time()))
        .map_err(|error| client_failure(&error))
}

/// The credentials are missing.
#[must_use]
pub(super) fn no_api_key() -> Failure {
    Failure::new(FailureCode::ApiKeyMissing, "the gateway's API key is missing: set SENDFORM_API_KEY")
}

/// There is no way to a gateway, in words.
#[must_use]
pub(super) fn client_failure(error: &ClientError) -> Failure {
    let code = if matches!(error, ClientError::Key) { FailureCode::Credentials } else { FailureCode::Environment };
    Failure::new(code, "the gateway's client cannot be made").because(error)
}
