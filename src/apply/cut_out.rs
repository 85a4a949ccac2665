//! People who are cut out of a bulk that was planned with them, because by now they must not get it: they have opted
//! out, or their turn would come too late. It is looked before each claim, and before each request.
//!
//! Whoever is cut out before a request begins is not in it. Their claim, if there is one, is given back for
//! everybody, and the others go into another bulk, whose id is of exactly them.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::bulk_progress::{BulkProgress, count};
use super::event::Event;
use super::ports::{Clock, Prepare, Store};
use super::run::Run;
use super::send_schedule::SendSlot;
use super::sender::Sender;
use super::summary::{MessageRevision, Tally};
use super::work::PreparedBulk;
use crate::identity::Person;
use crate::timing::{Expiry, Pace};

/// Why people are cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutReason {
    /// They have opted out.
    OptedOut,
    /// Their conversation window is closed when it is their turn.
    WindowClosed,
    /// Their message would expire before the delivery window opens.
    WouldExpire,
}

/// People who are cut out of a bulk, all for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CutOut {
    /// They.
    pub(super) people: Vec<Person>,
    /// Why.
    pub(super) why: CutReason,
}

impl CutReason {
    /// The group of so many people.
    pub(super) fn tally(self, people: usize) -> Tally {
        let people = count(people);
        match self {
            Self::OptedOut => Tally { suppressed: people, ..Tally::default() },
            Self::WindowClosed => Tally { window_closed: people, ..Tally::default() },
            Self::WouldExpire => Tally { would_expire: people, ..Tally::default() },
        }
    }
}

impl CutOut {
    /// These people, unless that is nobody.
    pub(super) fn of(people: Vec<Person>, why: CutReason) -> Option<Self> {
        (!people.is_empty()).then_some(Self { people, why })
    }

    /// What happened.
    pub(super) fn event(&self, message: MessageRevision) -> Event {
        Event::CutOut { message, people: self.people.len(), why: self.why }
    }
}

/// Names those of a bulk whose turn would come too late, if it was sent at this time from now on. Whoever is cut out
/// takes no turn, so that those behind them come up earlier.
pub(super) fn too_late(prepared_bulk: &PreparedBulk, slot: SendSlot, now: Timestamp) -> Option<CutOut> {
    let options = &prepared_bulk.options;
    let start = slot.send_at.or(slot.span.map(|(start, _)| start)).map_or(now, |start| start.max(now));
    let pace = Pace::new(options.speed);
    let mut expiry = Expiry::new(options.window.as_ref(), options.validity, start);
    let (mut closed, mut expired, mut number) = (Vec::new(), Vec::new(), 0);
    for recipient in &prepared_bulk.people {
        let turn = pace.leaves_at(start, number);
        if recipient.closes_at.is_some_and(|closes_at| closes_at <= turn) {
            closed.push(recipient.person);
        } else if expiry.of(turn).is_some() {
            expired.push(recipient.person);
        } else {
            number += 1;
        }
    }
    CutOut::of(closed, CutReason::WindowClosed).or_else(|| CutOut::of(expired, CutReason::WouldExpire))
}

impl<S: Store, G: Sender, P: Prepare, C: Clock> Run<'_, S, G, P, C> {
    /// Takes people out of a bulk that is not claimed.
    pub(super) fn cut(&self, prepared_bulk: &mut PreparedBulk, cut_out: &CutOut, progress: &BulkProgress) {
        let message = prepared_bulk.message();
        let out = prepared_bulk.leave_out(&cut_out.people);
        let Some(first) = out.first().copied() else { return };
        progress.open.fetch_sub(count(out.len()), Ordering::Relaxed);
        self.count(&message, &cut_out.why.tally(out.len()));
        self.event(cut_out.event(message.clone()));
        if prepared_bulk.people.is_empty() {
            self.forgo(&message, first);
        }
    }
}
