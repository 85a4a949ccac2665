//! How long to wait, and when to give up.

use std::time::Duration;

use super::event::Wait;
use super::settings::RunSettings;
use super::summary::Stopped;
use super::verdict::Again;
use super::work::Tries;

/// What to do about a bulk that was refused for the moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RetryPolicy {
    /// Try again at once.
    AtOnce,
    /// Nobody claims anything for so long.
    Wait(Wait, Duration),
    /// It was tried often enough.
    GiveUp(Stopped),
}

/// Counts a try, and says what to do.
pub(super) fn next(again: Again, tries: &mut Tries, settings: &RunSettings) -> RetryPolicy {
    match again {
        Again::TooMany { retry_after } => {
            tries.throttled += 1;
            if tries.throttled >= settings.throttled_max {
                return RetryPolicy::GiveUp(Stopped::Throttled);
            }
            let wanted = retry_after.map_or_else(|| doubled(settings, tries.throttled), |wanted| wanted.max(SHORTEST));
            RetryPolicy::Wait(Wait::TooMany, wanted.min(settings.retry_after_max))
        }
        Again::Unreachable(why) => {
            tries.failed += 1;
            if tries.failed >= settings.attempts_max {
                return RetryPolicy::GiveUp(Stopped::Unreachable(why));
            }
            RetryPolicy::Wait(Wait::Unreachable(why), doubled(settings, tries.failed))
        }
        Again::NotStarted => {
            tries.failed += 1;
            if tries.failed >= settings.attempts_max {
                RetryPolicy::GiveUp(Stopped::TooSlow)
            } else {
                RetryPolicy::AtOnce
            }
        }
    }
}

/// Even a gateway that says "at once" is not asked more often.
const SHORTEST: Duration = Duration::from_secs(1);

fn doubled(settings: &RunSettings, number: u32) -> Duration {
    let factor = 1_u32.checked_shl(number.saturating_sub(1)).unwrap_or(u32::MAX);
    settings.backoff_first.saturating_mul(factor).min(settings.backoff_max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RunId;

    fn waits(again: &Again) -> Vec<u64> {
        let settings = RunSettings::new(RunId(1));
        let mut tries = Tries::default();
        let mut waits = Vec::new();
        while let RetryPolicy::Wait(_, time) = next(again.clone(), &mut tries, &settings) {
            waits.push(time.as_secs());
        }
        waits
    }

    #[test]
    fn an_unreachable_gateway_is_given_up_after_five_attempts() {
        assert_eq!(waits(&Again::Unreachable(String::new())), [1, 2, 4, 8]);
    }

    #[test]
    fn too_many_requests_wait_longer_and_longer() {
        let waits = waits(&Again::TooMany { retry_after: None });
        assert_eq!(waits.len(), 29);
        assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn retry_after_is_honoured_within_bounds() {
        let first = |seconds| waits(&Again::TooMany { retry_after: Some(Duration::from_secs(seconds)) })[0];
        assert_eq!([first(0), first(7), first(1_000_000_000)], [1, 7, 300]);
    }

    #[test]
    fn a_ticket_that_is_too_old_is_tried_again_at_once_but_not_for_ever() {
        let settings = RunSettings::new(RunId(1));
        let mut tries = Tries::default();
        let answers: Vec<_> = (0..5).map(|_| next(Again::NotStarted, &mut tries, &settings)).collect();
        assert_eq!(answers[3], RetryPolicy::AtOnce);
        assert_eq!(answers[4], RetryPolicy::GiveUp(Stopped::TooSlow));
    }
}
