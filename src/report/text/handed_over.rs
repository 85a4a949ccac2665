//! What the gateway has and has not let go of yet: who gets a message whatever the files say by now.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ledger::Leaving;
use crate::plan::{Ends, Gate};
use crate::report::handed_over::{AtGatewayView, HandedOverView, TermView};
use crate::report::message::MessageView;
use crate::report::plan::PlanReport;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::style::Paint;
use crate::report::style::line;
use crate::report::words::plural;

/// How many messageIds are shown.
const IDS_SHOWN_MAX: usize = 3;

/// Those who are suppressed and get something all the same come first; then what still leaves of
/// messages that the files lack.
pub(super) fn head(out: &mut String, plan: &PlanReport<'_>, paint: Paint) {
    let before = out.len();
    for message in &plan.messages {
        if let Some(stopped) = message.handed_over.as_ref().and_then(AtGatewayView::suppressed) {
            let words = TimeWords { now: plan.now, zone: message.common_zone() };
            suppressed(out, &message.message, stopped.handed, &stopped.message_ids, words, paint);
        }
    }
    let words = TimeWords { now: plan.now, zone: None };
    for gone in &plan.gone {
        if let Some(stopped) = &gone.suppressed {
            suppressed(out, &gone.message, stopped.handed, &stopped.message_ids, words, paint);
        }
    }
    // What is missing and not retired is an error, which says the same.
    for gone in plan.gone.iter().filter(|gone| gone.retired) {
        let words = format!("~ {} although it is retired", words.gets(gone.handed, &format!("`{}`", gone.message)));
        line(out, &paint.wait(&words));
    }
    if out.len() > before {
        out.insert(before, '\n');
    }
}

fn suppressed(
    out: &mut String,
    message: &str,
    handed: HandedOverView,
    ids: &[String],
    words: TimeWords<'_>,
    paint: Paint,
) {
    let what = words.still(handed, "suppressed", &format!("`{message}`"));
    line(out, &paint.bad(&format!("! {what}")));
    line(out, "  it is handed over, and this API cannot stop it; before that the gateway's support may, by messageId:");
    for id in ids.iter().take(IDS_SHOWN_MAX) {
        line(out, &format!("  {id}"));
    }
    let rest = handed.people.saturating_sub(ids.len().min(IDS_SHOWN_MAX) as u64);
    if rest > 0 {
        line(out, &format!("  and {rest} more: `--format json` names them"));
    }
}

/// How many have it already, and how many are still to get it: two lines for one gate.
pub(super) fn sent(message: &MessageView<'_>, now: Timestamp) -> Vec<(u64, String)> {
    let all = message.gates.get(Gate::AlreadySent);
    let waiting = waiting(message).filter(|_| all > 0);
    let left = waiting.map_or(0, |waiting| waiting.people.min(all));
    let words = TimeWords { now, zone: message.common_zone() };
    let waiting = waiting.map(|waiting| (left, format!("handed over, leaving {}", words.at(waiting))));
    let sent = (all - left, Gate::AlreadySent.words().to_owned());
    waiting.into_iter().chain(std::iter::once(sent)).filter(|(people, _)| *people > 0).collect()
}

/// Those who keep an old text and are still to get it: behind that.
pub(super) fn old_text(message: &MessageView<'_>, now: Timestamp) -> String {
    let words = TimeWords { now, zone: message.common_zone() };
    waiting(message).map(|waiting| format!(": {}", words.gets(waiting, "it"))).unwrap_or_default()
}

/// Every edit that changes nothing for people who are handed over.
pub(super) fn message(out: &mut String, message: &MessageView<'_>, now: Timestamp, paint: Paint) {
    let Some(at) = &message.handed_over else { return };
    let words = TimeWords { now, zone: message.common_zone() };
    let mut said = Vec::new();
    for unstopped in &at.unstopped {
        let why = match unstopped.gate {
            // These stand at the top.
            Ends::At(Gate::Suppressed) => continue,
            Ends::At(Gate::Contradicting) => "in rows that contradict each other",
            Ends::At(Gate::Unreadable) => "in a row that cannot be read",
            Ends::At(gate) => gate.words(),
            Ends::Nowhere => "not in the audience",
        };
        said.push(words.still(unstopped.handed, why, "it"));
    }
    for (_, what) in [(at.paused, "paused"), (at.retired, "retired")].into_iter().filter(|(is_so, _)| *is_so) {
        let people = at.waiting.map(|waiting| words.gets(waiting, "it"));
        said.extend(people.map(|people| format!("{what}, which holds back nothing that is handed over: {people}")));
    }
    if !message.read
        && let Some(waiting) = at.waiting
    {
        said.push(words.gets(waiting, "it"));
    }
    if let Some(other) = at.other_time {
        said.push(format!("{}, which is not the time of the schedule any more", words.gets(other, "it")));
    }
    for older in &at.older_revisions {
        said.push(words.gets(older.handed, &format!("revision {}", older.revision)));
    }
    for text in &said {
        line(out, &paint.wait(&format!("  ~ {text}")));
    }
    if let Some(changed) = &at.changed {
        let head = format!("changed since it was handed over; {} as it was", words.gets(changed.handed, "it"));
        line(out, &paint.wait(&format!("  ~ {head}")));
        changed.terms.iter().for_each(|change| term(out, change));
    }
    if !said.is_empty() || at.changed.is_some() {
        line(out, "      what is handed over cannot be changed or stopped over this API");
    }
}

fn term(out: &mut String, change: &TermView<'_>) {
    let shown =
        |value: Option<&str>| value.map_or_else(|| "none".to_owned(), |value| harmless(value, LineFeeds::Escape));
    line(out, &format!("      {}: {} then, {} now", change.what, shown(change.before), shown(change.now)));
}

/// Those who are to get it, counted as already sent.
fn waiting(message: &MessageView<'_>) -> Option<HandedOverView> {
    message.handed_over.as_ref()?.waiting
}

/// Puts people and their times into words.
#[derive(Clone, Copy)]
struct TimeWords<'a> {
    now: Timestamp,
    zone: Option<&'a TimeZone>,
}

impl TimeWords<'_> {
    fn at(self, handed: HandedOverView) -> String {
        Leaving { from: handed.leaves_from, by: handed.leaves_by }.words(self.now, self.zone)
    }

    /// `2 people still get it at …`.
    fn gets(self, handed: HandedOverView, what: &str) -> String {
        let verb = if handed.people == 1 { "gets" } else { "get" };
        format!("{} still {verb} {what} {}", plural(handed.people, "person"), self.at(handed))
    }

    /// `2 people are suppressed now, and still get it at …`.
    fn still(self, handed: HandedOverView, why: &str, what: &str) -> String {
        let (be, verb) = if handed.people == 1 { ("is", "gets") } else { ("are", "get") };
        format!("{} {be} {why} now, and still {verb} {what} {}", plural(handed.people, "person"), self.at(handed))
    }
}
