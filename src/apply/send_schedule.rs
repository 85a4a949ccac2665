//! One true speed: the gateway's limit holds for one request only, so the bulks of a message are
//! sent one after the other, also when they begin later than planned or are cut into more.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::summary::MessageRevision;
use super::work::PreparedBulk;
use crate::identity::BulkTime;
use crate::wire::options::SendingSpeedLimit;

/// The times that are given to paced bulks, by message: from when until when they are sent.
#[derive(Debug, Default)]
pub(super) struct SendSchedule {
    slots: BTreeMap<MessageRevision, BTreeMap<Timestamp, Timestamp>>,
}

/// When a bulk is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SendSlot {
    /// The `sendAt` of its request; at once, if absent.
    pub(super) send_at: Option<Timestamp>,
    /// From when until when its paced sending takes; absent if it is not paced.
    pub(super) span: Option<(Timestamp, Timestamp)>,
}

/// A paced bulk that cannot keep its planned time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateBulk {
    /// Its message and revision.
    pub message: MessageRevision,
    /// From when on it may be sent.
    pub earliest: Timestamp,
    /// How long its sending takes, in milliseconds.
    pub length_ms: i64,
}

/// Finds the time of a bulk whose plan is shared with other runs: the planned one, which is no other
/// bulk's, as long as its sending can still end in time.
///
/// # Errors
/// If it cannot.
pub(super) fn keep(
    prepared_bulk: &PreparedBulk,
    speed: SendingSpeedLimit,
    now: Timestamp,
) -> Result<SendSlot, LateBulk> {
    let people = u64::try_from(prepared_bulk.people.len()).unwrap_or(u64::MAX);
    let length_ms = speed.offset_ms(people);
    let earliest = whole_milliseconds(prepared_bulk.send_at.map_or(now, |planned| planned.max(now)));
    // The share of a part may lack what its own length is rounded up by.
    let needed_ms = length_ms.saturating_sub(1);
    match prepared_bulk.until.filter(|until| later(earliest, needed_ms) <= *until) {
        Some(until) => Ok(SendSlot::paced(earliest, until, now)),
        None => Err(LateBulk { message: prepared_bulk.message(), earliest, length_ms }),
    }
}

/// From when on a bulk may be sent, and when its paced sending ends, as far as either is planned.
pub(super) type PlannedTime = (Option<Timestamp>, Option<Timestamp>);

/// Divides the time of a bulk that is cut into two parts of so many people. In a shared plan, given what time it is,
/// each part gets its share of what is left of it, so that neither has to go behind everybody else. What one run
/// sends alone follows each other without that.
pub(super) fn divide(
    (send_at, until): PlannedTime,
    (first, second): (usize, usize),
    shared_at: Option<Timestamp>,
) -> [PlannedTime; 2] {
    let Some(until) = until.filter(|_| first > 0 && second > 0) else { return [(send_at, until); 2] };
    let Some(now) = shared_at else { return [(send_at, None); 2] };
    let from = whole_milliseconds(send_at.map_or(now, |planned| planned.max(now)));
    let left = until.duration_since(from).as_millis();
    let (part, all) = (first as i128, first as i128 + second as i128);
    // Rounded down, so that what is cut off can be cut again without running short.
    match i64::try_from(left * part / all) {
        Ok(share) if share > 0 => {
            let middle = later(from, share);
            [(send_at, Some(middle)), (Some(middle), Some(until))]
        }
        _ => [(send_at, None); 2],
    }
}

impl LateBulk {
    /// The time of the bulk, given its start.
    pub(super) fn slot(&self, start: Timestamp, now: Timestamp) -> SendSlot {
        SendSlot::paced(start, later(start, self.length_ms), now)
    }
}

impl SendSlot {
    fn paced(start: Timestamp, until: Timestamp, now: Timestamp) -> Self {
        Self { send_at: (start > now).then_some(start), span: Some((start, until)) }
    }
}

impl SendSchedule {
    /// Gives a bulk its time: the planned one, or the first after it at which the message's speed
    /// allows it; unscheduled bulks are planned from the beginning of the run. What is past goes at
    /// once.
    pub(super) fn give(&mut self, prepared_bulk: &PreparedBulk, begin: Timestamp, now: Timestamp) -> SendSlot {
        let planned = prepared_bulk.send_at.or(match prepared_bulk.time {
            BulkTime::At(instant) => Some(instant),
            BulkTime::Start(0) => None,
            BulkTime::Start(offset) => Some(later(begin, offset)),
        });
        let Some(speed) = prepared_bulk.options.speed else {
            return SendSlot { send_at: planned.filter(|planned| *planned > now), span: None };
        };
        let people = u64::try_from(prepared_bulk.people.len()).unwrap_or(u64::MAX);
        let length = speed.offset_ms(people);
        let slots = self.slots.entry(prepared_bulk.message()).or_default();
        let earliest = planned.map_or(now, |planned| planned.max(now));
        let start = fit(slots, earliest, length);
        // The plan may know of a later end, of a delivery window for example.
        let until = whole_milliseconds(later(start, length)).max(prepared_bulk.until.unwrap_or(Timestamp::MIN));
        slots.insert(start, until);
        SendSlot::paced(start, until, now)
    }

    /// Takes a time back, because nothing was sent in it.
    pub(super) fn give_back(&mut self, message: &MessageRevision, slot: SendSlot) {
        if let (Some((start, _)), Some(slots)) = (slot.span, self.slots.get_mut(message)) {
            slots.remove(&start);
        }
    }
}

/// The first instant from `earliest` on at which so many milliseconds are free.
fn fit(slots: &BTreeMap<Timestamp, Timestamp>, earliest: Timestamp, length_ms: i64) -> Timestamp {
    let mut start = whole_milliseconds(earliest);
    for (&from, &until) in slots {
        if until > start {
            if later(start, length_ms) <= from {
                break;
            }
            start = until;
        }
    }
    start
}

fn later(instant: Timestamp, milliseconds: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
}

/// Rounds up to whole milliseconds, which is all that the wire carries.
fn whole_milliseconds(instant: Timestamp) -> Timestamp {
    let whole = Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant);
    if whole < instant { later(whole, 1) } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::simulation::world::{paced, prepared_bulk};
    use jiff::ToSpan as _;

    const BEGIN: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn unpaced_bulks_go_when_planned() {
        let mut pace = SendSchedule::default();
        let mut give = |time, now| pace.give(&prepared_bulk(time, 3), BEGIN, at(now));
        assert_eq!(give(BulkTime::Start(0), 5), SendSlot { send_at: None, span: None });
        assert_eq!(give(BulkTime::Start(60_000), 5).send_at, Some(at(60)));
        assert_eq!(give(BulkTime::At(at(90)), 5).send_at, Some(at(90)));
        // What is past goes at once.
        assert_eq!(give(BulkTime::At(at(90)), 100).send_at, None);
    }

    #[test]
    fn paced_bulks_never_overlap() {
        // One person a minute.
        let mut pace = SendSchedule::default();
        let first = pace.give(&paced(BulkTime::Start(0), 2), BEGIN, at(1));
        assert_eq!(first, SendSlot { send_at: None, span: Some((at(1), at(121))) });
        let second = pace.give(&paced(BulkTime::Start(120_000), 2), BEGIN, at(1));
        assert_eq!(second.send_at, Some(at(121)), "the run's first second is not lost on the way");
        // The halves of a bulk follow each other.
        let third = pace.give(&paced(BulkTime::Start(240_000), 1), BEGIN, at(2));
        let fourth = pace.give(&paced(BulkTime::Start(240_000), 1), BEGIN, at(2));
        assert_eq!((third.send_at, fourth.send_at), (Some(at(241)), Some(at(301))));
    }

    #[test]
    fn a_time_given_back_is_free() {
        let mut pace = SendSchedule::default();
        let bulk = paced(BulkTime::Start(0), 2);
        let first = pace.give(&bulk, BEGIN, at(0));
        pace.give_back(&bulk.message(), first);
        assert_eq!(pace.give(&bulk, BEGIN, at(3)).span, Some((at(3), at(123))));
    }

    #[test]
    fn bulks_in_any_order_keep_their_planned_times() {
        let mut pace = SendSchedule::default();
        let late = pace.give(&paced(BulkTime::At(at(1000)), 2), BEGIN, at(0));
        let early = pace.give(&paced(BulkTime::At(at(500)), 2), BEGIN, at(0));
        assert_eq!((early.send_at, late.send_at), (Some(at(500)), Some(at(1000))));
    }

    #[test]
    fn a_later_end_of_the_plan_counts_until_the_bulk_is_cut() {
        let mut bulk = paced(BulkTime::At(at(60)), 2);
        bulk.until = Some(at(1000));
        assert_eq!(SendSchedule::default().give(&bulk, BEGIN, at(0)).span, Some((at(60), at(1000))));
        let [first, _] = bulk.halves(None);
        assert_eq!(SendSchedule::default().give(&first, BEGIN, at(0)).span, Some((at(60), at(120))));
    }

    #[test]
    fn in_a_shared_plan_a_bulk_keeps_its_own_time_or_asks_for_another() {
        // Two people, one a minute, in a time with a minute to spare.
        let mut bulk = paced(BulkTime::At(at(60)), 2);
        bulk.send_at = Some(at(60));
        bulk.until = Some(at(240));
        let speed = bulk.options.speed.unwrap();
        let keep = |bulk: &PreparedBulk, now| keep(bulk, speed, at(now));
        assert_eq!(keep(&bulk, 0), Ok(SendSlot { send_at: Some(at(60)), span: Some((at(60), at(240))) }));
        assert_eq!(keep(&bulk, 120), Ok(SendSlot { send_at: None, span: Some((at(120), at(240))) }));
        let late = LateBulk { message: bulk.message(), earliest: at(121), length_ms: 120_000 };
        assert_eq!(keep(&bulk, 121), Err(late.clone()));
        assert_eq!(late.slot(at(500), at(121)), SendSlot { send_at: Some(at(500)), span: Some((at(500), at(620))) });
        // A part of it has its share.
        let [first, second] = bulk.halves(Some(at(0)));
        assert_eq!(keep(&first, 0), Ok(SendSlot { send_at: Some(at(60)), span: Some((at(60), at(150))) }));
        assert_eq!(keep(&second, 0), Ok(SendSlot { send_at: Some(at(150)), span: Some((at(150), at(240))) }));
        assert!(keep(&first, 120).is_err(), "its share is over");
    }

    #[test]
    fn every_part_of_a_bulk_fits_its_share_however_often_it_is_cut() {
        for (amount, people) in [(3, 7), (7, 1000), (600, 1000), (1, 5)] {
            let speed = SendingSpeedLimit { amount, time_unit: crate::wire::options::SpeedUnit::Minute };
            let mut rest = paced(BulkTime::At(at(60)), people);
            rest.send_at = Some(at(60));
            rest.until = Some(later(at(60), speed.offset_ms(people)));
            let mut begins = at(60);
            while rest.people.len() > 1 {
                let [first, second] = rest.halves(Some(at(0)));
                let slot = keep(&first, speed, at(0)).unwrap();
                assert_eq!(slot.send_at, Some(begins));
                begins = slot.span.unwrap().1;
                rest = second;
            }
            let last = keep(&rest, speed, at(0)).unwrap();
            assert_eq!(last.span, Some((begins, later(at(60), speed.offset_ms(people)))));
        }
    }

    #[test]
    fn what_is_left_of_a_time_is_divided() {
        let check = |time: (Option<i64>, Option<i64>), now: Option<i64>, expect: [(Option<i64>, Option<i64>); 2]| {
            let times = |(from, until): (Option<i64>, Option<i64>)| (from.map(at), until.map(at));
            assert_eq!(divide(times(time), (1, 3), now.map(at)), expect.map(times));
        };
        check((Some(60), Some(100)), Some(0), [(Some(60), Some(70)), (Some(70), Some(100))]);
        check((Some(60), Some(100)), Some(80), [(Some(60), Some(85)), (Some(85), Some(100))]);
        check((None, Some(100)), Some(60), [(None, Some(70)), (Some(70), Some(100))]);
        // Nothing is left of it, it belongs to this run alone, or there is none.
        check((Some(60), Some(100)), Some(100), [(Some(60), None); 2]);
        check((Some(60), Some(100)), None, [(Some(60), None); 2]);
        check((Some(60), None), Some(0), [(Some(60), None); 2]);
    }

    #[test]
    fn instants_are_rounded_up_to_milliseconds() {
        let odd = at(1) + 1.nanosecond();
        assert_eq!(whole_milliseconds(odd), at(1) + 1.millisecond());
        assert_eq!(whole_milliseconds(at(1)), at(1));
    }
}
