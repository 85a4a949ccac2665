//! What becomes irrevocable long before its time.

use jiff::{SignedDuration, Timestamp};

use crate::campaign::Message;
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::plan::message::MessagePlan;
use crate::timing;

/// How long before it leaves nobody is surprised that a message cannot be stopped any more.
const EARLY: SignedDuration = SignedDuration::from_hours(24);

/// Warns of what is handed over now and leaves much later, unless the schedule says how early.
#[must_use]
pub(in crate::plan) fn early(message: &Message, plan: &MessagePlan, now: Timestamp) -> Diagnostics {
    let schedule = &message.schedule;
    let mut found = Diagnostics::new();
    let Some(send_at) = schedule.send_at.as_ref().filter(|_| schedule.handover.is_none()) else { return found };
    let ahead = |instant: Option<Timestamp>| instant.map(|instant| instant.duration_since(now));
    let early = plan.bulks.iter().filter(|bulk| ahead(bulk.send_at).is_some_and(|ahead| ahead > EARLY));
    let people: u64 = early.clone().map(|bulk| bulk.recipients.len() as u64).sum();
    let Some(longest) = early.filter_map(|bulk| ahead(bulk.send_at)).max() else { return found };
    let text = format!(
        "the messages of `{}` to {} are handed over {} before they leave, and cannot be stopped or changed then",
        message.key,
        plural(people, "person"),
        timing::duration(longest)
    );
    let help = "`handover: 2h` on the schedule keeps them here until then; something must run `apply` at that time";
    found.push(Diagnostic::warning(Code::HandedOverEarly, text, send_at.place.clone()).help(help));
    found
}
