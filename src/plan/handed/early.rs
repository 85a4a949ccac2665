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
    let early = plan.bulks.iter().filter_map(|bulk| {
        let leaves_at = bulk.send_at.filter(|leaves_at| leaves_at.duration_since(now) > EARLY)?;
        let last = plan.last_of(bulk, now).unwrap_or(leaves_at);
        Some((bulk.recipients.len() as u64, leaves_at.duration_since(now), last))
    });
    let people: u64 = early.clone().map(|(people, ..)| people).sum();
    let Some(longest) = early.clone().map(|(_, ahead, _)| ahead).max() else { return found };
    let last = early.map(|(.., last)| last).max().unwrap_or(now);
    let text = format!(
        "an apply hands {} of `{}` over {} early: from then on nothing can stop or change what leaves by {}",
        plural(people, "message"),
        message.key,
        timing::duration(longest),
        plan.clocks_at(last)
    );
    let help = "write `handover: 2h` on the schedule to keep them here until 2 hours before their time; something must \
                run `apply` then";
    found.push(Diagnostic::warning(Code::HandedOverEarly, text, send_at.place.clone()).help(help));
    found
}
