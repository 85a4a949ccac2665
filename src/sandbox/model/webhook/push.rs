//! A push: one body for one URL, with its tries. It is tried until somebody takes it, or until it is lost.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::batch::ReportPlace;
use super::retry::wait_after;
use crate::sandbox::model::lifecycle::later;
use crate::wire::choices::WebhookSuccess;
use crate::wire::options::ReportType;
use crate::wire::time::serde_instant;

/// How many tries are kept of a push that somebody tries again and again by hand.
const TRIES_KEPT_MAX: usize = 100;

/// What is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushContent {
    /// Reports of a bulk.
    Reports {
        /// The number of the bulk.
        bulk: i64,
        /// The reports.
        reports: Vec<ReportPlace>,
    },
    /// What a person wrote, by its number.
    Inbound(i64),
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PushState {
    /// It is to be tried, or tried again.
    Waiting,
    /// Its receiver took it.
    Done,
    /// It was tried as often as it is tried.
    Lost,
    /// It may not go there.
    Withheld,
    /// A tester wanted it to get lost.
    Dropped,
}

impl PushState {
    /// Its name, in the books and to testers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Lost => "lost",
            Self::Withheld => "withheld",
            Self::Dropped => "dropped",
        }
    }
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TryOutcome {
    /// With an answer of this status.
    Answered(u16),
    /// There was no connection.
    NoConnection,
    /// There was no answer in time.
    NoAnswer,
    /// The connection broke.
    Broken,
    /// Nothing was posted: the sandbox may not reach that host.
    NotAllowed,
    /// Nothing was posted: it is no URL of HTTP.
    NotUrl,
    /// Nothing was posted: it is the sandbox itself.
    Itself,
}

impl TryOutcome {
    /// Whether nothing was posted, because it may not be.
    #[must_use]
    pub const fn is_withheld(self) -> bool {
        match self {
            Self::NotAllowed | Self::NotUrl | Self::Itself => true,
            Self::Answered(_) | Self::NoConnection | Self::NoAnswer | Self::Broken => false,
        }
    }

    /// Whether the receiver has taken what was posted.
    #[must_use]
    pub const fn is_success(self, success: WebhookSuccess) -> bool {
        match self {
            Self::Answered(status) => match success {
                WebhookSuccess::Only200 => status == 200,
                WebhookSuccess::Any2xx => status >= 200 && status < 300,
            },
            Self::NoConnection | Self::NoAnswer | Self::Broken | Self::NotAllowed | Self::NotUrl | Self::Itself => {
                false
            }
        }
    }
}

/// Who wanted a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TryCause {
    /// It was its turn.
    Turn,
    /// Somebody asked for it.
    Hand,
    /// A fault: it is posted once more.
    Repeat,
}

/// One try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When it began.
    #[serde(with = "serde_instant")]
    pub at: Timestamp,
    /// How it ended.
    pub outcome: TryOutcome,
    /// Who wanted it.
    pub cause: TryCause,
}

/// One body for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Its number in the books; absent until it is there.
    pub number: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it goes.
    pub url: String,
    /// In which form.
    pub content_type: ReportType,
    /// What is posted.
    pub content: PushContent,
    /// What became of it.
    pub state: PushState,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// Its tries, in order.
    pub tries: Vec<Try>,
}

impl Push {
    /// A push that is tried at once.
    #[must_use]
    pub const fn new(created_at: Timestamp, url: String, content_type: ReportType, content: PushContent) -> Self {
        let (state, next_at) = (PushState::Waiting, Some(created_at));
        Self { number: None, created_at, url, content_type, content, state, next_at, tries: Vec::new() }
    }

    /// Tries it later than it would be.
    pub fn delay(&mut self, ms: i64) {
        self.next_at = self.next_at.map(|at| later(at, ms));
    }

    /// Gives it up without a try.
    pub const fn drop_unseen(&mut self) {
        self.state = PushState::Dropped;
        self.next_at = None;
    }

    /// Takes in how a try ended, and when.
    pub fn tried(&mut self, tried: Try, ended_at: Timestamp, success: WebhookSuccess) {
        self.tries.push(tried);
        self.forget_a_try();
        let was = self.state;
        if tried.outcome.is_success(success) {
            (self.state, self.next_at) = (PushState::Done, None);
            return;
        }
        match (was, tried.cause) {
            // What was done or lost stays so, and what waits keeps its turn.
            (PushState::Done, _)
            | (PushState::Waiting, TryCause::Hand | TryCause::Repeat)
            | (PushState::Lost, TryCause::Hand | TryCause::Repeat) => {}
            (PushState::Waiting | PushState::Lost, TryCause::Turn) | (PushState::Withheld | PushState::Dropped, _) => {
                if tried.outcome.is_withheld() {
                    (self.state, self.next_at) = (PushState::Withheld, None);
                    return;
                }
                let wait = wait_after(self.failed());
                self.state = if wait.is_some() { PushState::Waiting } else { PushState::Lost };
                self.next_at = wait.and_then(|wait| ended_at.checked_add(wait).ok());
            }
        }
    }

    /// Forgets a try if there are too many: the oldest on which it does not depend when it is tried next.
    fn forget_a_try(&mut self) {
        if self.tries.len() <= TRIES_KEPT_MAX {
            return;
        }
        let first_posted = self.tries.iter().position(|tried| !tried.outcome.is_withheld());
        let is_spare = |(at, tried): (usize, &Try)| tried.cause != TryCause::Turn && Some(at) != first_posted;
        let spare = self.tries.iter().enumerate().position(is_spare);
        self.tries.remove(spare.unwrap_or_default());
    }

    /// How many tries have failed for which it waits.
    fn failed(&self) -> u32 {
        let posted = self.tries.iter().filter(|tried| !tried.outcome.is_withheld());
        let first_by_hand = posted.clone().next().is_some_and(|tried| tried.cause == TryCause::Hand);
        let turns = posted.filter(|tried| tried.cause == TryCause::Turn).count();
        u32::try_from(turns + usize::from(first_by_hand)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

    use super::super::retry::RETRIES_MAX;
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn push() -> Push {
        let content = PushContent::Reports { bulk: 1, reports: Vec::new() };
        Push::new(at(0), "http://127.0.0.1/".to_owned(), ReportType::Json, content)
    }

    fn tried(push: &mut Push, minute: i64, outcome: TryOutcome, cause: TryCause) -> (PushState, Option<Timestamp>) {
        push.tried(Try { at: at(minute), outcome, cause }, at(minute), WebhookSuccess::Only200);
        (push.state, push.next_at)
    }

    #[test]
    fn it_is_tried_until_it_is_lost() {
        let mut push = push();
        let mut minutes = Vec::new();
        while let Some(next_at) = push.next_at {
            let minute = next_at.as_second() / 60;
            minutes.push(minute);
            tried(&mut push, minute, TryOutcome::Answered(503), TryCause::Turn);
        }
        assert_eq!((push.state, minutes.len(), minutes[..4].to_vec()), (PushState::Lost, 21, vec![0, 1, 3, 8]));
        assert_eq!(tried(&mut push, 9_000, TryOutcome::NoAnswer, TryCause::Hand), (PushState::Lost, None));
        assert_eq!(tried(&mut push, 9_001, TryOutcome::Answered(200), TryCause::Hand), (PushState::Done, None));
        assert_eq!(tried(&mut push, 9_002, TryOutcome::Broken, TryCause::Repeat), (PushState::Done, None));
    }

    #[test]
    fn a_try_by_hand_takes_no_turn() {
        let mut push = push();
        let (state, next) = tried(&mut push, 0, TryOutcome::NoConnection, TryCause::Turn);
        assert_eq!((state, next), (PushState::Waiting, Some(at(1))));
        assert_eq!(tried(&mut push, 0, TryOutcome::NoConnection, TryCause::Hand), (PushState::Waiting, Some(at(1))));
        assert_eq!(tried(&mut push, 1, TryOutcome::NoConnection, TryCause::Turn).1, Some(at(3)));
    }

    #[test]
    fn what_may_not_go_there_is_withheld_until_somebody_tries_it_again() {
        let mut push = push();
        assert_eq!(tried(&mut push, 0, TryOutcome::NotAllowed, TryCause::Turn), (PushState::Withheld, None));
        assert_eq!(tried(&mut push, 5, TryOutcome::NotUrl, TryCause::Hand), (PushState::Withheld, None));
        assert_eq!(tried(&mut push, 7, TryOutcome::Broken, TryCause::Hand), (PushState::Waiting, Some(at(8))));
        assert_eq!(tried(&mut push, 8, TryOutcome::Broken, TryCause::Turn), (PushState::Waiting, Some(at(10))));
    }

    #[test]
    fn what_a_success_is_can_be_chosen() {
        for (status, strict, lax) in [(200, true, true), (204, false, true), (299, false, true), (302, false, false)] {
            let outcome = TryOutcome::Answered(status);
            let is = [WebhookSuccess::Only200, WebhookSuccess::Any2xx].map(|success| outcome.is_success(success));
            assert_eq!(is, [strict, lax], "{status}");
        }
    }

    proptest! {
        /// Tries by hand, however many, take no turn and give none back: it is lost after as many turns as ever.
        #[test]
        fn tries_by_hand_change_nothing_about_its_turns(by_hand in prop::collection::vec(0_usize..150, RETRIES_MAX as usize + 1)) {
            let (mut alone, mut helped) = (push(), push());
            for (turn, by_hand) in by_hand.into_iter().enumerate() {
                let minute = i64::try_from(turn).unwrap() * 1_000;
                let next = tried(&mut alone, minute, TryOutcome::Broken, TryCause::Turn);
                prop_assert_eq!(tried(&mut helped, minute, TryOutcome::Broken, TryCause::Turn), next);
                for _ in 0..by_hand {
                    prop_assert_eq!(tried(&mut helped, minute, TryOutcome::Broken, TryCause::Hand), next);
                }
                prop_assert!(helped.tries.len() <= TRIES_KEPT_MAX);
            }
            prop_assert_eq!(helped.state, PushState::Lost);
        }
    }

    #[test]
    fn a_first_try_by_hand_is_counted_however_many_follow() {
        let mut push = push();
        assert_eq!(tried(&mut push, 0, TryOutcome::NotAllowed, TryCause::Turn), (PushState::Withheld, None));
        assert_eq!(tried(&mut push, 1, TryOutcome::Broken, TryCause::Hand), (PushState::Waiting, Some(at(2))));
        for _ in 0..1_000 {
            assert_eq!(tried(&mut push, 1, TryOutcome::Broken, TryCause::Hand), (PushState::Waiting, Some(at(2))));
        }
        assert_eq!(tried(&mut push, 2, TryOutcome::Broken, TryCause::Turn), (PushState::Waiting, Some(at(4))));
    }

    #[test]
    fn the_tries_that_are_kept_are_bounded() {
        let mut push = push();
        for minute in 0..1_000 {
            tried(&mut push, minute, TryOutcome::Answered(200), TryCause::Hand);
        }
        assert_eq!((push.tries.len(), push.tries[99].at), (100, at(999)));
    }
}
