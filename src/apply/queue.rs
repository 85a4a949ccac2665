//! What is handed over next, and when a request is to blame rather than the people in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::summary::MessageRevision;
use super::work::{Stage, Work};

/// So many sets of people must have been refused one by one, in at least two bulks, before the request
/// is to blame: that so many people in a row are wrong is not to be expected.
const WITNESSES_MIN: u32 = 4;
/// The same when there is nothing more to be tried, and the gateway never took a request of the message.
const WITNESSES_AT_THE_END: u32 = 2;
/// Of how many bulks that are refused the parts are tried at a time, until some are taken.
const SUSPICIOUS_MAX: usize = 2;

/// How many requests of each message the gateway took.
pub(super) type AcceptedRequests = BTreeMap<MessageRevision, u64>;

/// What is to be handed over.
#[derive(Debug, Default)]
pub(super) struct Queue {
    works: VecDeque<Work>,
}

/// What the people of one message were refused with, alike.
#[derive(Default)]
struct Case {
    families: BTreeMap<u64, u32>,
}

impl Case {
    fn witnesses(&self) -> u32 {
        self.families.values().sum()
    }
}

impl Queue {
    /// Adds a bulk as planned.
    pub(super) fn push(&mut self, work: Work) {
        self.works.push_back(work);
    }

    /// Adds what came of a bulk that was handed over.
    pub(super) fn came(&mut self, next: Vec<Work>) {
        for work in next.into_iter().rev() {
            self.works.push_front(work);
        }
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.works.is_empty()
    }

    /// Everything, when nothing is held back any more.
    pub(super) fn next_of_all(&mut self) -> Option<Work> {
        self.works.pop_front()
    }

    /// What is handed over next: a person who is to blame, then what completes a cut, then anything
    /// but what waits for others. Suspects wait for a request that is taken, or for the end; so does all
    /// of a bulk that testifies against the request.
    ///
    /// Nothing is of a message that is `held` back.
    pub(super) fn next(&mut self, accepted: &AcceptedRequests, held: &BTreeSet<MessageRevision>) -> Option<Work> {
        self.blame(accepted);
        let testifying: BTreeSet<u64> =
            self.works.iter().filter(|work| work.kin.testimony().is_some()).map(|work| work.kin.family()).collect();
        let waits = |work: &Work| {
            work.kin.suspect.as_ref().is_some_and(|suspect| !suspect.is_blamed)
                || !work.kin.was_taken() && testifying.contains(&work.kin.family())
        };
        let suspicious: BTreeSet<u64> = self
            .works
            .iter()
            .filter(|work| work.kin.is_under_suspicion() && !waits(work))
            .map(|work| work.kin.family())
            .collect();
        let tried: BTreeSet<u64> = suspicious.into_iter().take(SUSPICIOUS_MAX).collect();
        let may = |work: &Work| {
            let is_blamed = work.kin.suspect.as_ref().is_some_and(|suspect| suspect.is_blamed);
            !is_of(work, held)
                && (is_blamed || !waits(work) && (!work.kin.is_under_suspicion() || tried.contains(&work.kin.family())))
        };
        let awaited =
            self.works.iter().position(|work| may(work) && (work.kin.suspect.is_some() || work.kin.is_awaited()));
        let place = awaited.or_else(|| self.works.iter().position(may))?;
        self.works.remove(place)
    }

    /// Whether so many bulks are refused that nothing new should begin as long as others are under way.
    pub(super) fn is_suspicious(&self) -> bool {
        let families: BTreeSet<u64> =
            self.works.iter().filter(|work| work.kin.is_under_suspicion()).map(|work| work.kin.family()).collect();
        families.len() >= SUSPICIOUS_MAX
    }

    /// What the gateway says, if the request is to blame.
    pub(super) fn accuses(&self) -> Option<String> {
        let cases = self.cases();
        let guilty = |case: &Case| case.families.len() > 1 && case.witnesses() >= WITNESSES_MIN;
        cases.into_iter().find(|(_, case)| guilty(case)).map(|((_, why), _)| why)
    }

    /// The same when there is nothing else to be tried. If it is not the request, the suspects are to
    /// blame.
    pub(super) fn concludes(&mut self, accepted: &AcceptedRequests) -> Option<String> {
        self.blame(accepted);
        for ((message, why), case) in self.cases() {
            let least = if accepted.contains_key(&message) { WITNESSES_MIN } else { WITNESSES_AT_THE_END };
            if case.witnesses() >= least {
                return Some(why);
            }
        }
        self.blame_all(|_, _| true);
        None
    }

    fn cases(&self) -> BTreeMap<(MessageRevision, String), Case> {
        let mut cases: BTreeMap<(MessageRevision, String), Case> = BTreeMap::new();
        for work in &self.works {
            if let Some(suspect) = work.kin.testimony() {
                let case = cases.entry((work.stage.message(), suspect.why.clone())).or_default();
                case.families.insert(work.kin.family(), work.kin.witnesses());
            }
        }
        cases
    }

    /// Blames the suspects of messages of which the gateway took a request since.
    fn blame(&mut self, accepted: &AcceptedRequests) {
        self.blame_all(|stage, then| accepted.get(&stage.message()).is_some_and(|now| *now > then));
    }

    fn blame_all(&mut self, is_to_blame: impl Fn(&Stage, u64) -> bool) {
        for work in &mut self.works {
            let Some(suspect) = work.kin.suspect.as_mut().filter(|suspect| !suspect.is_blamed) else { continue };
            if is_to_blame(&work.stage, suspect.accepted) {
                suspect.is_blamed = true;
                work.kin.is_cleared();
            }
        }
    }
}

fn is_of(work: &Work, messages: &BTreeSet<MessageRevision>) -> bool {
    !messages.is_empty() && messages.contains(&work.stage.message())
}

impl IntoIterator for Queue {
    type Item = Work;
    type IntoIter = std::collections::vec_deque::IntoIter<Work>;

    fn into_iter(self) -> Self::IntoIter {
        self.works.into_iter()
    }
}
