//! A run and the rejections of its messages: what is cut, what waits, and what ends.
//!
//! Before a run in which nothing stopped it says that all is well, it looks at whoever was not delivered to: at once, and,
//! if somebody is still on their way, once more after [a moment](MOMENT). It does so only where what is not known yet could
//! end a message, so that a run that nothing can end does not wait. Whoever is on their way after that is no failure, and
//! neither is a gateway that does not tell: the next run asks before it claims anything.

use std::time::Duration;

use futures_util::future::{Either, select};

use super::ports::{Clock, Prepare, Store};
use super::run::{Run, lock};
use super::sender::Sender;
use super::summary::{MessageRevision, Stopped, Tally};
use super::work::Work;

/// How long after its first look a run looks again: most of what is not delivered is so within a second or two.
const MOMENT: Duration = Duration::from_secs(1);

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

    /// Takes in what the logs have told of those of a message who were accepted.
    fn look_at_deliveries(&self, message: &MessageRevision) {
        let undelivered = self.ports.undeliverables.of(message);
        if lock(&self.rejections).take_undelivered(message, undelivered) {
            self.end_message(message);
        }
    }

    /// Looks at whoever was not delivered to, when everybody has been sent to. Nobody changes for it, and an interrupt
    /// ends no more than this.
    pub(super) async fn look_at_the_end(&self) {
        let undeliverables = self.ports.undeliverables;
        for wait in [Duration::ZERO, MOMENT] {
            let open = lock(&self.rejections).ended_by(|message| undeliverables.at_worst(message));
            if open.is_empty() || self.has_stopped() {
                return;
            }
            let look = async {
                self.ports.clock.sleep(wait).await;
                undeliverables.ask_now().await
            };
            let is_over = match select(self.halt.clone(), Box::pin(look)).await {
                Either::Left(_) => true,
                Either::Right((is_whole, _)) => !is_whole,
            };
            open.iter().for_each(|message| self.look_at_deliveries(message));
            if is_over {
                return;
            }
        }
    }

    /// Whether more of a message may be claimed, by all answers to this run and to others.
    pub(super) async fn may_claim_more(&self, message: &MessageRevision) -> bool {
        self.look_at_deliveries(message);
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
