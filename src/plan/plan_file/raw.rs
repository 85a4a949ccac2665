//! The lines of a frozen plan as JSON, before they are sealed: names and order of fields.
//!
//! A head; then for each message its line, and behind it its people, [`PEOPLE_PER_LINE`] a line; then
//! the digests of messages that are not selected; then the end, which seals the lines before it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identity::KeyId;
use crate::plan::schedule_terms::Term;

/// The only version there is.
pub(super) const VERSION: u32 = 1;
/// How many people stand in one line.
pub(super) const PEOPLE_PER_LINE: usize = 1_000;

/// How each kind of line begins.
pub(super) const HEAD: &[u8] = b"{\"sendform\":";
pub(super) const MESSAGE: &[u8] = b"{\"message\":";
pub(super) const PEOPLE: &[u8] = b"{\"people\":";
pub(super) const OTHER: &[u8] = b"{\"notSelected\":";
pub(super) const END: &[u8] = b"{\"end\":";

/// The head.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanFileHead<'a> {
    #[serde(borrow)]
    pub(super) sendform: Cow<'a, str>,
    pub(super) version: u32,
    #[serde(borrow)]
    pub(super) project: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) gateway: Cow<'a, str>,
    pub(super) keys: Vec<KeyId>,
    #[serde(borrow)]
    pub(super) digest: Cow<'a, str>,
    pub(super) at: Timestamp,
    #[serde(borrow)]
    pub(super) tool: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) only: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) accepted: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) retry_rejected: Vec<String>,
}

/// A message; its people follow.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanFileMessage<'a> {
    #[serde(borrow)]
    pub(super) message: Cow<'a, str>,
    pub(super) revision: u32,
    #[serde(borrow)]
    pub(super) sender: Cow<'a, str>,
    pub(super) terms: Cow<'a, [Term]>,
    #[serde(default, skip_serializing_if = "<[Term]>::is_empty")]
    pub(super) options: Cow<'a, [Term]>,
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
    pub(super) count: usize,
}

/// Some people: base64 of, for each, their number and that of their content, big-endian.
#[derive(Serialize, Deserialize)]
pub(super) struct People<'a> {
    #[serde(borrow)]
    pub(super) people: Cow<'a, str>,
}

/// A message that is not selected.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanFileOther<'a> {
    #[serde(borrow)]
    pub(super) not_selected: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) digest: Cow<'a, str>,
}

/// The end: how many lines, messages and people there are, and a SHA-256 over the checksums of all
/// lines before it, in their order.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanFileEnd<'a> {
    pub(super) end: u64,
    pub(super) messages: usize,
    pub(super) people: u64,
    #[serde(borrow)]
    pub(super) lines: Cow<'a, str>,
}
