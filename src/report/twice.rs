//! Who was accepted more than once, in which claims.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::ledger::{AcceptedIn, Twice};

use super::document::DateTime;

/// People who were accepted in the same claims of one revision of one message: they got it more than once, or
/// will, and nobody has said that they know.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TwiceView {
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// The revision.
    pub revision: u32,
    /// How many people there are.
    pub people: u64,
    /// The claims, two at least, the oldest first.
    pub claims: Vec<AcceptedInView>,
}

/// A claim in which people were accepted who were accepted elsewhere as well.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedInView {
    /// The bulk. Two clones that sent the same to the same people have the same one.
    pub bulk_id: String,
    /// The run that made the claim: a random number.
    pub run: String,
    /// When it was made.
    #[schemars(with = "DateTime")]
    pub claimed_at: Timestamp,
    /// The `sendAt` of its request; null means at once.
    #[schemars(with = "Option<DateTime>")]
    pub send_at: Option<Timestamp>,
    /// Who ran it; null if nobody knows.
    pub by: Option<String>,
}

impl TwiceView {
    /// Makes views of all of them.
    #[must_use]
    pub fn all(found: &[Twice]) -> Vec<Self> {
        found.iter().map(Self::new).collect()
    }

    fn new(Twice { message, revision, people, claims, under_other_keys: _ }: &Twice) -> Self {
        Self {
            message: message.to_string(),
            revision: revision.get(),
            people: people.len() as u64,
            claims: claims.iter().map(AcceptedInView::new).collect(),
        }
    }
}

impl AcceptedInView {
    fn new(AcceptedIn { at, id, send_at, by }: &AcceptedIn) -> Self {
        Self {
            bulk_id: id.bulk.to_string(),
            run: id.run.to_string(),
            claimed_at: *at,
            send_at: *send_at,
            by: by.clone(),
        }
    }
}
