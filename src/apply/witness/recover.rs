//! Has what the gateway's logs still know written down, where the ledger was taken back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::recognise::Recognise;
use super::watch::{is_hit, raise};
use crate::apply::evidence::{LedgerView, LogRow, Logs, LogsFailure, RecentQuery};
use crate::apply::ports::{Clock, Store};
use crate::apply::summary::MessageRevision;
use crate::apply::verdict::state;
use crate::identity::{BulkId, BulkTime, MessageId, Person, SenderId};
use crate::ledger::{
    BY_LOGS, Claim, ClaimId, Dated, Grant, Ledger, Outcome, PersonState, Proof, RunId, Standing, View,
};
use crate::timing::horizon::LOGS_BACK_MAX;
use crate::wire::response::STATUS_DUPLICATE_MESSAGE_ID;

/// How many pages are read of each sender, of a thousand messages each.
const PAGES_MAX: usize = 2_000;
/// How many people one recovered claim holds at most.
const PEOPLE_MAX: usize = 10_000;

/// What was recovered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// How many messages the logs have of the senders.
    pub rows: u64,
    /// Of these, how many are no messages of this project.
    pub foreign: u64,
    /// Of these, how many have a message's name that this project has too, and are for people whom none of its keys
    /// makes the persons in their ids of: they are of a key that the run does not have, or of another project.
    pub unrecognised: u64,
    /// How many people are in the ledger now as accepted, who were not.
    pub accepted: u64,
    /// How many are in it as rejected, who were not.
    pub rejected: u64,
    /// Of those accepted, of how many the ledger said that surely nothing was sent to them.
    pub raised: u64,
    /// Of how many people the logs have one message more than once: it was sent to them again.
    pub twice: u64,
    /// Why the logs could not be read to their end.
    pub failure: Option<LogsFailure>,
}

/// A bulk of which people are to be written down, with what became of them, and the first and the last
/// instant at which one of them was sent.
#[derive(Default)]
struct Lost {
    people: BTreeMap<Person, PersonState>,
    /// Those of them of whom the logs have it more than once.
    twice: BTreeSet<Person>,
    left: Option<[Timestamp; 2]>,
}

/// Reads what these messages' senders have sent in the time that the logs go back, and writes everything
/// down that no claim explains: as claims of this run, accepted or rejected. What is in doubt is left to
/// whoever settles doubts, and what is of nobody whom the run's keys know is only counted: of them the ledger
/// could not tell anybody who they are.
///
/// # Errors
/// If the store fails; what was written until then stays.
pub async fn recover<S: Store + LedgerView, L: Logs, C: Clock>(
    (store, logs, clock, people): (&S, &L, &C, &impl Recognise),
    run: RunId,
    messages: &BTreeMap<MessageRevision, SenderId>,
) -> Result<Recovered, S::Error> {
    let mut recovered = Recovered::default();
    let since = clock.now().checked_sub(LOGS_BACK_MAX).unwrap_or(Timestamp::MIN);
    let mut senders: Vec<&SenderId> = messages.values().collect();
    senders.sort_unstable();
    senders.dedup();
    let mut found: BTreeMap<MessageId, Vec<LogRow>> = BTreeMap::new();
    for sender in senders {
        let look = RecentQuery { sender: sender.clone(), since, pages_max: PAGES_MAX };
        let answer = logs.recent(&look).await;
        recovered.rows += (answer.rows.len() + answer.nameless) as u64;
        recovered.foreign += answer.nameless as u64;
        let persons = people.under(sender);
        for row in answer.rows {
            let id = MessageId::parse(&row.message_id);
            let of = id.filter(|id| messages.get(&(id.message.clone(), id.revision)) == Some(sender));
            let Some(id) = of else {
                recovered.foreign += 1;
                continue;
            };
            let is_recognised = row.to.as_ref().is_some_and(|to| persons(to).contains(&id.person));
            if is_recognised || store.read(|ledger| ledger.claims_with(&id).next().is_some()) {
                found.entry(id).or_default().push(row);
            } else {
                recovered.unrecognised += u64::from(is_hit(&row));
            }
        }
        let no_end = || LogsFailure::Unreadable("it has no end".to_owned());
        recovered.failure = recovered.failure.or(answer.failure).or_else(|| answer.is_cut.then(no_end));
    }
    recovered.twice = found.values().filter(|rows| is_twice(rows)).count() as u64;
    let mut lost: BTreeMap<BulkId, Lost> = BTreeMap::new();
    let mut nameless: BTreeMap<MessageRevision, Lost> = BTreeMap::new();
    found.retain(|id, _| match store.read(|ledger| standing(ledger, id)) {
        Standing::Free | Standing::Rejected(_) => true,
        Standing::Abandoned | Standing::InFlight | Standing::InDoubt | Standing::Accepted => false,
    });
    let raised = raise(store, clock, &found).await?;
    recovered.raised = raised.len() as u64;
    recovered.accepted = recovered.raised;
    for (id, rows) in found.into_iter().filter(|(id, _)| !raised.contains(id)) {
        let is_rejected = matches!(store.read(|ledger| standing(ledger, &id)), Standing::Rejected(_));
        let is_twice = is_twice(&rows);
        let Some((row, state)) = strongest(rows).filter(|(_, state)| !is_rejected || *state == PersonState::Accepted)
        else {
            continue;
        };
        let bulk = row.bulk_id.as_deref().and_then(BulkId::parse);
        let bulk = bulk.filter(|bulk| bulk.message == id.message && bulk.revision == id.revision);
        let place = match bulk {
            Some(bulk) => lost.entry(bulk).or_default(),
            // The gateway may leave the bulkId out, or make one of its own.
            None => nameless.entry((id.message.clone(), id.revision)).or_default(),
        };
        place.people.insert(id.person, state);
        if is_twice {
            place.twice.insert(id.person);
        }
        if let Some(sent_at) = row.sent_at {
            let [first, last] = place.left.unwrap_or([sent_at; 2]);
            place.left = Some([first.min(sent_at), last.max(sent_at)]);
        }
    }
    for (bulk, lost) in lost {
        write(store, clock, run, bulk, lost, &mut recovered).await?;
    }
    for ((message, revision), Lost { people, twice, left }) in nameless {
        let people: Vec<(Person, PersonState)> = people.into_iter().collect();
        for people in people.chunks(PEOPLE_MAX) {
            let persons: Vec<Person> = people.iter().map(|(person, _)| *person).collect();
            let bulk = BulkId::new(&message, revision, BulkTime::Start(0), &persons);
            let twice = twice.iter().copied().filter(|person| persons.binary_search(person).is_ok()).collect();
            let lost = Lost { people: people.iter().copied().collect(), twice, left };
            write(store, clock, run, bulk, lost, &mut recovered).await?;
        }
    }
    Ok(recovered)
}

fn standing(ledger: &Ledger, id: &MessageId) -> Standing {
    ledger.standing(&id.message, id.revision, id.person, View::Exclusive)
}

/// The row that says most, and what it says: whatever is not rejected was accepted, or may have been.
fn strongest(rows: Vec<LogRow>) -> Option<(LogRow, PersonState)> {
    let state = |row: &LogRow| match state(&row.status) {
        PersonState::Rejected(status) if status != STATUS_DUPLICATE_MESSAGE_ID => PersonState::Rejected(status),
        PersonState::Rejected(_)
        | PersonState::Claimed
        | PersonState::Refused
        | PersonState::Abandoned
        | PersonState::Accepted => PersonState::Accepted,
    };
    rows.into_iter().map(|row| (state(&row), row)).max_by_key(|(state, _)| *state).map(|(state, row)| (row, state))
}

/// Whether the gateway took the message more than once.
fn is_twice(rows: &[LogRow]) -> bool {
    rows.iter().filter(|row| state(&row.status) == PersonState::Accepted).count() > 1
}

/// Writes a claim of this run, and what became of it.
async fn write<S: Store, C: Clock>(
    store: &S,
    clock: &C,
    run: RunId,
    bulk: BulkId,
    Lost { mut people, twice, left }: Lost,
    recovered: &mut Recovered,
) -> Result<(), S::Error> {
    let now = clock.now();
    // What the gateway has sent has left, whatever the two clocks say.
    let at = left.map_or(now, |[first, _]| first.min(now));
    while !people.is_empty() {
        let id = ClaimId { bulk: bulk.clone(), attempt: 1, run };
        let claim = Claim {
            id: id.clone(),
            time: BulkTime::Start(0),
            send_at: None,
            until: None,
            leaves_by: None,
            start_by: at,
            at,
            machine_at: clock.machine_now(),
            dated: Dated::Never,
            is_recovered: true,
            by: None,
            edition: None,
            people: people.keys().copied().collect(),
        };
        if let Grant::ClaimedElsewhere(taken) = store.claim(claim).await? {
            // Somebody else has settled or claimed them meanwhile.
            let before = people.len();
            people.retain(|person, _| !taken.contains(person));
            if people.len() == before {
                break;
            }
            continue;
        }
        let rejected: Vec<(Person, PersonState)> = people
            .iter()
            .filter(|(_, state)| **state != PersonState::Accepted)
            .map(|(one, state)| (*one, *state))
            .collect();
        recovered.rejected += rejected.len() as u64;
        recovered.accepted += (people.len() - rejected.len()) as u64;
        let why = Some("recovered: no claim explained it".to_owned());
        let (state, others, by) = (PersonState::Accepted, rejected, Some(BY_LOGS.to_owned()));
        let accepted = people.iter().filter(|(_, state)| **state == PersonState::Accepted).map(|(one, _)| *one);
        let accepted = (!others.is_empty()).then(|| accepted.collect());
        let twice = twice.iter().copied().filter(|person| people.contains_key(person)).collect();
        let proof = left.map(|left| Proof { left, people: accepted, twice });
        store.settle(Outcome { claim: id, state, others, at: now, by, why, proof, known: None }).await?;
        break;
    }
    Ok(())
}
