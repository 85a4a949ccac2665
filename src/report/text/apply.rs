//! The table that an apply ends with, however it ends.

use crate::apply::{Alarm, Stopped};
use crate::report::apply::{ApplyReport, EndedMessageView, TallyView};
use crate::report::grid::Grid;
use crate::report::mark::Mark;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::plural;
use crate::timing;

use super::TextForm;
use super::doubts;
use super::ending;
use super::handed_over;
use super::late;
use super::twice;

/// What stands in the table behind a message's name. Only where several runs send at once does another one claim
/// anybody, and hardly ever does somebody opt out just then, or was left over too late.
fn columns(tally: &TallyView, total: &TallyView) -> Vec<(&'static str, u64)> {
    let elsewhere = (total.claimed_elsewhere > 0).then_some(("claimed elsewhere", tally.claimed_elsewhere));
    let suppressed = (total.suppressed > 0).then_some(("suppressed", tally.suppressed));
    let window_closed = (total.window_closed > 0).then_some(("window closed", tally.window_closed));
    let would_expire = (total.would_expire > 0).then_some(("would expire", tally.would_expire));
    let too_late = (total.too_late > 0).then_some(("too late", tally.too_late));
    let free_again = (total.free_again > 0).then_some(("free again", tally.free_again));
    let columns = [
        ("accepted", tally.accepted),
        ("rejected", tally.rejected),
        ("refused", tally.refused),
        ("in doubt", tally.in_doubt),
        ("not attempted", tally.not_attempted),
    ];
    columns
        .into_iter()
        .chain(elsewhere)
        .chain(suppressed)
        .chain(window_closed)
        .chain(would_expire)
        .chain(too_late)
        .chain(free_again)
        .collect()
}

impl TextForm for ApplyReport<'_> {
    /// Writes who was accepted twice, the table, the alarms, why the run stopped, and what is in doubt or in
    /// flight now.
    fn sheet(&self, screen: &Screen) -> Sheet {
        // Of what was not sent the plan says all.
        if let Some(plan) = &self.plan {
            return plan.sheet(screen);
        }
        let paint = screen.paint;
        let mut out = Sheet::default();
        if self.is_twice_told {
            out.blank();
            twice::again(&mut out, &self.twice, paint);
        } else {
            twice::twice(&mut out, &self.twice, paint);
        }
        out.blank();
        let rows = self.messages.iter();
        let row = |name: String, tally: &TallyView| {
            (name, columns(tally, &self.total).into_iter().map(|(_, count)| count).collect())
        };
        let rows = rows.map(|message| row(format!("{} r{}", message.message, message.revision), &message.outcome));
        let total = (self.messages.len() > 1).then(|| row("all".to_owned(), &self.total));
        let names = columns(&self.total, &self.total).into_iter().map(|(name, _)| name);
        let header: Vec<&str> = std::iter::once("message").chain(names).collect();
        if !self.messages.is_empty() {
            out.table(Grid::of_numbers(&header, rows.chain(total)));
        }
        rejections(&mut out, self);
        states(&mut out, self, paint);
        for message in &self.messages {
            if let Some(handed) = message.still_to_leave {
                let name = format!("{} r{}", message.message, message.revision);
                let words = handed_over::still_to_leave(&name, handed, self.now, message.zone.as_ref());
                line(&mut out, &format!("  {words}"));
            }
        }
        for ended in &self.ended {
            let EndedMessageView { message, words, open, .. } = ended;
            let left = match open {
                0 => "that was known only when everybody had been sent to".to_owned(),
                open => format!("{} not sent to", people_were(*open)),
            };
            line(&mut out, &Mark::Wrong.before(&format!("{message} was ended: {words}; {left}"), paint));
        }
        if let Some(number) = self.late_to_accept {
            line(&mut out, &late::ways_on(&format!("--accept late={number}")));
        }
        if self.ended.iter().any(|ended| ended.open == 0) {
            line(&mut out, &format!("  {KNOWN_LATE}"));
        }
        if let Some(way) = way_on_after_rejections(self) {
            line(&mut out, &format!("  {way}"));
        }
        for alarm in self.alarms {
            line(&mut out, &Mark::Wrong.before(&alarm_words(alarm), paint));
        }
        if let Some(stopped) = self.stopped {
            let words = format!("stopped: {}", harmless(&stopped.to_string(), LineFeeds::Escape));
            line(&mut out, &Mark::Wrong.before(&words, paint));
            for way in ways_on(stopped).iter().copied() {
                if way == IMPORT && !self.newer_ledger.is_empty() {
                    line(&mut out, &format!("  {}", self.newer_ledger));
                }
                line(&mut out, &format!("  {way}"));
            }
            if let Stopped::OtherKeys { people, .. } = stopped {
                let accepted = format!("--accept other-key={people}");
                line(&mut out, &format!("  to send to them all the same, run the same command with {accepted}"));
            }
            if matches!(stopped, Stopped::ByOrder(_)) {
                line(&mut out, "  to let sending go on: sendform resume; then run the same command again");
            }
        }
        doubts::doubts(&mut out, &self.doubts, paint);
        doubts::flight(&mut out, self.in_flight, paint);
        ending::of_apply(&mut out, self, screen);
        out
    }
}

/// What became of those who have not got it yet, each state once.
fn states(out: &mut Sheet, report: &ApplyReport<'_>, paint: Paint) {
    let total = &report.total;
    let words = [
        (total.rejected, "rejected: the gateway turned them down, and nothing is sent to them again by itself"),
        (
            total.refused,
            "refused: the gateway took no request with them, or their claim was given back; surely nothing was sent to \
             them, and they are still to be sent to",
        ),
        (total.not_attempted, "not attempted: they were in no request, and are still to be sent to"),
        (total.claimed_elsewhere, "claimed elsewhere: another run has claimed them, or sent to them"),
        (
            total.window_closed,
            "window closed: their conversation window would have been closed when it was their turn, and they got nothing",
        ),
        (
            total.would_expire,
            "would expire: the delivery window would have opened too late for them, and they are still to be sent to",
        ),
        (total.suppressed, "suppressed: they opted out while this was sending, and got nothing"),
        (
            total.free_again,
            "free again: they were in doubt before, and now the gateway's logs prove that nothing was sent to them; they \
             were not in this plan, and are still to be sent to",
        ),
    ];
    for (_, words) in words.into_iter().filter(|(people, _)| *people > 0) {
        line(out, &paint.faint(&format!("  {words}")));
    }
    let rejected = report.messages.iter().filter(|message| message.outcome.rejected > 0);
    let again: String = rejected.map(|message| format!(" --retry-rejected {}", message.message)).collect();
    if !again.is_empty() {
        line(out, &format!("  to send to the rejected again, once the cause is mended: sendform apply{again}"));
    }
    if total.too_late > 0 {
        let people = people_were(total.too_late);
        line(out, &Mark::Wrong.before(&format!("{people} too late, and nothing was sent to them"), paint));
    }
}

/// What to do about a message that was ended when everybody had been sent to.
pub(in crate::report) const KNOWN_LATE: &str = "nothing is sent to them again; find out why before more people come: the \
     next apply asks the gateway's logs first, and sends nothing more of it while they say so";

/// How to go on with the messages that were ended: one number for all of them, since no other can be said besides.
fn way_on_after_rejections(report: &ApplyReport<'_>) -> Option<String> {
    let number = report.ended.iter().filter(|ended| ended.open > 0).map(|ended| ended.to_accept).max()?;
    // Who is left has another digest.
    Some(if report.expects_digest {
        format!(
            "to go on all the same, review what is left with `plan`, and run the same command with its digest and \
             --accept rejected={number}"
        )
    } else {
        format!("to go on all the same, run the same command with --accept rejected={number}")
    })
}

/// The way that is always there where a ledger lacks something.
const IMPORT: &str = "or bring a copy of the newer ledger, and join it in: `sendform ledger import FILE`";

/// What to do about a run that was stopped.
pub(in crate::report) fn ways_on(stopped: &Stopped) -> &'static [&'static str] {
    match stopped {
        Stopped::OptOuts(_) => &["nothing more was claimed: mend the list, and run the same command again"],
        Stopped::Files(_) => &["nothing more was claimed: mend the files, and run the same command again"],
        Stopped::Interrupted | Stopped::StopEnded => &["run the same command again to go on"],
        Stopped::StopsUnread(_) => &["nothing more was claimed: run the same command again when that can be read"],
        Stopped::LedgerLacks { .. } => &[
            "nothing more was claimed: this ledger was taken back, or another ledger sends the same messages",
            IMPORT,
            "or have what the gateway's logs still know of it written down: `sendform ledger recover`",
        ],
        Stopped::OtherKeys { .. } => &[
            "nothing more was claimed: they were sent to with a key that was lost, or another project's messages have \
             the same names",
            "if you still have that key: name it in SENDFORM_KEY behind the first one, and put it into the ledger with \
             `sendform ledger rebind --add-key`, then `sendform ledger recover`",
            "if the gateway is a sandbox of yours: it has what runs with `--sandbox` have sent, with a key of their own; \
             `sendform sandbox --books FILE` starts it with others",
        ],
        Stopped::ClockOff => &[
            "nothing more was claimed: set this machine's clock, for example with `timedatectl set-ntp true`, and run \
             the same command again",
            "if the gateway is a sandbox of yours, run it on this machine, or set its clock: elsewhere nobody takes its \
             time",
        ],
        Stopped::Unwitnessed(_) => {
            &["`witness: preferred` in the project file sends without asking, unless the ledger may lack something"]
        }
        Stopped::Unauthorized
        | Stopped::Forbidden
        | Stopped::NotFound
        | Stopped::Unreachable(_)
        | Stopped::Throttled
        | Stopped::TooSlow
        | Stopped::Store(_)
        | Stopped::Prepare(_)
        | Stopped::Request(_)
        | Stopped::ByOrder(_)
        | Stopped::Bug(_) => &[],
    }
}

/// So many people were.
fn people_were(count: u64) -> String {
    format!("{} {}", plural(count, "person"), if count == 1 { "was" } else { "were" })
}

fn rejections(out: &mut Sheet, report: &ApplyReport<'_>) {
    for message in &report.messages {
        for (status, count) in &message.outcome.rejected_by_status {
            let name = status_name(*status).map(|name| format!(" ({name})")).unwrap_or_default();
            let people = plural(*count, "person");
            line(out, &format!("  {}: {people} rejected with status {status}{name}", message.message));
        }
    }
    for reason in report.reasons {
        line(out, &format!("  the gateway answered {}", harmless(reason, LineFeeds::Escape)));
    }
}

/// The gateway's names of the statuses that a person can do something about.
pub(in crate::report) fn status_name(status: u16) -> Option<&'static str> {
    Some(match status {
        6 => "network forbidden",
        10 => "on a do-not-disturb list",
        11 => "the sender is not registered",
        12 => "not enough credits",
        13 => "the sender is blocked",
        14 => "the destination is blocked",
        16 => "not reachable",
        17 => "prepaid package expired",
        18 => "destination not registered: a trial account",
        19 => "no route",
        20 => "flooding filter",
        21 => "system error",
        23 => "duplicate message id",
        25 => "message too long",
        51 => "no destination",
        52 => "invalid destination",
        100 => "rejected by the platform",
        400 | 422 => "the gateway does not take the request",
        _ => return None,
    })
}

pub(crate) fn alarm_words(alarm: &Alarm) -> String {
    match alarm {
        Alarm::OtherBulkId { ours, theirs } => {
            format!("the gateway answered with bulk `{}` for `{ours}`", harmless(theirs, LineFeeds::Escape))
        }
        Alarm::UnknownMessages { bulk, count } => {
            format!("the answer for `{bulk}` holds {} that we did not send", plural(*count as u64, "message"))
        }
        Alarm::MissingMessages { bulk, count } => {
            format!("the answer for `{bulk}` says nothing of {}", plural(*count as u64, "message"))
        }
        Alarm::RepeatedMessages { bulk, count } => {
            format!("the answer for `{bulk}` names {} more than once", plural(*count as u64, "message"))
        }
        Alarm::ClockOff { ahead } => {
            let direction = if ahead.is_negative() { "behind" } else { "ahead of" };
            format!("our clock is {} {direction} the gateway's", timing::duration(ahead.abs()))
        }
        Alarm::NotWitnessed { bulks, why } => {
            let why = why.as_ref().map_or_else(
                || "they were too slow".to_owned(),
                |why| format!("they could not be read: {}", harmless(why, LineFeeds::Escape)),
            );
            let were = if *bulks == 1 { "was" } else { "were" };
            format!("{} {were} sent without asking the gateway's logs first: {why}", plural(*bulks, "bulk"))
        }
        Alarm::SentAllTheSame { people } => format!(
            "the gateway has the messages of {} that the ledger took for surely not sent: they are accepted now, and \
             were not sent again",
            plural(*people, "person")
        ),
        Alarm::DeliveriesUnread { known: 0, why } => format!(
            "whom the gateway does not deliver to did not count for `stopAfter`: its logs could not be read: {}",
            harmless(why, LineFeeds::Escape)
        ),
        Alarm::DeliveriesUnread { known, why } => format!(
            "of those whom the gateway does not deliver to only the ones among {} counted for `stopAfter`: then its \
             logs could not be read any more: {}",
            plural(*known, "person"),
            harmless(why, LineFeeds::Escape)
        ),
        Alarm::ClockMoved => "our clock, or the gateway's, was moved during the run".to_owned(),
    }
}
