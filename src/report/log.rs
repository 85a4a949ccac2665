//! What `log` says: every apply that the ledger has, and every word of a person or of the gateway's logs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::identity::{MessageKey, Revision};
use crate::ledger::{BY_LOGS, ClaimState, Ledger, Note, PersonState, RunId, Stops, View};

use super::document::{DateTime, Report};

/// What was done over time, the oldest first.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogReport<'a> {
    /// The project's name.
    pub project: String,
    /// The gateway that the ledger is bound to.
    pub gateway: &'a str,
    /// How many events the ledger has, shown or not.
    pub all: u64,
    /// What was done.
    pub events: Vec<LogEvent>,
}

/// Something that was done.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LogEvent {
    /// A run has claimed people.
    Apply {
        /// When it made its first claim.
        #[schemars(with = "DateTime")]
        at: Timestamp,
        /// The run.
        run: String,
        /// Who ran it; null if that is not known.
        by: Option<String>,
        /// Whether somebody wrote its claims down afterwards, from the gateway's logs, because the ledger had
        /// lost them.
        recovered: bool,
        /// What is known by now of those whom it claimed.
        messages: Vec<LogMessageView>,
    },
    /// A person, or the gateway's logs, settled people in doubt.
    Word {
        /// When.
        #[schemars(with = "DateTime")]
        at: Timestamp,
        /// Who: the name of a person, or `logs`.
        by: String,
        /// The bulk.
        bulk_id: String,
        /// What was said of most of its people: `accepted`, `rejected`, `refused` or `abandoned`; or `known`, of
        /// people who were accepted twice.
        state: &'static str,
        /// Why; null if nothing was said.
        why: Option<String>,
    },
    /// Somebody stopped what was being sent.
    Stop {
        /// When.
        #[schemars(with = "DateTime")]
        at: Timestamp,
        /// The stop.
        stop: String,
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// Somebody let sending go on.
    Resume {
        /// When.
        #[schemars(with = "DateTime")]
        at: Timestamp,
        /// The stop that ended.
        stop: String,
        /// Who.
        by: String,
        /// Why; null if nothing was said.
        why: Option<String>,
    },
}

/// What became of the people of one message whom a run has claimed, each claim counted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogMessageView {
    /// The message, as `CAMPAIGN.MESSAGE`.
    pub message: String,
    /// The revision.
    pub revision: u32,
    /// In how many bulks they were.
    pub bulks: u64,
    /// How many the gateway accepted.
    pub accepted: u64,
    /// How many the gateway rejected.
    pub rejected: u64,
    /// To how many surely nothing was sent.
    pub refused: u64,
    /// How many are in doubt, or in flight.
    pub open: u64,
    /// How many of these a run may still be sending to.
    pub in_flight: u64,
    /// How many somebody gave up on.
    pub given_up: u64,
    /// Whom of all these the run had left in doubt, by what became of them later, as the words after it tell. Whoever is
    /// open still is not among them.
    pub settled_later: SettledLater,
}

/// What became later of people whom a run had left in doubt.
#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettledLater {
    /// How many the gateway had accepted.
    pub accepted: u64,
    /// How many the gateway had rejected.
    pub rejected: u64,
    /// To how many surely nothing was sent.
    pub not_sent: u64,
    /// How many somebody gave up on.
    pub given_up: u64,
}

impl SettledLater {
    /// All of them.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.accepted + self.rejected + self.not_sent + self.given_up
    }
}

impl Report for LogReport<'_> {
    const KIND: &'static str = "log";
}

impl<'a> LogReport<'a> {
    /// Makes the report of a ledger, as somebody with this view knows it, and of its stops: of the last events, if not
    /// of all.
    #[must_use]
    pub fn new(ledger: &'a Ledger, stops: &Stops, view: View, last: Option<usize>) -> Self {
        let header = ledger.header();
        let mut events: Vec<LogEvent> = applies(ledger, view).chain(words(ledger)).chain(orders(stops)).collect();
        events.sort_by_cached_key(LogEvent::key);
        let all = events.len();
        let events = events.split_off(last.map_or(0, |last| all.saturating_sub(last)));
        Self { project: header.project.to_string(), gateway: &header.gateway, all: all as u64, events }
    }
}

impl LogEvent {
    /// What orders events: their time, and of those at one time anything that is the same each time.
    fn key(&self) -> (Timestamp, String) {
        match self {
            Self::Apply { at, run, .. } => (*at, run.clone()),
            Self::Word { at, bulk_id, by, .. } => (*at, format!("{bulk_id} {by}")),
            Self::Stop { at, stop, .. } | Self::Resume { at, stop, .. } => (*at, stop.clone()),
        }
    }
}

impl LogMessageView {
    fn new((message, revision): &(MessageKey, Revision), claims: &[ClaimState<'_>], view: View) -> Self {
        let flying = claims.iter().filter(|claim| claim.in_flight_until(view).is_some());
        let mut counts = Self {
            message: message.to_string(),
            revision: revision.get(),
            bulks: claims.len() as u64,
            accepted: 0,
            rejected: 0,
            refused: 0,
            open: 0,
            in_flight: flying.map(|claim| claim.open() as u64).sum(),
            given_up: 0,
            settled_later: SettledLater::default(),
        };
        for (state, was_left_open) in claims.iter().flat_map(|claim| claim.history()) {
            let (count, later) = match state {
                PersonState::Claimed => (&mut counts.open, None),
                PersonState::Refused => (&mut counts.refused, Some(&mut counts.settled_later.not_sent)),
                PersonState::Rejected(_) => (&mut counts.rejected, Some(&mut counts.settled_later.rejected)),
                PersonState::Abandoned => (&mut counts.given_up, Some(&mut counts.settled_later.given_up)),
                PersonState::Accepted => (&mut counts.accepted, Some(&mut counts.settled_later.accepted)),
            };
            *count += 1;
            if let Some(later) = later.filter(|_| was_left_open) {
                *later += 1;
            }
        }
        counts
    }
}

/// The claims of a run, by their messages.
type ByMessage<'a> = BTreeMap<(MessageKey, Revision), Vec<ClaimState<'a>>>;

fn applies(ledger: &Ledger, view: View) -> impl Iterator<Item = LogEvent> {
    let mut runs: BTreeMap<(RunId, bool), ByMessage<'_>> = BTreeMap::new();
    for state in ledger.claims() {
        let claim = state.claim();
        let messages = runs.entry((claim.id.run, claim.is_recovered)).or_default();
        messages.entry((claim.id.bulk.message.clone(), claim.id.bulk.revision)).or_default().push(state);
    }
    runs.into_iter().filter_map(move |((run, recovered), messages)| {
        let at = messages.values().flatten().map(|state| state.claim().at).min()?;
        let by = messages.values().flatten().find_map(|state| state.claim().by.clone());
        let messages = messages.iter().map(|(of, claims)| LogMessageView::new(of, claims, view)).collect();
        Some(LogEvent::Apply { at, run: run.to_string(), by, recovered, messages })
    })
}

fn words(ledger: &Ledger) -> impl Iterator<Item = LogEvent> {
    ledger.claims().flat_map(|state| {
        let bulk = &state.claim().id.bulk;
        state.notes().map(move |note| LogEvent::Word {
            at: note.at,
            by: note.by.clone(),
            bulk_id: bulk.to_string(),
            state: word_name(note),
            why: note.why.clone(),
        })
    })
}

fn orders(stops: &Stops) -> impl Iterator<Item = LogEvent> {
    let given = stops.orders().map(|order| LogEvent::Stop {
        at: order.at,
        stop: order.id.to_string(),
        by: order.by.clone(),
        why: order.why.clone(),
    });
    let ended = stops.resumes().map(|order| LogEvent::Resume {
        at: order.at,
        stop: order.of.to_string(),
        by: order.by.clone(),
        why: order.why.clone(),
    });
    given.chain(ended)
}

fn word_name(note: &Note) -> &'static str {
    if note.known.is_some() {
        return "known";
    }
    match note.state {
        PersonState::Claimed => "open",
        PersonState::Refused => "refused",
        PersonState::Rejected(_) => "rejected",
        PersonState::Abandoned => "abandoned",
        PersonState::Accepted => "accepted",
    }
}

/// Whether a word is that of the gateway's logs.
#[must_use]
pub fn is_by_logs(by: &str) -> bool {
    by == BY_LOGS
}
