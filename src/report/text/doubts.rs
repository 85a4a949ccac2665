//! What is in doubt, how long the gateway's logs can still tell, and the commands that settle it.

use jiff::SignedDuration;

use crate::ledger::Flight;
use crate::report::doubt::DoubtView;
use crate::report::mark::Mark;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::plural;
use crate::timing;

/// With fewer hours left than this somebody should hurry.
const HURRY_HOURS: u64 = 6;
/// In the last hour absence from the logs proves nothing any more; what is found there does.
const SPARE: SignedDuration = SignedDuration::from_hours(1);

/// Writes whom a doubt is about, when they were claimed, and how long the logs can tell anything of them: `3 people,
/// claimed 2026-11-30 12:00 UTC, 48 h left in the logs: the gateway answered 500`.
pub(in crate::report) fn words(doubt: &DoubtView) -> String {
    let people = plural(doubt.people, "person");
    let ahead = if doubt.is_ahead() { ", which is later than now: this is not the clock of that run" } else { "" };
    let why = doubt.why.as_ref().map(|why| format!(": {}", harmless(why, LineFeeds::Escape))).unwrap_or_default();
    format!("{people}, claimed {}{ahead}, {}{why}", timing::utc(doubt.claimed_at), left(doubt))
}

/// Writes how long the logs can tell anything of a doubt.
pub(in crate::report) fn left(doubt: &DoubtView) -> String {
    if !doubt.is_in_logs() {
        "no longer in the logs".to_owned()
    } else if doubt.logs_until.duration_since(doubt.now) <= SPARE {
        "at most 1 h left in the logs (only what is found there settles it)".to_owned()
    } else {
        format!("{} h left in the logs", doubt.hours_left)
    }
}

/// Doubts come first, with the commands that settle them.
pub(in crate::report) fn doubts(out: &mut Sheet, doubts: &[DoubtView], paint: Paint) {
    if doubts.is_empty() {
        return;
    }
    out.blank();
    let head = format!(
        "in doubt: {}; nobody knows whether they got their message, and nothing is sent to them again",
        people_in(doubts.iter())
    );
    line(out, &Mark::Wrong.before(&head, paint));
    for doubt in doubts {
        line(out, &format!("  {}  {}", doubt.bulk_id, words(doubt)));
    }
    hurry(out, doubts.iter(), paint);
    let in_logs = doubts.iter().any(DoubtView::is_in_logs);
    if in_logs {
        line(out, "  settle them from the gateway's logs: sendform reconcile");
    }
    let by_word = doubts.iter().find(|doubt| !doubt.is_in_logs()).or(doubts.first());
    if let Some(doubt) = by_word {
        let decide = if in_logs { "or decide it yourself, for good" } else { "decide it yourself, for good" };
        line(out, &format!("  {decide}:"));
        resolve_commands(&doubt.bulk_id).iter().for_each(|command| line(out, &format!("    {command}")));
    }
}

/// Tells what other runs may be sending now, and what it becomes.
pub(in crate::report) fn flight(out: &mut Sheet, flight: Option<Flight>, paint: Paint) {
    let Some(Flight { people, until }) = flight else { return };
    let verb = if people == 1 { "is" } else { "are" };
    let words = format!(
        "{} {verb} in flight elsewhere until {}; whoever is not settled by then is in doubt: sendform reconcile",
        plural(people as u64, "person"),
        timing::utc(until),
    );
    out.blank();
    line(out, &Mark::Waits.before(&words, paint));
}

/// Warns if the logs will soon tell nothing of some doubts.
pub(in crate::report) fn hurry<'a>(out: &mut Sheet, doubts: impl Iterator<Item = &'a DoubtView>, paint: Paint) {
    let soon: Vec<&DoubtView> = doubts.filter(|doubt| doubt.is_in_logs() && doubt.hours_left <= HURRY_HOURS).collect();
    if soon.is_empty() {
        return;
    }
    let people = people_in(soon.into_iter());
    let words = format!(
        "HURRY: in less than {HURRY_HOURS} hours the gateway's logs forget {people}: run `sendform reconcile` now"
    );
    line(out, &Mark::Wrong.before(&words, paint));
}

/// The commands with which a person settles a bulk, each behind what it says.
pub(in crate::report) fn resolve_commands(bulk: &str) -> [String; 3] {
    [
        ("they have it", "--sent"),
        ("they do not have it, and are sent to again", "--not-sent"),
        ("nobody knows, and they are given up", "--abandon"),
    ]
    .map(|(says, word)| format!("{says}: sendform resolve {bulk} {word} --reason \"…\""))
}

fn people_in<'a>(doubts: impl Iterator<Item = &'a DoubtView>) -> String {
    let (bulks, people) = doubts.fold((0, 0), |(bulks, people), doubt| (bulks + 1, people + doubt.people));
    format!("{} in {}", plural(people, "person"), plural(bulks, "bulk"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{View, sample};
    use crate::report::screen::Screen;

    /// Two doubts: claimed at second 1, to leave at second 3600.
    fn text(hour: i64) -> String {
        let mut sheet = Sheet::default();
        let doubts_then = DoubtView::all(&sample::ledger().doubts(View::Exclusive), sample::at(hour * 3600));
        doubts(&mut sheet, &doubts_then, Paint::Plain);
        let mut screen = Screen::endless(Paint::Plain);
        screen.typed.sandbox = true;
        sheet.laid_out(&screen)
    }

    #[test]
    fn no_clock_makes_the_logs_go_back_further() {
        let doubts = sample::ledger().doubts(View::Exclusive);
        let doubt = doubts.first().unwrap();
        let said = |days: i64| {
            let view = DoubtView::new(doubt, sample::at(days * 86_400));
            (view.hours_left, view.is_ahead(), words(&view))
        };
        let (hours, is_ahead, text) = said(-20);
        assert_eq!((hours, is_ahead), (48, true));
        let told =
            "claimed 2026-12-01 00:00:01 UTC, which is later than now: this is not the clock of that run, 48 h left";
        assert!(text.contains(told), "{text}");
        let (hours, is_ahead, text) = said(1);
        assert_eq!((hours, is_ahead), (25, false));
        assert!(text.contains("claimed 2026-12-01 00:00:01 UTC, 25 h left"), "{text}");
    }

    #[test]
    fn doubts_tell_how_long_the_logs_remember_them() {
        insta::assert_snapshot!(text(1), @r#"

        ! in doubt: 2 people in 2 bulks; nobody knows whether they got their message, and nothing is sent to them again
          spring-sale.announce.r1.0d2db5633b4e3bce  1 person, claimed 2026-12-01 00:00:01 UTC, 48 h left in the logs
          spring-sale.announce.r1.b37df208f5fdc3e6  1 person, claimed 2026-12-01 00:00:01 UTC, 48 h left in the logs
          settle them from the gateway's logs: sendform reconcile --sandbox
          or decide it yourself, for good:
            they have it: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --sent --reason "…"
            they do not have it, and are sent to again: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --not-sent --reason "…"
            nobody knows, and they are given up: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --abandon --reason "…"
        "#);
        insta::assert_snapshot!(text(43).lines().nth(4).unwrap(), @"! HURRY: in less than 6 hours the gateway's logs forget 2 people in 2 bulks: run `sendform reconcile --sandbox` now");
        assert!(!text(42).contains("HURRY"));
        insta::assert_snapshot!(text(48), @r#"

        ! in doubt: 2 people in 2 bulks; nobody knows whether they got their message, and nothing is sent to them again
          spring-sale.announce.r1.0d2db5633b4e3bce  1 person, claimed 2026-12-01 00:00:01 UTC, at most 1 h left in the logs (only what is found there settles it)
          spring-sale.announce.r1.b37df208f5fdc3e6  1 person, claimed 2026-12-01 00:00:01 UTC, at most 1 h left in the logs (only what is found there settles it)
        ! HURRY: in less than 6 hours the gateway's logs forget 2 people in 2 bulks: run `sendform reconcile --sandbox` now
          settle them from the gateway's logs: sendform reconcile --sandbox
          or decide it yourself, for good:
            they have it: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --sent --reason "…"
            they do not have it, and are sent to again: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --not-sent --reason "…"
            nobody knows, and they are given up: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --abandon --reason "…"
        "#);
        insta::assert_snapshot!(text(49), @r#"

        ! in doubt: 2 people in 2 bulks; nobody knows whether they got their message, and nothing is sent to them again
          spring-sale.announce.r1.0d2db5633b4e3bce  1 person, claimed 2026-12-01 00:00:01 UTC, no longer in the logs
          spring-sale.announce.r1.b37df208f5fdc3e6  1 person, claimed 2026-12-01 00:00:01 UTC, no longer in the logs
          decide it yourself, for good:
            they have it: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --sent --reason "…"
            they do not have it, and are sent to again: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --not-sent --reason "…"
            nobody knows, and they are given up: sendform resolve spring-sale.announce.r1.0d2db5633b4e3bce --sandbox --abandon --reason "…"
        "#);
    }
}
