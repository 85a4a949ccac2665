//! A run and the rejections of its messages: what is cut, what waits, and what ends.

use super::ports::{Clock, Prepare, Store};
use super::run::{Run, lock};
use super::sender::Sender;
use super::summary::{MessageRevision, Stopped, Tally};
use super::work::Work;

impl<S: Store, G: Sender, P: Prepare, C: Clock> Run<'_, S, G, P, C> {
    /// Takes off a bulk what may not be in the next request, and says what is left of it.
    pub(super) fn cut_to_judge(&self, work: Work) -> (Work, Option<Work>) {
        let most = lock(&self.rejections).people_max(&work.stage.message());
        let Some(most) = most else { return (work, None) };
        work.cut(most, self.shared_at(), || self.next_number())
    }

    /// Whether nothing more of a message may be sent.
    pub(super) fn has_ended(&self, message: &MessageRevision) -> bool {
        lock(&self.rejections).has_ended(message)
    }

    /// Whether more of a message may be claimed, by all answers to this run and to others.
    pub(super) async fn may_claim_more(&self, message: &MessageRevision) -> bool {
        let undelivered = self.ports.undeliverables.of(message);
        if lock(&self.rejections).take_undelivered(message, undelivered) {
            self.end_message(message);
        }
        let now = self.ports.clock.elapsed();
        let wants_news = self.settings.hears_others && lock(&self.rejections).wants_news(message, now);
        if wants_news {
            let news = self.patiently(self.ports.store.answered_elsewhere(message, self.settings.run)).await;
            let ends = news.map(|elsewhere| lock(&self.rejections).take_news(message, &elsewhere, now));
            match ends {
                Ok(true) => self.end_message(message),
                Ok(false) => {}
                Err(error) => {
                    self.halt(Stopped::Store(error));
                    return false;
                }
            }
        }
        !self.has_ended(message)
    }

    /// Takes in what became of a bulk's people.
    pub(super) fn answered(&self, message: &MessageRevision, tally: &Tally) {
        let ends = lock(&self.rejections).take(message, tally);
        self.landings.send_replace(());
        if ends {
            self.end_message(message);
        }
    }
}
