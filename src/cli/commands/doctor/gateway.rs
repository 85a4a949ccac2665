//! The gateway: whether it is named, reached, and has the same time.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use crate::apply::{Agreement, Clock as _, GatewayTime};
use crate::cli::client::{client_failure, no_api_key};
use crate::cli::clock::RunClock;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::cli::store::no_gateway;
use crate::gateway::{ClientLimits, ProbeFailure, probe};
use crate::timing;

use super::findings::Checkup;
use super::machine::leave_out;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at the gateway.
pub(super) async fn look(context: &Arc<Context>, settings: &Settings, is_offline: bool, findings: &mut Checkup<'_>) {
    let gateway = &context.gateway;
    if gateway.is_sandbox() {
        findings.ok("base-url", "the embedded one, which starts with the command that needs it");
        return;
    }
    let Some(base_url) = &gateway.base_url else {
        findings.stop("base-url", no_gateway());
        return;
    };
    let from = if gateway.is_from_environment { "SENDFORM_BASE_URL" } else { "the project file" };
    findings.ok("base-url", format!("{base_url}, from {from}"));
    match &gateway.api_key {
        Some(_) if settings.api_key.is_none() => {
            findings.ok("credentials", "a gateway on loopback gets a made-up API key");
        }
        Some(_) => findings.ok("credentials", "there is an API key; whether the gateway takes it is not tried"),
        None => findings
            .stop("credentials", no_api_key().hint("`export SENDFORM_API_KEY=…`, with a key of the gateway's account")),
    }
    if is_offline {
        findings.skip("reachable", "the gateway was not asked: `--offline`");
        return;
    }
    let clock = RunClock::new(Arc::clone(context));
    let time = GatewayTime::new(!gateway.has_fixed_time());
    let limits = ClientLimits { connect: PATIENCE, total: PATIENCE, ..ClientLimits::default() };
    match probe(base_url, limits, &clock, &time).await {
        Err(ProbeFailure::Client(error)) => {
            findings.stop("certificates", client_failure(&error));
        }
        Err(ProbeFailure::Unreachable(why)) => {
            let failure = Failure::new(Exit::Environment, format!("`{base_url}` does not answer: {why}"));
            findings.stop("reachable", failure.hint(format!("to see more: `curl --head --verbose {base_url}`")));
        }
        Ok(stamp) => {
            findings.ok("reachable", "it answers");
            match stamp {
                None => findings.warn(
                    "clock",
                    "its answers have no date that can be used, so clocks are not compared",
                    "doubts are then settled by a person only, with `sendform resolve`",
                ),
                Some(stamp) if stamp.is_sandbox => findings.ok("clock", "it is a sandbox, whose clock may be any"),
                Some(_) if gateway.has_fixed_time() => findings.skip("clock", "this time of day is fixed for tests"),
                Some(_) => findings.result("clock", agreement(time.agreement(clock.now(), clock.elapsed()))),
            }
        }
    }
}

/// Says what to do about a gateway that cannot be used, where the failure itself does not.
pub(super) fn with_hint(failure: Failure, settings: &Settings) -> Failure {
    match settings.for_tests() {
        _ if !failure.hints.is_empty() => failure,
        Some(name) if failure.message.contains(name) => failure.hint(leave_out(name)),
        _ => failure.hint("`export SENDFORM_BASE_URL=https://xxxxx.api.infobip.com`, as the gateway's portal shows it"),
    }
}

fn agreement(agreement: Agreement) -> Result<&'static str, Failure> {
    let off = |words: String| {
        Err(Failure::new(Exit::Environment, words)
            .hint("set this machine's clock: `timedatectl set-ntp true`, and `timedatectl` shows whether it is right"))
    };
    match agreement {
        Agreement::Near => Ok("the same as this machine's, to the minute"),
        Agreement::Off(by) if by > SignedDuration::ZERO => {
            off(format!("the gateway's is ahead of this machine's by {} or more", timing::duration(by)))
        }
        Agreement::Off(by) => {
            off(format!("the gateway's is behind this machine's by {} or more", timing::duration(by.abs())))
        }
        Agreement::Moved => off("a clock was moved while it was looked at".to_owned()),
    }
}
