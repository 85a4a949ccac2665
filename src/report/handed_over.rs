//! What the gateway has and has not let go of yet, as views.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::identity::{MessageId, MessageKey, Person, Revision};
use crate::ledger::HandedOver;
use crate::plan::{AtGateway, Ends, Gate, Gone, Outdated, TermChange, Unstopped};

use super::document::DateTime;
use super::gates;

/// People whose message is handed over and has not left, and when it leaves.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOverView {
    /// How many.
    pub people: u64,
    /// When the first of them gets it.
    #[schemars(with = "DateTime")]
    pub leaves_from: Timestamp,
    /// When the last of them gets it.
    #[schemars(with = "DateTime")]
    pub leaves_by: Timestamp,
}

/// What the gateway has of a message, and who gets it whatever the files say by now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AtGatewayView<'a> {
    /// All of them.
    #[serde(flatten)]
    pub all: HandedOverView,
    /// People who are to get it, counted as already sent; null if nobody.
    pub waiting: Option<HandedOverView>,
    /// People whom the files keep from it by now, and who get it all the same; the suppressed ones first.
    pub unstopped: Vec<UnstoppedView>,
    /// Whether the message is paused, which holds back none of it.
    pub paused: bool,
    /// Whether it is listed as retired, although the files have it.
    pub retired: bool,
    /// What changed of its schedule and options since then, and for whom that comes too late: of several edits the
    /// latest, and `outdated` of the message has them all; null if nothing did.
    pub changed: Option<ChangedTermsView<'a>>,
    /// People who get it at another time than the schedule says by now; null if nobody.
    pub other_time: Option<HandedOverView>,
    /// People who get an older revision.
    pub older_revisions: Vec<OlderRevisionView>,
}

/// People whom the files keep from a message by now, and who get it all the same.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnstoppedView {
    /// They.
    #[serde(flatten)]
    pub handed: HandedOverView,
    /// The gate at which they end; `notInAudience` if the audience has no row of them.
    #[serde(serialize_with = "gates::write_ends")]
    #[schemars(schema_with = "gates::ends_schema")]
    pub gate: Ends,
    /// The messageIds of all who are suppressed, by which the gateway's support finds them; none of all others.
    pub message_ids: Vec<String>,
}

/// What was edited after people were handed over, and who get their message as it was.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedTermsView<'a> {
    /// They.
    #[serde(flatten)]
    pub handed: HandedOverView,
    /// What was edited.
    pub terms: Vec<TermView<'a>>,
}

/// People who have a message, or will get it, as it was before it was edited.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutdatedView<'a> {
    /// How many keep it as it was.
    pub people: u64,
    /// The template then; null if that is the same.
    pub text_before: Option<&'a str>,
    /// What else was edited that makes a difference to those of them whose message is still to leave.
    pub terms: Vec<TermView<'a>>,
    /// Those of them whose message is still to leave; null if nobody.
    pub waiting: Option<HandedOverView>,
}

/// A term of a schedule, or an option, that was edited.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TermView<'a> {
    /// Its name in the files.
    pub what: &'a str,
    /// What it was; null if it was not there.
    pub before: Option<&'a str>,
    /// What it is; null if it is not there any more.
    pub now: Option<&'a str>,
}

/// People who get an older revision of a message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OlderRevisionView {
    /// They.
    #[serde(flatten)]
    pub handed: HandedOverView,
    /// The revision.
    pub revision: u32,
}

/// A message that the files lack, and that still leaves.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoneView<'a> {
    /// Who gets it.
    #[serde(flatten)]
    pub handed: HandedOverView,
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// Whether the project lists it as retired.
    pub retired: bool,
    /// Those of them who are suppressed by now.
    pub suppressed: Option<SuppressedView>,
    /// The zone that times are also shown in.
    #[serde(skip)]
    pub zone: Option<&'a TimeZone>,
}

/// People who are suppressed, and get their message all the same.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuppressedView {
    /// They.
    #[serde(flatten)]
    pub handed: HandedOverView,
    /// The messageIds of all of them, by which the gateway's support finds them.
    pub message_ids: Vec<String>,
}

impl From<HandedOver> for HandedOverView {
    fn from(handed: HandedOver) -> Self {
        Self { people: handed.people, leaves_from: handed.leaving.from, leaves_by: handed.leaving.by }
    }
}

impl<'a> AtGatewayView<'a> {
    /// Makes a view of it; `None` if the gateway has nothing of the message.
    #[must_use]
    pub fn new(key: &MessageKey, at: &'a AtGateway, outdated: &'a [Outdated]) -> Option<Self> {
        let unstopped = |Unstopped { ends, handed, named }: &Unstopped| UnstoppedView {
            handed: (*handed).into(),
            gate: *ends,
            message_ids: message_ids(key, named),
        };
        let older = at.older.iter();
        Some(Self {
            all: at.all()?.into(),
            waiting: at.waiting.map(HandedOverView::from),
            unstopped: at.unstopped.iter().map(unstopped).collect(),
            paused: at.paused,
            retired: at.retired,
            changed: outdated.iter().find_map(ChangedTermsView::new),
            other_time: at.other_time.map(HandedOverView::from),
            older_revisions: older
                .map(|(revision, handed)| OlderRevisionView { handed: (*handed).into(), revision: revision.get() })
                .collect(),
        })
    }
}

impl UnstoppedView {
    /// Whether these are people who never want anything: they come first.
    #[must_use]
    pub fn are_suppressed(&self) -> bool {
        self.gate == Ends::At(Gate::Suppressed)
    }
}

impl<'a> ChangedTermsView<'a> {
    fn new(outdated: &'a Outdated) -> Option<Self> {
        let handed = outdated.waiting.filter(|_| !outdated.terms.is_empty())?.into();
        Some(Self { handed, terms: outdated.terms.iter().map(TermView::new).collect() })
    }
}

impl<'a> OutdatedView<'a> {
    /// Makes a view of it.
    #[must_use]
    pub fn new(outdated: &'a Outdated) -> Self {
        Self {
            people: outdated.keep,
            text_before: outdated.text.as_deref(),
            terms: outdated.terms.iter().map(TermView::new).collect(),
            waiting: outdated.waiting.map(HandedOverView::from),
        }
    }
}

impl<'a> TermView<'a> {
    fn new(change: &'a TermChange) -> Self {
        Self { what: &change.name, before: change.before.as_deref(), now: change.now.as_deref() }
    }
}

impl<'a> GoneView<'a> {
    /// Makes a view of it.
    #[must_use]
    pub fn new(gone: &'a Gone) -> Self {
        Self {
            zone: gone.zone.as_ref(),
            handed: gone.handed.into(),
            message: gone.key.to_string(),
            retired: gone.retired,
            suppressed: gone.suppressed.as_ref().map(|(handed, named)| SuppressedView {
                handed: (*handed).into(),
                message_ids: message_ids(&gone.key, named),
            }),
        }
    }
}

fn message_ids(key: &MessageKey, people: &[(Revision, Person)]) -> Vec<String> {
    let id = |(revision, person): &(Revision, Person)| {
        MessageId { message: key.clone(), revision: *revision, person: *person }.to_string()
    };
    people.iter().map(id).collect()
}
