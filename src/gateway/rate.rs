//! How often the logs are asked: as often as an account may ask them in a minute, and no more. All questions of a
//! process go through here, whoever asks them; those that are asked in passing leave room for the others.

use std::collections::VecDeque;
use std::time::Duration;

use crate::wire::limits::LOGS_REQUESTS_PER_MINUTE;

/// A minute, and a second for what a request takes on its way.
const WINDOW: Duration = Duration::from_secs(61);

/// How many of them may be in a minute before nothing is asked in passing: half, so that whoever cannot wait has as many
/// for themselves.
const IN_PASSING_MAX: usize = (LOGS_REQUESTS_PER_MINUTE / 2) as usize;

/// The requests of the last minute, by the clock of [`crate::apply::Clock::elapsed`].
#[derive(Debug, Default)]
pub(super) struct Rate {
    /// When they began, or are going to begin, in ascending order.
    begins: VecDeque<Duration>,
    /// The gateway has asked to be left alone until then.
    rests_until: Duration,
}

impl Rate {
    /// Takes a request, and says how long it has to wait before it begins.
    pub(super) fn take(&mut self, elapsed: Duration) -> Duration {
        let max = usize::try_from(LOGS_REQUESTS_PER_MINUTE).unwrap_or(usize::MAX);
        let free = if self.begins.len() < max { None } else { self.begins.pop_front() };
        let free = free.map_or(Duration::ZERO, |begin| begin + WINDOW);
        let last = self.begins.back().copied().unwrap_or_default();
        let begin = elapsed.max(free).max(self.rests_until).max(last);
        self.begins.push_back(begin);
        begin.saturating_sub(elapsed)
    }

    /// Takes a request that is asked in passing, which begins at once, if nobody waits and there is plenty of room.
    ///
    /// # Errors
    /// With how long it has to wait until that may be so.
    pub(super) fn take_in_passing(&mut self, elapsed: Duration) -> Result<(), Duration> {
        let lately = |begin: &&Duration| **begin + WINDOW > elapsed;
        let count = self.begins.iter().filter(lately).count();
        // Of those that are too many the oldest have to be over.
        let over = count.checked_sub(IN_PASSING_MAX).and_then(|many| self.begins.iter().filter(lately).nth(many));
        let room = over.map_or(Duration::ZERO, |begin| *begin + WINDOW);
        let last = self.begins.back().copied().unwrap_or_default();
        let free = room.max(self.rests_until).max(last);
        if free > elapsed {
            return Err(free - elapsed);
        }
        self.begins.push_back(elapsed);
        Ok(())
    }

    /// Lets nothing begin for so long: the gateway has asked for that, whoever it was that it has told.
    pub(super) fn rest(&mut self, elapsed: Duration, time: Duration) {
        self.rests_until = self.rests_until.max(elapsed.saturating_add(time));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn no_minute_has_more_requests_than_it_may() {
        let mut rate = Rate::default();
        let (mut elapsed, mut begins) = (Duration::from_secs(5), Vec::new());
        for _ in 0..1000 {
            elapsed += rate.take(elapsed);
            begins.push(elapsed);
            elapsed += Duration::from_millis(10);
        }
        assert_eq!(begins[119], Duration::from_millis(5000 + 1190));
        for (first, after) in begins.iter().zip(&begins[120..]) {
            assert!(*after - *first >= MINUTE);
        }
        assert!(*begins.last().unwrap() < Duration::from_mins(9));
    }

    #[test]
    fn a_gateway_that_wants_its_rest_has_it_from_everybody() {
        let second = Duration::from_secs;
        let mut rate = Rate::default();
        rate.rest(second(10), second(30));
        // The longest word counts.
        rate.rest(second(12), second(1));
        assert_eq!(rate.take_in_passing(second(15)), Err(second(25)));
        assert_eq!([rate.take(second(15)), rate.take(second(20))], [second(25), second(20)]);
        assert_eq!(rate.take_in_passing(second(39)), Err(second(1)), "behind those who wait");
        assert_eq!([rate.take_in_passing(second(40)), rate.take_in_passing(second(41))], [Ok(()), Ok(())]);
    }

    proptest! {
        /// Whoever asks when: a minute has no more than it may, nothing is asked in passing while others wait, and
        /// whoever cannot wait has half of every minute for themselves.
        #[test]
        fn questions_in_passing_take_nothing_from_the_others(
            asked in proptest::collection::vec((0_u64..1500, any::<bool>(), 0_u64..400), 1..600),
        ) {
            let mut rate = Rate::default();
            let mut elapsed = Duration::ZERO;
            let (mut all, mut passing, mut rests): (Vec<Duration>, Vec<Duration>, Duration) = Default::default();
            for (after, is_in_passing, rest) in asked {
                elapsed += Duration::from_millis(after);
                if rest == 1 {
                    rate.rest(elapsed, Duration::from_secs(20));
                    rests = rests.max(elapsed + Duration::from_secs(20));
                }
                let waiting = all.iter().filter(|begin| **begin > elapsed).count();
                if !is_in_passing {
                    let begin = elapsed + rate.take(elapsed);
                    prop_assert!(begin >= rests);
                    all.push(begin);
                } else if let Err(wait) = rate.take_in_passing(elapsed) {
                    prop_assert!(wait > Duration::ZERO);
                } else {
                    prop_assert!(waiting == 0 && elapsed >= rests);
                    all.push(elapsed);
                    passing.push(elapsed);
                }
            }
            let in_minute = |of: &[Duration], from: Duration| {
                of.iter().filter(|begin| **begin >= from && **begin < from + MINUTE).count()
            };
            for from in &all {
                prop_assert!(in_minute(&all, *from) <= LOGS_REQUESTS_PER_MINUTE as usize);
                prop_assert!(in_minute(&passing, *from) <= IN_PASSING_MAX);
            }
        }
    }
}
