//! What nobody has to look at, in one line: messages that are not selected, and those of which all is
//! sent. Every group is named all the same, and the groups add up to the rows.

use jiff::Timestamp;

use crate::plan::{Counts, Gate};
use crate::report::message::MessageView;

use super::at_most;
use super::handed_over;
use super::plan;
use crate::report::style::Paint;
use crate::report::words::{number, plural};

/// Whether all of some messages is sent, and nothing is to be said of them. Lists that protect people
/// are told message by message.
pub(super) fn is_sent(messages: &[MessageView<'_>]) -> bool {
    let alone = messages.len() == 1;
    messages.iter().all(|message| message.selected && is_quiet(message) && (alone || message.protections.is_empty()))
}

fn is_quiet(message: &MessageView<'_>) -> bool {
    message.gates.get(Gate::AlreadySent) > 0
        && message.gates.occupied().all(|(gate, _)| is_calm(gate))
        && message.handed_over.is_none()
        && message.outdated.is_empty()
        && message.frozen.is_none()
        && !message.has_diagnostics
}

/// Whether nobody has to do anything about whoever ends there.
fn is_calm(gate: Gate) -> bool {
    matches!(
        gate,
        Gate::Blank
            | Gate::NoAddress
            | Gate::Duplicate
            | Gate::Filtered
            | Gate::Suppressed
            | Gate::Excluded
            | Gate::AlreadySent
    )
}

/// Writes a campaign of which all is sent, or a message of which that is so or that is not selected;
/// `None` if somebody should look at it.
pub(super) fn line(messages: &[MessageView<'_>], now: Timestamp, paint: Paint) -> Option<String> {
    match messages {
        [message] if !message.selected || is_sent(messages) => Some(one(message, now, paint)),
        [first, _, ..] if is_sent(messages) => {
            let mut counts = Counts::default();
            messages
                .iter()
                .flat_map(|message| message.gates.occupied())
                .for_each(|(gate, rows)| counts.put(gate, rows));
            let groups = counts.occupied().collect::<Vec<_>>().into_iter().rev();
            let groups = groups.map(|(gate, rows)| format!("{} {}", number(rows), gate.words()));
            let rows = plural(counts.total(), "row");
            let words = groups.chain(std::iter::once(rows)).collect::<Vec<_>>().join(", ");
            let head = paint.strong(first.campaign);
            Some(format!("{head}  {}: {words}", plural(messages.len() as u64, "message")))
        }
        _ => None,
    }
}

fn one(message: &MessageView<'_>, now: Timestamp, paint: Paint) -> String {
    let mut words: Vec<String> = Vec::new();
    for (gate, rows) in message.gates.occupied().collect::<Vec<_>>().into_iter().rev() {
        if gate == Gate::AlreadySent {
            words.extend(
                handed_over::sent(message, now).into_iter().map(|(rows, words)| format!("{} {words}", number(rows))),
            );
        } else {
            let is_bound = message.bounded_without.is_some() && gate.is_behind_the_ledger();
            words.push(format!("{} {}", at_most::count(&number(rows), is_bound), gate.words()));
        }
    }
    words.extend(plan::rows(message));
    words.extend(message.protections.iter().filter(|_| message.selected).map(plan::protected));
    if message.has_errors {
        words.insert(0, "it has errors".to_owned());
    }
    let selected = if message.selected { "" } else { "  (not selected)" };
    let head = format!("{} r{}", message.message, message.revision);
    let tail = format!("{} to {}{selected}", message.sender, message.audience);
    format!("{}  {}: {}", paint.strong(&head), paint.faint(&tail), words.join(", "))
}
