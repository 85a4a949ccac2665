//! What the ledger holds.

use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::ledger::{Ledger, View};

use super::paint::Paint;
use super::plan_text::{doubts, line};
use super::words::number;

/// Writes what the ledger has of each message, doubts first.
#[must_use]
pub fn render(ledger: &Ledger, view: View, paint: Paint) -> String {
    let mut out = String::new();
    let header = ledger.header();
    line(&mut out, &paint.strong(&format!("ledger of {} on {}", header.project, header.gateway)));
    doubts(&mut out, &ledger.doubts(view), paint);
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["message", "accepted", "rejected", "in doubt", "in flight", "given up", "refused"]);
    let mut rows = 0;
    for record in ledger.messages() {
        let totals = ledger.totals(&record.message, record.revision, view);
        let counts =
            [totals.accepted, totals.rejected, totals.in_doubt, totals.in_flight, totals.abandoned, totals.refused];
        let name = Cell::new(format!("{} r{}", record.message, record.revision));
        table.add_row(std::iter::once(name).chain(counts.map(|count| Cell::new(number(count)))));
        rows += 1;
    }
    out.push('\n');
    if rows == 0 {
        line(&mut out, "nothing was sent yet");
        return out;
    }
    for column in 1..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for text in table.to_string().lines() {
        line(&mut out, text.trim_end());
    }
    out
}
