//! What `ledger recover` says.

use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::witness::Recovered;
use crate::report::document::Report;
use crate::report::mark::Mark;
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::text::TextForm;
use crate::report::words::{number, plural};

/// What was recovered from the gateway's logs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerRecoverReport {
    /// How many messages the logs have of the senders.
    pub rows: u64,
    /// How many of the messages in the logs are none of this project.
    pub foreign: u64,
    /// How many of the messages in the logs have the names of this project's messages, and are of a key that the
    /// ledger does not have, or of another project: their people are not recognised.
    pub unrecognised: u64,
    /// How many people are in the ledger as accepted now, and were not before.
    pub accepted: u64,
    /// How many people are in the ledger as rejected now, and were not before.
    pub rejected: u64,
    /// Of those accepted, of how many the ledger said that surely nothing was sent to them.
    pub raised: u64,
    /// How many people have one message in the logs more than once.
    pub twice: u64,
    /// Why the logs could not be read to their end; null if they were.
    pub failure: Option<String>,
    /// How many people a plan would send to now.
    pub to_send: u64,
}

impl Report for LedgerRecoverReport {
    const KIND: &'static str = "ledger-recover";
}

impl LedgerRecoverReport {
    /// Makes the report. `to_send` is how many people a plan would send to now.
    #[must_use]
    pub fn new(recovered: &Recovered, to_send: u64) -> Self {
        let Recovered { rows, foreign, unrecognised, accepted, rejected, raised, twice, failure } = recovered;
        Self {
            rows: *rows,
            foreign: *foreign,
            unrecognised: *unrecognised,
            accepted: *accepted,
            rejected: *rejected,
            raised: *raised,
            twice: *twice,
            failure: failure.as_ref().map(ToString::to_string),
            to_send,
        }
    }
}

impl TextForm for LedgerRecoverReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let people = |count| plural(count, "person");
        let mut out = Sheet::default();
        let foreign = match self.foreign {
            0 => String::new(),
            foreign => format!(", {} of them of no message of this project", number(foreign)),
        };
        // Of what was not read to its end no number says anything.
        if self.failure.is_none() {
            line(&mut out, &format!("the gateway's logs have {}{foreign}", plural(self.rows, "message")));
            if self.accepted + self.rejected == 0 {
                let knew = if self.unrecognised == 0 { "the ledger knew all of them: " } else { "" };
                line(&mut out, &format!("{knew}nothing was recovered"));
            }
        }
        if self.unrecognised > 0 {
            let (messages, are) =
                (plural(self.unrecognised, "message"), if self.unrecognised == 1 { "is" } else { "are" });
            let words = format!("! {messages} {are} of a key that this ledger does not have, or of another project");
            line(&mut out, &paint.bad(&words));
        }
        if self.accepted > 0 {
            let words = format!("{} recovered as accepted: they are not sent to again", people(self.accepted));
            line(&mut out, &format!("  {}", paint.good(&words)));
        }
        if self.raised > 0 {
            line(&mut out, &format!("    of {} the ledger had said that surely nothing was sent", people(self.raised)));
        }
        if self.rejected > 0 {
            line(&mut out, &format!("  {} recovered as rejected", people(self.rejected)));
        }
        if self.twice > 0 {
            let words = format!("{} got a message more than once", people(self.twice));
            line(&mut out, &Mark::Wrong.before(&words, paint));
        }
        if self.failure.is_none() {
            line(&mut out, &format!("a plan would send to {} now", people(self.to_send)));
        }
        out
    }
}
