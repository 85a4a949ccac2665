//! Bulks and inputs for property tests, drawn at random, and those of which examples are made.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::bulk::{AcceptedBulk, BulkHeader, LogSpan};
use super::inputs::{Inputs, RulesEntry};
use super::message::{MessageTable, ReceivedMessage, SendTiming, SharedOptions};
use super::rules::ChannelRules;
use crate::wire::content::Content;
use crate::wire::options::{
    Day, DeliveryTimeWindow, SendingSpeedLimit, SpeedUnit, TimeOfDay, ValidityPeriod, ValidityUnit,
};

pub(super) fn at(second: i64) -> Timestamp {
    // Noon of a Monday.
    "2026-11-30T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

pub(super) fn terms(campaign: Option<&str>, sender: &str) -> SharedOptions<'static> {
    SharedOptions {
        sender: sender.to_owned().into(),
        platform: None,
        validity_period: None,
        delivery_time_window: None,
        campaign_reference_id: campaign.map(|campaign| campaign.to_owned().into()),
        delivery: None,
        content_type: None,
    }
}

/// A bulk whose messages have these terms, one after the other, to `1`, `2`, ….
pub(super) fn bulk(
    number: i64,
    second: i64,
    pace: SendTiming,
    terms: Vec<SharedOptions<'static>>,
) -> AcceptedBulk<'static> {
    let messages = (0..terms.len()).map(|position| ReceivedMessage {
        terms: position,
        to: (position + 1).to_string().into(),
        message_id: format!("{number}.{position}").into(),
        content: Content::Text { text: "Hi".into() },
        callback_data: None,
    });
    let messages: Vec<_> = messages.collect();
    let header = BulkHeader {
        number,
        bulk_id: number.to_string(),
        accepted_at: at(second),
        pace,
        count: messages.len() as u64,
        logged: LogSpan::default(),
    };
    AcceptedBulk { header, table: MessageTable { terms, messages }, rejected: Vec::new() }
}

pub(super) fn some_terms() -> impl Strategy<Value = SharedOptions<'static>> {
    let campaign = prop_oneof![Just(None), Just(Some("sale")), Just(Some("night"))];
    let validity = prop_oneof![Just(None), (1_u32..200).prop_map(Some)];
    let window = prop_oneof![Just(None), (0_u8..22).prop_map(Some)];
    (campaign, prop_oneof![Just("shop"), Just("gallery")], validity, window).prop_map(
        |(campaign, sender, validity, from)| {
            let time = |hour| Some(TimeOfDay { hour, minute: 0 });
            SharedOptions {
                validity_period: validity.map(|amount| ValidityPeriod { amount, time_unit: ValidityUnit::Minutes }),
                delivery_time_window: from.map(|hour| DeliveryTimeWindow {
                    days: vec![Day::Monday, Day::Wednesday],
                    from: time(hour),
                    to: time(hour + 2),
                }),
                ..terms(campaign, sender)
            }
        },
    )
}

pub(super) fn some_bulk() -> impl Strategy<Value = AcceptedBulk<'static>> {
    let speed = prop_oneof![Just(None), (1_u32..600).prop_map(Some)];
    let send_at = prop_oneof![Just(None), (0_i64..200_000).prop_map(Some)];
    let rejected = proptest::collection::btree_set(0_usize..12, 0..4);
    (1_i64..9, 0_i64..1_000, send_at, speed, proptest::collection::vec(some_terms(), 1..12), rejected).prop_map(
        |(number, second, send_at, speed, terms, rejected)| {
            let speed = speed.map(|amount| SendingSpeedLimit { amount, time_unit: SpeedUnit::Minute });
            let mut bulk = bulk(number, second, SendTiming { send_at: send_at.map(at), speed, turns: None }, terms);
            let count = bulk.table.messages.len();
            bulk.rejected =
                rejected.into_iter().filter(|position| *position < count).map(|position| (position, 23)).collect();
            bulk
        },
    )
}

pub(super) fn some_rule() -> impl Strategy<Value = String> {
    (0..8_usize, 0..1_001_u16, any::<bool>()).prop_map(|(outcome, share, is_slow)| {
        let outcome = [
            "unknownSender",
            "blockedDestination",
            "conversationClosed",
            "unknownPerson",
            "blockedBusiness",
            "channelFails",
            "silent",
            "slow",
        ][outcome];
        let after = if is_slow { r#", "afterSeconds": 90000"# } else { "" };
        format!(r#"{{ "outcome": "{outcome}", "perMille": {share}{after} }}"#)
    })
}

pub(super) fn some_rules() -> impl Strategy<Value = ChannelRules> {
    (proptest::collection::vec(some_rule(), 0..3), 0_u32..5).prop_map(|(rules, price)| {
        let price = format!(r#"{{ "perMessage": {price}, "currency": "EUR" }}"#);
        serde_json::from_str(&format!(r#"{{ "price": {price}, "rules": [{}] }}"#, rules.join(", "))).unwrap()
    })
}

pub(super) fn some_inputs() -> impl Strategy<Value = Inputs> {
    let entry = (0_i64..100_000, 0_i64..9, some_rules());
    proptest::collection::vec(entry, 0..3).prop_map(|mut entries| {
        entries.sort_by_key(|(second, after_bulk, _)| (*second, *after_bulk));
        let mut inputs = Inputs::default();
        for (second, after_bulk, rules) in entries {
            inputs.add_rules(RulesEntry { at: at(second), after_bulk, rules });
        }
        inputs
    })
}
