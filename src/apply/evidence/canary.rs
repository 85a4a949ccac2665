//! Messages that the gateway surely has: an answer of the logs that lacks one of them proves nothing.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::absence::PROVES_WITHIN;
use crate::apply::leaving::{self, Over};
use crate::identity::{BulkId, MessageId};
use crate::ledger::{ClaimState, Ledger, PersonState};

/// A message that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) id: MessageId,
    pub(super) bulk: BulkId,
}

/// Chooses at most two messages that the logs must have: of the oldest bulk and of the latest that
/// were accepted in the time in which absence proves, besides the bulks in doubt. The oldest shows
/// that the logs go back so far, the latest that they are up to date. Of bulks that left less than
/// `wait` ago only those are taken that have no better.
pub(super) fn choose(
    ledger: &Ledger,
    besides: &BTreeSet<BulkId>,
    now: Timestamp,
    wait: SignedDuration,
) -> Vec<Accepted> {
    let left = ledger.claims().filter_map(|state| {
        let claim = state.claim();
        let is_young = claim.at <= now && now.duration_since(claim.at) < PROVES_WITHIN;
        if !is_young || besides.contains(&claim.id.bulk) {
            return None;
        }
        let over = state.settled().map_or(Over::Unknown, |settled| Over::By(settled.at));
        let ago = now.duration_since(leaving::last(claim, over));
        (!ago.is_negative() && accepted(state).next().is_some()).then_some((ago >= wait, state))
    });
    let left: Vec<(bool, ClaimState<'_>)> = left.collect();
    let best = left.iter().any(|(is_ripe, _)| *is_ripe);
    let age = |state: &ClaimState<'_>| (state.claim().at, state.claim().id.clone());
    let candidates = || left.iter().filter(|(is_ripe, _)| *is_ripe == best).map(|(_, state)| *state);
    let (oldest, latest) = (candidates().min_by_key(age), candidates().max_by_key(age));
    let (Some(oldest), Some(latest)) = (oldest, latest) else { return Vec::new() };
    if oldest.claim().id == latest.claim().id {
        return accepted(oldest).take(2).collect();
    }
    accepted(oldest).take(1).chain(accepted(latest).take(1)).collect()
}

fn accepted(state: ClaimState<'_>) -> impl Iterator<Item = Accepted> {
    let bulk = &state.claim().id.bulk;
    state.people().filter(|(_, known)| *known == PersonState::Accepted).map(move |(person, _)| Accepted {
        id: MessageId { message: bulk.message.clone(), revision: bulk.revision, person },
        bulk: bulk.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{self, at};
    use crate::ledger::{Claim, Outcome};

    const HOUR: i64 = 3600;

    /// A ledger with claims of these people, made and accepted at these hours.
    fn ledger(claims: &[(&[u64], i64)]) -> Ledger {
        let mut ledger = Ledger::new(sample::header());
        for (people, hour) in claims {
            let second = hour * HOUR;
            let claim = sample::claim("announce", people, 1, 1);
            let claim = Claim { at: at(second), send_at: None, until: None, start_by: at(second + 120), ..claim };
            ledger.add_claim(claim.clone()).unwrap();
            let outcome = sample::outcome(&claim, PersonState::Accepted, &[]);
            ledger.add_outcome(Outcome { at: at(second), ..outcome }).unwrap();
        }
        ledger
    }

    fn check(claims: &[(&[u64], i64)], besides: &[&[u64]], now: i64, expect: &[u64]) {
        let besides = besides.iter().map(|people| sample::claim("announce", people, 1, 1).id.bulk).collect();
        let wait = SignedDuration::from_hours(1);
        let chosen = choose(&ledger(claims), &besides, at(now), wait);
        let people: Vec<u64> = chosen.iter().map(|one| one.id.person.0).collect();
        assert_eq!(people, expect);
    }

    #[test]
    fn the_oldest_and_the_latest_of_another_bulk_are_chosen() {
        let claims: [(&[u64], i64); 3] = [(&[1, 2], 0), (&[3], 10), (&[4, 5], 20)];
        check(&claims, &[], 30 * HOUR, &[1, 4]);
        check(&claims, &[&[4, 5]], 30 * HOUR, &[1, 3]);
        check(&claims, &[&[4, 5], &[3]], 30 * HOUR, &[1, 2]);
        check(&claims, &[&[4, 5], &[1, 2]], 30 * HOUR, &[3]);
        check(&claims, &[&[4, 5], &[1, 2], &[3]], 30 * HOUR, &[]);
        check(&claims, &[], 47 * HOUR, &[3, 4]);
        check(&claims, &[], 67 * HOUR, &[]);
        check(&claims, &[], -1, &[]);
    }

    #[test]
    fn one_that_just_left_is_only_chosen_if_there_is_no_other() {
        check(&[(&[1, 2], 0), (&[3], 10)], &[], 10 * HOUR + 60, &[1, 2]);
        check(&[(&[3], 10)], &[], 10 * HOUR + 60, &[3]);
    }
}
