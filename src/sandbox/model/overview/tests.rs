//! Overviews by hand, and what holds of all of them.

use jiff::Timestamp;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::OverviewBuilder;
use crate::sandbox::model::bulk::{AcceptedBulk, LogSpan};
use crate::sandbox::model::drawn::{at, bulk, some_bulk, some_inputs, some_rule, terms};
use crate::sandbox::model::inputs::{InboundMessage, Inputs, PersonAct, RulesEntry, ToldOutcome};
use crate::sandbox::model::lifecycle::MessageState;
use crate::sandbox::model::message::SendTiming;
use crate::sandbox::model::rules::ChannelRules;
use crate::sandbox::model::status::Ending;
use crate::sandbox::model::steps::steps;
use crate::wire::choices::UnsentInLogs;
use crate::wire::options::{SendingSpeedLimit, SpeedUnit};
use crate::wire::overview::{FailedEnd, MessageCounts, Overview, PriceSum};

fn overview(bulks: &[AcceptedBulk<'_>], inputs: &Inputs, second: i64) -> Overview {
    let mut builder = OverviewBuilder::new(at(second));
    bulks.iter().for_each(|bulk| builder.add(bulk, inputs));
    builder.finish()
}

/// Prices from the beginning, and a person who is not there.
fn inputs() -> Inputs {
    let rules = r#"{ "price": { "perMessage": 0.1, "currency": "EUR" },
        "rules": [{ "outcome": "unknownPerson", "ids": ["2"] }, { "outcome": "blockedDestination", "ids": ["4"] }] }"#;
    let mut inputs = Inputs::default();
    let rules: ChannelRules = serde_json::from_str(rules).unwrap();
    inputs.add_rules(RulesEntry { at: at(-1), after_bulk: 0, rules });
    inputs
}

#[test]
fn each_campaign_of_each_sender_is_counted_by_itself() {
    let speed = Some(SendingSpeedLimit { amount: 60, time_unit: SpeedUnit::Minute });
    let sale = || terms(Some("sale"), "shop");
    let mut one =
        bulk(1, 0, SendTiming { speed, ..SendTiming::default() }, vec![sale(), sale(), sale(), sale(), sale()]);
    one.rejected = vec![(2, 23)];
    let other = bulk(
        2,
        0,
        SendTiming { send_at: Some(at(60)), ..SendTiming::default() },
        vec![terms(None, "shop"), terms(Some("sale"), "gallery")],
    );
    let bulks = [one, other];
    // The first left at once, the second a second later, the fourth takes the turn of the third.
    let seen = overview(&bulks, &inputs(), 2);
    let names: Vec<_> = seen.campaigns.iter().map(|it| (it.campaign_reference_id.as_deref(), &*it.sender)).collect();
    assert_eq!(names, [(None, "shop"), (Some("sale"), "gallery"), (Some("sale"), "shop")]);
    let sale = &seen.campaigns[2].counts;
    let reason = |end, status: u16, error: u16| {
        let found =
            sale.reasons.iter().find(|reason| (reason.end, reason.status, reason.error) == (end, status, error));
        found.map(|reason| reason.count)
    };
    assert_eq!(
        (sale.turned_down, sale.accepted, sale.queued, sale.delivered, sale.undeliverable, sale.rejected, sale.sent),
        (1, 4, 1, 1, 1, 1, 2)
    );
    assert_eq!(reason(FailedEnd::TurnedDown, 23, 0), Some(1));
    assert_eq!(reason(FailedEnd::Undeliverable, 9, 7002), Some(1));
    assert_eq!(reason(FailedEnd::Rejected, 14, 2052), Some(1));
    assert_eq!(sale.prices, [PriceSum { currency: "EUR".to_owned(), total: 0.2 }]);
    assert_eq!((sale.first_sent_at, sale.last_sent_at, sale.messages_a_minute), (Some(at(0)), Some(at(1)), None));
    assert_eq!((seen.all.accepted, seen.all.scheduled, seen.rest), (6, 2, None));
    let paced = bulk(3, 0, SendTiming { speed, ..SendTiming::default() }, vec![terms(None, "shop"); 100]);
    assert_eq!(overview(&[paced], &Inputs::default(), 90).all.messages_a_minute, Some(60.0));
}

#[test]
fn what_is_not_listed_is_counted_all_the_same() {
    let many = (0..7).map(|number| terms(Some(&number.to_string()), "shop")).collect();
    let mut builder = OverviewBuilder { campaigns_max: 3, ..OverviewBuilder::new(at(9)) };
    builder.add(&bulk(1, 0, SendTiming::default(), many), &inputs());
    // One that is not there yet.
    builder.add(&bulk(2, 10, SendTiming::default(), vec![terms(None, "shop")]), &inputs());
    let seen = builder.finish();
    assert_eq!((seen.campaigns.len(), seen.rest.map(|rest| rest.accepted), seen.all.accepted), (3, Some(4), 7));
}

fn counted(counts: &[&MessageCounts], of: impl Fn(&MessageCounts) -> u64) -> u64 {
    counts.iter().map(|counts| of(counts)).sum()
}

proptest! {
    #[test]
    fn every_message_is_counted_once(
        bulks in proptest::collection::vec(some_bulk(), 0..5), inputs in some_inputs(),
        second in 0_i64..400_000, campaigns_max in 0_usize..5,
    ) {
        let mut builder = OverviewBuilder { campaigns_max, ..OverviewBuilder::new(at(second)) };
        bulks.iter().for_each(|bulk| builder.add(bulk, &inputs));
        let seen = builder.finish();
        let there: Vec<_> = bulks.iter().filter(|bulk| bulk.header.accepted_at <= at(second)).collect();
        let messages: usize = there.iter().map(|bulk| bulk.table.messages.len()).sum();
        let rejected: usize = there.iter().map(|bulk| bulk.rejected.len()).sum();
        prop_assert_eq!((seen.all.accepted, seen.all.turned_down), ((messages - rejected) as u64, rejected as u64));
        let parts: Vec<_> = seen.campaigns.iter().map(|campaign| &campaign.counts).chain(&seen.rest).collect();
        prop_assert!(seen.campaigns.len() <= campaigns_max);
        for counts in parts.iter().copied().chain([&seen.all]) {
            prop_assert_eq!(counts.accepted, counts.sum());
            let reasons = |end| counts.reasons.iter().filter(|it| it.end == end).map(|it| it.count).sum::<u64>();
            prop_assert_eq!(reasons(FailedEnd::TurnedDown), counts.turned_down);
            prop_assert_eq!(reasons(FailedEnd::Undeliverable), counts.undeliverable);
            prop_assert_eq!(reasons(FailedEnd::Expired), counts.expired);
            prop_assert_eq!(reasons(FailedEnd::Rejected), counts.rejected);
            prop_assert!(counts.sent >= counts.on_the_way + counts.delivered + counts.undeliverable);
            prop_assert!(counts.sent <= counts.accepted - counts.waiting() - counts.rejected);
            prop_assert_eq!(counts.first_sent_at.is_some(), counts.sent > 0);
        }
        prop_assert_eq!(counted(&parts, |counts| counts.accepted), seen.all.accepted);
        prop_assert_eq!(counted(&parts, |counts| counts.sent), seen.all.sent);
        prop_assert_eq!(counted(&parts, MessageCounts::waiting), seen.all.waiting());
        let money = |counts: &MessageCounts| counts.prices.iter().map(|sum| sum.total).sum::<f64>();
        prop_assert!((parts.iter().map(|counts| money(counts)).sum::<f64>() - money(&seen.all)).abs() < 1e-6);
    }
}

proptest! {
    /// Whatever is said of how messages end, and when: what was seen before stays, an end that was seen is the last word,
    /// and each state leads to the next.
    #[test]
    fn what_is_said_of_an_end_never_changes_the_past(
        bulk in some_bulk(), inputs in some_inputs(), status in prop_oneof![Just(5_u16), Just(9), Just(14), Just(15)],
        told_second in 0_i64..300_000, seconds in proptest::collection::vec(0_i64..400_000, 1..8),
    ) {
        let mut told = inputs.clone();
        let ending = Ending { status, error: 0 };
        for message in &bulk.table.messages {
            let outcome = ToldOutcome { at: at(told_second), after_bulk: bulk.header.number, ending };
            told.add_outcome(message.message_id.clone().into_owned(), outcome);
        }
        let (before, after) = (bulk.lives(&inputs), bulk.lives(&told));
        for (position, message) in bulk.table.messages.iter().enumerate() {
            let (one, other) = (&before[position], &after[position]);
            for second in &seconds {
                let (was, is) = (bulk.sight(message, one, at(*second)), bulk.sight(message, other, at(*second)));
                if *second < told_second || was.done_at.is_some_and(|done_at| done_at <= at(told_second)) {
                    prop_assert_eq!(was, is, "at {}", second);
                }
                prop_assert_eq!(was.sent_at, is.sent_at);
            }
            // What has not ended ends as it was said, unless it never leaves or has left and cannot be rejected. What was
            // turned down had ended when it came.
            let has_ended = one.done_at <= at(told_second) || bulk.rejection(position).is_some();
            let has_left = one.sent_at.is_some_and(|sent_at| sent_at <= at(told_second));
            let end = bulk.sight(message, other, at(900_000));
            if !has_ended && one.sent_at.is_some() && !(has_left && status == 14) {
                let is_over_first = end.ending.status == 15;
                prop_assert!(end.ending == ending || is_over_first, "{:?}", end);
            }
            let steps = steps(&bulk, message, other, at(900_000));
            prop_assert!(steps.is_sorted_by(|one, other| one.at <= other.at && one.state.may_become(other.state)));
            prop_assert_eq!(steps.last().map(|step| step.state), Some(end.state));
            prop_assert!(end.state.is_final() || end.state == MessageState::Sent);
        }
    }
}

/// Something that is done from outside.
#[derive(Debug, Clone)]
enum Change {
    Rules(ChannelRules),
    Acts { sender: &'static str, person: usize, act: PersonAct },
    Ends { message_id: String, ending: Ending },
}

impl Change {
    fn note(self, inputs: &mut Inputs, at: Timestamp, after_bulk: i64) {
        match self {
            Self::Rules(rules) => inputs.add_rules(RulesEntry { at, after_bulk, rules }),
            Self::Acts { sender, person, act } => {
                let (sender, person) = (sender.to_owned(), person.to_string());
                inputs.add_inbound(InboundMessage { at, after_bulk, sender, person, act });
            }
            Self::Ends { message_id, ending } => {
                inputs.add_outcome(message_id, ToldOutcome { at, after_bulk, ending });
            }
        }
    }
}

fn some_change() -> impl Strategy<Value = Change> {
    let validity_from = prop_oneof![Just("sendAt"), Just("acceptance"), Just("turn")];
    let conversations = prop_oneof![Just("open"), Just("tracked"), Just("tracked")];
    let latency = prop_oneof![Just(0_u32), Just(1_000), Just(2_500)];
    let rules = proptest::collection::vec(some_rule(), 0..3);
    let rules =
        (validity_from, conversations, latency, 0_u32..3, rules).prop_map(|(from, open, latency, price, rules)| {
            let text = format!(
                r#"{{ "validityFrom": "{from}", "conversations": "{open}", "latencyMs": {latency},
                  "price": {{ "perMessage": {price}, "currency": "EUR" }}, "rules": [{}] }}"#,
                rules.join(", ")
            );
            Change::Rules(serde_json::from_str(&text).unwrap())
        });
    let act = prop_oneof![Just(PersonAct::Writes), Just(PersonAct::Blocks)];
    let acts = (prop_oneof![Just("shop"), Just("gallery")], 1_usize..4, act)
        .prop_map(|(sender, person, act)| Change::Acts { sender, person, act });
    let ends =
        (1_i64..4, 0_usize..3, prop_oneof![Just(5_u16), Just(9), Just(14)]).prop_map(|(bulk, position, status)| {
            Change::Ends { message_id: format!("{bulk}.{position}"), ending: Ending { status, error: 0 } }
        });
    prop_oneof![2 => rules, 3 => acts, 1 => ends]
}

proptest! {
    /// Whatever is done from outside, and in whichever order at one instant: what was shown of a message until then, also
    /// at that very instant, stays. Only where it is said how a message ends it may end at that instant.
    #[test]
    fn no_input_changes_what_was_shown(
        bulks in proptest::collection::vec((some_bulk(), 0_i64..6, proptest::option::of(0_i64..8)), 1..4),
        changes in proptest::collection::vec((0_i64..9, 0_usize..4, some_change()), 1..8),
    ) {
        let (mut bulks, mut changes) = (bulks, changes);
        bulks.sort_by_key(|(_, second, _)| *second);
        changes.sort_by_key(|(second, ..)| *second);
        let numbered = bulks.into_iter().zip(1..).map(|((mut bulk, second, send_at), number)| {
            (bulk.header.number, bulk.header.accepted_at) = (number, at(second));
            bulk.header.pace.send_at = send_at.map(at);
            for (position, message) in bulk.table.messages.iter_mut().enumerate() {
                message.message_id = format!("{number}.{position}").into();
            }
            bulk
        });
        let bulks: Vec<_> = numbered.collect();
        let mut inputs = Inputs::default();
        let mut last = 0;
        for (second, pick, change) in changes {
            let there = |until: i64| bulks.iter().filter(|bulk| bulk.header.accepted_at < at(until)).count();
            let (before, upto) = (there(second), there(second + 1));
            last = (before + pick % (upto - before + 1)).max(last);
            let is_end = matches!(change, Change::Ends { .. });
            let known = inputs.clone();
            change.note(&mut inputs, at(second), i64::try_from(last).unwrap());
            for bulk in bulks.iter().take(last) {
                for ((message, was), is) in bulk.table.messages.iter().zip(bulk.lives(&known)).zip(bulk.lives(&inputs)) {
                    let own = [was.sent_at, is.sent_at, Some(was.done_at), Some(is.done_at)];
                    let looks = (0..=second).map(at).chain(own.into_iter().flatten().filter(|own| *own <= at(second)));
                    for now in looks {
                        let sights = [&was, &is].map(|life| bulk.sight(message, life, now));
                        if is_end && now == at(second) {
                            prop_assert!(sights[0].state.may_become(sights[1].state), "{sights:?}");
                            continue;
                        }
                        prop_assert_eq!(sights[0], sights[1], "at {} of {:?}", now, message);
                        let log = |life, inputs| {
                            serde_json::to_string(&bulk.log(message, life, inputs, (now, UnsentInLogs::Hide))).unwrap()
                        };
                        prop_assert_eq!(log(&was, &known), log(&is, &inputs), "at {} of {:?}", now, message);
                    }
                }
            }
        }
        // Whoever looks for them by time finds them where they were to be when their bulk was accepted.
        for bulk in &bulks {
            let validity_from = inputs.rules(bulk.header.accepted_at, bulk.header.number).validity_from;
            let LogSpan { first, last } = bulk.log_span(validity_from);
            for (position, life) in bulk.lives(&inputs).iter().enumerate() {
                let is_there = (first..=last).contains(&life.logged_at()) || bulk.rejection(position).is_some();
                prop_assert!(is_there, "{life:?} in {first} to {last}");
            }
        }
    }
}
