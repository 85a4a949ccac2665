//! The ledger: whether it opens, what may be wrong with it, and whether somebody has stopped sending.

use jiff::Timestamp;

use crate::cli::args::DoctorArgs;
use crate::cli::commands::apply::refuse_in_ci;
use crate::cli::context::{Context, PlanOptions};
use crate::cli::ends;
use crate::cli::failure::Failure;
use crate::cli::sandbox_time;
use crate::cli::settings::Settings;
use crate::cli::stops;
use crate::cli::store::{expected_by_anybody, visit};
use crate::cli::unsaved_outcomes;
use crate::ledger::{Ledger, Trust, View};
use crate::report::failure_code::FailureCode;
use crate::report::trust;
use crate::report::words::plural;
use crate::store::{ReadOnlyLedger, StoreError};
use crate::timing;

use super::findings::Checkup;

/// Looks at the ledger, and gives it if an apply could open it.
pub(super) async fn look(
    context: &Context,
    settings: &Settings,
    args: &DoctorArgs,
    findings: &mut Checkup<'_>,
) -> Option<Ledger> {
    let Ok(expected) = expected_by_anybody(context) else {
        findings.skip("opens", "there is none as long as no gateway is named");
        return None;
    };
    let home = &context.gateway.ledger;
    let is_offline = args.reading.offline;
    if is_offline && home.has_server() {
        findings.skip("opens", format!("{} was not looked at: `--offline`", home.place()));
        return None;
    }
    if let Err(failure) = refuse_in_ci(context, &PlanOptions::default(), settings) {
        findings.stop("lockfile-in-ci", failure);
    }
    let visit = match visit(context, "doctor") {
        Ok(visit) => visit,
        Err(failure) => {
            findings.stop("opens", failure);
            return None;
        }
    };
    let seen = match home.check_open(&expected, &visit, is_offline).await {
        Ok(seen) => seen,
        Err(StoreError::Missing { .. }) if context.gateway.is_sandbox() && !context.home.sandbox_was_used() => {
            findings.ok("opens", "there is none yet: the first apply makes it");
            return None;
        }
        Err(error) => {
            findings.stop("opens", with_hint(error.into(), home.has_server()));
            return None;
        }
    };
    let ReadOnlyLedger { mut ledger, view, trust, since } = seen;
    let fetched = since.map(|since| format!(", as fetched at {}", timing::utc(since))).unwrap_or_default();
    let claims = plural(ledger.claims().len() as u64, "claim");
    findings.ok("opens", format!("{} with {claims}{fetched}", home.place()));
    tell_trust(&trust, context.gateway.now(), findings);
    if let Err(failure) = sandbox_time::check_ledger(&context.gateway, &ledger) {
        findings.stop("time", failure);
    }
    match unsaved_outcomes::news(context, &mut ledger) {
        Err(failure) => findings.stop("outcomes", failure),
        Ok(files) => {
            for (path, count) in files {
                let (path, count) = (path.display(), plural(count, "outcome"));
                let message =
                    format!("{count} of an earlier run in {path} are not in it yet: the next apply takes them");
                findings.warn("outcomes", message, format!("`sendform ledger import {path}`"));
            }
        }
    }
    tell_people(&ledger, view, context, findings);
    tell_stops(context, args, findings).await;
    Some(ledger)
}

/// Says what to do where the store itself does not.
fn with_hint(failure: Failure, has_server: bool) -> Failure {
    match (failure.hints.is_empty(), has_server) {
        (false, _) => failure,
        (true, true) => failure.hint(
            "see whether the server runs, and whether `SENDFORM_DATABASE_URL` is its address: `sendform status` tries again",
        ),
        (true, false) => failure.hint("`sendform ledger verify` says more"),
    }
}

/// Says what may be wrong with a ledger that opens.
fn tell_trust(found: &Trust, now: Timestamp, findings: &mut Checkup<'_>) {
    if ends::too_old(&found.unclosed, now).next().is_some() {
        findings.stop("ends", ends::untold(&found.unclosed));
    }
    for doubt in trust::doubts(found) {
        findings.warn("trust", doubt, "`sendform ledger verify` reads all of it");
    }
}

/// Says of whom nobody knows whether they have their message, or who got it twice.
fn tell_people(ledger: &Ledger, view: View, context: &Context, findings: &mut Checkup<'_>) {
    let sandbox = if context.gateway.is_sandbox() { " --sandbox" } else { "" };
    let doubts = ledger.doubts(view);
    let people: u64 = doubts.iter().map(|doubt| doubt.open as u64).sum();
    if people > 0 {
        let message = format!("{} in doubt: nothing is sent to them", plural(people, "person"));
        findings.warn("doubts", message, format!("`sendform reconcile{sandbox}` asks the gateway's logs"));
    }
    let twice = ledger.accepted_twice().len() as u64;
    if twice > 0 {
        let message = format!("{} accepted more than once", plural(twice, "message"));
        findings.warn("twice", message, format!("`sendform status{sandbox}` shows them"));
    }
}

/// Says whether somebody has stopped sending.
async fn tell_stops(context: &Context, args: &DoctorArgs, findings: &mut Checkup<'_>) {
    let sandbox = if context.gateway.is_sandbox() { " --sandbox" } else { "" };
    match stops::look(context, &args.reading).await {
        Err(failure) => findings.stop("stopped", failure),
        Ok(stops) if stops.is_empty() => findings.ok("stopped", "nobody has stopped sending"),
        Ok(stops) => {
            for stop in stops {
                let at = timing::utc(stop.at);
                let message = format!("{} has stopped sending at {at}: {}", stop.by, stop.why);
                let failure = Failure::new(FailureCode::Stopped, message);
                findings.stop(
                    "stopped",
                    failure.hint(format!("once it may go on: `sendform resume {}{sandbox}`", stop.id)),
                );
            }
        }
    }
}
