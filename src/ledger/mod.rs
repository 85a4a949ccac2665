//! Claims and outcomes: what was sent, what was not, and what nobody knows yet. Pure: the stores
//! keep it somewhere.
//!
//! Within a claim, person by person: claimed < refused < rejected < abandoned < accepted. Over all
//! claims of a person: accepted if any says so, else in doubt if any is open, else given up, else
//! rejected; free only if all were refused. Ledgers are joined by union, so it does not matter in
//! which order, or how often, lines and ledgers meet.

mod answered;
mod book;
mod closing;
mod damage;
mod delta;
mod edition;
mod edition_id;
mod entry;
mod facts;
mod grant;
mod handed_over;
mod import;
mod index;
mod line;
mod merge;
mod newest;
mod parse;
mod people;
mod queries;
mod raw;
mod read;
mod rebind;
mod runs;
pub(crate) mod seal;
mod seals;
mod states;
mod stops;
pub mod text;
mod trust;
mod twice;
mod unknown_fields;
mod verify;
mod view;
mod weigh;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod races;
#[cfg(test)]
pub(crate) mod sample;

pub use answered::Answered;
pub use book::Ledger;
pub use closing::{Closing, Lack, Unclosed};
pub use damage::{Damage, EntryError, JoinError, Reason};
pub use delta::{LedgerDelta, Shadow};
pub use edition::{Editions, SentEdition};
pub use edition_id::EditionId;
pub use entry::{Note, Settled};
pub use facts::Fact;
pub use grant::Grant;
pub use handed_over::{HandedOver, Leaving};
pub use import::{ImportFile, Outcomes};
pub use index::Standings;
pub use line::{
    BY_LOGS, Claim, ClaimId, Dated, Edition, FirstKey, Header, KnownTwice, MessageRecord, Outcome, PersonState, Proof,
    RunId, Standing, Terms,
};
pub use merge::{MergeError, Side, merge};
pub use queries::{ClaimState, Doubt, Flight, Totals};
pub use read::{Authenticity, ReadLedger};
pub use seals::{Seals, Signing};
pub use stops::{ResumeOrder, STOP_WORDS_MAX, STOPS_BYTES_MAX, StopId, StopOrder, Stops, StopsDamage};
pub use trust::Trust;
pub use twice::{AcceptedIn, Twice};
pub use verify::Finding;
pub use view::{DEADLINE_MAX, SKEW_MAX, View};
pub use weigh::{Decision, Evidence, Sighting, Testimony, Weighed};
