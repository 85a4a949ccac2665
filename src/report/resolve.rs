//! What `resolve` says.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Report;
use super::screen::Screen;
use super::sheet::Sheet;
use super::text::TextForm;
use super::words::plural;

/// A bulk that was settled by a person's word.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolveReport<'a> {
    /// The bulk.
    pub bulk_id: &'a str,
    /// The word.
    pub word: Resolution,
    /// How many people it settled.
    pub people: u64,
    /// How many people who were accepted twice somebody knows of now.
    pub known_twice: u64,
}

/// What a person says of people in doubt.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Resolution {
    /// They got their message.
    Sent,
    /// They did not: they are free.
    NotSent,
    /// Nobody will ever know, and nothing is sent to them again.
    Abandoned,
}

impl Report for ResolveReport<'_> {
    const KIND: &'static str = "resolve";
}

impl TextForm for ResolveReport<'_> {
    fn sheet(&self, _: &Screen) -> Sheet {
        let verdict = match self.word {
            Resolution::Sent => "sent",
            Resolution::NotSent => "not sent, and free to be sent to again",
            Resolution::Abandoned => "given up",
        };
        let settled = format!("{}: {verdict}\n", plural(self.people, "person"));
        let known = format!("{} accepted twice: known, and no alarm any more\n", plural(self.known_twice, "person"));
        let words = match (self.people, self.known_twice) {
            (_, 0) => settled,
            (0, _) => known,
            _ => settled + &known,
        };
        Sheet::from(words + "this is final, and goes with the ledger: nothing takes it back\n")
    }
}
