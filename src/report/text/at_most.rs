//! A plan that could not be compared with the ledger: its numbers are upper bounds, and what the ledger tells in
//! clear stands beside them.

use jiff::Timestamp;

use crate::ledger::Leaving;
use crate::report::in_clear::InClearView;
use crate::report::mark::Mark;
use crate::report::message::MessageView;
use crate::report::plan::PlanReport;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::{list, number};
use crate::timing;

/// Says once that nobody could be left out as already sent.
pub(in crate::report) fn head(out: &mut Sheet, plan: &PlanReport<'_>, paint: Paint) {
    if let Some(words) = why(plan) {
        line(out, &Mark::Look.before(&words, paint));
    }
}

/// Why a plan was not compared with the ledger; nothing if it was.
pub(in crate::report) fn why(plan: &PlanReport<'_>) -> Option<String> {
    if plan.compared {
        return None;
    }
    if !plan.has_rows {
        return Some("the rows of audiences were not read: how many people would get what cannot be told".to_owned());
    }
    let why = if plan.gateway.is_empty() { "no gateway is named, so there is no ledger" } else { "the key is missing" };
    let so = if plan.at_most { ", and the numbers to send are upper bounds" } else { "" };
    Some(format!("{why}: who has a message already cannot be told{so}"))
}

/// A number of people to send to.
pub(in crate::report) fn count(number: &str, is_bound: bool) -> String {
    if is_bound { format!("at most {number}") } else { number.to_owned() }
}

/// What stands behind a number of people to send to.
pub(in crate::report) fn tail(message: &MessageView<'_>) -> String {
    let tail = |without| format!("; who of them has it already cannot be told without {without}");
    message.bounded_without.map(tail).unwrap_or_default()
}

/// What the ledger has of a message.
pub(in crate::report) fn in_clear(out: &mut Sheet, message: &MessageView<'_>, now: Timestamp, paint: Paint) {
    let Some(told) = &message.in_clear else { return };
    let InClearView { revision, sent_at, accepted, still_to_leave, rejected, in_doubt, in_flight, given_up } = *told;
    let sent = sent_at.map_or_else(|| "nothing sent".to_owned(), |at| format!("last sent {}", timing::utc(at)));
    let handed = still_to_leave.map(|handed| {
        let leaving = Leaving { from: handed.leaves_from, by: handed.leaves_by }.words(now, message.common_zone());
        format!(" ({} handed over, leaving {leaving})", number(handed.people))
    });
    let accepted = format!("{} accepted{}", number(accepted), handed.unwrap_or_default());
    let others =
        [(rejected, "rejected"), (in_doubt, "in doubt"), (in_flight, "in flight elsewhere"), (given_up, "given up")];
    let others = others.into_iter().filter(|(people, _)| *people > 0);
    let groups: Vec<String> =
        std::iter::once(accepted).chain(others.map(|(people, words)| format!("{} {words}", number(people)))).collect();
    let words = format!("the ledger has r{revision}: {sent}; {}", list(&groups));
    line(out, &format!("  {}", Mark::Note.before(&words, paint)));
}
