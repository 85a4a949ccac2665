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
    /// Until when a sandbox's channel, wherever it is, may keep back some of what was asked for, by its own word.
    pub(super) channel_until: Option<Timestamp>,
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
    let nothing = Sightings::default();
    let open = open_people(state).map(|person| (person, bench.seen.get(&message, person).unwrap_or(&nothing)));
    let open: Vec<(Person, &Sightings)> = open.collect();
    let traces = SandboxTraces {
        closed_at: ledger.closed_at(doubt.claim.run),
        are_none: open.len() == state.claim().people.len() && open.iter().all(|(_, sightings)| sightings.are_none()),
    };
    let (mut people, mut kept, mut sent_again) = (Vec::new(), Vec::new(), 0);
    for (person, sightings) in open {
        sent_again += usize::from(sightings.was_sent_again());
        let absence = absence(state, traces, sightings.asked, bench).proves().err();
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

/// What tells when the messages of a claim leave a sandbox on this machine.
#[derive(Debug, Clone, Copy)]
struct SandboxTraces {
    /// When the claim's run was closed, if it was.
    closed_at: Option<Timestamp>,
    /// Whether everybody of the claim was asked for, and the logs have nobody of them.
    are_none: bool,
}

/// What the absence of somebody of a claim rests on, given how they were asked for.
fn absence(state: ClaimState<'_>, traces: SandboxTraces, asked: Asked, bench: &JudgeContext<'_>) -> Absence {
    let claim = state.claim();
    let settled_at = state.settled().map(|settled| settled.at);
    let leaves_by = match (bench.wait, settled_at) {
        (None, _) => {
            // Who has not said that a request is over has died, and was closed after that, or is now; and it had come
            // when the logs had somebody of it.
            let over_at = settled_at.or(traces.closed_at).unwrap_or(bench.now);
            let proofs = state.notes().filter_map(|note| note.proof.as_ref());
            let over_by = proofs.map(|proof| proof.left[1]).fold(over_at, Timestamp::min);
            // A sandbox takes a request whole: where not even the first of it has left it never came.
            let leave = if traces.are_none { last_departure::first_by_sandbox } else { last_departure::by_sandbox };
            leave(claim, over_by)
        }
        (Some(_), Some(settled_at)) => last_departure::last(claim, RequestSpan::By(settled_at)),
        (Some(_), None) => last_departure::last(claim, RequestSpan::Unknown),
    };
    let leaves_by = leaves_by.max(bench.channel_until.unwrap_or(Timestamp::MIN));
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
