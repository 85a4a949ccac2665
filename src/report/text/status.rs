//! What the ledger holds, doubts first.

use crate::report::grid::Grid;
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::status::{MessageStatusView, StatusReport};

use super::TextForm;
use super::doubts::{doubts, flight};
use super::ending;
use super::handed_over::still_to_leave;
use super::stops::stops;
use super::twice::twice;

impl TextForm for StatusReport<'_> {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut out = Sheet::default();
        line(&mut out, &paint.strong(&format!("ledger of {} on {}", self.project, self.gateway)));
        stops(&mut out, &self.stops, paint);
        twice(&mut out, &self.twice, paint);
        doubts(&mut out, &self.doubts, paint);
        flight(&mut out, self.in_flight, paint);
        out.blank();
        if self.messages.is_empty() {
            line(&mut out, "nothing was sent yet");
        } else {
            let header = ["message", "accepted", "rejected", "in doubt", "in flight", "given up", "refused"];
            out.table(Grid::of_numbers(&header, self.messages.iter().map(row)));
            if self.messages.iter().any(|message| message.refused > 0) {
                let words = "refused: surely nothing was sent to them: the gateway took no request with them, their claim \
                             was given back, or they were in doubt until that was settled";
                line(&mut out, &paint.faint(&format!("  {words}")));
            }
        }
        let mut is_first = true;
        for message in &self.messages {
            let Some(handed) = message.still_to_leave else { continue };
            let name = format!("{} r{}", message.message, message.revision);
            if std::mem::take(&mut is_first) {
                out.blank();
            }
            line(&mut out, &still_to_leave(&name, handed, self.now, message.zone.as_ref()));
        }
        ending::of_ledger(&mut out, self, screen);
        out
    }
}

fn row(message: &MessageStatusView) -> (String, Vec<u64>) {
    let MessageStatusView { accepted, rejected, in_doubt, in_flight, given_up, refused, .. } = *message;
    let name = format!("{} r{}", message.message, message.revision);
    (name, vec![accepted, rejected, in_doubt, in_flight, given_up, refused])
}
