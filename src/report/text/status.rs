//! What the ledger holds.

use jiff::Timestamp;

use crate::ledger::{Ledger, View};

use super::doubts::{doubts, flight};
use super::table;
use crate::report::doubt::DoubtView;
use crate::report::style::Paint;
use crate::report::style::line;
use crate::report::words::plural;

/// Writes what the ledger has of each message, doubts first.
#[must_use]
pub fn render(ledger: &Ledger, view: View, now: Timestamp, paint: Paint) -> String {
    let mut out = String::new();
    let header = ledger.header();
    line(&mut out, &paint.strong(&format!("ledger of {} on {}", header.project, header.gateway)));
    doubts(&mut out, &DoubtView::all(&ledger.doubts(view), now), &header.gateway, paint);
    flight(&mut out, ledger.in_flight(view, None), &header.gateway, paint);
    let rows: Vec<(String, Vec<u64>)> = ledger
        .messages()
        .map(|record| {
            let totals = ledger.totals(&record.message, record.revision, view);
            let counts =
                [totals.accepted, totals.rejected, totals.in_doubt, totals.in_flight, totals.abandoned, totals.refused];
            let name = format!("{} r{}", record.message, record.revision);
            (name, counts.into_iter().map(|count| count as u64).collect())
        })
        .collect();
    out.push('\n');
    if rows.is_empty() {
        line(&mut out, "nothing was sent yet");
    } else {
        let header = ["message", "accepted", "rejected", "in doubt", "in flight", "given up", "refused"];
        out.push_str(&table::render(&header, rows));
    }
    let mut before = "\n";
    for record in ledger.messages() {
        let revisions = record.revision..=record.revision;
        let Some(handed) = ledger.still_to_leave(&record.message, revisions, now) else { continue };
        let verb = if handed.people == 1 { "is" } else { "are" };
        let words = format!(
            "{before}{} of {} r{} {verb} handed over, leaving {}; this API cannot stop that",
            plural(handed.people, "person"),
            record.message,
            record.revision,
            handed.leaving.words(now, None)
        );
        line(&mut out, &words);
        before = "";
    }
    out
}
