//! Whom a run that shares a plan may send to: the people of its own first plan, with their rows.

use std::collections::{HashMap, HashSet};

use super::leases::LeasedBulk;
use super::queue::PlanQueue;
use crate::apply::cut_out::CutReason;
use crate::apply::summary::{MessageRevision, Stopped, Tally};
use crate::diagnostic::words::{list, plural};
use crate::identity::{MessageKey, Person, PersonMap, PersonSet};
use crate::ledger::{Ledger, Standing, View};
use crate::plan::{Bulk, Recipient};

/// The people of a run's first plan, and who of them it was given.
#[derive(Debug, Default)]
pub(super) struct Roster {
    planned: HashMap<MessageRevision, PersonMap<Recipient>>,
    /// Whoever was given to the run, in whatever bulk.
    given: HashMap<MessageRevision, PersonSet>,
    /// Whoever was rejected before, and is to be sent to again.
    rejected_before: HashMap<MessageRevision, PersonSet>,
    /// Whoever was left out when it was planned anew, because their turn would come too late.
    missed: HashMap<MessageRevision, PersonMap<CutReason>>,
    /// Messages of which the run sends nothing more.
    ended: HashSet<MessageRevision>,
}

/// People of the first plan whom nobody has.
#[derive(Debug, Default)]
pub(super) struct Unclaimed(HashMap<MessageRevision, PersonSet>);

impl Roster {
    /// Takes in the people of the first plan, as they stand.
    pub(super) fn new(bulks: &[Bulk], ledger: &Ledger, view: View) -> Self {
        let mut roster = Self::default();
        for bulk in bulks {
            let people = roster.planned.entry((bulk.message.clone(), bulk.revision)).or_default();
            people.extend(bulk.recipients.iter().map(|recipient| (recipient.person, *recipient)));
        }
        for (of, people) in &roster.planned {
            let standings = ledger.standings(&of.0, of.1);
            let is_rejected = |person: &Person| matches!(standings.get(*person, view), Standing::Rejected(_));
            let rejected = people.keys().copied().filter(is_rejected).collect();
            roster.rejected_before.insert(of.clone(), rejected);
        }
        roster
    }

    /// Finds the rows of a bulk's people. Whoever has none is not to be sent to: they were sent to since,
    /// suppressed, or are gone.
    ///
    /// # Errors
    /// If somebody would get something else from these files than from those of the run that planned the bulk.
    pub(super) fn give(&mut self, leased: &LeasedBulk, queue: &impl PlanQueue) -> Result<Bulk, Stopped> {
        let of = (leased.message.clone(), leased.revision);
        let planned = self.planned.get(&of);
        let given = self.given.entry(of.clone()).or_default();
        // Whoever waits with somebody for the gateway is given them by others as well, who found them free.
        let in_hand = in_hand(&of, given, leased.people.iter().map(|(person, _)| *person), queue);
        let mut recipients = Vec::with_capacity(leased.people.len());
        for (person, content) in &leased.people {
            let Some(recipient) = planned.and_then(|people| people.get(person)) else { continue };
            if recipient.content != *content {
                return Err(other_files(&leased.message));
            }
            if !in_hand.contains(person) {
                recipients.push(*recipient);
            }
        }
        given.extend(recipients.iter().map(|recipient| recipient.person));
        Ok(Bulk {
            message: leased.message.clone(),
            revision: leased.revision,
            time: leased.time,
            send_at: leased.send_at,
            until: leased.until,
            recipients,
        })
    }

    /// Takes in whose turn would come too late by now.
    pub(super) fn miss(&mut self, missed: &[(MessageRevision, Person, CutReason)]) {
        self.missed.clear();
        for (of, person, why) in missed {
            self.missed.entry(of.clone()).or_default().insert(*person, *why);
        }
    }

    /// Leaves everybody else of a message alone.
    pub(super) fn end(&mut self, message: &MessageRevision) {
        self.ended.insert(message.clone());
    }

    /// Finds those of the first plan who are free, besides those whom this run has had itself, or has in hand.
    pub(super) fn unclaimed(&self, ledger: &Ledger, view: View, queue: &impl PlanQueue) -> Unclaimed {
        let mut unclaimed = HashMap::new();
        for (of, people) in self.planned.iter().filter(|(of, _)| !self.ended.contains(*of)) {
            let standings = ledger.standings(&of.0, of.1);
            let is_free = |person: &Person| standings.get(*person, view) == Standing::Free;
            let mut free: PersonSet = people.keys().copied().filter(is_free).collect();
            if let Some(given) = self.given.get(of) {
                let in_hand = in_hand(of, given, free.iter().copied(), queue);
                free.retain(|person| !in_hand.contains(person));
            }
            if !free.is_empty() {
                unclaimed.insert(of.clone(), free);
            }
        }
        Unclaimed(unclaimed)
    }

    /// Counts the claims of the messages, whoever made them.
    pub(super) fn claims(&self, ledger: &Ledger) -> usize {
        self.planned.keys().map(|(message, revision)| ledger.claims_of(message, *revision).count()).sum()
    }

    /// Takes in the rows of bulks that were planned anew, and leaves out whoever is not among the unclaimed.
    ///
    /// # Errors
    /// If somebody would get something else than the first plan has for them.
    pub(super) fn renew(&mut self, bulks: Vec<Bulk>, unclaimed: &Unclaimed) -> Result<Vec<Bulk>, Stopped> {
        let mut renewed = Vec::new();
        for mut bulk in bulks {
            let of = (bulk.message.clone(), bulk.revision);
            let Some(left) = unclaimed.0.get(&of) else { continue };
            bulk.recipients.retain(|recipient| left.contains(&recipient.person));
            let people = self.planned.entry(of).or_default();
            for recipient in &bulk.recipients {
                let before = people.insert(recipient.person, *recipient);
                if before.is_none_or(|before| before.content != recipient.content) {
                    let changed = format!("the files of `{}` changed since they were planned", bulk.message);
                    return Err(Stopped::Prepare(changed));
                }
            }
            if !bulk.recipients.is_empty() {
                renewed.push(bulk);
            }
        }
        Ok(renewed)
    }

    /// Names those whom the run was not given, and whom nobody has tried.
    pub(super) fn untried(&self, ledger: &Ledger, view: View) -> Vec<(MessageRevision, Vec<Person>)> {
        let of_message = |of: &MessageRevision| {
            let (untried, _) = self.parted(of, ledger, view);
            (!untried.is_empty()).then(|| (of.clone(), untried))
        };
        self.planned.keys().filter_map(of_message).collect()
    }

    /// Counts whoever the run was not given: those whom others have, and those whom nobody has tried, by why.
    pub(super) fn not_given(&self, ledger: &Ledger, view: View) -> Vec<(MessageRevision, Tally)> {
        let count = |of: &MessageRevision| {
            let (untried, claimed_elsewhere) = self.parted(of, ledger, view);
            let mut tally = Tally { claimed_elsewhere, ..Tally::default() };
            let missed = self.missed.get(of);
            for person in untried {
                match missed.and_then(|missed| missed.get(&person)) {
                    Some(why) => tally.add(&why.tally(1)),
                    None => tally.not_attempted += 1,
                }
            }
            (of.clone(), tally)
        };
        self.planned.keys().map(count).filter(|(_, tally)| tally.people() > 0).collect()
    }

    /// Those of a message whom the run was not given, and whom nobody has tried; and how many others have, or had.
    fn parted(&self, of: &MessageRevision, ledger: &Ledger, view: View) -> (Vec<Person>, u64) {
        let (standings, given) = (ledger.standings(&of.0, of.1), self.given.get(of));
        let rejected_before = self.rejected_before.get(of);
        let (mut untried, mut elsewhere) = (Vec::new(), 0);
        let people = self.planned.get(of).into_iter().flat_map(PersonMap::keys);
        for person in people.filter(|person| given.is_none_or(|given| !given.contains(person))) {
            let is_untried = match standings.get(*person, view) {
                Standing::Free => true,
                Standing::Rejected(_) => rejected_before.is_some_and(|before| before.contains(person)),
                Standing::Abandoned | Standing::InFlight | Standing::InDoubt | Standing::Accepted => false,
            };
            if is_untried {
                untried.push(*person);
            } else {
                elsewhere += 1;
            }
        }
        (untried, elsewhere)
    }
}

/// Those of some people whom this run has been given before, but for those whom others had whenever it tried to
/// claim them.
fn in_hand(
    of: &MessageRevision,
    given: &PersonSet,
    people: impl Iterator<Item = Person>,
    queue: &impl PlanQueue,
) -> PersonSet {
    let mut in_hand: PersonSet = people.filter(|person| given.contains(person)).collect();
    for missed in queue.missed(of, &in_hand) {
        in_hand.remove(&missed);
    }
    in_hand
}

impl Unclaimed {
    /// How many people they are.
    pub(super) fn count(&self) -> usize {
        self.0.values().map(PersonSet::len).sum()
    }

    /// Whether anybody of them was claimed before, and given back: whoever did that may be waiting, as after
    /// a 429, to claim them again.
    pub(super) fn may_be_awaited(&self, ledger: &Ledger) -> bool {
        self.0.iter().any(|((message, revision), people)| {
            let mut claims = ledger.claims_of(message, *revision).map(|claim| claim.claim());
            claims.any(|claim| claim.people.iter().any(|person| people.contains(person)))
        })
    }

    /// Why the run stops: it has planned them anew, and nobody has claimed them.
    pub(super) fn abandoned(&self) -> Stopped {
        let of = |((message, revision), people): (&MessageRevision, &PersonSet)| {
            format!("{} of {message} r{revision}", people.len())
        };
        let mut of: Vec<String> = self.0.iter().map(of).collect();
        of.sort_unstable();
        Stopped::Prepare(format!(
            "nobody has claimed {} ({}), although they are free and were planned anew: when no other run is at work, \
             apply again; if that does not help, the table `persons` has rows that do not go with the ledger",
            plural(self.count() as u64, "person"),
            list(&of),
        ))
    }
}

fn other_files(message: &MessageKey) -> Stopped {
    Stopped::Prepare(format!(
        "`{message}` comes out otherwise for other workers: all of them must have the same files and the same key"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::RowAt;
    use crate::identity::{BulkTime, ContentDigest};
    use crate::ledger::{PersonState, sample};

    fn bulk(people: &[(u64, u64)]) -> Bulk {
        let recipient = |(person, content): &(u64, u64)| Recipient {
            person: Person(*person),
            content: ContentDigest(*content),
            row: RowAt(*person),
        };
        Bulk {
            message: sample::message("announce"),
            revision: sample::revision(),
            time: BulkTime::Start(0),
            send_at: None,
            until: None,
            recipients: people.iter().map(recipient).collect(),
        }
    }

    fn roster(bulks: &[Bulk]) -> Roster {
        Roster::new(bulks, &Ledger::new(sample::header()), View::Exclusive)
    }

    fn reject(ledger: &mut Ledger, person: u64) {
        let claim = sample::claim("announce", &[person], 1, 1);
        ledger.add_claim(claim.clone()).unwrap();
        ledger.add_outcome(sample::outcome(&claim, PersonState::Rejected(14), &[])).unwrap();
    }

    fn unclaimed(people: &[u64]) -> Unclaimed {
        let of = (sample::message("announce"), sample::revision());
        Unclaimed([(of, people.iter().copied().map(Person).collect())].into())
    }

    fn people(bulks: &[Bulk]) -> Vec<Vec<u64>> {
        let of = |bulk: &Bulk| bulk.recipients.iter().map(|recipient| recipient.person.0).collect();
        bulks.iter().map(of).collect()
    }

    #[test]
    fn nobody_is_planned_anew_but_the_unclaimed() {
        let mut roster = roster(&[bulk(&[(1, 1), (2, 2)]), bulk(&[(3, 3)])]);
        // The others are somebody else's by now, or were not in the first plan.
        let anew = vec![bulk(&[(1, 1), (2, 2)]), bulk(&[(3, 3), (4, 4)]), bulk(&[(5, 5)])];
        assert_eq!(people(&roster.renew(anew, &unclaimed(&[2, 3])).unwrap()), [[2], [3]]);
    }

    #[test]
    fn nobody_gets_anything_but_what_the_first_plan_has_for_them() {
        let mut roster = roster(&[bulk(&[(1, 1), (2, 2)])]);
        let changed = roster.renew(vec![bulk(&[(2, 9)])], &unclaimed(&[2])).unwrap_err();
        assert!(changed.to_string().contains("the files of `spring-sale.announce` changed"), "{changed}");
    }

    #[test]
    fn whoever_was_not_given_is_counted_as_they_stand() {
        let mut ledger = Ledger::new(sample::header());
        for (person, state) in [(1, None), (2, Some(PersonState::Accepted)), (3, Some(PersonState::Refused))] {
            let claim = sample::claim("announce", &[person], 1, 1);
            ledger.add_claim(claim.clone()).unwrap();
            if let Some(state) = state {
                ledger.add_outcome(sample::outcome(&claim, state, &[])).unwrap();
            }
        }
        // The first was rejected before the run, and is to be sent to again; the other one was rejected since.
        reject(&mut ledger, 5);
        let planned = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6)];
        let roster = Roster::new(&[bulk(&planned)], &ledger, View::Exclusive);
        reject(&mut ledger, 6);
        let told = roster.not_given(&ledger, View::Exclusive);
        assert_eq!(
            told.iter().map(|(_, tally)| (tally.claimed_elsewhere, tally.not_attempted)).collect::<Vec<_>>(),
            [(3, 3)]
        );
        let mut untried: Vec<u64> =
            roster.untried(&ledger, View::Exclusive)[0].1.iter().map(|person| person.0).collect();
        untried.sort_unstable();
        assert_eq!(untried, [3, 4, 5]);
    }
}
