//! What the logs say of one doubt: evidence for its claim, and a finding for its reader.

use jiff::{SignedDuration, Timestamp};

use super::absence::{Absence, StillInDoubt};
use super::control::leaves_at_once;
use super::findings::DoubtFinding;
use super::seen::{Asked, SeenMessages, Sightings};
use crate::apply::gateway_time::Agreement;
use crate::apply::last_departure::{self, RequestSpan};
use crate::identity::Person;
use crate::ledger::{ClaimState, Decision, Doubt, Evidence, Ledger, PersonState, Testimony};
use crate::timing::horizon::LOGS_BACK_MAX;

/// What holds for all doubts of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct JudgeContext<'a> {
    pub(super) seen: &'a SeenMessages,
    /// The present, by our clock.
    pub(super) now: Timestamp,
    /// The same by the clocks of machines.
    pub(super) lives_at: Timestamp,
    /// How long the logs may take; `None` for a sandbox on this machine, which takes no time.
    pub(super) wait: Option<SignedDuration>,
    /// How our clock and the gateway's go together.
    pub(super) agreement: Agreement,
}

/// What a pass has to say of a doubt, before it is held against the ledger.
pub(super) struct Brief {
    pub(super) evidence: Evidence,
    /// What stands in the way of a proof by absence, if anything does, of each person of the evidence.
    pub(super) kept: Vec<Option<StillInDoubt>>,
    /// Of how many people the logs have the message more than once.
    pub(super) sent_again: usize,
}

/// Says what the logs have of the open people of a doubt, and what their absence would prove.
pub(super) fn judge(ledger: &Ledger, doubt: &Doubt, bench: &JudgeContext<'_>) -> Option<Brief> {
    let state = ledger.claim_state(&doubt.claim)?;
    let message = (doubt.claim.bulk.message.clone(), doubt.claim.bulk.revision);
    let closed_at = ledger.closed_at(doubt.claim.run);
    let nothing = Sightings::default();
    let (mut people, mut kept, mut sent_again) = (Vec::new(), Vec::new(), 0);
    for person in open_people(state) {
        let sightings = bench.seen.get(&message, person).unwrap_or(&nothing);
        sent_again += usize::from(sightings.was_sent_again());
        let absence = absence(state, closed_at, sightings.asked, bench).proves().err();
        people.push(Testimony { person, rows: sightings.rows.clone(), absence_proves: absence.is_none() });
        kept.push(absence);
    }
    let evidence = Evidence { claim: doubt.claim.clone(), at: bench.now, lives_at: bench.lives_at, people };
    (!kept.is_empty()).then_some(Brief { evidence, kept, sent_again })
}

/// Counts what came of a doubt, each person in one group.
pub(super) fn finding(doubt: &Doubt, brief: &Brief, decisions: &[Decision]) -> DoubtFinding {
    let mut finding = DoubtFinding::new(doubt.clone());
    finding.sent_again = brief.sent_again;
    for (decision, absence) in decisions.iter().zip(&brief.kept) {
        let kept = match decision {
            Decision::Accepted => {
                finding.accepted += 1;
                continue;
            }
            Decision::Rejected(status) => {
                *finding.rejected.entry(*status).or_default() += 1;
                continue;
            }
            Decision::Refused => {
                finding.absent += 1;
                continue;
            }
            Decision::Settled => {
                finding.settled_elsewhere += 1;
                continue;
            }
            Decision::InAnotherBulk => StillInDoubt::InAnotherBulk,
            Decision::BeforeItsClaim => StillInDoubt::BeforeItsClaim,
            Decision::InAnotherClaim => StillInDoubt::InAnotherClaim,
            Decision::DuplicateId => StillInDoubt::DuplicateId,
            Decision::UnclearStatus => StillInDoubt::UnclearStatus,
            Decision::Absent => absence.unwrap_or(StillInDoubt::Unread),
        };
        *finding.kept.entry(kept).or_default() += 1;
    }
    finding
}

/// The people of a claim who are in doubt.
pub(super) fn open_people(state: ClaimState<'_>) -> impl Iterator<Item = Person> {
    state.people().filter(|(_, known)| *known == PersonState::Claimed).map(|(person, _)| person)
}

/// What the absence of somebody of a claim rests on, given when its run was closed, if it was, and how they were asked
/// for.
fn absence(state: ClaimState<'_>, closed_at: Option<Timestamp>, asked: Asked, bench: &JudgeContext<'_>) -> Absence {
    let claim = state.claim();
    let settled_at = state.settled().map(|settled| settled.at);
    let leaves_by = match (bench.wait, settled_at) {
        // Who has not said that a request is over has died, and was closed after that, or is now.
        (None, _) => last_departure::by_sandbox(claim, settled_at.or(closed_at).unwrap_or(bench.now)),
        (Some(_), Some(settled_at)) => last_departure::last(claim, RequestSpan::By(settled_at)),
        (Some(_), None) => last_departure::last(claim, RequestSpan::Unknown),
    };
    let shown = match asked {
        Asked::No => None,
        Asked::Yes(shown) => Some(shown),
    };
    Absence {
        ours: bench.now,
        claimed_at: claim.at,
        leaves_by,
        wait: bench.wait,
        dated: claim.dated,
        agreement: bench.agreement,
        shown,
        over_at: settled_at.filter(|_| leaves_at_once(claim)),
    }
}

/// Whether the logs do not go back to a doubt any more.
pub(super) fn is_past(doubt: &Doubt, leaves_by: Timestamp, now: Timestamp) -> bool {
    let gone = last_departure::later(leaves_by, LOGS_BACK_MAX);
    now > doubt.logs_end().max(gone)
}
