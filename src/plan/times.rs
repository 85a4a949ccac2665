//! When each person of a message is sent to: one instant for all, or one for every zone.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::campaign::{IfPast, Schedule, SendAt, Zone};
use crate::timing;

/// A number for a zone of a message's schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ZoneSlot(pub u16);

/// The instants of a message.
pub(super) struct SendTimes {
    slots: Vec<SlotTime>,
    zones: Option<Zones>,
}

/// When the people of a slot are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SlotTime {
    /// As soon as it is applied.
    Now,
    /// At an instant that is still to come, or behind the paced sending that began then.
    At(Timestamp),
    /// At an instant that is past.
    Past(Timestamp),
    /// Not any more: the instant was still to come when the plan that is applied was made.
    Expired(Timestamp),
    /// Never: a change of the clock skips or repeats the local time in this zone.
    Ambiguous(String),
}

struct Zones {
    /// Their names, slot by slot.
    names: Vec<&'static str>,
    by_name: HashMap<String, ZoneSlot>,
    fallback: Option<ZoneSlot>,
    /// Zones that are likely not meant.
    doubtful: Vec<&'static str>,
}

/// What a person's zone leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZoneFound {
    /// A slot.
    Slot(ZoneSlot),
    /// The cell is empty, and there is no fallback.
    Missing,
    /// There is no such zone.
    Unknown,
}

impl SendTimes {
    /// Resolves a schedule. `until` is the end of what the ledger has of the message's paced
    /// sending: while that is to come, whoever is still to be sent to follows it, and is in time.
    /// `planned_at` is when the frozen plan was made, if one is applied.
    pub(super) fn new(
        schedule: &Schedule,
        now: Timestamp,
        until: Option<Timestamp>,
        planned_at: Option<Timestamp>,
    ) -> Self {
        let goes_on = schedule.speed.is_some() && until.is_some_and(|until| until > now);
        let clock = Reference { now, goes_on, planned_at };
        let Some(send_at) = &schedule.send_at else { return Self { slots: vec![SlotTime::Now], zones: None } };
        match &send_at.zone {
            Zone::Fixed(zone) => Self { slots: vec![time(send_at, zone, schedule, clock)], zones: None },
            Zone::PerPerson { fallback } => Self::per_person(send_at, fallback.as_ref(), schedule, clock),
        }
    }

    fn per_person(send_at: &SendAt, fallback: Option<&TimeZone>, schedule: &Schedule, clock: Reference) -> Self {
        let mut slots: Vec<SlotTime> = Vec::new();
        let mut names = Vec::new();
        let mut by_name = HashMap::new();
        let mut doubtful = Vec::new();
        for name in timing::zone_names() {
            let Some(zone) = timing::zone(name) else { continue };
            let slot = ZoneSlot(u16::try_from(slots.len()).expect("there are fewer zones than 65,536"));
            slots.push(time(send_at, &zone, schedule, clock));
            by_name.insert(name.to_lowercase(), slot);
            by_name.insert(name.to_owned(), slot);
            names.push(name);
            if timing::zone_advice(name).is_some() {
                doubtful.push(name);
            }
        }
        // Whoever has no zone has a slot of their own, so that they are counted.
        let fallback = fallback.and_then(TimeZone::iana_name).and_then(|name| {
            let like = usize::from(by_name.get(&name.to_lowercase())?.0);
            let (name, time) = (*names.get(like)?, slots.get(like)?.clone());
            names.push(name);
            slots.push(time);
            u16::try_from(slots.len() - 1).ok().map(ZoneSlot)
        });
        Self { slots, zones: Some(Zones { names, by_name, fallback, doubtful }) }
    }

    /// The slot of a person with this cell in the zone's column.
    #[must_use]
    pub(super) fn slot(&self, zone: Option<&str>) -> ZoneFound {
        let Some(zones) = &self.zones else { return ZoneFound::Slot(ZoneSlot(0)) };
        match zone.map(str::trim).filter(|zone| !zone.is_empty()) {
            None => zones.fallback.map_or(ZoneFound::Missing, ZoneFound::Slot),
            Some(zone) => {
                // Most write the name as it is.
                let known = zones.by_name.get(zone).or_else(|| zones.by_name.get(&zone.to_ascii_lowercase()));
                known.copied().map_or(ZoneFound::Unknown, ZoneFound::Slot)
            }
        }
    }

    /// The zone of a cell, if it is one that is likely not meant.
    pub(super) fn doubtful(&self, zone: &str) -> Option<&'static str> {
        let zone = zone.trim();
        let names = &self.zones.as_ref()?.doubtful;
        names.iter().find(|name| name.eq_ignore_ascii_case(zone)).copied()
    }

    /// The name of a slot's zone, if each person has their own.
    #[must_use]
    pub(super) fn zone(&self, slot: ZoneSlot) -> Option<&str> {
        self.zones.as_ref()?.names.get(usize::from(slot.0)).copied()
    }

    /// Whether a slot is that of the people who have no zone, for whom the fallback stands in.
    #[must_use]
    pub(super) fn is_fallback(&self, slot: ZoneSlot) -> bool {
        self.zones.as_ref().is_some_and(|zones| zones.fallback == Some(slot))
    }

    /// Whether the time of anybody is past.
    #[must_use]
    pub(super) fn has_past(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot, SlotTime::Past(_)))
    }

    /// How many slots there are.
    #[must_use]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// When the people of a slot are sent to.
    #[must_use]
    pub(super) fn when(&self, slot: ZoneSlot) -> &SlotTime {
        self.slots.get(usize::from(slot.0)).unwrap_or(&SlotTime::Now)
    }
}

/// What instants are held against.
#[derive(Debug, Clone, Copy)]
struct Reference {
    now: Timestamp,
    /// Whether the paced sending of the message has begun and has not come to its end.
    goes_on: bool,
    /// When the frozen plan was made, if one is applied.
    planned_at: Option<Timestamp>,
}

/// When the people of a zone are sent to.
fn time(send_at: &SendAt, zone: &TimeZone, schedule: &Schedule, clock: Reference) -> SlotTime {
    match timing::resolve(send_at.local, zone, send_at.if_ambiguous) {
        Err(_) => SlotTime::Ambiguous(zone.iana_name().unwrap_or("UTC").to_owned()),
        Ok(instant) if instant > clock.now || clock.goes_on => SlotTime::At(instant),
        Ok(instant) if clock.planned_at.is_some_and(|planned| planned < instant) => SlotTime::Expired(instant),
        Ok(instant) => match schedule.if_past {
            IfPast::SendNow => SlotTime::Now,
            IfPast::Unsaid | IfPast::TooLate => SlotTime::Past(instant),
        },
    }
}
