//! What `ledger verify` says.

use schemars::JsonSchema;
use serde::Serialize;

use crate::identity::KeyId;
use crate::ledger::{ClaimId, Finding, Ledger, LedgerDelta, Shadow, Trust};
use crate::report::document::Report;
use crate::report::trust::harmless_doubts;
use crate::report::twice::TwiceView;
use crate::report::words::list;

use super::delta::DeltaView;
use super::trust::TrustView;

/// What was found in a ledger.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerVerifyReport {
    /// Where it is.
    pub place: String,
    /// How many claims it has.
    pub claims: u64,
    /// Whether anything is wrong that does not mend itself.
    pub odd: bool,
    /// How far it can be trusted.
    #[serde(flatten)]
    pub trust: TrustView,
    /// Who was accepted twice, and nobody has said that they know.
    pub twice: Vec<TwiceView>,
    /// What should never be found, or is worth a note.
    pub findings: Vec<LedgerFindingView>,
    /// How it compares with its shadow.
    pub shadow: ShadowView,
    /// The files of outcomes beside it.
    pub dumps: Vec<OutcomeFileView>,
    /// What can be said of it although nothing is wrong with it.
    #[serde(skip)]
    pub harmless_doubts: Vec<&'static str>,
}

/// Something that was found.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerFindingView {
    /// What it is.
    pub finding: LedgerFindingKind,
    /// The person, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The bulks, if it is about any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk_ids: Option<Vec<String>>,
    /// The message, as `CAMPAIGN.MESSAGE`, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The message's revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// The run in words.
    pub words: String,
    /// Whether it is worth a note, and no more.
    #[serde(skip)]
    pub is_harmless: bool,
}

/// What can be found.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LedgerFindingKind {
    /// Somebody was accepted in several claims: they got a message twice.
    AcceptedTwice,
    /// The same, and somebody has said that they know.
    KnownTwice,
    /// Somebody was accepted once, and it was booked for several claims.
    BookedTwice,
    /// The people of a claim do not give its id.
    ForeignId,
    /// There are claims of a message, but no record of it.
    NoRecord,
}

/// How a ledger compares with its shadow, the copy that a checkout does not take back.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShadowView {
    /// How they compare.
    pub state: ShadowState,
    /// What the ledger lacks.
    pub file_lacks: DeltaView,
    /// What the shadow lacks.
    pub shadow_lacks: DeltaView,
}

/// How a ledger and its shadow compare.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ShadowState {
    /// They know the same, or no shadow is needed.
    Same,
    /// There is no shadow: the next apply makes it.
    Missing,
    /// They do not know the same: the next apply joins them.
    Differs,
}

/// A file of outcomes beside the ledger.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeFileView {
    /// Its path.
    pub file: String,
    /// How many outcomes it has.
    pub outcomes: u64,
    /// What the ledger would learn from it; null if it does not go with it.
    pub news: Option<DeltaView>,
    /// Why it does not go with the ledger; null if it does.
    pub error: Option<String>,
}

impl Report for LedgerVerifyReport {
    const KIND: &'static str = "ledger-verify";
}

impl LedgerVerifyReport {
    /// Makes the report of a ledger at a place, for somebody who has supplied these keys.
    #[must_use]
    pub fn new(
        (place, ledger): (String, &Ledger),
        (trust, supplied): (&Trust, &[KeyId]),
        shadow: Shadow,
        dumps: Vec<OutcomeFileView>,
    ) -> Self {
        let findings = ledger.verify();
        let is_odd = findings.iter().any(|finding| !finding.is_harmless())
            || dumps.iter().any(|dump| dump.error.is_some())
            || !trust.unclosed.is_empty();
        Self {
            place,
            claims: ledger.claims().len() as u64,
            odd: is_odd,
            trust: TrustView::new(trust, ledger.header(), supplied),
            twice: TwiceView::all(&ledger.accepted_twice()),
            findings: findings.iter().map(LedgerFindingView::new).collect(),
            shadow: ShadowView::from(shadow),
            dumps,
            harmless_doubts: harmless_doubts(trust).collect(),
        }
    }
}

impl LedgerFindingView {
    fn new(found: &Finding) -> Self {
        let bulks = |claims: &[ClaimId]| claims.iter().map(|claim| claim.bulk.to_string()).collect::<Vec<_>>();
        let about = |finding, words| Self {
            finding,
            person: None,
            bulk_ids: None,
            message: None,
            revision: None,
            words,
            is_harmless: found.is_harmless(),
        };
        match found {
            Finding::AcceptedTwice { person, claims } => {
                let (times, bulks) = (claims.len(), bulks(claims));
                let words = format!("person {person} was accepted {times} times: in {}", list(&bulks));
                let about = about(LedgerFindingKind::AcceptedTwice, words);
                Self { person: Some(person.to_string()), bulk_ids: Some(bulks), ..about }
            }
            Finding::KnownTwice { person, claims } => {
                let (times, bulks) = (claims.len(), bulks(claims));
                let words =
                    format!("person {person} was accepted {times} times, as somebody knows: in {}", list(&bulks));
                let about = about(LedgerFindingKind::KnownTwice, words);
                Self { person: Some(person.to_string()), bulk_ids: Some(bulks), ..about }
            }
            Finding::BookedTwice { person, claims } => {
                let times = if claims.len() == 2 { "twice".to_owned() } else { format!("{} times", claims.len()) };
                let bulks = bulks(claims);
                let words = format!("person {person} was accepted once, booked {times}: in {}", list(&bulks));
                let about = about(LedgerFindingKind::BookedTwice, words);
                Self { person: Some(person.to_string()), bulk_ids: Some(bulks), ..about }
            }
            Finding::ForeignId { claim } => {
                let words = format!("the people of {} do not give its id", claim.bulk);
                Self { bulk_ids: Some(vec![claim.bulk.to_string()]), ..about(LedgerFindingKind::ForeignId, words) }
            }
            Finding::NoRecord { message, revision } => {
                let words = format!("{message} r{revision} has claims, but no record");
                let about = about(LedgerFindingKind::NoRecord, words);
                Self { message: Some(message.to_string()), revision: Some(revision.get()), ..about }
            }
        }
    }
}

impl From<Shadow> for ShadowView {
    fn from(shadow: Shadow) -> Self {
        let nothing = DeltaView::default();
        let (state, file_lacks, shadow_lacks) = match shadow {
            Shadow::Same => (ShadowState::Same, nothing, nothing),
            Shadow::Missing => (ShadowState::Missing, nothing, nothing),
            Shadow::Differs { file, shadow } => (ShadowState::Differs, file.into(), shadow.into()),
        };
        Self { state, file_lacks, shadow_lacks }
    }
}

impl OutcomeFileView {
    /// Makes a view of a file, and of what the ledger would learn from it, or why it does not go with it.
    #[must_use]
    pub fn new(file: String, outcomes: usize, news: Result<LedgerDelta, String>) -> Self {
        let (news, error) = match news {
            Ok(news) => (Some(news.into()), None),
            Err(error) => (None, Some(error)),
        };
        Self { file, outcomes: outcomes as u64, news, error }
    }
}
