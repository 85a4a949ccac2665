//! What was done over time, the newest last, where a terminal shows it.

use jiff::Timestamp;

use crate::report::log::{LogEvent, LogMessageView, LogReport, is_by_logs};
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::{number, plural};
use crate::timing;

use super::TextForm;

/// As wide as the longest name of a command.
const COMMAND_WIDTH: usize = 9;

impl TextForm for LogReport<'_> {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut out = Sheet::default();
        line(&mut out, &paint.strong(&format!("ledger of {} on {}", self.project, self.gateway)));
        if self.all == 0 {
            line(&mut out, "nothing was sent yet");
        }
        let hidden = self.all - self.events.len() as u64;
        if hidden > 0 {
            line(&mut out, &paint.faint(&format!("{} before these", plural(hidden, "event"))));
        }
        // An instant with seconds is longer than one without.
        let width = self.events.iter().map(|event| timing::utc(at(event)).len()).max().unwrap_or_default();
        for event in &self.events {
            out.blank();
            write(&mut out, event, width, paint);
        }
        out
    }
}

fn write(out: &mut Sheet, event: &LogEvent, width: usize, paint: Paint) {
    let mut head = |at, command: &str, words: &str| {
        line(out, &format!("{:width$}  {command:COMMAND_WIDTH$}  {}", timing::utc(at), paint.faint(words)));
    };
    match event {
        LogEvent::Apply { at, run, by, recovered, messages } => {
            let found = if *recovered { ", found in the gateway's logs" } else { "" };
            head(*at, "apply", &format!("{}run {run}{found}", by.as_deref().map(by_whom).unwrap_or_default()));
            let names: Vec<String> =
                messages.iter().map(|message| format!("{} r{}", message.message, message.revision)).collect();
            let width = names.iter().map(String::len).max().unwrap_or_default();
            for (name, message) in names.iter().zip(messages) {
                line(out, &format!("  {name:width$}  {}", groups(message, paint)));
            }
        }
        LogEvent::Word { at, by, bulk_id, state, why } => {
            if is_by_logs(by) {
                head(*at, "reconcile", "by the gateway's logs");
            } else {
                head(*at, "resolve", by_whom(by).trim_end_matches(", "));
            }
            let word = match *state {
                "accepted" => "sent",
                "rejected" => "rejected",
                "refused" => "not sent",
                "known" => "accepted twice, which is known",
                _ => "given up",
            };
            let why = why.as_ref().map(|why| format!(": {}", harmless(why, LineFeeds::Escape))).unwrap_or_default();
            line(out, &format!("  {bulk_id}  {word}{why}"));
        }
        LogEvent::Stop { at, stop, by, why } => {
            head(*at, "stop", &format!("{}stop {stop}", by_whom(by)));
            line(out, &format!("  {}", harmless(why, LineFeeds::Escape)));
        }
        LogEvent::Resume { at, stop, by, why } => {
            head(*at, "resume", &format!("{}stop {stop}", by_whom(by)));
            if let Some(why) = why {
                line(out, &format!("  {}", harmless(why, LineFeeds::Escape)));
            }
        }
    }
}

/// When it was.
fn at(event: &LogEvent) -> Timestamp {
    match event {
        LogEvent::Apply { at, .. }
        | LogEvent::Word { at, .. }
        | LogEvent::Stop { at, .. }
        | LogEvent::Resume { at, .. } => *at,
    }
}

fn by_whom(by: &str) -> String {
    format!("by {}, ", harmless(by, LineFeeds::Escape))
}

/// What the run was told of whom, the groups that are not empty, the accepted ones first; and what became later of
/// those whom it left in doubt.
fn groups(message: &LogMessageView, paint: Paint) -> String {
    let LogMessageView { bulks, accepted, rejected, refused, open, in_flight, given_up, settled_later: later, .. } =
        *message;
    let still = open.saturating_sub(in_flight);
    let group = |count: u64, name: &str| format!("{} {name}", number(count));
    let in_doubt = group(still + later.all(), "in doubt");
    let joined = |groups: &[(u64, String)]| {
        let words = groups.iter().filter(|(count, _)| *count > 0).map(|(_, words)| words.as_str());
        words.collect::<Vec<_>>().join(" · ")
    };
    let counted = |all: u64, later: u64| all.saturating_sub(later);
    let [accepted, rejected, given_up, refused] = [
        counted(accepted, later.accepted),
        counted(rejected, later.rejected),
        counted(given_up, later.given_up),
        counted(refused, later.not_sent),
    ];
    let then = joined(&[
        (accepted, paint.good(&group(accepted, "accepted"))),
        (still + later.all(), if still > 0 { paint.bad(&in_doubt) } else { paint.wait(&in_doubt) }),
        (in_flight, paint.wait(&group(in_flight, "in flight"))),
        (rejected, paint.wait(&group(rejected, "rejected"))),
        (given_up, group(given_up, "given up")),
        (refused, group(refused, "refused")),
    ]);
    let since = joined(&[
        (later.accepted, paint.good(&group(later.accepted, "sent"))),
        (later.rejected, paint.wait(&group(later.rejected, "rejected"))),
        (later.not_sent, group(later.not_sent, "not sent")),
        (later.given_up, group(later.given_up, "given up")),
        (still, paint.bad(&group(still, "still in doubt"))),
    ]);
    let since = if later.all() > 0 { format!(", settled later: {since}") } else { String::new() };
    format!("{then} {}{since}", paint.faint(&format!("({})", plural(bulks, "bulk"))))
}
