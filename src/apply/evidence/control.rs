//! Controls: messages that the gateway surely has. What an answer of the logs lacks proves something
//! only if the same answer has a message of the same sender that left later.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::logs::LogsAnswer;
use super::logs::PROVES_WITHIN;
use crate::apply::last_departure::{self, RequestSpan};
use crate::identity::{BulkId, MessageId, SenderId};
use crate::ledger::{Claim, ClaimId, ClaimState, Ledger, PersonState, RunId};

/// A message that was accepted by the answer to its own request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Control {
    id: MessageId,
    bulk: BulkId,
    /// When its claim was made, by its own run's clock.
    claimed_at: Timestamp,
    /// Whether it left so long ago that the logs must have it.
    must_be_there: bool,
}

/// The controls for the doubts of one run and one sender.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Controls {
    /// The oldest one that was claimed before all of the doubts: it shows that the logs go back so far.
    pub(super) early: Option<Control>,
    /// The last one of the doubts' own run, if it left at once.
    pub(super) of_run: Option<Control>,
    /// The last one that left so long ago that the logs must have it.
    pub(super) settled: Option<Control>,
    /// The last one of all.
    pub(super) last: Option<Control>,
}

/// What an answer shows of its controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ShownControls {
    /// The earliest instant at which the answer can have been made; absent if nobody knows.
    pub(super) now: Option<Timestamp>,
    /// Whether a control was asked for at all, and found.
    pub(super) any: bool,
    /// Whether it lacks one that must be there.
    pub(super) lacks: bool,
    /// When the last control that it has was sent.
    pub(super) last_sent_at: Option<Timestamp>,
    /// When the control of the doubts' own run was claimed, if it has that one.
    pub(super) of_run: Option<Timestamp>,
}

/// What is in doubt, and by whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubtful<'a> {
    pub(super) sender: &'a SenderId,
    pub(super) run: RunId,
    /// When the oldest of the claims was made.
    pub(super) since: Timestamp,
    /// All bulks in doubt, of whatever run.
    pub(super) bulks: &'a BTreeSet<BulkId>,
}

impl Controls {
    /// Chooses controls among the bulks that were accepted in the time in which absence proves. The
    /// logs must have what left `wait` ago.
    pub(super) fn choose(ledger: &Ledger, doubtful: &Doubtful<'_>, now: Timestamp, wait: SignedDuration) -> Self {
        let mut controls = Self::default();
        let mut bests: [Option<(SignedDuration, ClaimId)>; 4] = Default::default();
        for state in ledger.claims() {
            let Some((control, left)) = control(ledger, state, doubtful, now, wait) else { continue };
            let claim = state.claim();
            let is_of_run = claim.id.run == doubtful.run && leaves_at_once(claim);
            // The earlier the better, and of the others the later.
            let age = now.duration_since(claim.at);
            let candidates = [
                (claim.at < doubtful.since, &mut controls.early, age),
                (is_of_run, &mut controls.of_run, -age),
                (control.must_be_there, &mut controls.settled, -now.duration_since(left)),
                (true, &mut controls.last, -now.duration_since(left)),
            ];
            for ((is_one, place, rank), best) in candidates.into_iter().zip(&mut bests) {
                let rank = (rank, claim.id.clone());
                if is_one && best.as_ref().is_none_or(|best| *best < rank) {
                    (*place, *best) = (Some(control.clone()), Some(rank));
                }
            }
        }
        controls
    }

    /// The ids that stand before all others in a question, and those that stand behind them. A gateway
    /// that cuts a list short loses its last id.
    pub(super) fn around(&self) -> [Vec<String>; 2] {
        let early: Vec<String> = self.early.iter().map(|control| control.id.to_string()).collect();
        let mut behind: Vec<String> = Vec::new();
        for control in [&self.of_run, &self.settled, &self.last].into_iter().flatten() {
            let id = control.id.to_string();
            if !early.contains(&id) && !behind.contains(&id) {
                behind.push(id);
            }
        }
        [early, behind]
    }

    /// Looks for them in an answer.
    pub(super) fn shown(&self, found: &LogsAnswer) -> ShownControls {
        let row = |control: &Control| {
            let (id, bulk) = (control.id.to_string(), control.bulk.to_string());
            found.rows.iter().find(|row| {
                row.message_id == id
                    && row.sent_at.is_some()
                    && row.bulk_id.as_ref().is_none_or(|theirs| *theirs == bulk)
            })
        };
        let all = || [&self.early, &self.of_run, &self.settled, &self.last].into_iter().flatten();
        ShownControls {
            now: found.now,
            any: all().any(|control| row(control).is_some()),
            lacks: all().any(|control| control.must_be_there && row(control).is_none()),
            last_sent_at: all().filter_map(row).filter_map(|row| row.sent_at).max(),
            of_run: self.of_run.as_ref().filter(|control| row(control).is_some()).map(|control| control.claimed_at),
        }
    }
}

/// Makes a control of a claim, with the instant at which it left, if it can be one.
fn control(
    ledger: &Ledger,
    state: ClaimState<'_>,
    doubtful: &Doubtful<'_>,
    now: Timestamp,
    wait: SignedDuration,
) -> Option<(Control, Timestamp)> {
    let claim = state.claim();
    let BulkId { message, revision, .. } = &claim.id.bulk;
    let is_young = claim.at <= now && now.duration_since(claim.at) < PROVES_WITHIN;
    if !is_young || doubtful.bulks.contains(&claim.id.bulk) {
        return None;
    }
    // What the logs have said of a claim is what a control is to show, and not to rest on.
    let settled = state.settled().filter(|_| state.notes().next().is_none())?;
    let left = last_departure::last(claim, RequestSpan::By(settled.at));
    let is_of_sender = ledger.record(message, *revision).is_some_and(|record| record.sender == *doubtful.sender);
    if left > now || !is_of_sender {
        return None;
    }
    let (person, _) = state.people().find(|(_, known)| *known == PersonState::Accepted)?;
    let control = Control {
        id: MessageId { message: message.clone(), revision: *revision, person },
        bulk: claim.id.bulk.clone(),
        claimed_at: claim.at,
        must_be_there: now.duration_since(left) >= wait,
    };
    Some((control, left))
}

/// Whether all messages of a claim leave when its request comes.
pub(super) fn leaves_at_once(claim: &Claim) -> bool {
    claim.send_at.is_none() && claim.until.is_none() && claim.leaves_by.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Outcome;
    use crate::ledger::sample::{self, at};

    const HOUR: i64 = 3600;

    /// A ledger with claims of these people, made and accepted at these hours by a run.
    fn ledger(claims: &[(&[u64], i64, u64)]) -> Ledger {
        let mut ledger = Ledger::new(sample::header());
        ledger.add_message(sample::record("announce", "Hi", 0));
        for (people, hour, run) in claims {
            let second = hour * HOUR;
            let claim = sample::claim("announce", people, 1, *run);
            let claim = Claim { at: at(second), send_at: None, until: None, start_by: at(second + 120), ..claim };
            ledger.add_claim(claim.clone()).unwrap();
            let outcome = sample::outcome(&claim, PersonState::Accepted, &[]);
            ledger.add_outcome(Outcome { at: at(second), ..outcome }).unwrap();
        }
        ledger
    }

    /// Early, of the run 7, settled, and last.
    fn chosen(ledger: &Ledger, besides: &[&[u64]], since: i64, now: i64) -> [Option<u64>; 4] {
        let bulks = besides.iter().map(|people| sample::claim("announce", people, 1, 1).id.bulk).collect();
        let sender = sample::record("announce", "Hi", 0).sender;
        let doubtful = Doubtful { sender: &sender, run: RunId(7), since: at(since), bulks: &bulks };
        let controls = Controls::choose(ledger, &doubtful, at(now), SignedDuration::from_hours(1));
        let person = |control: &Option<Control>| control.as_ref().map(|control| control.id.person.0);
        [&controls.early, &controls.of_run, &controls.settled, &controls.last].map(person)
    }

    #[test]
    fn the_first_before_and_the_last_of_all_are_chosen() {
        let ledger = ledger(&[(&[1, 2], 0, 1), (&[3], 10, 7), (&[4, 5], 20, 2)]);
        let now = 30 * HOUR;
        assert_eq!(chosen(&ledger, &[], 15 * HOUR, now), [Some(1), Some(3), Some(4), Some(4)]);
        assert_eq!(chosen(&ledger, &[], 0, now), [None, Some(3), Some(4), Some(4)]);
        assert_eq!(chosen(&ledger, &[&[4, 5]], 15 * HOUR, now), [Some(1), Some(3), Some(3), Some(3)]);
        assert_eq!(chosen(&ledger, &[], 15 * HOUR, 20 * HOUR + 60), [Some(1), Some(3), Some(3), Some(4)]);
        assert_eq!(chosen(&ledger, &[], 15 * HOUR, 47 * HOUR), [Some(3), Some(3), Some(4), Some(4)]);
        assert_eq!(chosen(&ledger, &[], 15 * HOUR, 67 * HOUR), [None; 4]);
        assert_eq!(chosen(&ledger, &[], 15 * HOUR, -1), [None; 4]);
    }

    #[test]
    fn only_an_own_answer_about_the_same_sender_makes_a_control() {
        let since = 15 * HOUR;
        let mut by_logs = ledger(&[]);
        let claim = Claim { at: at(HOUR), send_at: None, until: None, ..sample::claim("announce", &[1], 1, 7) };
        by_logs.add_claim(claim.clone()).unwrap();
        let outcome = sample::outcome(&claim, PersonState::Accepted, &[]);
        by_logs.add_outcome(Outcome { by: Some("logs".to_owned()), ..outcome.clone() }).unwrap();
        assert_eq!(chosen(&by_logs, &[], since, 30 * HOUR), [None; 4]);
        // Nor one that its run has settled in part.
        by_logs.add_outcome(outcome).unwrap();
        assert_eq!(chosen(&by_logs, &[], since, 30 * HOUR), [None; 4]);

        let mut elsewhere = ledger(&[(&[1], 1, 7)]);
        assert_eq!(chosen(&elsewhere, &[], since, 30 * HOUR), [Some(1); 4]);
        let sender = SenderId::parse("another").unwrap();
        elsewhere.add_message(crate::ledger::MessageRecord { sender, ..sample::record("announce", "Hi", 9) });
        assert_eq!(chosen(&elsewhere, &[], since, 30 * HOUR), [None; 4]);
    }
}
