//! Counts requests in windows of a minute. Time is a value: milliseconds since any fixed moment.

/// The length of a window, in milliseconds.
const WINDOW_MS: u64 = 60_000;

/// How many requests came in the window that is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throttle {
    opened_ms: u64,
    taken: u32,
}

impl Throttle {
    /// Takes one request; if the window is used up, says in how many seconds the next one opens.
    ///
    /// # Errors
    /// With those seconds, from 1.
    pub fn take(&mut self, now_ms: u64, per_minute: u32) -> Result<(), u64> {
        let elapsed_ms = now_ms.saturating_sub(self.opened_ms);
        if self.taken == 0 || elapsed_ms >= WINDOW_MS {
            *self = Self { opened_ms: now_ms, taken: 0 };
        } else if self.taken >= per_minute {
            return Err((WINDOW_MS - elapsed_ms).div_ceil(1000));
        }
        self.taken = self.taken.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_so_many_and_the_next_as_many_again() {
        let mut throttle = Throttle::default();
        let answers: Vec<_> = [5_000, 5_000, 6_001, 64_999, 65_000, 65_001, 65_002]
            .into_iter()
            .map(|now_ms| throttle.take(now_ms, 2))
            .collect();
        assert_eq!(answers, [Ok(()), Ok(()), Err(59), Err(1), Ok(()), Ok(()), Err(60)]);
    }
}
