//! Whose time a run takes: that of a sandbox on this machine, the embedded one or another, else the machine's.
//!
//! The embedded one is the run's own, and `--now` sets its clock. One that runs on its own is asked, over loopback
//! only: nobody else is believed that it is a sandbox. Its clock is set at its own doors, so that a `--now` which says
//! something else is a slip. How long a claim lives, and how long anything is waited for, is real time in any case.

use jiff::{SignedDuration, Timestamp};

use crate::gateway::{Client, FollowedClock};
use crate::ledger::Ledger;
use crate::report::failure_code::FailureCode;
use crate::timing;
use crate::wire::address::{below, is_loopback};

use super::clock::RunClock;
use super::failure::Failure;
use super::gateway::GatewayAccess;
use super::output::Output;
use super::settings::Settings;
use super::shell_quote;

/// By how much a time that was typed may differ from the sandbox's, and how far the ledger may be ahead of it.
const APART_MAX: SignedDuration = SignedDuration::from_mins(1);

/// Takes the time of the gateway, if it is a sandbox that runs on its own on this machine; says why that is not known,
/// if it does not answer, or is not to be asked because nobody is. `SENDFORM_NOW` fixes the time of tests, and nobody is
/// asked then.
///
/// # Errors
/// If `--now` says another time.
pub(super) async fn follow(
    gateway: &mut GatewayAccess,
    settings: &Settings,
    is_offline: bool,
) -> Result<Option<String>, Failure> {
    let Some(base_url) = gateway.base_url.clone().filter(|_| !gateway.is_sandbox()) else { return Ok(None) };
    if settings.now.is_some() && !settings.is_now_typed() {
        return Ok(None);
    }
    if is_offline {
        let is_told = is_loopback(&base_url) && settings.now.is_none();
        return Ok(is_told.then(|| {
            format!("`{base_url}` was not asked for the time, because of `--offline`, so this machine's is taken\n")
        }));
    }
    match FollowedClock::find(&base_url).await {
        Ok(Some(clock)) => {
            if let Some(typed) = settings.now {
                check_typed(typed, clock.now())?;
            }
            gateway.follow(clock);
            Ok(None)
        }
        Err(why) if settings.now.is_none() => {
            Ok(Some(format!("`{base_url}` does not tell the time, so this machine's is taken: {why}\n")))
        }
        Ok(None) | Err(_) => Ok(None),
    }
}

/// Makes sure that a time that was typed is the sandbox's.
fn check_typed(typed: Timestamp, theirs: Timestamp) -> Result<(), Failure> {
    if typed.duration_since(theirs).abs() <= APART_MAX {
        return Ok(());
    }
    let message = format!("`--now` says {typed:.0}, but the sandbox's clock says {theirs:.0}");
    Err(Failure::new(FailureCode::Usage, message)
        .hint("leave `--now` out: a run takes the sandbox's time")
        .hint("a sandbox's clock is moved forward at its own door: `POST /sandbox/clock`"))
}

/// Makes sure that a sandbox's time is not before what the ledger has as sent, which would be still to come then.
///
/// # Errors
/// If it is.
pub(super) fn check_ledger(gateway: &GatewayAccess, ledger: &Ledger) -> Result<(), Failure> {
    let now = gateway.now();
    let Some(newest) = ledger.newest_claim().filter(|_| gateway.has_sandbox_time()) else { return Ok(()) };
    // What a fast clock has come to between two answers is known to a second of real time.
    let slack = gateway.followed().map_or(APART_MAX, |clock| APART_MAX.max(clock.in_a_second()));
    if newest.duration_since(now) <= slack {
        return Ok(());
    }
    let message =
        format!("the sandbox's time, {now:.0}, is before the newest claim of the ledger, which is of {newest:.0}");
    let failure = Failure::new(FailureCode::TimeBeforeLedger, message);
    let Some(base_url) = gateway.base_url.as_ref().filter(|_| !gateway.is_sandbox()) else {
        return Err(failure.hint("remove `.sendform/sandbox` to begin the sandbox and its ledger afresh"));
    };
    let door = shell_quote::word(below(base_url, "/sandbox/clock").as_str());
    let body = format!(r#"'{{"now": "{newest:.0}"}}'"#);
    Err(failure
        .hint(format!("move its clock to there: `curl --json {body} {door}`"))
        .hint("or start it with the books that it had: its clock goes on from where it was"))
}

/// Says that a gateway elsewhere says that it is a sandbox, which is not believed.
pub(super) fn tell_pretended(client: &Client<RunClock>, output: &Output) {
    if client.is_pretended_sandbox() {
        output.tell(&format!("! {PRETENDED}\n"));
    }
}

/// What is said of a gateway elsewhere that says that it is a sandbox.
pub(super) const PRETENDED: &str =
    "the gateway says that it is a sandbox, but it is not on this machine: this machine's time is taken, not its";

/// How the machine's time differs from a sandbox's, in words; nothing, if it does not to the minute.
#[must_use]
pub(super) fn difference(machine: Timestamp, theirs: Timestamp) -> Option<String> {
    let by = theirs.duration_since(machine);
    let side = if by.is_negative() { "behind" } else { "ahead of" };
    (by.abs() > APART_MAX).then(|| format!("{} {side} this machine's", timing::duration(by.abs())))
}
