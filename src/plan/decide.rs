//! The second phase of planning: what can only be said over all messages together, when everybody who
//! may get one is known and no bulk is cut yet.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::campaign::Message;
use crate::identity::{Person, SenderId};

use super::draft::{Draft, DraftRows};
use super::input::Input;

/// Two messages to one person within this time are close together.
const CLOSE_TOGETHER: SignedDuration = SignedDuration::from_hours(1);

/// What was decided over all messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Decisions {
    /// How many people would get more than one message within an hour, each counted once for every
    /// sender: under another sender they are somebody else.
    pub close_together: u64,
}

/// Decides over all messages.
#[must_use]
pub(super) fn decide(input: &Input<'_>, drafts: &[Draft<'_>]) -> Decisions {
    let mut senders: BTreeMap<&SenderId, Vec<(&Message, &DraftRows)>> = BTreeMap::new();
    for draft in drafts.iter().filter(|draft| draft.plan.selected && !draft.plan.diagnostics.has_errors()) {
        if let Some(rows) = draft.rows.as_ref().filter(|rows| !rows.collected.recipients.is_empty()) {
            senders.entry(&draft.message.sender).or_default().push((draft.message, rows));
        }
    }
    // Nobody gets one message twice.
    let several = senders.values().filter(|messages| messages.len() > 1);
    Decisions { close_together: several.map(|messages| close_together(input, messages)).sum() }
}

/// How many people would get more than one of some messages of one sender within an hour.
fn close_together(input: &Input<'_>, messages: &[(&Message, &DraftRows)]) -> u64 {
    let mut departures: Vec<(Person, Timestamp)> = Vec::new();
    for (message, rows) in messages {
        rows.batcher(message, input).departures(&rows.collected, |person, at| departures.push((person, at)));
    }
    departures.sort_unstable();
    let people = departures.chunk_by(|(one, _), (other, _)| one == other);
    let is_close = |pair: &[(Person, Timestamp)]| match pair {
        [(_, one), (_, other)] => other.duration_since(*one) <= CLOSE_TOGETHER,
        _ => false,
    };
    people.filter(|person| person.windows(2).any(is_close)).count() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;

    use jiff::{SignedDuration, Timestamp};
    use proptest::prelude::*;

    use crate::identity::{Person, SenderId};
    use crate::plan::Plan;
    use crate::plan::fixture::Fixture;
    use crate::timing::Pace;

    /// A project of messages, each with its schedule and its people, as digits.
    fn project(messages: &[(String, String, Vec<u8>)]) -> Fixture {
        let mut campaign = "campaign: sale\naudiences:\n".to_owned();
        for (number, (_, _, people)) in messages.iter().enumerate() {
            let rows: Vec<String> =
                people.iter().map(|person| format!("{{ to: \"178414000000000{person:02}\" }}")).collect();
            writeln!(campaign, "  a{number}: {{ rows: [ {} ] }}", rows.join(", ")).unwrap();
        }
        campaign.push_str("schedules:\n");
        for (number, (_, schedule, _)) in messages.iter().enumerate() {
            writeln!(campaign, "  s{number}: {{ {schedule} }}").unwrap();
        }
        campaign.push_str("messages:\n");
        for (number, (sender, _, _)) in messages.iter().enumerate() {
            let content = format!("{{ type: TEXT, text: Text {number} }}");
            writeln!(
                campaign,
                "  - {{ id: m{number}, sender: {sender}, audience: a{number}, schedule: s{number}, content: {content} }}"
            )
            .unwrap();
        }
        Fixture::new(&campaign)
    }

    fn message(sender: &str, schedule: &str, people: &[u8]) -> (String, String, Vec<u8>) {
        (sender.to_owned(), schedule.to_owned(), people.to_vec())
    }

    fn at(time: &str) -> String {
        format!("sendAt: \"2026-12-01 {time}\", timeZone: UTC")
    }

    #[test]
    fn people_who_would_get_two_messages_within_an_hour_are_counted() {
        let check = |messages: &[(String, String, Vec<u8>)], expect: u64| {
            assert_eq!(project(messages).plan().close_together, expect, "{messages:?}");
        };
        let nine = message("shop", &at("09:00"), &[1, 2, 3]);
        check(&[nine.clone(), message("shop", &at("10:00"), &[2, 3, 4])], 2);
        check(&[nine.clone(), message("shop", &at("10:01"), &[2, 3, 4])], 0);
        check(&[nine.clone(), message("shop", &at("09:30"), &[3]), message("shop", &at("09:45"), &[3])], 1);
        // Under another sender nobody can tell who they are.
        check(&[nine.clone(), message("other", &at("09:00"), &[1, 2, 3])], 0);
        // At one an hour the last of them leaves at 11:00.
        let slow = format!("{}, sendingSpeedLimit: {{ amount: 1, timeUnit: HOUR }}", at("09:00"));
        check(&[message("shop", &slow, &[1, 2, 3]), message("shop", &at("11:30"), &[1, 2, 3])], 1);
    }

    #[test]
    fn what_is_not_selected_is_not_counted() {
        let mut fixture = project(&[message("shop", &at("09:00"), &[1]), message("shop", &at("09:00"), &[1])]);
        assert_eq!(fixture.plan().close_together, 1);
        fixture.selection.add("sale.m1").unwrap();
        assert_eq!(fixture.plan().close_together, 0);
    }

    /// Counts them in the bulks that were cut.
    fn in_bulks(plan: &Plan) -> u64 {
        let mut times: BTreeMap<(&SenderId, Person), Vec<Timestamp>> = BTreeMap::new();
        for message in &plan.messages {
            for bulk in message.bulks.iter().chain(&message.later) {
                for (number, recipient) in (0..).zip(&bulk.recipients) {
                    let leaves = Pace::new(message.speed).leaves_at(bulk.send_at.unwrap_or(plan.now), number);
                    times.entry((&message.sender, recipient.person)).or_default().push(leaves);
                }
            }
        }
        times.values_mut().for_each(|times| times.sort_unstable());
        let close = times.values().filter(|times| {
            times.windows(2).any(|pair| pair[1].duration_since(pair[0]) <= SignedDuration::from_hours(1))
        });
        close.count() as u64
    }

    proptest! {
        #[test]
        fn what_is_decided_is_what_is_cut(
            messages in prop::collection::vec(
                (0..2_usize, 0..5_u8, 0..3_usize, prop::collection::btree_set(1..12_u8, 1..10), any::<bool>()),
                1..4,
            )
        ) {
            let speeds = ["", ", sendingSpeedLimit: { amount: 2, timeUnit: HOUR }", ", sendingSpeedLimit: { amount: 7, \
                          timeUnit: MINUTE }"];
            let messages: Vec<_> = messages.into_iter().map(|(sender, hour, speed, people, is_late)| {
                let schedule = if is_late { "ifPast: sendNow, ".to_owned() } else { "handover: 2h, ".to_owned() };
                let day = if is_late { "2026-11-30" } else { "2026-12-01" };
                let schedule = format!(
                    "{schedule}sendAt: \"{day} {:02}:20\", timeZone: UTC{}", hour + 9, speeds[speed]
                );
                let sender = ["shop", "other"][sender];
                (sender.to_owned(), schedule, people.into_iter().collect::<Vec<u8>>())
            }).collect();
            let plan = project(&messages).plan();
            prop_assert_eq!(plan.close_together, in_bulks(&plan));
        }
    }
}
