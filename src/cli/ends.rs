//! Runs that did not end as runs do: what can be found out of their ends, and what only somebody can say.

use jiff::Timestamp;

use crate::apply::evidence::PROVES_WITHIN;
use crate::ledger::Unclosed;
use crate::report::failure_code::FailureCode;
use crate::report::words::plural;

use super::failure::Failure;

/// Those of which the gateway's logs do not tell all any more.
pub(super) fn too_old(unclosed: &[Unclosed], now: Timestamp) -> impl Iterator<Item = &Unclosed> {
    let begin = now.checked_sub(PROVES_WITHIN).unwrap_or(Timestamp::MIN);
    unclosed.iter().filter(move |unclosed| unclosed.last.is_none_or(|last| last < begin))
}

/// Nobody can find out, because it is too long ago.
#[must_use]
pub(super) fn untold(unclosed: &[Unclosed]) -> Failure {
    if unclosed.iter().any(|unclosed| unclosed.last.is_none()) {
        failure(unclosed, "nothing tells when that was, so that the gateway's logs cannot tell either")
    } else {
        failure(unclosed, "that is over 47 hours old, so that the gateway's logs cannot tell")
    }
}

/// Nobody could find out just now.
#[must_use]
pub(super) fn unread(unclosed: &[Unclosed]) -> Failure {
    failure(unclosed, "the gateway's logs could not be read")
}

fn failure(unclosed: &[Unclosed], why: &str) -> Failure {
    let entries = Unclosed::entries(unclosed);
    let (has, end) = if unclosed.len() == 1 { ("has", "its end") } else { ("have", "their ends") };
    let (runs, count) = (plural(unclosed.len() as u64, "run"), plural(entries, "entry"));
    let message = format!("{runs} with {count} {has} not ended in this ledger as runs do, and {end} may be missing");
    Failure::new(FailureCode::RunsUnclosed, message)
        .hint(format!("{why}: look for a newer version of the ledger, on the machine that made it or in git"))
        .hint(format!("if there is none, and nothing more was sent: `sendform apply --accept unclosed={entries}`"))
}
