//! What nobody has to look at, in one line: messages that are not selected, and those of which all is
//! sent. Every group is named all the same, and the groups add up to the rows.

use jiff::Timestamp;

use crate::plan::{Counts, Gate};
use crate::report::message::MessageView;

use super::at_most;
use super::handed_over;
use super::plan;
use crate::report::screen::Screen;
use crate::report::style::Paint;
use crate::report::words::{number, plural};

/// Whether nobody has to look at a message: it is not selected, or all of it is sent and nothing is to be said of it.
pub(in crate::report) fn is_brief(message: &MessageView<'_>) -> bool {
    !message.selected || is_quiet(message)
}

fn is_quiet(message: &MessageView<'_>) -> bool {
    message.gates.get(Gate::AlreadySent) > 0
        && message.late == 0
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
            | Gate::TooLate
    )
}

/// Tells several messages in a line together: those that have nothing to do, or are not selected. The groups add up to
/// the rows.
pub(in crate::report) fn together(messages: &[&MessageView<'_>], paint: Paint) -> String {
    let mut counts = Counts::default();
    let occupied = messages.iter().flat_map(|message| message.gates.occupied());
    occupied.for_each(|(gate, rows)| counts.put(gate, rows));
    let is_bound = messages.iter().any(|message| message.bounded_without.is_some());
    let groups = counts.occupied().collect::<Vec<_>>().into_iter().rev().map(|(gate, rows)| {
        format!("{} {}", at_most::count(&number(rows), is_bound && gate.is_behind_the_ledger()), gate.words())
    });
    let rows = messages.iter().any(|message| message.read).then(|| plural(counts.total(), "row"));
    let wrong = messages.iter().filter(|message| message.has_errors).count() as u64;
    let wrong = (wrong > 0).then(|| format!("{} of them with errors", number(wrong)));
    let words = wrong.into_iter().chain(groups).chain(rows).collect::<Vec<_>>().join(", ");
    let what = if messages.iter().all(|message| message.selected) { "have nothing to do" } else { "are not selected" };
    let head = paint.strong(&format!("{} {what}", plural(messages.len() as u64, "message")));
    let colon = if words.is_empty() { "" } else { ": " };
    format!("{head}{colon}{words} {}", paint.faint("(`--all` lists them)"))
}

/// Tells one of them in a line.
pub(in crate::report) fn alone(message: &MessageView<'_>, now: Timestamp, screen: &Screen) -> String {
    let paint = screen.paint;
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
    words.extend(plan::rows(message, screen));
    words.extend(message.protections.iter().filter(|_| message.selected).map(plan::protected));
    if message.has_errors {
        words.insert(0, "it has errors".to_owned());
    }
    let selected = if message.selected { "" } else { "  (not selected)" };
    let head = format!("{} r{}", message.message, message.revision);
    let tail = format!("{} to {}{selected}", message.sender, message.audience);
    format!("{}  {}: {}", paint.strong(&head), paint.faint(&tail), words.join(", "))
}
