//! What to do when the queue is used up, and nobody has claimed some people.
//!
//! They are planned anew. The gateway may have others give people back and claim them again, so that somebody is
//! left time after time: as long as others claim anything, the run goes on, more slowly the less it helps. When
//! nobody claims anything any more, planning anew for the same people would never end, and the run gives up.

use std::time::Duration;

/// How long to wait before looking again while others are at work.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// How long at most, where that was in vain before.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How long others may wait before they claim people again: as long as a gateway may ask them to, and some
/// more.
const OTHERS_WAIT_MAX: Duration = Duration::from_mins(6);

/// How it is when the queue is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UsedUp {
    /// How many people nobody has.
    pub(super) left: usize,
    /// How many claims there are of the messages, whoever made them.
    pub(super) claims: usize,
    /// Whether others may be waiting to claim some of those people again, or have kept this run from it.
    pub(super) may_be_awaited: bool,
    /// When this is so, on the clock of [`Clock::elapsed`](crate::apply::Clock::elapsed).
    pub(super) at: Duration,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Nobody is left: the run's work is done.
    End,
    /// Plan anew for those who are left.
    PlanAnew,
    /// Wait so long, and look again.
    Wait(Duration),
    /// Nobody claims those who are left, however often they are planned.
    GiveUp,
}

/// What a run has done about people who are left.
#[derive(Debug, Default)]
pub(super) enum LookAgain {
    /// Nothing until now.
    #[default]
    Never,
    /// It has planned anew when this was so.
    Planned(LastLook),
    /// It waits, and plans anew after that for whoever is still left.
    Waits(LastLook),
}

/// How it was, and how long to wait if that does not change.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastLook {
    left: usize,
    claims: usize,
    /// Since when there are so many claims.
    since: Duration,
    pause: Duration,
}

impl LastLook {
    fn new(now: UsedUp) -> Self {
        Self { left: now.left, claims: now.claims, since: now.at, pause: PAUSE_FIRST }
    }

    /// Goes on from here; begins anew if others have claimed anything.
    fn on(self, now: UsedUp) -> Self {
        if self.claims == now.claims { Self { left: now.left, ..self } } else { Self::new(now) }
    }
}

impl LookAgain {
    /// Takes in how it is now, and says what to do.
    pub(super) fn next(&mut self, now: UsedUp) -> NextStep {
        if now.left == 0 {
            *self = Self::Never;
            return NextStep::End;
        }
        let (state, step) = match self {
            Self::Never => (Self::Planned(LastLook::new(now)), NextStep::PlanAnew),
            Self::Waits(before) => (Self::Planned(before.on(now)), NextStep::PlanAnew),
            Self::Planned(before) => {
                let is_news = before.claims != now.claims;
                let is_too_long = now.at.saturating_sub(before.since) > OTHERS_WAIT_MAX;
                if !is_news && (!now.may_be_awaited || is_too_long) {
                    return NextStep::GiveUp;
                }
                let mut next = before.on(now);
                let pause = next.pause;
                if !is_news {
                    next.pause = pause.saturating_mul(2).min(PAUSE_MAX);
                }
                if now.left < before.left {
                    (Self::Planned(next), NextStep::PlanAnew)
                } else {
                    (Self::Waits(next), NextStep::Wait(pause))
                }
            }
        };
        *self = state;
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many people are left, so many claims are made, at a second.
    fn used_up(left: usize, claims: usize, second: u64) -> UsedUp {
        UsedUp { left, claims, may_be_awaited: true, at: Duration::from_secs(second) }
    }

    fn wait(milliseconds: u64) -> NextStep {
        NextStep::Wait(Duration::from_millis(milliseconds))
    }

    /// Shows one state after the other, and compares what is said to each.
    #[track_caller]
    fn check(steps: &[(UsedUp, NextStep)]) {
        let mut look_again = LookAgain::default();
        for (number, (now, expect)) in steps.iter().enumerate() {
            assert_eq!(look_again.next(*now), *expect, "step {number}: {now:?}");
        }
    }

    #[test]
    fn whoever_is_left_is_planned_anew_at_once_and_the_run_ends_when_nobody_is() {
        check(&[(used_up(0, 3, 1), NextStep::End)]);
        check(&[
            (used_up(6, 3, 1), NextStep::PlanAnew),
            // Fewer and fewer: that helps, with or without anybody else at work.
            (used_up(4, 3, 1), NextStep::PlanAnew),
            (used_up(2, 5, 1), NextStep::PlanAnew),
            (used_up(0, 6, 1), NextStep::End),
        ]);
    }

    #[test]
    fn others_who_claim_are_waited_for_and_not_long() {
        check(&[
            (used_up(6, 3, 0), NextStep::PlanAnew),
            (used_up(6, 4, 1), wait(500)),
            (used_up(6, 4, 1), NextStep::PlanAnew),
            (used_up(7, 5, 2), wait(500)),
            (used_up(7, 6, 2), NextStep::PlanAnew),
            (used_up(7, 7, 3), wait(500)),
            // They have claimed everybody meanwhile.
            (used_up(0, 8, 3), NextStep::End),
        ]);
    }

    #[test]
    fn others_who_rest_are_waited_for_longer_and_longer_and_then_no_more() {
        let mut look_again = LookAgain::default();
        let (mut second, mut pauses, mut plans) = (0, Vec::new(), 0);
        let gives_up = loop {
            match look_again.next(used_up(6, 3, second)) {
                NextStep::Wait(pause) => {
                    pauses.push(pause.as_millis());
                    second += pause.as_secs().max(1);
                }
                NextStep::PlanAnew => plans += 1,
                end @ (NextStep::End | NextStep::GiveUp) => break end,
            }
            assert!(plans < 100, "it never ends");
        };
        assert_eq!(gives_up, NextStep::GiveUp);
        assert_eq!(pauses[..6], [500, 1000, 2000, 4000, 8000, 10_000]);
        assert!(pauses[5..].iter().all(|pause| *pause == 10_000));
        assert!((360..380).contains(&second), "{second} seconds");
        assert_eq!(plans, pauses.len() + 1, "it plans anew after every wait");
    }

    #[test]
    fn nobody_is_waited_for_who_has_claimed_none_of_them() {
        let alone = UsedUp { may_be_awaited: false, ..used_up(6, 3, 1) };
        check(&[(alone, NextStep::PlanAnew), (alone, NextStep::GiveUp)]);
        // A claim of others is news all the same.
        let other = UsedUp { claims: 4, ..alone };
        check(&[
            (alone, NextStep::PlanAnew),
            (other, wait(500)),
            (other, NextStep::PlanAnew),
            (other, NextStep::GiveUp),
        ]);
    }

    #[test]
    fn news_begin_the_waiting_anew() {
        check(&[
            (used_up(6, 3, 0), NextStep::PlanAnew),
            (used_up(6, 3, 0), wait(500)),
            (used_up(6, 3, 1), NextStep::PlanAnew),
            (used_up(6, 3, 1), wait(1000)),
            // Just then others claim: until six minutes later nobody gives up, and pauses are short again.
            (used_up(6, 4, 300), NextStep::PlanAnew),
            (used_up(6, 4, 660), wait(500)),
            (used_up(6, 4, 660), NextStep::PlanAnew),
            (used_up(6, 4, 661), NextStep::GiveUp),
        ]);
    }
}
