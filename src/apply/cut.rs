//! Cuts people out of bulks: those whose turn would come too late, and those of whom that was found elsewhere.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::bulk_progress::{BulkProgress, count};
use super::cut_out::{CutOut, CutReason};
use super::event::Event;
use super::ports::{Clock, Prepare, Store};
use super::run::Run;
use super::send_schedule::SendSlot;
use super::sender::Sender;
use super::summary::MessageRevision;
use super::work::PreparedBulk;
use crate::timing::{Departures, Pace};

/// Names those of a bulk whose turn would come too late, if it was sent at this time from now on. Whoever is cut out
/// takes no turn, so that those behind them come up earlier.
pub(super) fn too_late(prepared_bulk: &PreparedBulk, slot: SendSlot, now: Timestamp) -> Option<CutOut> {
    let options = &prepared_bulk.options;
    let start = slot.send_at.or(slot.span.map(|(start, _)| start)).map_or(now, |start| start.max(now));
    let mut departures = Departures::new(options.window.as_ref(), options.validity, Pace::new(options.speed), start);
    let (mut closed, mut expired) = (Vec::new(), Vec::new());
    for recipient in &prepared_bulk.people {
        let departure = departures.next_one();
        if recipient.closes_at.is_some_and(|closes_at| closes_at <= departure.leaves) {
            closed.push(recipient.person);
        } else if departure.expires().is_some() {
            expired.push(recipient.person);
        } else {
            departures.take(departure);
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
        self.event_of(&message, cut_out);
        if prepared_bulk.people.is_empty() {
            self.forgo(&message, first);
        }
    }

    /// Tells of people who are cut out.
    pub(super) fn event_of(&self, message: &MessageRevision, cut_out: &CutOut) {
        self.event(Event::CutOut { message: message.clone(), people: cut_out.people.len(), why: cut_out.why });
    }
}
