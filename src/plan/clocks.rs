//! How many people of a message get it at which time, on whose clocks: a headline speaks of all bulks.

use jiff::Timestamp;

use super::times::{SendTimes, SlotTime, ZoneSlot};

/// How many people get a message when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clocks {
    /// How many of those to send now get it at once: their time is past, or there is none.
    pub at_once: u64,
    /// Where each person has their own clock: zone by zone, the earliest first, and of one instant the
    /// zone with most people.
    pub zones: Vec<ZonePeople>,
}

/// The people of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonePeople {
    /// The zone's name.
    pub zone: String,
    /// When they get it, before any staggering; at once, if absent.
    pub at: Option<Timestamp>,
    /// How many are to send now.
    pub due: u64,
    /// How many are not due yet.
    pub later: u64,
    /// How many of those to send now have no zone of their own, so that the fallback stands in.
    pub fallback_due: u64,
    /// How many of those who are not due yet have none.
    pub fallback_later: u64,
}

/// Counts people by their slots.
pub(super) struct SlotTally(Vec<(u64, u64)>);

impl SlotTally {
    /// Makes room for all slots.
    pub(super) fn new(times: &SendTimes) -> Self {
        Self(vec![(0, 0); times.slots()])
    }

    /// Counts one more.
    pub(super) fn add(&mut self, slot: ZoneSlot, is_due: bool) {
        if let Some((due, later)) = self.0.get_mut(usize::from(slot.0)) {
            *(if is_due { due } else { later }) += 1;
        }
    }

    /// Puts the counts in order.
    pub(super) fn clocks(self, times: &SendTimes) -> Clocks {
        let mut clocks = Clocks::default();
        for (index, (due, later)) in self.0.into_iter().enumerate().filter(|(_, counts)| *counts != (0, 0)) {
            let slot = ZoneSlot(u16::try_from(index).unwrap_or(u16::MAX));
            let at = match times.when(slot) {
                SlotTime::At(instant) => Some(*instant),
                SlotTime::Now | SlotTime::Past(_) | SlotTime::Expired(_) | SlotTime::Ambiguous(_) => None,
            };
            clocks.at_once += if at.is_none() { due } else { 0 };
            if let Some(zone) = times.zone(slot) {
                let is_fallback = times.is_fallback(slot);
                let (fallback_due, fallback_later) = if is_fallback { (due, later) } else { (0, 0) };
                match clocks.zones.iter_mut().find(|known| is_fallback && known.zone == zone) {
                    Some(known) => {
                        known.due += due;
                        known.later += later;
                        known.fallback_due += fallback_due;
                        known.fallback_later += fallback_later;
                    }
                    None => {
                        let zone = zone.to_owned();
                        clocks.zones.push(ZonePeople { zone, at, due, later, fallback_due, fallback_later });
                    }
                }
            }
        }
        clocks.zones.sort_by(|one, other| {
            let people = |zone: &ZonePeople| zone.due + zone.later;
            (one.at, people(other), &one.zone).cmp(&(other.at, people(one), &other.zone))
        });
        clocks
    }
}
