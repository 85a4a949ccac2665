//! When rejections end a message.

use crate::campaign::checked::{OwnStopAfter, StopAfter};
use crate::campaign::raw;

/// What holds where nothing is written.
const USUAL: StopAfter = StopAfter { share_percent: 10, of: 200 };

/// Takes what the project says; `None` if its share is no percent, which the schema has refused by then.
pub(super) fn of_project(raw: &raw::StopAfter) -> Option<StopAfter> {
    Some(of_message(raw)?.or(USUAL))
}

/// Takes what a message says of itself; `None` as above.
pub(super) fn of_message(raw: &raw::StopAfter) -> Option<OwnStopAfter> {
    let share_percent = match &raw.share {
        Some(share) => Some(share.strip_suffix('%')?.parse().ok()?),
        None => None,
    };
    Some(OwnStopAfter { share_percent, of: raw.of.map(u64::from) })
}
