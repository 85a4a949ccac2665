//! People who opt out while a run is sending: they are looked for before each claim, and before each request.
//!
//! Whoever has opted out before a request begins is not in it. Their claim, if there is one, is given back for
//! everybody, and the others go into another bulk, whose id is of exactly them.

use std::pin::pin;
use std::sync::atomic::Ordering;

use futures_util::future::{Either, select};

use super::bulk_progress::BulkProgress;
use super::event::Event;
use super::ports::{Clock, Prepare, Store};
use super::run::Run;
use super::sender::Sender;
use super::summary::{Stopped, Tally};
use super::work::PreparedBulk;
use crate::identity::Person;

/// What came of looking at a bulk before it is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// Everybody in it may be sent to.
    Unchanged,
    /// It has lost people, or the run has ended.
    Changed,
}

impl<S: Store, G: Sender, P: Prepare, C: Clock> Run<'_, S, G, P, C> {
    /// Names those of a bulk who have opted out; `None` if the run has ended by then.
    pub(super) async fn opted_out(&self, prepared_bulk: &PreparedBulk) -> Option<Vec<Person>> {
        let look = self.ports.opt_outs.opted_out(&prepared_bulk.message, prepared_bulk.persons());
        match select(pin!(look), self.halt.clone()).await {
            Either::Left((Ok(people), _)) => Some(people),
            Either::Left((Err(why), _)) => {
                self.halt(Stopped::OptOuts(why));
                None
            }
            Either::Right(_) => None,
        }
    }

    /// Takes those out of a bulk who have opted out.
    pub(super) async fn cut_opted_out(&self, prepared_bulk: &mut PreparedBulk, progress: &BulkProgress) -> Looked {
        let message = prepared_bulk.message();
        let Some(out) = self.opted_out(prepared_bulk).await else { return Looked::Changed };
        let out = prepared_bulk.leave_out(&out);
        let Some(first) = out.first().copied() else { return Looked::Unchanged };
        let suppressed = out.len() as u64;
        progress.open.fetch_sub(suppressed, Ordering::Relaxed);
        self.count(&message, &Tally { suppressed, ..Tally::default() });
        self.event(Event::OptedOut { message: message.clone(), people: out.len() });
        if prepared_bulk.people.is_empty() {
            self.forgo(&message, first);
        }
        Looked::Changed
    }
}
