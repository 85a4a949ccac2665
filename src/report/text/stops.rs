//! Stops, before everything else: nothing is sent while one stands.

use crate::report::mark::Mark;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::stops::{ResumeReport, StopReport, StopView};
use crate::report::style::Paint;
use crate::report::words::plural;

use super::TextForm;

/// Writes the stops that stand.
pub(in crate::report) fn stops(out: &mut Sheet, stops: &[StopView], paint: Paint) {
    for stop in stops {
        line(out, &Mark::Wrong.before(&format!("stopped by {}", stop.words()), paint));
    }
    if !stops.is_empty() {
        let ends = if stops.len() == 1 { "it" } else { "them" };
        line(out, &format!("  nothing is sent until somebody ends {ends}: sendform resume"));
    }
}

impl TextForm for StopReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut out = Sheet::default();
        line(&mut out, &paint.bad(&format!("stopped by {}", self.stop.words())));
        let place = harmless(&self.place, LineFeeds::Escape);
        line(&mut out, &format!("  written to {place} as {}", self.stop.id));
        let seen = match self.seen_within_seconds {
            0 => "every run looks there before each claim and each request".to_owned(),
            seconds => format!("every run looks there before it begins, and at least every {seconds} seconds"),
        };
        line(&mut out, &format!("  {seen}, and ends with code 10"));
        line(&mut out, "  requests under way, and what was handed over before, cannot be recalled");
        out.append(Sheet::from(self.advice));
        line(&mut out, "  to let sending go on: sendform resume");
        out
    }
}

impl TextForm for ResumeReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut out = Sheet::default();
        for stop in &self.resumed {
            line(&mut out, &format!("ended {}: stopped by {}", stop.id, stop.words()));
        }
        let still = plural(self.standing.len() as u64, "stop");
        match (self.resumed.is_empty(), self.standing.is_empty()) {
            (_, false) => {
                let verb = if self.standing.len() == 1 { "stands" } else { "stand" };
                line(&mut out, &paint.bad(&format!("{still} still {verb}, and nothing is sent:")));
                for stop in &self.standing {
                    line(&mut out, &format!("  {}: stopped by {}", stop.id, stop.words()));
                }
            }
            (true, true) => line(&mut out, "nothing is stopped: there is no stop to end"),
            (false, true) => {
                let words = "no stop stands any more: the next `sendform apply` sends what the ledger lacks";
                line(&mut out, words);
            }
        }
        out
    }
}
