//! What the gateway has and has not let go of yet: who gets a message whatever the files say by now.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ledger::Leaving;
use crate::plan::{Ends, Gate};
use crate::report::handed_over::{AtGatewayView, HandedOverView, OutdatedView, TermView, UnstoppedView};
use crate::report::mark::Mark;
use crate::report::message::MessageView;
use crate::report::new_revision::NewRevisionView;
use crate::report::plan::PlanReport;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::{number, plural};

use super::difference::diff;

/// How many messageIds are shown.
const IDS_SHOWN_MAX: usize = 3;
/// How many old editions of a message are shown.
const EDITIONS_SHOWN_MAX: usize = 5;
/// What nobody can do about it.
pub(in crate::report) const UNCHANGEABLE: &str = "what is handed over cannot be changed or stopped over this API";

/// Whom the files keep from something by now that they get all the same, the suppressed ones first; then what
/// still leaves of messages that the files lack.
pub(in crate::report) fn head(out: &mut Sheet, plan: &PlanReport<'_>, paint: Paint) {
    let before = out.len();
    let of_messages = plan.messages.iter().filter_map(|message| Some((message, message.handed_over.as_ref()?)));
    let unstopped: Vec<_> =
        of_messages.flat_map(|(message, at)| at.unstopped.iter().map(move |unstopped| (message, unstopped))).collect();
    let (suppressed, others): (Vec<_>, Vec<_>) =
        unstopped.into_iter().partition(|(_, unstopped)| unstopped.are_suppressed());
    let words = |message: &MessageView<'_>, unstopped: &UnstoppedView| unstopped_words(plan, message, unstopped);
    for (message, unstopped) in suppressed {
        against_their_will(out, &words(message, unstopped), unstopped.handed, &unstopped.message_ids, paint);
    }
    for gone in &plan.gone {
        let times = TimeWords { now: plan.now, zone: gone.zone };
        if let Some(stopped) = &gone.suppressed {
            let words = times.still(stopped.handed, Gate::Suppressed.words(), &format!("`{}`", gone.message));
            against_their_will(out, &words, stopped.handed, &stopped.message_ids, paint);
        }
    }
    let are_others = !others.is_empty();
    for (message, unstopped) in others {
        line(out, &Mark::Wrong.before(&words(message, unstopped), paint));
    }
    if are_others {
        line(out, &format!("  {UNCHANGEABLE}"));
    }
    // What is missing and not retired is an error, which says the same.
    for gone in plan.gone.iter().filter(|gone| gone.retired) {
        let times = TimeWords { now: plan.now, zone: gone.zone };
        let words = format!("{} although it is retired", times.gets(gone.handed, &format!("`{}`", gone.message)));
        line(out, &Mark::Note.before(&words, paint));
    }
    if out.len() > before {
        out.blank_before(before);
    }
}

/// The same by the messages, in a line each: those of the files, then those that the files lack.
pub(in crate::report) fn against_the_files(plan: &PlanReport<'_>) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for message in &plan.messages {
        let unstopped = message.handed_over.iter().flat_map(|at| &at.unstopped);
        told.extend(unstopped.map(|unstopped| (message.message.clone(), unstopped_words(plan, message, unstopped))));
    }
    for gone in &plan.gone {
        let times = TimeWords { now: plan.now, zone: gone.zone };
        let suppressed = gone.suppressed.iter();
        told.extend(suppressed.map(|stopped| {
            let words = times.still(stopped.handed, Gate::Suppressed.words(), &format!("`{}`", gone.message));
            (gone.message.clone(), words)
        }));
    }
    told
}

fn unstopped_words(plan: &PlanReport<'_>, message: &MessageView<'_>, unstopped: &UnstoppedView) -> String {
    let times = TimeWords { now: plan.now, zone: message.common_zone() };
    times.still(unstopped.handed, why(unstopped.gate), &format!("`{}`", message.message))
}

/// Why people should not get what is handed over.
fn why(ends: Ends) -> &'static str {
    match ends {
        Ends::At(Gate::Contradicting) => "in rows that contradict each other",
        Ends::At(Gate::Unreadable) => "in a row that cannot be read",
        Ends::At(gate) => gate.words(),
        Ends::Nowhere => "not in the audience",
    }
}

fn against_their_will(out: &mut Sheet, words: &str, handed: HandedOverView, ids: &[String], paint: Paint) {
    line(out, &Mark::Wrong.before(words, paint));
    line(out, "  it is handed over, and this API cannot stop it; before that the gateway's support may, by messageId:");
    for id in ids.iter().take(IDS_SHOWN_MAX) {
        line(out, &format!("  {id}"));
    }
    let rest = handed.people.saturating_sub(ids.len().min(IDS_SHOWN_MAX) as u64);
    if rest > 0 {
        line(out, &format!("  and {rest} more: `sendform plan --format json` names all of them"));
    }
}

/// How many people of a revision of a message still get it, and when.
pub(in crate::report) fn still_to_leave(
    name: &str,
    handed: HandedOverView,
    now: Timestamp,
    zone: Option<&TimeZone>,
) -> String {
    let verb = if handed.people == 1 { "is" } else { "are" };
    let at = TimeWords { now, zone }.at(handed);
    format!("{} of {name} {verb} handed over, leaving {at}; this API cannot stop that", plural(handed.people, "person"))
}

/// How many have it already, and how many are still to get it: two lines for one gate.
pub(in crate::report) fn sent(message: &MessageView<'_>, now: Timestamp) -> Vec<(u64, String)> {
    let all = message.gates.get(Gate::AlreadySent);
    let waiting = waiting(message).filter(|_| all > 0);
    let left = waiting.map_or(0, |waiting| waiting.people.min(all));
    let words = TimeWords { now, zone: message.common_zone() };
    let waiting = waiting.map(|waiting| (left, format!("handed over, leaving {}", words.at(waiting))));
    let sent = (all - left, Gate::AlreadySent.words().to_owned());
    waiting.into_iter().chain(std::iter::once(sent)).filter(|(people, _)| *people > 0).collect()
}

/// Every edit that changes nothing for people who were sent to, or are handed over.
pub(in crate::report) fn message(out: &mut Sheet, message: &MessageView<'_>, now: Timestamp, paint: Paint) {
    let words = TimeWords { now, zone: message.common_zone() };
    let mut said = message.handed_over.as_ref().map(|at| as_a_whole(message, at, words)).unwrap_or_default();
    let handed = said.len();
    if let Some(new) = &message.new_revision {
        new_revision(out, message, new, paint);
    }
    for (outdated, number) in message.outdated.iter().zip(0..) {
        if number == EDITIONS_SHOWN_MAX {
            let people = message.outdated.iter().skip(number).map(|outdated| outdated.people).sum();
            note(out, &format!("{} what was sent before that", keeps(people)), paint);
            break;
        }
        note(out, &kept(outdated, words), paint);
        outdated.terms.iter().for_each(|change| term(out, change));
        if let Some(before) = outdated.text_before {
            diff(out, before, message.template, paint);
            let still_get_it = outdated.waiting.is_some_and(|waiting| waiting.people == outdated.people);
            let besides = if still_get_it { ", besides the old one" } else { "" };
            line(out, &format!("      raise `revision` to send the new text to everybody{besides}"));
        }
    }
    for text in said.drain(..) {
        note(out, &text, paint);
    }
    if handed > 0 || message.outdated.iter().any(|outdated| outdated.waiting.is_some()) {
        line(out, &format!("      {UNCHANGEABLE}"));
    }
}

/// Holds a new revision against what people have of the last one. That the same text goes to the same people once more
/// is a warning of the message, as long as it can be told who they are.
fn new_revision(out: &mut Sheet, message: &MessageView<'_>, new: &NewRevisionView<'_>, paint: Paint) {
    let NewRevisionView { before, texts } = new;
    let Some((latest, older)) = texts.split_first() else { return };
    let is_in_clear = message.in_clear.is_some();
    let have = |people: u64| format!("{} {}", plural(people, "person"), if people == 1 { "has" } else { "have" });
    match latest.text_before {
        Some(text) => {
            let have = Some(have(latest.people)).filter(|_| latest.people > 0 && !is_in_clear);
            let have = have.map(|have| format!(", which {have}")).unwrap_or_default();
            note(out, &format!("new revision: the text differs from r{before}{have}"), paint);
            diff(out, text, message.template, paint);
        }
        None if is_in_clear => {
            note(out, &format!("new revision with the same text as r{before}: whoever has that gets it again"), paint);
        }
        None => {}
    }
    let older: u64 = older.iter().map(|it| it.people).sum();
    if older > 0 {
        line(out, &format!("      {} a text of r{before} from before it was edited", have(older)));
    }
}

/// What changed, and harms nobody.
fn note(out: &mut Sheet, words: &str, paint: Paint) {
    line(out, &format!("  {}", Mark::Note.before(words, paint)));
}

/// What is edited of a message as a whole, and changes nothing for those who are handed over.
fn as_a_whole(message: &MessageView<'_>, at: &AtGatewayView<'_>, words: TimeWords<'_>) -> Vec<String> {
    let mut said = Vec::new();
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
    said
}

/// What changed, and who keeps what: those who have it, and those who still get it.
fn kept(outdated: &OutdatedView<'_>, words: TimeWords<'_>) -> String {
    let (changed, what, so) = match (outdated.text_before.is_some(), outdated.terms.is_empty()) {
        (true, true) => ("the text changed", "the old one", ""),
        (true, false) => ("the text and more changed", "it", " as it was"),
        (false, _) => ("changed", "it", " as it was"),
    };
    match outdated.waiting {
        None => format!("{changed} since it was sent; {} {what}{so}", keeps(outdated.people)),
        Some(waiting) if waiting.people == outdated.people => {
            format!("{changed} since it was handed over; {}{so}", words.gets(waiting, what))
        }
        Some(waiting) => {
            let verb = if waiting.people == 1 { "gets" } else { "get" };
            let some = number(waiting.people);
            let still = format!("of whom {some} still {verb} it {}", words.at(waiting));
            format!("{changed} since it was sent; {} {what}{so}, {still}", keeps(outdated.people))
        }
    }
}

fn keeps(people: u64) -> String {
    let verb = if people == 1 { "keeps" } else { "keep" };
    format!("{} {verb}", plural(people, "person"))
}

fn term(out: &mut Sheet, change: &TermView<'_>) {
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
