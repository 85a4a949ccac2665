//! What `resolve` says.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Report;
use super::style::Paint;
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
    fn text(&self, _: Paint) -> String {
        let verdict = match self.word {
            Resolution::Sent => "sent",
            Resolution::NotSent => "not sent, and free to be sent to again",
            Resolution::Abandoned => "given up",
        };
        format!("{}: {verdict}\n", plural(self.people, "person"))
    }
}
