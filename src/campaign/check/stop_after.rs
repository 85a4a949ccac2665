//! When rejections end a message.

use crate::campaign::checked::StopAfter;
use crate::campaign::raw;

/// Takes what is written; `None` if its share is no percent, which the schema has refused by then.
pub(super) fn stop_after(raw: &raw::StopAfter) -> Option<StopAfter> {
    let share_percent = raw.share.strip_suffix('%')?.parse().ok()?;
    Some(StopAfter { share_percent, of: u64::from(raw.of) })
}
