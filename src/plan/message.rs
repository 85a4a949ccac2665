//! The plan of one message.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::audience::Dialect;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::Place;
use crate::diagnostic::words::plural;
use crate::identity::{ContentDigest, MessageKey, Person, Revision, SenderId};
use crate::ledger::{Edition, MessageRecord, Terms};
use crate::timing::{self, Departures, Pace};
use crate::wire::options::{DeliveryTimeWindow, SendingSpeedLimit};

use super::bulk::Bulk;
use super::clocks::Clocks;
use super::gate::{Counts, Gate};
use super::handed::{AtGateway, Outdated};
use super::ids::IdForms;
use super::in_clear::InClear;
use super::lists::Protection;
use super::new_revision::NewRevision;
use super::plan_file::Comparison;
use super::rejections::RejectionLimit;
use super::sample::Sample;

/// What would be sent of one message, and why not to the others.
#[derive(Debug, Clone)]
pub struct MessagePlan {
    /// The campaign's and the message's id.
    pub key: MessageKey,
    /// The revision.
    pub revision: Revision,
    /// Where it stands in the files.
    pub place: Place,
    /// The sender.
    pub sender: SenderId,
    /// The sender's name in the files.
    pub sender_name: String,
    /// The audience's name.
    pub audience: String,
    /// The file in which the audience's rows stand.
    pub audience_file: String,
    /// How that is written, once it was opened.
    pub dialect: Option<Dialect>,
    /// How many of its columns have no name, and no value either.
    pub nameless: usize,
    /// The template's source.
    pub template: String,
    /// Whether `--only` selects it.
    pub selected: bool,
    /// Whether its numbers of people to send to are upper bounds: somebody may have it, and nobody can say who.
    pub at_most: bool,
    /// How many rows end at each gate; they add up to the rows read.
    pub counts: Counts,
    /// How many of those who are too late would be sent to if somebody consents, or says `ifPast: sendNow`.
    pub late: u64,
    /// Why the template skipped people, and how many.
    pub skipped: BTreeMap<String, u64>,
    /// The lists that keep people from getting it.
    pub protections: Vec<Protection>,
    /// Those whom a gate of their turn stops ([`Gate::WindowClosed`], [`Gate::WouldExpire`]).
    pub missed: Vec<(Person, Gate)>,
    /// What to hand over now.
    pub bulks: Vec<Bulk>,
    /// What to hand over later.
    pub later: Vec<Bulk>,
    /// When the first of what is handed over later comes due.
    pub next_due: Option<Timestamp>,
    /// The limit of the speed.
    pub speed: Option<SendingSpeedLimit>,
    /// When the gateway delivers it.
    pub window: Option<DeliveryTimeWindow>,
    /// The zone that times are also shown in.
    pub zone: Option<jiff::tz::TimeZone>,
    /// Whether each person has their own zone.
    pub per_person: bool,
    /// How many people get it when.
    pub clocks: Clocks,
    /// Whether the rows of its audience were read.
    pub is_read: bool,
    /// Its schedule and options, for the ledger.
    pub terms: Terms,
    /// What it was before, for the ledger.
    pub earlier: BTreeSet<Edition>,
    /// When rejections end it, and whom the gateway has answered.
    pub rejections: RejectionLimit,
    /// What the gateway has of it and has not let go of yet.
    pub at_gateway: AtGateway,
    /// What the ledger tells of it without the key; absent with the key, and if the ledger does not know it.
    pub in_clear: Option<InClear>,
    /// Who has it, or will get it, as it was before it was edited; the latest edition first.
    pub outdated: Vec<Outdated>,
    /// What people have of the revision before; absent if somebody was sent this one, or if there is no other.
    pub new_revision: Option<NewRevision>,
    /// What became of the people of the frozen plan; absent without one, or if it has not got the message.
    pub held: Option<Comparison>,
    /// Texts worth a look.
    pub samples: Vec<Sample>,
    /// How many further branches somebody's text takes, of which no sample is there.
    pub more_branches: u64,
    /// Whether there may be more branches than that: not everybody's text was looked at, or there are too many.
    pub may_be_more_branches: bool,
    /// What is wrong, or worth a look.
    pub diagnostics: Diagnostics,
    /// What the ids of its audience look like.
    pub(super) ids: IdForms,
}

impl MessagePlan {
    /// Puts people who may be sent to into words.
    #[must_use]
    pub(super) fn people(&self, people: u64) -> String {
        let people = plural(people, "person");
        if self.at_most { format!("at most {people}") } else { people }
    }

    /// Everybody whom the message goes to, now or later, in ascending order.
    #[must_use]
    pub(super) fn planned_people(&self) -> Vec<(Person, ContentDigest)> {
        let bulks = self.bulks.iter().chain(&self.later);
        let mut people = Vec::with_capacity(bulks.clone().map(|bulk| bulk.recipients.len()).sum());
        people.extend(bulks.flat_map(|bulk| &bulk.recipients).map(|recipient| (recipient.person, recipient.content)));
        people.sort_unstable();
        people
    }

    /// What the ledger keeps of it when something of it is sent at this instant.
    #[must_use]
    pub fn record(&self, at: Timestamp) -> MessageRecord {
        MessageRecord {
            message: self.key.clone(),
            revision: self.revision,
            sender: self.sender.clone(),
            text: self.template.clone(),
            audience: self.counts.people(),
            at,
            terms: Some(self.terms.clone()),
            earlier: self.earlier.clone(),
        }
    }

    /// How many people it goes to now.
    #[must_use]
    pub fn to_send(&self) -> u64 {
        self.counts.get(Gate::ToSend)
    }

    /// How many people it goes to later.
    #[must_use]
    pub fn not_due(&self) -> u64 {
        self.counts.get(Gate::NotDue)
    }

    /// Writes an instant on the clocks that count for it: on both, if one zone is everybody's.
    #[must_use]
    pub(super) fn clocks_at(&self, instant: Timestamp) -> String {
        let zone = self.zone.as_ref().filter(|_| !self.per_person);
        zone.map_or_else(|| timing::utc(instant), |zone| timing::both_clocks(instant, zone))
    }

    /// Sends nothing: what was planned stays counted only.
    pub(super) fn clear(&mut self) {
        self.bulks.clear();
        self.later.clear();
    }

    /// When the first message leaves, if there is a time.
    #[must_use]
    pub fn first_at(&self) -> Option<Timestamp> {
        self.bulks.iter().chain(&self.later).filter_map(|bulk| bulk.send_at).min()
    }

    /// When the last message leaves, if the speed is limited or the time is set; what leaves at once does so
    /// `now`.
    #[must_use]
    pub fn last_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.bulks.iter().chain(&self.later).filter_map(|bulk| self.last_of(bulk, now)).max()
    }

    /// When the last message of a bulk leaves, likewise: behind all before it, and through the delivery window.
    #[must_use]
    pub fn last_of(&self, bulk: &Bulk, now: Timestamp) -> Option<Timestamp> {
        let start = bulk.send_at.unwrap_or(now);
        let Some(window) = &self.window else {
            let last = bulk.recipients.len().saturating_sub(1);
            let is_told = bulk.send_at.is_some() || bulk.until.is_some();
            return is_told.then(|| Pace::new(self.speed).leaves_at(start, last as u64));
        };
        let mut departures = Departures::new(Some(window), None, Pace::new(self.speed), start);
        // Without a limit of the speed all leave together.
        let count = if self.speed.is_some() { bulk.recipients.len() } else { 1 };
        let mut last = start;
        for _ in 0..count {
            let departure = departures.next_one();
            last = departure.leaves;
            departures.take(departure);
        }
        (bulk.send_at.is_some() || bulk.until.is_some() || last > start).then_some(last)
    }
}
