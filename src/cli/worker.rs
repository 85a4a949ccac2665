//! One of several runs that share a plan: takes bulk after bulk from it, and plans anew when it is
//! used up and somebody is left.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::apply::{BulkSource, Lease, LeasedBulk, MessageRevision, Stopped, Tally};
use crate::identity::{Person, PersonMap, PersonSet};
use crate::ledger::{Ledger, RunId, Standing, View};
use crate::plan::{Bulk, Plan, Recipient};
use crate::report::words::{list, plural};
use crate::store::{Postgres, StoreError};

use super::context::{Context, PlanOptions};
use super::planning::make;

/// How long to wait before looking again for bulks that others have taken and not claimed.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long at most, where that was in vain before.
const LOOK_AGAIN_MAX: Duration = Duration::from_secs(10);
/// How long others may wait before they claim people again: as long as a gateway may ask them to, and some
/// more.
const OTHERS_WAIT_MAX: Duration = Duration::from_mins(6);

/// The people of a message whom this run may send to.
type Mine = HashMap<MessageRevision, PersonMap<Recipient>>;
/// People of several messages.
type People = HashMap<MessageRevision, PersonSet>;

/// One of several runs that share a plan. It sends to nobody who is not in its own first plan, so
/// the rails that were shown for that hold; and to everybody in it whom nobody else has.
pub(super) struct Worker<'a> {
    context: &'a Context,
    choices: &'a PlanOptions,
    store: &'a Postgres,
    run: RunId,
    mine: Mutex<Mine>,
    /// Those of them who were given to the run, in whatever bulk.
    given: Mutex<People>,
    /// How many plans were stored or joined.
    plans: Mutex<u32>,
    /// How it was when this run planned anew last.
    left_before: Mutex<Option<Before>>,
}

/// Those of the first plan whom nobody has.
struct Unclaimed {
    people: People,
    /// How many they are.
    count: usize,
    /// How many claims there are of the messages, whoever made them.
    claims: usize,
    /// Whether others have claimed them before and given them back: they may wait, as after a 429, until
    /// they claim them again.
    may_be_awaited: bool,
    /// When this was so.
    now: Timestamp,
}

/// How it was when a run planned anew.
#[derive(Debug, Clone, Copy)]
struct Before {
    /// How many people were left.
    count: usize,
    /// How many claims there were.
    claims: usize,
    /// Since when there are so many.
    since: Instant,
    /// How long this run waits if nothing has changed.
    pause: Duration,
}

impl<'a> Worker<'a> {
    /// Joins the plan that is shared, or stores this run's own.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn join(
        context: &'a Context,
        choices: &'a PlanOptions,
        store: &'a Postgres,
        run: RunId,
        plan: &Plan,
        bulks: Vec<Bulk>,
    ) -> Result<Self, StoreError> {
        let mut mine = Mine::new();
        for bulk in &bulks {
            let people = mine.entry((bulk.message.clone(), bulk.revision)).or_default();
            people.extend(bulk.recipients.iter().map(|recipient| (recipient.person, *recipient)));
        }
        let worker = Self {
            context,
            choices,
            store,
            run,
            mine: Mutex::new(mine),
            given: Mutex::default(),
            plans: Mutex::default(),
            left_before: Mutex::default(),
        };
        worker.share(plan, bulks).await?;
        Ok(worker)
    }

    async fn share(&self, plan: &Plan, bulks: Vec<Bulk>) -> Result<(), StoreError> {
        let nth = {
            let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            *plans += 1;
            *plans
        };
        self.store.share(self.run, nth, &plan.digest.to_string(), plan.now, bulks).await
    }

    /// Finds the rows of a bulk's people. Whoever has none is not to be sent to: they were sent
    /// since, suppressed, or are gone.
    fn bulk(&self, shared: &LeasedBulk) -> Result<Bulk, Stopped> {
        let mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner);
        let of = (shared.message.clone(), shared.revision);
        let people = mine.get(&of);
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let given = given.entry(of.clone()).or_default();
        // Whoever waits with somebody for the gateway is given them by others as well, who found them free.
        let in_hand = self.in_hand(&of, given, shared.people.iter().map(|(person, _)| *person));
        let mut recipients = Vec::with_capacity(shared.people.len());
        for (person, content) in &shared.people {
            let Some(recipient) = people.and_then(|people| people.get(person)) else { continue };
            if recipient.content != *content {
                return Err(other_files(&shared.message));
            }
            if !in_hand.contains(person) {
                recipients.push(*recipient);
            }
        }
        given.extend(recipients.iter().map(|recipient| recipient.person));
        Ok(Bulk {
            message: shared.message.clone(),
            revision: shared.revision,
            time: shared.time,
            send_at: shared.send_at,
            until: shared.until,
            recipients,
        })
    }

    /// Plans anew for those of the first plan whom nobody has; false if there are none.
    async fn plan_anew(&self) -> Result<bool, Stopped> {
        let Some(Unclaimed { people: left, now, .. }) = self.still_left().await? else { return Ok(false) };
        // Outcomes of what is in flight do not wait for the planning.
        let ledger = self.store.ledger().clone();
        let view = View::Shared { now };
        let mut plan = tokio::task::block_in_place(|| make(self.context, self.choices, Some(&ledger), view));
        let mut bulks = Vec::new();
        {
            let mut mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner);
            for message in plan.messages.iter_mut().filter(|message| message.selected) {
                let Some(left) = left.get(&(message.key.clone(), message.revision)) else { continue };
                let people = mine.entry((message.key.clone(), message.revision)).or_default();
                for mut bulk in std::mem::take(&mut message.bulks) {
                    bulk.recipients.retain(|recipient| left.contains(&recipient.person));
                    for recipient in &bulk.recipients {
                        let before = people.insert(recipient.person, *recipient);
                        if before.is_none_or(|before| before.content != recipient.content) {
                            return Err(Stopped::Prepare(format!(
                                "the files of `{}` changed since they were planned",
                                message.key
                            )));
                        }
                    }
                    if !bulk.recipients.is_empty() {
                        bulks.push(bulk);
                    }
                }
            }
        }
        if bulks.is_empty() {
            return Ok(false);
        }
        self.share(&plan, bulks).await.map_err(|error| failed(&error))?;
        Ok(true)
    }

    /// Those of the first plan whom nobody has, now; `None` if there are none. The gateway may have
    /// others give people back and claim them again, so that they are left time after time. That ends:
    /// nobody tries for ever.
    async fn still_left(&self) -> Result<Option<Unclaimed>, Stopped> {
        let mut left = self.look().await?;
        let before = std::mem::take(&mut *self.left_before.lock().unwrap_or_else(PoisonError::into_inner));
        let mut next =
            Before { count: left.count, claims: left.claims, since: Instant::now(), pause: LOOK_AGAIN_AFTER };
        if let Some(before) = before.filter(|_| left.count > 0) {
            let mut pause = LOOK_AGAIN_AFTER;
            if before.claims == left.claims {
                // Planning anew over and over for the same people would never end.
                if !left.may_be_awaited || before.since.elapsed() > OTHERS_WAIT_MAX {
                    return Err(nobody_claims(&left));
                }
                pause = before.pause;
                next = Before { since: before.since, pause: (pause * 2).min(LOOK_AGAIN_MAX), ..next };
            }
            if before.count <= left.count {
                tokio::time::sleep(pause).await;
                left = self.look().await?;
            }
        }
        if left.claims != next.claims {
            next = Before { claims: left.claims, since: Instant::now(), pause: LOOK_AGAIN_AFTER, ..next };
        }
        next.count = left.count;
        *self.left_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
        Ok((left.count > 0).then_some(left))
    }

    /// Reads what others wrote, and finds who is left.
    async fn look(&self) -> Result<Unclaimed, Stopped> {
        self.store.catch_up().await.map_err(|error| failed(&error))?;
        let (ledger, now) = (self.store.ledger(), self.context.gateway.now());
        let people = self.left(&ledger, View::Shared { now });
        let mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner);
        let claims = mine.keys().map(|(message, revision)| ledger.claims_of(message, *revision).count()).sum();
        let may_be_awaited = people.iter().any(|((message, revision), people)| {
            let mut claims = ledger.claims_of(message, *revision).map(|claim| claim.claim());
            claims.any(|claim| claim.people.iter().any(|person| people.contains(person)))
        });
        Ok(Unclaimed { count: people.values().map(PersonSet::len).sum(), people, claims, may_be_awaited, now })
    }

    /// Those of the first plan who are free, besides those whom this run has had itself, or has in hand.
    fn left(&self, ledger: &Ledger, view: View) -> People {
        let mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = HashMap::new();
        for (of, people) in &*mine {
            let (message, revision) = of;
            let standings = ledger.standings(message, *revision);
            let is_free = |person: &Person| standings.get(*person, view) == Standing::Free;
            let mut free: PersonSet = people.keys().copied().filter(is_free).collect();
            if let Some(given) = given.get(of) {
                let in_hand = self.in_hand(of, given, free.iter().copied());
                free.retain(|person| !in_hand.contains(person));
            }
            if !free.is_empty() {
                left.insert(of.clone(), free);
            }
        }
        left
    }

    /// Those of some people whom this run has been given before, and whom others had not whenever it tried to
    /// claim them.
    fn in_hand(
        &self,
        (message, revision): &MessageRevision,
        given: &PersonSet,
        people: impl Iterator<Item = Person>,
    ) -> PersonSet {
        let mut in_hand: PersonSet = people.filter(|person| given.contains(person)).collect();
        for missed in self.store.missed(message, *revision, &in_hand) {
            in_hand.remove(&missed);
        }
        in_hand
    }
}

impl BulkSource for Worker<'_> {
    async fn next(&self) -> Result<Option<Bulk>, Stopped> {
        loop {
            match self.store.take(self.run).await.map_err(|error| failed(&error))? {
                Lease::Bulk(shared) => {
                    let bulk = self.bulk(&shared)?;
                    if !bulk.recipients.is_empty() {
                        return Ok(Some(bulk));
                    }
                    self.store.dismiss(self.run, &shared).await.map_err(|error| failed(&error))?;
                }
                Lease::Wait => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
                Lease::UsedUp => {
                    if !self.plan_anew().await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Those whom others have, and those whom nobody has tried, as far as this run knows: it has read
    /// what others wrote when the plan was used up.
    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        let mine = self.mine.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let (ledger, view) = (self.store.ledger(), View::Shared { now: self.context.gateway.now() });
        let count = |(of, people): (&MessageRevision, &PersonMap<Recipient>)| {
            let (standings, given) = (ledger.standings(&of.0, of.1), given.get(of));
            let mut tally = Tally::default();
            for person in people.keys().filter(|person| given.is_none_or(|given| !given.contains(person))) {
                match standings.get(*person, view) {
                    Standing::Free | Standing::Rejected(_) => tally.not_attempted += 1,
                    Standing::Abandoned | Standing::InFlight | Standing::InDoubt | Standing::Accepted => {
                        tally.taken += 1;
                    }
                }
            }
            (of.clone(), tally)
        };
        mine.iter().map(count).filter(|(_, tally)| tally.people() > 0).collect()
    }
}

fn nobody_claims(left: &Unclaimed) -> Stopped {
    let of = |((message, revision), people): (&MessageRevision, &PersonSet)| {
        format!("{} of {message} r{revision}", people.len())
    };
    let mut of: Vec<String> = left.people.iter().map(of).collect();
    of.sort_unstable();
    Stopped::Prepare(format!(
        "nobody has claimed {} ({}), although they are free and were planned anew: when no other run is at work, apply \
         again; if that does not help, the table `persons` has rows that do not go with the ledger",
        plural(left.count as u64, "person"),
        list(&of),
    ))
}

fn failed(error: &StoreError) -> Stopped {
    Stopped::Store(error.to_string())
}

fn other_files(message: &crate::identity::MessageKey) -> Stopped {
    Stopped::Prepare(format!(
        "`{message}` comes out otherwise for other workers: all of them must have the same files and the same key"
    ))
}
