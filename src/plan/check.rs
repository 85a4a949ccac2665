//! All checks together: what `validate` calls, and what planning adds about times.

use jiff::Timestamp;

use crate::campaign::{Campaign, DraftPart, Files, Message, Project, duplicates};
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::ledger::Ledger;
use crate::timing::{self, Expires, Pace, Passage};

use super::batch::Missed;
use super::compiled::{Compiled, Selected, check_draft};
use super::gate::Gate;
use super::message::MessagePlan;
use super::parallel;

/// Checks all files without reading the rows of audiences: templates, conditions, headers; of files
/// that have errors what is whole of them.
#[must_use]
pub fn check(
    project: Option<&Project>,
    campaigns: &[Campaign],
    drafts: &[DraftPart],
    files: &dyn Files,
) -> Diagnostics {
    let mut diagnostics = duplicates(campaigns);
    parallel::with_deep_stack(|| {
        for audience in project.map_or(&[][..], |project| &project.suppress) {
            diagnostics.extend(Selected::new(audience, files).err().unwrap_or_default());
        }
        for draft in drafts {
            diagnostics.extend(check_draft(draft, files));
        }
        for message in campaigns.iter().flat_map(|campaign| &campaign.messages) {
            diagnostics.extend(match Compiled::new(message, files) {
                Ok((compiled, _)) => compiled.warnings,
                Err(found) => found,
            });
            for audience in &message.exclude {
                diagnostics.extend(Selected::new(audience, files).err().unwrap_or_default());
            }
        }
    });
    deduplicated(diagnostics)
}

/// Checks the times of a planned message: past ones, and what the delivery window does to it. `missed` are
/// the people whose turn comes too late.
#[must_use]
pub(super) fn times(
    message: &Message,
    plan: &MessagePlan,
    missed: &Missed,
    now: Timestamp,
    ledger: Option<&Ledger>,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let place = || {
        let send_at = message.schedule.send_at.as_ref().map(|send_at| send_at.place.clone());
        send_at.or_else(|| message.schedule.place.clone()).unwrap_or_else(|| message.place.clone())
    };
    let late = plan.counts.get(Gate::TooLate);
    let sent_before = ledger.is_some_and(|ledger| ledger.is_begun(&message.key, message.revision));
    if late > 0 && !sent_before && ledger.is_some() {
        let people = plural(late, "person");
        let text = format!("the time of `{}` is past, and nothing of it was sent; it was for {people}", message.key);
        let diagnostic =
            Diagnostic::error(Code::PastTime, text, place()).label(format!("it is {} now", timing::utc(now)));
        diagnostics.push(diagnostic.help(on_after(late, plan.late)));
    }
    let early = plan.counts.get(Gate::TooEarly);
    if early > 0 {
        let people = plan.people(early);
        let text =
            format!("the gateway takes a message at most 180 days ahead: `{}` is too early for {people}", message.key);
        diagnostics.push(
            Diagnostic::warning(Code::TooFarAhead, text, place())
                .help("a later apply hands it over; `handover: 2h` keeps it here until shortly before its time"),
        );
    }
    if let Some(expires) = &missed.expires {
        diagnostics.push(expiring(message, plan, (missed.expired, sent_before), expires, place()));
    }
    diagnostics.extend(waiting(message, plan, now, place()));
    if missed.outpaced > 0 {
        diagnostics.push(too_slow(message, plan, missed.outpaced, now, place()));
    }
    diagnostics
}

/// What can be done about people who are too late, of whom so many would be sent to all the same: the others are kept
/// from it by something else as well, such as a conversation that has been closed since.
fn on_after(late: u64, sendable: u64) -> String {
    if sendable == 0 {
        return "set a time that is still to come: none of them could be sent to now".to_owned();
    }
    if sendable == late {
        return format!("set a time that is still to come, or say `ifPast: sendNow`, or pass `--accept late={late}`");
    }
    format!(
        "set a time that is still to come; `ifPast: sendNow` or `--accept late={sendable}` sends to {sendable} of them, and \
         something else keeps the others from being sent to now"
    )
}

/// Warns of people who would not get their message when it comes up, but when the delivery window opens.
fn waiting(message: &Message, plan: &MessagePlan, now: Timestamp, place: Place) -> Option<Diagnostic> {
    let schedule = &message.schedule;
    let pace = Pace::new(schedule.speed);
    let bulks = plan.bulks.iter().chain(&plan.later);
    let passage = bulks.fold(Passage::default(), |passage, bulk| {
        let (start, count) = (bulk.send_at.unwrap_or(now), bulk.recipients.len() as u64);
        passage.and(Passage::of(schedule.window.as_ref(), schedule.validity, pace, start, count))
    });
    let (turn, opens) = passage.waits?;
    let text = format!(
        "{} of `{}` would wait for the delivery window, from {} on",
        plan.people(passage.waiting),
        message.key,
        plan.clocks_at(turn)
    );
    let label = format!("it opens at {}", plan.clocks_at(opens));
    Some(Diagnostic::warning(Code::WindowMissed, text, place).label(label))
}

/// Warns of people who could be written to at the message's time, but not any more when it is their turn.
fn too_slow(message: &Message, plan: &MessagePlan, people: u64, now: Timestamp, place: Place) -> Diagnostic {
    let last = plan.last_at(now).map(|last| format!("; the last message leaves at {}", plan.clocks_at(last)));
    let text = format!(
        "{} of `{}` would not get it: the conversation window closes before it is their turn{}",
        plan.people(people),
        message.key,
        last.unwrap_or_default()
    );
    Diagnostic::warning(Code::TurnTooLate, text, place)
        .help("choose a higher speed, or an earlier time: whose window closes first comes first already")
}

/// Some who would expire are a warning; where everybody would of a message that nobody has yet, it is wrong.
fn expiring(
    message: &Message,
    plan: &MessagePlan,
    (people, sent_before): (u64, bool),
    expires: &Expires,
    place: Place,
) -> Diagnostic {
    let validity = timing::horizon::validity(message.schedule.validity);
    let longer =
        if validity < timing::horizon::VALIDITY_MAX { "a longer `validityPeriod` (48 h at most), " } else { "" };
    let opens = expires.opens.map(|opens| format!("it opens at {}", plan.clocks_at(opens)));
    let text = format!(
        "{} of `{}` would not get it, and {} not sent to: from {} on the validity of {} is over before the delivery \
         window opens",
        plan.people(people),
        message.key,
        if people == 1 { "is" } else { "are" },
        plan.clocks_at(expires.at),
        timing::duration(validity),
    );
    // Of a bound nobody knows whether that is everybody.
    let everybody = !plan.at_most && !sent_before && plan.to_send() + plan.not_due() == 0;
    let severity = if everybody { Diagnostic::error } else { Diagnostic::warning };
    severity(Code::WindowMissed, text, place)
        .label(opens.unwrap_or_default())
        .help(format!("choose {longer}another time, a wider window, or a higher speed"))
}

/// Says each thing once, although several messages share an audience or a template.
fn deduplicated(diagnostics: Diagnostics) -> Diagnostics {
    let mut once = Diagnostics::new();
    for diagnostic in diagnostics {
        if once.iter().all(|known| *known != diagnostic) {
            once.push(diagnostic);
        }
    }
    once
}
