//! What the gateway's logs said of the doubts: bulk by bulk, why the rest stays open, and what would
//! settle it.

use jiff::Timestamp;

use crate::apply::evidence::{DoubtFinding, LogsFailure, Reconciled, StillInDoubt};
use crate::ledger::Flight;
use crate::timing;

use super::apply::status_name;
use super::doubts::{flight, hours_left, hurry, left, resolve_command};
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::style::Paint;
use crate::report::style::line;
use crate::report::words::plural;

/// Writes what came of each doubt, and one line of numbers.
#[must_use]
pub fn render(
    reconciled: &Reconciled,
    in_flight: Option<Flight>,
    gateway: &str,
    now: Timestamp,
    paint: Paint,
) -> String {
    let mut out = String::new();
    if reconciled.findings.is_empty() && reconciled.failure.is_none() {
        let yet = if in_flight.is_some() { " yet" } else { "" };
        line(&mut out, &paint.strong(&format!("nothing is in doubt{yet}")));
        flight(&mut out, in_flight, gateway, paint);
        return out;
    }
    if let Some(failure) = &reconciled.failure {
        let words =
            format!("! the logs could not be read to their end: {}", harmless(&failure.to_string(), LineFeeds::Escape));
        line(&mut out, &paint.bad(&words));
        if matches!(failure, LogsFailure::Unauthorized | LogsFailure::Forbidden) {
            line(&mut out, "  set SENDFORM_API_KEY to a key with the scope instagram:logs:read");
        }
        out.push('\n');
    }
    for finding in &reconciled.findings {
        self::finding(&mut out, finding, gateway, now, paint);
        out.push('\n');
    }
    let open = reconciled.findings.iter().filter(|finding| finding.open() > 0);
    hurry(&mut out, open.map(|finding| &finding.doubt), gateway, now, paint);
    line(&mut out, &summary(reconciled, paint));
    flight(&mut out, in_flight, gateway, paint);
    if let Some(alarm) = alarm(reconciled) {
        line(&mut out, &paint.bad(&alarm));
    }
    out
}

/// The last line, if anybody got their message more than once.
#[must_use]
fn alarm(reconciled: &Reconciled) -> Option<String> {
    let people = reconciled.sent_again() as u64;
    (people > 0).then(|| format!("! ALARM: {} got their message more than once", plural(people, "person")))
}

/// One line for those who did not ask: `3 people in doubt were settled from the gateway's logs`.
#[must_use]
pub fn brief(reconciled: &Reconciled) -> String {
    let mut out = String::new();
    let sum = |count: fn(&DoubtFinding) -> usize| reconciled.findings.iter().map(count).sum::<usize>() as u64;
    let groups = [
        (sum(|finding| finding.accepted), "accepted"),
        (sum(DoubtFinding::rejected_any), "rejected"),
        (sum(|finding| finding.absent), "not sent"),
    ];
    let words: Vec<String> = groups
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", plural(count, "person")))
        .collect();
    if !words.is_empty() {
        line(&mut out, &format!("doubts settled from the gateway's logs: {}", words.join(", ")));
    }
    for finding in reconciled.findings.iter().filter(|finding| finding.sent_again > 0) {
        line(&mut out, &sent_again(finding));
    }
    if let Some(failure) = &reconciled.failure {
        let failure = harmless(&failure.to_string(), LineFeeds::Escape);
        line(&mut out, &format!("! doubts could not be looked up in the gateway's logs: {failure}"));
    }
    out
}

fn finding(out: &mut String, finding: &DoubtFinding, gateway: &str, now: Timestamp, paint: Paint) {
    let doubt = &finding.doubt;
    let head = format!("{}  {}", paint.strong(&doubt.claim.bulk.to_string()), plural(doubt.open as u64, "person"));
    let why = doubt.why.as_ref().map(|why| format!(": {}", harmless(why, LineFeeds::Escape))).unwrap_or_default();
    line(out, &format!("{head}, claimed {}, {}{why}", timing::utc(doubt.at), left(doubt, now)));
    let people = |count: usize| plural(count as u64, "person");
    if finding.accepted > 0 {
        line(out, &paint.good(&format!("  + {} found: accepted", people(finding.accepted))));
    }
    for (status, count) in &finding.rejected {
        let name = status_name(*status).map(|name| format!(" ({name})")).unwrap_or_default();
        line(out, &format!("  ! {} found: rejected with status {status}{name}", people(*count)));
    }
    if finding.absent > 0 {
        line(
            out,
            &paint.good(&format!(
                "  + {} proved not sent: free to be sent to; `sendform apply` sends to them",
                people(finding.absent)
            )),
        );
    }
    if finding.settled_elsewhere > 0 {
        line(out, &format!("  + {} settled by another run meanwhile", people(finding.settled_elsewhere)));
    }
    for (kept, count) in &finding.kept {
        line(out, &paint.bad(&format!("  ! {} still in doubt: {}", people(*count), reason(*kept))));
    }
    if finding.kept.keys().any(|kept| needs_word(*kept)) || (finding.open() > 0 && hours_left(doubt, now).is_none()) {
        line(out, &format!("    your word settles it: {}", resolve_command(&doubt.claim.bulk, gateway)));
    }
    if finding.sent_again > 0 {
        line(out, &paint.bad(&sent_again(finding)));
    }
}

fn sent_again(finding: &DoubtFinding) -> String {
    let people = plural(finding.sent_again as u64, "person");
    format!("! ALARM: the gateway took the message of {people} in `{}` more than once", finding.doubt.claim.bulk)
}

fn summary(reconciled: &Reconciled, paint: Paint) -> String {
    let settled = match reconciled.settled() {
        0 => "nobody".to_owned(),
        settled => plural(settled as u64, "person"),
    };
    match reconciled.open() {
        0 => paint.good(&format!("{settled} settled, nothing is in doubt any more")),
        open => {
            format!("{settled} settled, {}", paint.bad(&format!("{} still in doubt", plural(open as u64, "person"))))
        }
    }
}

/// Whether only a person can settle it.
fn needs_word(kept: StillInDoubt) -> bool {
    match kept {
        StillInDoubt::InAnotherBulk
        | StillInDoubt::InAnotherClaim
        | StillInDoubt::DuplicateId
        | StillInDoubt::UnclearStatus
        | StillInDoubt::TooLate
        | StillInDoubt::Never
        | StillInDoubt::Undated => true,
        StillInDoubt::Unread
        | StillInDoubt::ClocksApart
        | StillInDoubt::NoDate
        | StillInDoubt::TooEarly(_)
        | StillInDoubt::NothingAfter
        | StillInDoubt::LogsLack => false,
    }
}

/// Why people stay in doubt, and what would settle it.
fn reason(kept: StillInDoubt) -> String {
    match kept {
        StillInDoubt::InAnotherBulk => {
            "the logs have their message in a bulk that this ledger does not know".to_owned()
        }
        StillInDoubt::InAnotherClaim => {
            "the logs have their message, but another claim of the same bulk may be what was sent".to_owned()
        }
        StillInDoubt::DuplicateId => "the gateway has seen their messageIds before, but this ledger has not".to_owned(),
        StillInDoubt::UnclearStatus => "the logs have them with a status that the API does not have".to_owned(),
        StillInDoubt::TooLate => {
            "after 47 hours absence from the logs proves nothing; only a person's word settles it".to_owned()
        }
        StillInDoubt::Unread => "the logs could not be read to their end".to_owned(),
        StillInDoubt::Never => {
            "their messages may leave so late that absence from the logs never proves anything".to_owned()
        }
        StillInDoubt::TooEarly(from) => {
            format!("absence from the logs proves nothing before {}; reconcile again then", timing::utc(from))
        }
        StillInDoubt::Undated => {
            "not in the logs, but their run was cut off before the gateway told it the time, so nobody \
                          knows since when they should be there"
                .to_owned()
        }
        StillInDoubt::ClocksApart => {
            "absence from the logs proves nothing while the clocks of this machine and of the gateway \
                              do not go together; have both kept by NTP, and reconcile again"
                .to_owned()
        }
        StillInDoubt::NoDate => {
            "the gateway's answers do not tell its time (a `Date` that no cache has kept), without which \
                         absence from the logs proves nothing"
                .to_owned()
        }
        StillInDoubt::NothingAfter => {
            "not in the logs, but the logs have nothing of this sender that left later, so they may \
                               have stood still; reconcile again after the next accepted bulk"
                .to_owned()
        }
        StillInDoubt::LogsLack => "not in the logs, but neither are messages that the gateway accepted; \
                           are these the credentials that sent them?"
            .to_owned(),
    }
}

/// The name of a reason for machines.
pub(in crate::report) fn reason_name(kept: StillInDoubt) -> &'static str {
    match kept {
        StillInDoubt::InAnotherBulk => "inAnotherBulk",
        StillInDoubt::InAnotherClaim => "inAnotherClaim",
        StillInDoubt::DuplicateId => "duplicateId",
        StillInDoubt::UnclearStatus => "unclearStatus",
        StillInDoubt::TooLate => "tooLate",
        StillInDoubt::Unread => "unread",
        StillInDoubt::Never => "never",
        StillInDoubt::TooEarly(_) => "tooEarly",
        StillInDoubt::Undated => "undated",
        StillInDoubt::ClocksApart => "clocksApart",
        StillInDoubt::NoDate => "noDate",
        StillInDoubt::NothingAfter => "nothingAfter",
        StillInDoubt::LogsLack => "logsLack",
    }
}
