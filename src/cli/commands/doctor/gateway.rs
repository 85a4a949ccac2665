//! The gateway: whether it is named, reached, and has the same time.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::apply::evidence::LogsFailure;
use crate::apply::{Agreement, Clock as _, GatewayTime};
use crate::campaign::Witness;
use crate::cli::client::{client_failure, no_api_key};
use crate::cli::clock::RunClock;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::gateway::GatewayAccess;
use crate::cli::sandbox_time::{self, PRETENDED};
use crate::cli::settings::Settings;
use crate::cli::store::no_gateway;
use crate::cli::witness;
use crate::gateway::{Client, ClientLimits, FollowedClock, ProbeFailure, Probed, probe};
use crate::report::failure_code::FailureCode;
use crate::timing;
use crate::wire::address::is_loopback;

use super::findings::Checkup;
use super::machine::leave_out;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at the gateway.
///
/// Credentials are given to it only if it is known for more than the project's files say, as in every run: files may be
/// a stranger's, and name a host of theirs.
pub(super) async fn look(
    context: &Arc<Context>,
    settings: &Settings,
    (is_offline, is_known): (bool, bool),
    findings: &mut Checkup<'_>,
) {
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
    let has_key = has_key(context, settings, findings);
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
            let failure = Failure::new(FailureCode::GatewayUnreachable, format!("`{base_url}` does not answer: {why}"));
            findings.stop("reachable", failure.hint(format!("to see more: `curl --head --verbose {base_url}`")));
        }
        Ok(probed) => {
            findings.ok("reachable", "it answers");
            if has_key {
                take_credentials(context, limits, is_known, findings).await;
            }
            if probed.says_sandbox && !is_loopback(base_url) {
                findings.warn("sandbox", PRETENDED, "a sandbox is believed on this machine only, by its own address");
            }
            let agreement = || agreement(time.agreement(clock.now(), clock.elapsed()));
            look_at_clock(gateway, settings, probed, agreement, findings).await;
        }
    }
}

/// Says whose time a run would take, and whether it goes together with the gateway's.
async fn look_at_clock(
    gateway: &GatewayAccess,
    settings: &Settings,
    probed: Probed,
    agreement: impl FnOnce() -> Result<&'static str, Failure>,
    findings: &mut Checkup<'_>,
) {
    if let Some(clock) = gateway.followed() {
        let theirs = clock.now();
        let aside = sandbox_time::difference(Timestamp::now(), theirs).map(|words| format!(", {words}"));
        let aside = aside.unwrap_or_default();
        findings.ok("clock", format!("{theirs:.0}, the sandbox's own, which every run takes{aside}"));
    } else if let Some(fixed) = settings.now {
        let sandbox = match &gateway.base_url {
            Some(base_url) => FollowedClock::find(base_url).await.ok().flatten(),
            None => None,
        };
        let theirs = sandbox.map(|clock| clock.now());
        match theirs.map(|theirs| (theirs, sandbox_time::difference(fixed, theirs))) {
            None => findings.skip("clock", "this time of day is fixed for tests"),
            Some((_, None)) => {
                findings.ok("clock", "it is a sandbox; this time of day is fixed, and its own to the minute");
            }
            Some((theirs, Some(_))) => findings.warn(
                "clock",
                format!(
                    "the sandbox's clock says {theirs:.0}, but `{}` fixes {fixed:.0}, which is taken",
                    settings.now_given_with
                ),
                leave_out(settings.now_given_with),
            ),
        }
    } else if !probed.tells_time {
        findings.warn(
            "clock",
            "its answers have no date that can be used, so clocks are not compared",
            "doubts are then settled by a person only, with `sendform resolve`",
        );
    } else {
        findings.result("clock", agreement());
    }
}

/// Whether there is an API key that may be tried; says if there is none.
fn has_key(context: &Context, settings: &Settings, findings: &mut Checkup<'_>) -> bool {
    match &context.gateway.api_key {
        Some(_) if settings.api_key.is_none() => {
            findings.ok("credentials", "a gateway on loopback gets a made-up API key");
            true
        }
        Some(_) => {
            findings.ok("credentials", "there is an API key");
            true
        }
        None => {
            let hint = "`export SENDFORM_API_KEY=…`, with a key of the gateway's account";
            findings.stop("credentials", no_api_key().hint(hint));
            false
        }
    }
}

/// Tries whether the gateway takes the credentials, with a question that changes nothing.
async fn take_credentials(context: &Arc<Context>, limits: ClientLimits, is_known: bool, findings: &mut Checkup<'_>) {
    const CHECK: &str = "credentials-taken";
    let gateway = &context.gateway;
    let (Some(base_url), Some(api_key)) = (&gateway.base_url, &gateway.api_key) else { return };
    if !is_known && !is_loopback(base_url) {
        findings.skip(
            CHECK,
            "the API key was not tried: nothing but the project's files names this gateway; once there is a ledger for \
             it, or SENDFORM_BASE_URL names it, it is",
        );
        return;
    }
    let (clock, time) = (RunClock::new(Arc::clone(context)), GatewayTime::new(!gateway.has_fixed_time()));
    let tried = match Client::new(base_url, api_key, limits, clock, time) {
        Ok(client) => client.try_credentials().await,
        Err(error) => return findings.stop(CHECK, client_failure(&error)),
    };
    let Err(failure) = tried else {
        return findings.ok(CHECK, "the gateway takes the API key, and lets it read the logs");
    };
    let why = failure.to_string();
    let portal = "the gateway's portal shows its API keys and their scopes: `export SENDFORM_API_KEY=…`, with one that \
                  has `instagram:message:send` and `instagram:logs:read`";
    match (&failure, witness::mode(context)) {
        (LogsFailure::Unauthorized, _) => {
            findings.stop(CHECK, Failure::new((&failure).into(), why).hint(portal));
        }
        (LogsFailure::Forbidden, Witness::Required) => {
            findings.stop(CHECK, Failure::new((&failure).into(), why).hint(portal));
        }
        (LogsFailure::Forbidden, Witness::Preferred | Witness::Off) => {
            findings.warn(CHECK, format!("{why}; without them doubts are settled by a person only"), portal);
        }
        (LogsFailure::NotFound, _) => {
            findings.warn(CHECK, why, "the gateway's portal shows the account's base URL: it has no path of its own");
        }
        (
            LogsFailure::Throttled
            | LogsFailure::Unreachable(_)
            | LogsFailure::Answered { .. }
            | LogsFailure::Unreadable(_)
            | LogsFailure::Interrupted,
            _,
        ) => findings.warn(
            CHECK,
            format!("whether it takes the API key is not known: {why}"),
            "try again: `sendform doctor`",
        ),
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
        Err(Failure::new(FailureCode::ClocksDiffer, words)
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
