//! All checks together: what `validate` calls, and what planning adds about times.

use jiff::Timestamp;

use crate::campaign::{Campaign, Draft, Files, Message, Project, duplicates};
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place};
use crate::ledger::Ledger;
use crate::timing;

use super::compiled::{Compiled, Selected, check_draft};
use super::gate::Gate;
use super::message::MessagePlan;
use super::parallel;

/// Checks all files without reading the rows of audiences: templates, conditions, headers; of files
/// that have errors what is whole of them.
#[must_use]
pub fn check(project: Option<&Project>, campaigns: &[Campaign], drafts: &[Draft], files: &dyn Files) -> Diagnostics {
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

/// Checks the times of a planned message: past ones, and what the delivery window does to it.
#[must_use]
pub(super) fn times(message: &Message, plan: &MessagePlan, now: Timestamp, ledger: Option<&Ledger>) -> Diagnostics {
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
        diagnostics.push(
            Diagnostic::error(Code::PastTime, text, place()).label(format!("it is {} now", timing::utc(now))).help(
                format!("set a time that is still to come, or say `ifPast: sendNow`, or pass `--accept late={late}`"),
            ),
        );
    }
    let early = plan.counts.get(Gate::TooEarly);
    if early > 0 {
        let people = plural(early, "person");
        let text =
            format!("the gateway takes a message at most 180 days ahead: `{}` is too early for {people}", message.key);
        diagnostics.push(
            Diagnostic::warning(Code::TooFarAhead, text, place())
                .help("a later apply hands it over; `handover: 2h` keeps it here until shortly before its time"),
        );
    }
    if let Some(window) = &message.schedule.window {
        let first = plan.first_at().unwrap_or(now);
        let last = plan.last_at().unwrap_or(first);
        if plan.to_send() + plan.not_due() > 0
            && let Some(missed) = timing::misses(window, message.schedule.validity, first, last)
        {
            diagnostics.push(window_missed(message, &missed, place()));
        }
    }
    diagnostics
}

fn window_missed(message: &Message, missed: &timing::Missed, place: Place) -> Diagnostic {
    let (leaves, opens) = (timing::utc(missed.leaves), timing::utc(missed.opens));
    if missed.expires {
        let text =
            format!("messages of `{}` that leave at {leaves} expire before the delivery window opens", message.key);
        Diagnostic::error(Code::WindowMissed, text, place)
            .label(format!("it opens at {opens}"))
            .help("choose another time, a wider window, or a higher speed")
    } else {
        let text = format!("messages of `{}` that leave at {leaves} wait until the delivery window opens", message.key);
        Diagnostic::warning(Code::WindowMissed, text, place).label(format!("it opens at {opens}"))
    }
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
