//! What became of everything that was sent, by campaign and sender, gathered from bulks: a few numbers for each, however
//! many messages there are, and no more campaigns than can be listed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::bulk::AcceptedBulk;
use super::inputs::Inputs;
use super::lifecycle::{Life, MessageState};
use super::message::{ReceivedMessage, SharedOptions};
use super::status::{self, Ending};
use crate::wire::overview::{CampaignCounts, EndReason, FailedEnd, MessageCounts, Overview, PriceSum};

/// How many campaigns are listed; what further ones have is counted together.
pub const CAMPAIGNS_MAX: usize = 1_000;
/// To how many parts of a unit of money a sum is rounded.
const PRICE_PARTS: f64 = 1_000_000.0;

/// Gathers an overview of one time; bulks may come in any order.
#[derive(Debug)]
pub struct OverviewBuilder {
    now: Timestamp,
    campaigns_max: usize,
    /// Where the numbers of a campaign and a sender stand.
    slots: BTreeMap<(Option<String>, String), usize>,
    tallies: Vec<CampaignTally>,
    rest: CampaignTally,
}

/// What is counted of some messages.
#[derive(Debug, Clone, Default)]
struct CampaignTally {
    counts: MessageCounts,
    reasons: BTreeMap<(FailedEnd, u16, u16), u64>,
    /// How many were sent for each price, by currency and by the bits of the price: a sum of many prices would lose
    /// digits.
    prices: BTreeMap<String, BTreeMap<u64, u64>>,
}

/// What an overview needs to know of a message.
struct MessageSeen<'a> {
    is_turned_down: bool,
    state: MessageState,
    ending: Ending,
    sent_at: Option<Timestamp>,
    price: Option<(&'a str, f64)>,
}

impl OverviewBuilder {
    /// Begins an overview of a time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let (slots, tallies, rest) = (BTreeMap::new(), Vec::new(), CampaignTally::default());
        Self { now, campaigns_max: CAMPAIGNS_MAX, slots, tallies, rest }
    }

    /// Adds a bulk, if it was accepted until then.
    pub fn add(&mut self, bulk: &AcceptedBulk<'_>, inputs: &Inputs) {
        if bulk.header.accepted_at > self.now {
            return;
        }
        let slots: Vec<_> = bulk.table.terms.iter().map(|terms| self.slot(terms)).collect();
        let lives = bulk.lives(inputs);
        for (position, (message, life)) in bulk.table.messages.iter().zip(&lives).enumerate() {
            let seen = self.seen(bulk, (position, message), life, inputs);
            let slot = slots.get(message.terms).copied().flatten();
            slot.and_then(|slot| self.tallies.get_mut(slot)).unwrap_or(&mut self.rest).add(&seen);
        }
    }

    /// Where the messages with these terms are counted; nowhere of their own if there is no room.
    fn slot(&mut self, terms: &SharedOptions<'_>) -> Option<usize> {
        let campaign = terms.campaign_reference_id.as_deref().map(str::to_owned);
        let key = (campaign, terms.sender.clone().into_owned());
        if let Some(slot) = self.slots.get(&key) {
            return Some(*slot);
        }
        let slot = self.tallies.len();
        (slot < self.campaigns_max).then(|| {
            self.tallies.push(CampaignTally::default());
            self.slots.insert(key, slot);
            slot
        })
    }

    fn seen<'i>(
        &self,
        bulk: &AcceptedBulk<'_>,
        (position, message): (usize, &ReceivedMessage<'_>),
        life: &Life,
        inputs: &'i Inputs,
    ) -> MessageSeen<'i> {
        let sight = bulk.sight(message, life, self.now);
        let sent_at = life.sent_at.filter(|sent_at| *sent_at <= self.now && life.is_charged());
        let price = sent_at.map(|_| bulk.price(life, inputs)).map(|price| (&*price.currency, price.per_message));
        MessageSeen {
            is_turned_down: bulk.rejection(position).is_some(),
            state: sight.state,
            ending: sight.ending,
            sent_at,
            price,
        }
    }

    /// Ends the overview.
    #[must_use]
    pub fn finish(mut self) -> Overview {
        let mut all = CampaignTally::default();
        self.tallies.iter().chain([&self.rest]).for_each(|tally| all.join(tally));
        let campaigns = self.slots.into_iter().map(|((campaign_reference_id, sender), slot)| CampaignCounts {
            campaign_reference_id,
            sender,
            counts: self.tallies.get_mut(slot).map(std::mem::take).unwrap_or_default().finish(),
        });
        let campaigns = campaigns.collect();
        let rest = Some(self.rest.finish()).filter(|rest| rest.accepted + rest.turned_down > 0);
        Overview { now: self.now, campaigns, rest, all: all.finish() }
    }
}

impl CampaignTally {
    fn add(&mut self, seen: &MessageSeen<'_>) {
        let counts = &mut self.counts;
        if seen.is_turned_down {
            counts.turned_down += 1;
            self.give_reason(FailedEnd::TurnedDown, seen.ending);
            return;
        }
        counts.accepted += 1;
        let (count, end) = match seen.state {
            MessageState::Scheduled => (&mut counts.scheduled, None),
            MessageState::Queued => (&mut counts.queued, None),
            MessageState::Held => (&mut counts.held, None),
            MessageState::Sent => (&mut counts.on_the_way, None),
            MessageState::Delivered => (&mut counts.delivered, None),
            MessageState::Undeliverable => (&mut counts.undeliverable, Some(FailedEnd::Undeliverable)),
            MessageState::Expired => (&mut counts.expired, Some(FailedEnd::Expired)),
            MessageState::Rejected => (&mut counts.rejected, Some(FailedEnd::Rejected)),
        };
        *count += 1;
        if let Some(sent_at) = seen.sent_at {
            counts.sent += 1;
            counts.first_sent_at = earlier(counts.first_sent_at, Some(sent_at));
            counts.last_sent_at = counts.last_sent_at.max(Some(sent_at));
        }
        if let Some((currency, price)) = seen.price {
            self.price(currency, price.to_bits(), 1);
        }
        if let Some(end) = end {
            self.give_reason(end, seen.ending);
        }
    }

    fn give_reason(&mut self, end: FailedEnd, ending: Ending) {
        *self.reasons.entry((end, ending.status, ending.error)).or_default() += 1;
    }

    fn price(&mut self, currency: &str, price: u64, count: u64) {
        if let Some(prices) = self.prices.get_mut(currency) {
            *prices.entry(price).or_default() += count;
        } else {
            self.prices.insert(currency.to_owned(), BTreeMap::from([(price, count)]));
        }
    }

    /// Adds what another has counted.
    fn join(&mut self, other: &Self) {
        let (counts, more) = (&mut self.counts, &other.counts);
        for (count, more) in [
            (&mut counts.turned_down, more.turned_down),
            (&mut counts.accepted, more.accepted),
            (&mut counts.scheduled, more.scheduled),
            (&mut counts.queued, more.queued),
            (&mut counts.held, more.held),
            (&mut counts.on_the_way, more.on_the_way),
            (&mut counts.delivered, more.delivered),
            (&mut counts.undeliverable, more.undeliverable),
            (&mut counts.expired, more.expired),
            (&mut counts.rejected, more.rejected),
            (&mut counts.sent, more.sent),
        ] {
            *count += more;
        }
        counts.first_sent_at = earlier(counts.first_sent_at, more.first_sent_at);
        counts.last_sent_at = counts.last_sent_at.max(more.last_sent_at);
        for (reason, count) in &other.reasons {
            *self.reasons.entry(*reason).or_default() += count;
        }
        for (currency, prices) in &other.prices {
            prices.iter().for_each(|(price, count)| self.price(currency, *price, *count));
        }
    }

    fn finish(self) -> MessageCounts {
        let reasons = self.reasons.into_iter().map(|((end, status, error), count)| EndReason {
            end,
            status,
            status_name: status::status(status).name,
            error,
            error_name: status::error(error).name,
            count,
        });
        let sum = |prices: &BTreeMap<u64, u64>| -> f64 {
            let sum: f64 = prices.iter().map(|(price, count)| f64::from_bits(*price) * as_float(*count)).sum();
            (sum * PRICE_PARTS).round() / PRICE_PARTS
        };
        let prices =
            self.prices.iter().map(|(currency, prices)| PriceSum { currency: currency.clone(), total: sum(prices) });
        MessageCounts {
            messages_a_minute: a_minute(&self.counts),
            reasons: reasons.collect(),
            prices: prices.filter(|sum| sum.total > 0.0).collect(),
            ..self.counts
        }
    }
}

/// The earlier of two instants that there may be.
fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// How many were sent a minute: between so many messages there is one gap less. In less than a minute it says nothing.
fn a_minute(counts: &MessageCounts) -> Option<f64> {
    let (first, last) = (counts.first_sent_at?, counts.last_sent_at?);
    let minutes = last.duration_since(first).as_secs_f64() / 60.0;
    (minutes >= 1.0).then(|| (as_float(counts.sent.saturating_sub(1)) / minutes * 100.0).round() / 100.0)
}

/// A count as a number with a fraction: there are never so many that it would lose one.
fn as_float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
