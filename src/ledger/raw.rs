//! The lines of a ledger as JSON, before they are sealed: names and order of fields. Meaning is given to them in `parse`
//! and `text`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::facts::Facts;
use super::unknown_fields::UnknownFields;
use crate::identity::KeyId;

/// The first field of each kind of line, as the line begins.
pub(super) const HEADER: &str = "{\"sendform\":";
pub(super) const MESSAGE: &str = "{\"message\":";
pub(super) const CLAIM: &str = "{\"claim\":";
pub(super) const OUTCOME: &str = "{\"outcome\":";
pub(super) const RUN: &str = "{\"run\":";

/// What stands before the state of a claim, and the state of one that was just made.
pub(super) const STATE: &str = ",\"state\":";
pub(super) const CLAIMED: &str = "\"claimed\",";

/// The version of a ledger whose lines are signed.
pub(super) const SIGNED: u32 = 2;
/// The version of one whose lines are not.
pub(super) const UNSIGNED: u32 = 1;

/// A header.
#[derive(Serialize, Deserialize)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub(super) sendform: Cow<'a, str>,
    pub(super) version: u32,
    #[serde(borrow)]
    pub(super) project: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) gateway: Cow<'a, str>,
    pub(super) keys: Vec<KeyId>,
    #[serde(rename = "firstKey", default, skip_serializing_if = "Option::is_none")]
    pub(super) first_key: Option<FirstKey>,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub(super) facts: Facts,
    #[serde(flatten)]
    pub(super) extra: UnknownFields,
}

/// The key that new claims are made with.
#[derive(Serialize, Deserialize)]
pub(super) struct FirstKey {
    pub(super) id: KeyId,
    pub(super) change: u32,
}

/// A record of a message.
#[derive(Serialize, Deserialize)]
pub(super) struct RawMessage<'a> {
    #[serde(borrow)]
    pub(super) message: Cow<'a, str>,
    pub(super) revision: u32,
    #[serde(borrow)]
    pub(super) sender: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
    pub(super) audience: u64,
    pub(super) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) terms: Option<Terms>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Edition>,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub(super) facts: Facts,
    #[serde(flatten)]
    pub(super) extra: UnknownFields,
}

/// A message's schedule and options.
#[derive(Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) since: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) after: Vec<String>,
    pub(super) values: BTreeMap<String, String>,
}

/// What a message was before it was edited.
#[derive(Serialize, Deserialize)]
pub(super) struct Edition {
    pub(super) since: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) after: Vec<String>,
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<BTreeMap<String, String>>,
}

/// A claim, with what is known of it folded in.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Claim<'a> {
    #[serde(borrow)]
    pub(super) claim: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) run: Cow<'a, str>,
    pub(super) attempt: u32,
    #[serde(flatten)]
    pub(super) states: States,
    pub(super) count: usize,
    #[serde(borrow)]
    pub(super) time: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) send_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) leaves_by: Option<Timestamp>,
    pub(super) start_by: Timestamp,
    pub(super) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) machine_at: Option<Timestamp>,
    /// Absent, null, or an instant.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub(super) dated: Option<Option<Timestamp>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) recovered: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) edition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settled: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<Note>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answered: Option<String>,
    #[serde(default, skip_serializing_if = "UnknownFields::is_empty")]
    pub(super) outcome_fields: UnknownFields,
    #[serde(borrow)]
    pub(super) people: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub(super) facts: Facts,
    #[serde(flatten)]
    pub(super) extra: UnknownFields,
}

/// Tells a field that is null from one that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// An outcome.
#[derive(Serialize, Deserialize)]
pub(super) struct Outcome<'a> {
    #[serde(borrow)]
    pub(super) outcome: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) run: Cow<'a, str>,
    pub(super) attempt: u32,
    #[serde(flatten)]
    pub(super) states: States,
    pub(super) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<[Timestamp; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) twice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) known: Option<Known>,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub(super) facts: Facts,
    #[serde(flatten)]
    pub(super) extra: UnknownFields,
}

/// The end of a run.
#[derive(Serialize, Deserialize)]
pub(super) struct RawRun<'a> {
    #[serde(borrow)]
    pub(super) run: Cow<'a, str>,
    pub(super) entries: u32,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) skipped: BTreeSet<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) after: Vec<String>,
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) extra: UnknownFields,
}

/// What became of the people of a claim: the state of most (with a status, if it is `rejected`), and
/// those who have another. It is flattened into the lines, so nothing in it may be flattened.
#[derive(Serialize, Deserialize, Default)]
pub(super) struct States {
    pub(super) state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rejected: Vec<Rejected>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) open: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) abandoned: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) accepted: Option<String>,
}

/// People of whom several acceptances are known, and the other claims that have them as accepted.
#[derive(Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) people: String,
    pub(super) beside: Vec<OtherClaim>,
}

/// What identifies a claim that is not the line's own.
#[derive(Serialize, Deserialize)]
pub(super) struct OtherClaim {
    pub(super) claim: String,
    pub(super) run: String,
    pub(super) attempt: u32,
}

/// Somebody rejected.
#[derive(Serialize, Deserialize)]
pub(super) struct Rejected {
    pub(super) person: String,
    pub(super) status: u16,
}

/// A person's word.
#[derive(Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    pub(super) at: Timestamp,
    pub(super) by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<[Timestamp; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) found: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) twice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) known: Option<Known>,
}
