//! People who opt out while a run is sending: they are looked for before each claim, and before each request.

use std::pin::pin;

use futures_util::future::{Either, select};

use super::cut_out::{CutOut, CutReason};
use super::ports::{Clock, Prepare, Store};
use super::run::Run;
use super::sender::Sender;
use super::summary::Stopped;
use super::work::PreparedBulk;

impl<S: Store, G: Sender, P: Prepare, C: Clock> Run<'_, S, G, P, C> {
    /// Names those of a bulk who have opted out, if there are any; `None` if the run has ended by then.
    pub(super) async fn opted_out(&self, prepared_bulk: &PreparedBulk) -> Option<Option<CutOut>> {
        let look = self.ports.opt_outs.opted_out(&prepared_bulk.message, prepared_bulk.persons());
        match select(pin!(look), self.halt.clone()).await {
            Either::Left((Ok(people), _)) => Some(CutOut::of(people, CutReason::OptedOut)),
            Either::Left((Err(why), _)) => {
                self.halt(Stopped::OptOuts(why));
                None
            }
            Either::Right(_) => None,
        }
    }
}
