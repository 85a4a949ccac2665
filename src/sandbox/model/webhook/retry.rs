//! When a push that failed is tried again: 1 minute + 1 minute × n × n after the try before, for n from 0 to 19.

use jiff::SignedDuration;

/// How often a push is tried again.
pub const RETRIES_MAX: u32 = 20;

/// How long to wait after so many tries have failed; `None` once it is tried no more.
#[must_use]
pub fn wait_after(failed: u32) -> Option<SignedDuration> {
    let number = failed.checked_sub(1).filter(|number| *number < RETRIES_MAX)?;
    Some(SignedDuration::from_mins(1 + i64::from(number) * i64::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tries_are_the_documented_ones() {
        let mut offset = 0;
        let mut offsets = Vec::new();
        for failed in 1.. {
            let Some(wait) = wait_after(failed) else { break };
            offset += wait.as_mins();
            offsets.push(offset);
        }
        assert_eq!(offsets[..6], [1, 3, 8, 18, 35, 61]);
        // 41 hours and 30 minutes after the first try.
        assert_eq!((offsets.len(), offsets.last()), (20, Some(&2_490)));
        assert_eq!((wait_after(0), wait_after(21)), (None, None));
    }
}
