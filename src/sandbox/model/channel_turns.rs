//! When a bulk comes up at a channel that takes only so many messages of a sender in a time, over all bulks.
//!
//! Once it is accepted a bulk has its turns: a time that no other bulk of its senders has, the first that is long enough
//! and not before it may be sent at all, nor before its delivery windows open. In it its messages leave one after the
//! other, at the rate of the channel, or at their own speed if that is slower. So nothing that comes later changes when a
//! message leaves, and bulks of several senders go through at the rate of one.
//!
//! What cannot leave any more has no turns: beyond its validity a bulk takes no time from others.

use super::bulk::AcceptedBulk;
use super::course::instant;
use super::message::ChannelTurns;
use crate::timing::{horizon, next_open};
use crate::wire::channel::ValidityFrom;
use crate::wire::channel_rate::ChannelRate;

/// A time, in milliseconds of Unix time: from its first millisecond to before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenTime {
    /// When it begins.
    pub begins: i64,
    /// The first millisecond after it.
    pub ends: i64,
}

/// Finds the turns of a bulk, and the time that they take; none if nothing of it can leave in them. Whoever knows
/// which times are taken already is asked for the first of them that ends after an instant.
///
/// # Errors
/// If whoever is asked has none to give.
pub fn turns<E>(
    bulk: &AcceptedBulk<'_>,
    (rate, validity_from): (ChannelRate, ValidityFrom),
    mut taken_after: impl FnMut(i64) -> Result<Option<TakenTime>, E>,
) -> Result<(ChannelTurns, Option<TakenTime>), E> {
    let timetable = bulk.timetable(validity_from);
    let count = bulk.table.messages.len().saturating_sub(bulk.rejected.len());
    let length = rate.steps(bulk.header.pace.speed).offset_ms(u64::try_from(count).unwrap_or(u64::MAX));
    let conditions = bulk.conditions();
    let opens = |at: i64| {
        let open =
            conditions.iter().map(|it| it.window.map_or(at, |window| next_open(window, instant(at)).as_millisecond()));
        open.min().unwrap_or(at)
    };
    let mut begins = opens(timetable.starts_at.as_millisecond());
    while let Some(taken) = taken_after(begins)?.filter(|taken| taken.begins < begins.saturating_add(length)) {
        begins = opens(taken.ends);
    }
    let valid_ms = conditions.iter().map(|it| horizon::validity(it.validity).as_millis()).max().unwrap_or_default();
    let valid_ms = i64::try_from(valid_ms).unwrap_or(i64::MAX);
    let over = timetable.valid_from().map_or(i64::MAX, |from| from.as_millisecond().saturating_add(valid_ms));
    let time = TakenTime { begins, ends: begins.saturating_add(length).min(over) };
    Ok((ChannelTurns { at: instant(begins), rate }, (time.begins < time.ends).then_some(time)))
}

#[cfg(test)]
mod tests;
