//! What the ledger holds, doubts first.

use crate::report::status::{MessageStatusView, StatusReport};
use crate::report::style::{Paint, line};

use super::TextForm;
use super::doubts::{doubts, flight};
use super::handed_over::still_to_leave;
use super::stops::stops;
use super::table;
use super::twice::twice;

impl TextForm for StatusReport<'_> {
    fn text(&self, paint: Paint) -> String {
        let mut out = String::new();
        line(&mut out, &paint.strong(&format!("ledger of {} on {}", self.project, self.gateway)));
        stops(&mut out, &self.stops, self.gateway, paint);
        twice(&mut out, &self.twice, self.gateway, paint);
        doubts(&mut out, &self.doubts, self.gateway, paint);
        flight(&mut out, self.in_flight, self.gateway, paint);
        out.push('\n');
        if self.messages.is_empty() {
            line(&mut out, "nothing was sent yet");
        } else {
            let header = ["message", "accepted", "rejected", "in doubt", "in flight", "given up", "refused"];
            out.push_str(&table::render(&header, self.messages.iter().map(row)));
        }
        let mut before = "\n";
        for message in &self.messages {
            let Some(handed) = message.still_to_leave else { continue };
            let name = format!("{} r{}", message.message, message.revision);
            line(&mut out, &format!("{before}{}", still_to_leave(&name, handed, self.now, message.zone.as_ref())));
            before = "";
        }
        out
    }
}

fn row(message: &MessageStatusView) -> (String, Vec<u64>) {
    let MessageStatusView { accepted, rejected, in_doubt, in_flight, given_up, refused, .. } = *message;
    let name = format!("{} r{}", message.message, message.revision);
    (name, vec![accepted, rejected, in_doubt, in_flight, given_up, refused])
}
