//! One bulk from its plan to its outcome: prepare, claim, send, settle.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use jiff::{SignedDuration, Timestamp};

use super::bulk_progress::{BulkProgress, count, not_attempted};
use super::cut;
use super::cut_out::CutOut;
use super::event::Event;
use super::gateway_time::Agreement;
use super::kin::Kin;
use super::last_departure;
use super::outgoing::{self, Outgoing};
use super::ports::{Clock, Prepare, Store};
use super::prepared::BulkOptions;
use super::retry_policy::{self, RetryPolicy};
use super::run::{Run, lock};
use super::send_schedule::{self, SendSlot};
use super::sender::Sender;
use super::sent::SendOutcome;
use super::sent_bulk::SentBulk;
use super::summary::{MessageRevision, Stopped, Tally};
use super::ticket::{self, Claimed, Ticket};
use super::verdict::{self, NOT_ATTEMPTED, Next, Verdict};
use super::work::{PreparedBulk, Stage, Tries, Work};
use crate::identity::{MessageId, Person};
use crate::ledger::{Claim, ClaimId, Dated, Outcome, PersonState};
use crate::wire::response::STATUS_DUPLICATE_MESSAGE_ID;

/// A claim, before the store was asked.
struct PendingClaim {
    claim: Claim,
    slot: SendSlot,
    /// When the claim was made, on the clock of [`Clock::elapsed`].
    made: Duration,
}

/// What came of the wish to send a request.
enum Requested {
    Sent(SendOutcome),
    /// The run, or the message, ends before it began.
    NotBegun,
    /// It has not begun, because these people must not be in it.
    Without(CutOut),
}

/// How an interrupt cuts a request off.
enum CutOff {
    BeforeItBegan,
    BeforeItsAnswer,
}

impl<S: Store, G: Sender, P: Prepare, C: Clock> Run<'_, S, G, P, C> {
    /// Hands a bulk over; what comes back is to be handed over next.
    pub(super) async fn deliver(&self, work: Work, progress: &BulkProgress) -> Vec<Work> {
        let Work { stage, mut tries, kin } = work;
        let people = stage.people();
        let message = stage.message();
        if self.has_ended(&message) || !self.turn().await {
            self.close(&message, &not_attempted(people, tries), progress);
            return Vec::new();
        }
        let mut prepared_bulk = match self.prepared_bulk(stage).await {
            Ok(prepared_bulk) => prepared_bulk,
            Err(reason) => {
                self.halt(reason);
                self.close(&message, &not_attempted(people, tries), progress);
                return Vec::new();
            }
        };
        self.ahead.rendered(prepared_bulk.bytes());
        let gone = people - count(prepared_bulk.people.len());
        self.close(&message, &not_attempted(gone, tries), progress);
        match self.claim(&mut prepared_bulk, &mut tries, progress).await {
            Some((ticket, draft)) => self.conclude(prepared_bulk, tries, &kin, ticket, &draft, progress).await,
            None => {
                self.close(&message, &not_attempted(count(prepared_bulk.people.len()), tries), progress);
                Vec::new()
            }
        }
    }

    async fn prepared_bulk(&self, stage: Stage) -> Result<PreparedBulk, Stopped> {
        match stage {
            Stage::Prepared(prepared_bulk) => Ok(prepared_bulk),
            Stage::Planned(bulk) => match self.ports.prepare.prepare(&bulk).await {
                Ok(prepared) => Ok(PreparedBulk::new(&bulk, prepared)),
                Err(error) => Err(Stopped::Prepare(error.to_string())),
            },
        }
    }

    /// Claims the bulk, or what other runs leave of it; `None` if nothing is left, or the run ends.
    async fn claim(
        &self,
        prepared_bulk: &mut PreparedBulk,
        tries: &mut Tries,
        progress: &BulkProgress,
    ) -> Option<(Ticket, PendingClaim)> {
        while !prepared_bulk.people.is_empty() && self.may_claim_more(&prepared_bulk.message()).await && !self.halted()
        {
            let out = self.left_out(&prepared_bulk.message());
            if !out.is_empty() && !self.pass_over(prepared_bulk, &out, progress).is_empty() {
                continue;
            }
            self.ports.clock.look().await;
            // Nothing that may take long stands between these looks and the claim.
            if !self.goes_on().await {
                return None;
            }
            match self.opted_out(prepared_bulk).await {
                Some(None) => {}
                Some(Some(opted_out)) => {
                    self.cut(prepared_bulk, &opted_out, progress);
                    continue;
                }
                None => continue,
            }
            let draft = match self.draft(prepared_bulk, *tries).await {
                Ok(draft) => draft,
                Err(reason) => {
                    self.halt(reason);
                    return None;
                }
            };
            if let Some(too_late) = cut::too_late(prepared_bulk, draft.slot, draft.claim.at) {
                lock(&self.pace).give_back(&prepared_bulk.message(), draft.slot);
                self.cut(prepared_bulk, &too_late, progress);
                continue;
            }
            let start_by = draft.made.saturating_add(self.settings.start_within);
            progress.claimed.store(true, Ordering::Relaxed);
            let claiming = ticket::claim(self.ports.store, draft.claim.clone(), start_by);
            match self.patiently(claiming).await {
                Ok(Claimed::Yes(ticket)) => {
                    tries.claims += 1;
                    let Claim { id, send_at, people, .. } = &draft.claim;
                    self.event(Event::Claimed { claim: id.clone(), people: people.len(), send_at: *send_at });
                    return Some((ticket, draft));
                }
                Ok(Claimed::Elsewhere(people)) => {
                    progress.claimed.store(false, Ordering::Relaxed);
                    lock(&self.pace).give_back(&prepared_bulk.message(), draft.slot);
                    let passed_over = self.pass_over(prepared_bulk, &people, progress);
                    self.event(Event::ClaimedElsewhere { bulk: draft.claim.id.bulk, people: passed_over.len() });
                    if passed_over.is_empty() {
                        self.halt(Stopped::Store("a claim was refused because of nobody in it".to_owned()));
                    }
                }
                Ok(Claimed::Stopped) => {
                    progress.claimed.store(false, Ordering::Relaxed);
                    // If that stop still stands, it is the reason.
                    if self.goes_on().await {
                        self.halt(Stopped::StopEnded);
                    }
                    return None;
                }
                Ok(Claimed::No(why)) => {
                    progress.claimed.store(false, Ordering::Relaxed);
                    self.halt(Stopped::Store(why));
                    return None;
                }
                Err(error) => {
                    // Whether the claim was written is not known; that nothing was sent is.
                    self.halt(Stopped::Store(error));
                    let outcome = not_sent(draft.claim.id, self.ports.clock.now());
                    // A store that is still at the claim writes this behind it, also without being waited
                    // for. One that never writes the claim does not know what this speaks of.
                    drop(self.ports.store.settle(outcome.clone()).now_or_never());
                    self.unsettled(outcome);
                    return None;
                }
            }
        }
        None
    }

    /// Takes people out of a bulk who are somebody else's, and says who of them was in it.
    fn pass_over(&self, prepared_bulk: &mut PreparedBulk, people: &[Person], progress: &BulkProgress) -> Vec<Person> {
        let passed_over = prepared_bulk.leave_out(people);
        progress.open.fetch_sub(count(passed_over.len()), Ordering::Relaxed);
        self.elsewhere(&prepared_bulk.message(), &passed_over);
        passed_over
    }

    /// What time it is, if other runs share the plan.
    pub(super) fn shared_at(&self) -> Option<Timestamp> {
        self.settings.shares_plan.then(|| self.ports.clock.now())
    }

    /// Gives a bulk its time.
    async fn slot(&self, prepared_bulk: &PreparedBulk, now: Timestamp) -> Result<SendSlot, Stopped> {
        if let Some(speed) = prepared_bulk.options.speed.filter(|_| self.settings.shares_plan) {
            let late = match send_schedule::keep(prepared_bulk, speed, now) {
                Ok(slot) => return Ok(slot),
                Err(late) => late,
            };
            let start = self.patiently(self.ports.store.late_start(&late)).await;
            if let Some(start) = start.map_err(Stopped::Store)? {
                return Ok(late.slot(start, now));
            }
        }
        Ok(lock(&self.pace).give(prepared_bulk, self.begin, now))
    }

    async fn draft(&self, prepared_bulk: &PreparedBulk, tries: Tries) -> Result<PendingClaim, Stopped> {
        let made = self.ports.clock.elapsed();
        let now = self.ports.clock.now();
        let people = prepared_bulk.persons();
        let bulk = prepared_bulk.bulk_id(&people);
        let slot = self.slot(prepared_bulk, now).await?;
        let start_within = SignedDuration::try_from(self.settings.start_within).unwrap_or(SignedDuration::MAX);
        let mut claim = Claim {
            id: ClaimId { bulk, attempt: tries.claims.saturating_add(1), run: self.settings.run },
            time: prepared_bulk.time,
            send_at: slot.send_at,
            until: slot.span.map(|(_, until)| until),
            leaves_by: None,
            start_by: now.checked_add(start_within).unwrap_or(Timestamp::MAX),
            at: now,
            machine_at: self.ports.clock.machine_now(),
            dated: self.ports.time.last().map_or(Dated::Never, Dated::At),
            is_recovered: false,
            by: self.settings.by.clone(),
            edition: Some(prepared_bulk.options.edition.clone()),
            people,
        };
        let BulkOptions { window, validity, .. } = &*prepared_bulk.options;
        claim.leaves_by = window.as_ref().map(|window| last_departure::through_window(&claim, window, *validity));
        Ok(PendingClaim { claim, slot, made })
    }

    /// Sends what was claimed, settles it, and says what is to be handed over next.
    async fn conclude(
        &self,
        prepared_bulk: PreparedBulk,
        mut tries: Tries,
        kin: &Kin,
        ticket: Ticket,
        draft: &PendingClaim,
        progress: &BulkProgress,
    ) -> Vec<Work> {
        let mut verdict = match self.request(&prepared_bulk, &ticket, draft).await {
            Requested::Sent(sent) => {
                self.event(Event::Answered { claim: ticket.claim().clone(), answer: (&sent).into() });
                if matches!(sent, SendOutcome::Answered { .. }) {
                    kin.is_taken();
                    self.took(&prepared_bulk.message());
                }
                verdict::judge(&ticket.claim().bulk, &prepared_bulk.people, sent)
            }
            Requested::NotBegun => Verdict::not_begun(&prepared_bulk.people, Next::NotBegun),
            Requested::Without(cut_out) => {
                self.event_of(&prepared_bulk.message(), &cut_out);
                Verdict::not_begun(&prepared_bulk.people, Next::Without(cut_out))
            }
        };
        if kin.suspect.as_ref().is_some_and(|suspect| suspect.is_blamed) {
            verdict.blame();
        }
        self.know_duplicates(&prepared_bulk, &ticket, &mut verdict).await;
        self.answered(&prepared_bulk.message(), &verdict.tally(true));
        for alarm in std::mem::take(&mut verdict.alarms) {
            self.alarm(alarm);
        }
        if verdict.states.iter().all(|state| state.came_to_nothing()) {
            lock(&self.pace).give_back(&prepared_bulk.message(), draft.slot);
        }
        let claim = ticket.claim().clone();
        let settlement = verdict.settlement(&prepared_bulk.people, self.over(draft));
        let outcome = ticket::settle(ticket, settlement);
        if let Err(error) = self.patiently(self.ports.store.settle(outcome.clone())).await {
            self.halt(Stopped::Store(error));
            self.unsettled(outcome);
        }
        self.follow_deliveries(&prepared_bulk, &verdict, draft);
        let message = prepared_bulk.message();
        let why = verdict.why.clone();
        let (tally, next) = self.follow(&verdict, prepared_bulk, &mut tries, kin);
        if let Some(why) = why.as_ref().filter(|_| tally.rejected_any() > 0) {
            self.reason(why);
        }
        self.event(Event::Settled { claim, tally: tally.clone(), why, again: next.len() });
        self.close(&message, &tally, progress);
        next.into_iter()
            .map(|(prepared_bulk, kin)| Work { stage: Stage::Prepared(prepared_bulk), tries, kin })
            .collect()
    }

    /// Has it asked later what became of those who were accepted, if their messages leave at once.
    fn follow_deliveries(&self, prepared_bulk: &PreparedBulk, verdict: &Verdict, draft: &PendingClaim) {
        let waits = draft.slot.send_at.is_some() || draft.slot.span.is_some() || draft.claim.leaves_by.is_some();
        let people = prepared_bulk.people.iter().zip(&verdict.states);
        let accepted = people.filter(|(_, state)| **state == PersonState::Accepted);
        let accepted: Vec<Person> = accepted.map(|(recipient, _)| recipient.person).collect();
        if !waits && !accepted.is_empty() {
            let (bulk, count) = (draft.claim.id.bulk.clone(), prepared_bulk.people.len());
            self.ports.undeliverables.accepted(SentBulk { bulk, count, accepted, at: draft.claim.at });
        }
    }

    /// When a request was over. A settler takes this for the last instant at which its messages left: by a clock
    /// that somebody has moved meanwhile it is as long after its claim as time has passed.
    fn over(&self, draft: &PendingClaim) -> Timestamp {
        let (now, elapsed) = (self.ports.clock.now(), self.ports.clock.elapsed());
        if self.ports.time.agreement(now, elapsed) != Agreement::Moved {
            return now;
        }
        let since = SignedDuration::try_from(elapsed.saturating_sub(draft.made)).unwrap_or(SignedDuration::MAX);
        now.max(last_departure::later(draft.claim.at, since))
    }

    /// Waits for its turn, writes the request, and sends it, if nobody in it has opted out.
    async fn request(&self, prepared_bulk: &PreparedBulk, ticket: &Ticket, draft: &PendingClaim) -> Requested {
        let turn = self.request_turn().await;
        // A claim may have taken long, and have brought what others were answered meanwhile.
        if !self.may_claim_more(&prepared_bulk.message()).await {
            return Requested::NotBegun;
        }
        self.ports.clock.look().await;
        // Nothing that may take long stands between these looks and the request.
        if !self.turn().await || turn.is_none() || !self.goes_on().await {
            return Requested::NotBegun;
        }
        match self.opted_out(prepared_bulk).await {
            Some(None) => {}
            Some(Some(cut_out)) => return Requested::Without(cut_out),
            None => return Requested::NotBegun,
        }
        // What waited for its turn leaves later than it was claimed to.
        if let Some(cut_out) = cut::too_late(prepared_bulk, draft.slot, self.ports.clock.now()) {
            return Requested::Without(cut_out);
        }
        if self.halted() || self.has_ended(&prepared_bulk.message()) {
            return Requested::NotBegun;
        }
        self.ahead.waited(self.ports.clock.elapsed().saturating_sub(draft.made));
        let sent = match outgoing::write(prepared_bulk, &draft.claim.id.bulk, draft.slot.send_at) {
            Ok(request) => self.send(&request, ticket).await,
            Err(error) => {
                self.halt(Stopped::Bug(format!("a request cannot be written: {error}")));
                None
            }
        };
        drop(turn);
        sent.map_or(Requested::NotBegun, Requested::Sent)
    }

    /// Sends a request, for as long as the end of the run allows; `None` if it has not begun by then.
    async fn send(&self, request: &Outgoing, ticket: &Ticket) -> Option<SendOutcome> {
        self.event(Event::Sending { claim: ticket.claim().clone(), bytes: request.body().len() });
        let answer = self.ports.sender.send(request, ticket);
        match select(pin!(answer), pin!(self.end_of(ticket))).await {
            Either::Left((sent, _)) => {
                self.compare_clocks();
                Some(sent)
            }
            Either::Right((CutOff::BeforeItBegan, _)) => None,
            Either::Right((CutOff::BeforeItsAnswer, _)) => {
                Some(SendOutcome::Unknown("interrupted before the answer".to_owned()))
            }
        }
    }

    /// Waits until an interrupt cuts a request off: at once, if it has not begun, else after its time.
    async fn end_of(&self, ticket: &Ticket) -> CutOff {
        self.interrupted().await;
        let cut = if ticket.start().cancel() {
            CutOff::BeforeItBegan
        } else {
            self.grace_is_over().await;
            CutOff::BeforeItsAnswer
        };
        self.halt(Stopped::Interrupted);
        cut
    }

    /// Takes those for accepted whose messageId the gateway has seen before, if that was ours.
    async fn know_duplicates(&self, prepared_bulk: &PreparedBulk, ticket: &Ticket, verdict: &mut Verdict) {
        let duplicate = PersonState::Rejected(STATUS_DUPLICATE_MESSAGE_ID);
        let mut has_failed = false;
        for (state, recipient) in verdict.states.iter_mut().zip(&prepared_bulk.people) {
            if *state != duplicate {
                continue;
            }
            let (message, revision) = prepared_bulk.message();
            let id = MessageId { message, revision, person: recipient.person };
            if has_failed {
                *state = PersonState::Claimed;
                continue;
            }
            *state = match self.patiently(self.ports.store.claimed_before(&id, ticket.claim())).await {
                Ok(true) => PersonState::Accepted,
                Ok(false) => PersonState::Claimed,
                Err(error) => {
                    self.halt(Stopped::Store(error));
                    has_failed = true;
                    PersonState::Claimed
                }
            };
            if *state == PersonState::Claimed {
                verdict
                    .why
                    .get_or_insert_with(|| "the gateway has seen messageIds that this ledger has not".to_owned());
            }
        }
    }

    /// Says in which groups people end, and which bulks are handed over next.
    fn follow(
        &self,
        verdict: &Verdict,
        prepared_bulk: PreparedBulk,
        tries: &mut Tries,
        kin: &Kin,
    ) -> (Tally, Vec<(PreparedBulk, Kin)>) {
        match verdict.next.clone() {
            Next::Done => (verdict.tally(false), Vec::new()),
            Next::Stop(reason) => {
                self.halt(reason);
                (verdict.tally(false), Vec::new())
            }
            Next::NotBegun => {
                // The claim just given back does not count as a try.
                let before = Tries { claims: tries.claims.saturating_sub(1), ..*tries };
                (not_attempted(count(prepared_bulk.people.len()), before), Vec::new())
            }
            Next::Without(cut_out) => {
                tries.claims = tries.claims.saturating_sub(1);
                let mut rest = prepared_bulk;
                let out = rest.leave_out(&cut_out.people);
                let next = if rest.people.is_empty() { Vec::new() } else { vec![(rest, kin.clone())] };
                (cut_out.why.tally(out.len()), next)
            }
            Next::Rest => {
                let tally = verdict.tally(true);
                (tally, vec![(prepared_bulk.refused(&verdict.states), kin.clone())])
            }
            Next::Halve => {
                kin.is_refused();
                (verdict.tally(true), prepared_bulk.halves(self.shared_at()).into_iter().zip(kin.halves()).collect())
            }
            Next::Suspect(_) => {
                kin.is_refused();
                let accepted = self.accepted_requests(&prepared_bulk.message());
                let suspected = kin.suspected(verdict.why.clone().unwrap_or_default(), accepted);
                (verdict.tally(true), vec![(prepared_bulk, suspected)])
            }
            Next::Again(again) => match retry_policy::next(again, tries, self.settings) {
                RetryPolicy::AtOnce => (verdict.tally(true), vec![(prepared_bulk, kin.clone())]),
                RetryPolicy::Wait(why, time) => {
                    self.pause(time);
                    self.event(Event::Waiting { why, time });
                    (verdict.tally(true), vec![(prepared_bulk, kin.clone())])
                }
                RetryPolicy::GiveUp(reason) => {
                    self.halt(reason);
                    (verdict.tally(false), Vec::new())
                }
            },
        }
    }

    /// Counts people for good.
    fn close(&self, message: &MessageRevision, tally: &Tally, progress: &BulkProgress) {
        progress.open.fetch_sub(tally.people(), Ordering::Relaxed);
        self.count(message, tally);
    }
}

/// The outcome of a claim of which nobody knows whether it was written.
fn not_sent(claim: ClaimId, at: Timestamp) -> Outcome {
    let why = Some(NOT_ATTEMPTED.to_owned());
    Outcome { claim, state: PersonState::Refused, others: Vec::new(), at, by: None, why, proof: None, known: None }
}
