//! The three kinds of entry of a ledger, and how a person stands.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::edition_id::EditionId;
use crate::identity::{BulkId, BulkTime, KeyId, MessageKey, Person, ProjectId, Revision, SenderId};

/// What a ledger is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The project.
    pub project: ProjectId,
    /// The gateway: a host name (with a port, if it is not 443), or `sandbox`.
    pub gateway: String,
    /// The check values of the keys that its persons were made with, sorted.
    pub keys: Vec<KeyId>,
    /// Which of several keys new claims are made with. Runs at one time have to agree on it: a person
    /// has another fingerprint under each key, and the claims of a run hold one of them.
    pub first_key: Option<FirstKey>,
}

impl Header {
    /// The check value of the key that new claims are made with; `None` if there are several keys, and
    /// nothing says which.
    #[must_use]
    pub fn first_key(&self) -> Option<&KeyId> {
        match (&self.first_key, self.keys.as_slice()) {
            (Some(first), _) => Some(&first.id),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Names keys besides, each once, in order.
    pub(super) fn name_keys(&mut self, keys: impl IntoIterator<Item = KeyId>) {
        self.keys.extend(keys);
        self.keys.sort_unstable();
        self.keys.dedup();
    }
}

/// The key that new claims are made with. Of two the greater counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstKey {
    /// How often a ledger was told that another key comes first, from 0.
    pub change: u32,
    /// The check value of the key.
    pub id: KeyId,
}

/// What a message was when something of it was sent: written once before the first claim of a
/// run, if it differs from what the ledger has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// The message.
    pub message: MessageKey,
    /// Its revision.
    pub revision: Revision,
    /// Its sender.
    pub sender: SenderId,
    /// The source of its template, never a rendering.
    pub text: String,
    /// How many people its audience had.
    pub audience: u64,
    /// When this was written.
    pub at: Timestamp,
    /// Its schedule and its options; absent if an older version of sendform wrote this.
    pub terms: Option<Terms>,
    /// What it was before it was edited, as far as anything was sent of that.
    pub earlier: BTreeSet<Edition>,
}

/// A message's schedule and options, as a user writes them: only what makes a difference to whoever is
/// handed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Terms {
    /// Since when they and the text are so: claims that were made before may have had others.
    pub since: Timestamp,
    /// The runs that had claimed something at that instant, or later, of what was before: clocks may stand still.
    pub after: BTreeSet<RunId>,
    /// The values by their names.
    pub values: BTreeMap<String, String>,
}

/// A revision of a message as it was from an instant on, until somebody edited it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edition {
    /// Since when it was so.
    pub since: Timestamp,
    /// The runs that had claimed something at that instant, or later, of what was before.
    pub after: BTreeSet<RunId>,
    /// The source of its template.
    pub text: String,
    /// Its schedule and its options, as a user writes them, by their names; absent if nobody wrote them down.
    pub values: Option<BTreeMap<String, String>>,
}

/// A number that tells the runs of sendform apart: random, per process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl RunId {
    /// Reads 16 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Person::parse(text).map(|Person(number)| Self(number))
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// What identifies a claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimId {
    /// The bulk.
    pub bulk: BulkId,
    /// The attempt of the run at this bulk, from 1.
    pub attempt: u32,
    /// The run.
    pub run: RunId,
}

/// What is written, and durable, before a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its identity.
    pub id: ClaimId,
    /// The time that its bulk's id was made with.
    pub time: BulkTime,
    /// The `sendAt` of the request; at once, if absent.
    pub send_at: Option<Timestamp>,
    /// When its paced sending ends; absent if it is not paced.
    pub until: Option<Timestamp>,
    /// The last instant at which a message of it could leave, if a delivery window may hold it back;
    /// absent without a window.
    pub leaves_by: Option<Timestamp>,
    /// The request may not begin after this instant.
    pub start_by: Timestamp,
    /// When the claim was made.
    pub at: Timestamp,
    /// The same by the machine's clock, by which others see whether its run may still live; absent where that is
    /// the time of the run, which it is unless a sandbox has told it.
    pub machine_at: Option<Timestamp>,
    /// What the gateway's clock had said by then.
    pub dated: Dated,
    /// Whether it was written afterwards, from the gateway's logs, because the ledger had lost it: then its
    /// bulk's id is the gateway's word, and its people are those who were found.
    pub is_recovered: bool,
    /// Who ran the run; absent if nobody knows, or an older version of sendform made the claim.
    pub by: Option<String>,
    /// What its people were to get; absent if it was written afterwards, or an older version of sendform made it.
    pub edition: Option<EditionId>,
    /// Everybody in the bulk, in ascending order, nobody twice.
    pub people: Vec<Person>,
}

/// The last date of the gateway that a run had seen when it made a claim. Without one nobody knows
/// whether the run's own clock was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dated {
    /// An older version of sendform made the claim, which did not write this.
    Unwritten,
    /// The gateway had not told its time.
    Never,
    /// Its date.
    At(
        /// The instant.
        Timestamp,
    ),
}

/// What became of one person in one claim, in ascending order of what wins when two records of the
/// same claim are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonState {
    /// Claimed, and nothing is known.
    Claimed,
    /// Surely not sent.
    Refused,
    /// Rejected by the gateway with a status.
    Rejected(
        /// The status id of the gateway.
        u16,
    ),
    /// Given up by a person's word.
    Abandoned,
    /// Accepted by the gateway.
    Accepted,
}

impl PersonState {
    /// Whether surely nothing was sent to them, or nothing that they got.
    #[must_use]
    pub fn came_to_nothing(self) -> bool {
        match self {
            Self::Refused | Self::Rejected(_) => true,
            Self::Claimed | Self::Abandoned | Self::Accepted => false,
        }
    }
}

/// What is written after a request: what became of the people of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The claim.
    pub claim: ClaimId,
    /// What became of everybody who is not named in `others`.
    pub state: PersonState,
    /// What became of the others; `Claimed` for those still in doubt.
    pub others: Vec<(Person, PersonState)>,
    /// When this was written.
    pub at: Timestamp,
    /// Who says so, if it is not the run that made the claim: a person, or [`BY_LOGS`].
    pub by: Option<String>,
    /// Why: the error of a refusal, or a person's reason.
    pub why: Option<String>,
    /// What of the logs its acceptances rest on; absent if they rest on anything else.
    pub proof: Option<Proof>,
    /// Of whom somebody says that they know of several acceptances.
    pub known: Option<KnownTwice>,
}

/// People of whom somebody knows that they were accepted in a claim and in others beside it. It ends the alarm
/// about them, and says nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownTwice {
    /// Who, in ascending order.
    pub people: Vec<Person>,
    /// The other claims, in ascending order.
    pub beside: Vec<ClaimId>,
}

impl Outcome {
    /// What it says of somebody of its claim.
    #[must_use]
    pub fn state_of(&self, person: Person) -> PersonState {
        self.others.iter().find(|(other, _)| *other == person).map_or(self.state, |(_, state)| *state)
    }
}

/// What of the gateway's logs acceptances rest on. Two settlers who do not know of each other may book
/// one row for two claims: this tells that from two messages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    /// When the messages were sent: the first and the last of all rows.
    pub left: [Timestamp; 2],
    /// Who is accepted by them, in ascending order; absent if that is everybody in the claim.
    pub people: Option<Vec<Person>>,
    /// Of whom the logs have the message more than once, in ascending order.
    pub twice: Vec<Person>,
}

impl Proof {
    /// Whether somebody is accepted by it.
    #[must_use]
    pub fn is_of(&self, person: Person) -> bool {
        self.people.as_ref().is_none_or(|people| people.binary_search(&person).is_ok())
    }
}

/// Who says what the gateway's logs say.
pub const BY_LOGS: &str = "logs";

/// How a person stands with one revision of one message, over all claims: accepted if any claim
/// says so, else in doubt if any is open, else given up, else rejected; free only if all were
/// refused, or there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// May be sent to.
    Free,
    /// Rejected by the gateway with a status.
    Rejected(
        /// The status id of the gateway.
        u16,
    ),
    /// Given up by a person's word.
    Abandoned,
    /// Claimed by a run that may still be sending.
    InFlight,
    /// Claimed, and nothing is known.
    InDoubt,
    /// Accepted by the gateway.
    Accepted,
}
