//! Courses by hand, and what holds of all of them.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Conditions, MessageCourse, Timetable, courses};
use crate::timing::{is_open, next_open};
use crate::wire::channel::ValidityFrom;
use crate::wire::options::{
    Day, DeliveryTimeWindow, SendingSpeedLimit, SpeedUnit, TimeOfDay, ValidityPeriod, ValidityUnit,
};

/// A Monday.
const MONDAY: &str = "2026-11-30";

fn at(time: &str) -> Timestamp {
    format!("{MONDAY}T{time}Z").parse().unwrap()
}

fn window(days: &[Day], from: u8, to: u8) -> DeliveryTimeWindow {
    let hour = |hour| Some(TimeOfDay { hour, minute: 0 });
    DeliveryTimeWindow { days: days.to_vec(), from: hour(from), to: hour(to) }
}

fn hours(amount: u32) -> Option<ValidityPeriod> {
    Some(ValidityPeriod { amount, time_unit: ValidityUnit::Hours })
}

fn timetable(speed: Option<(u32, SpeedUnit)>) -> Timetable {
    Timetable {
        accepted_at: at("06:00:00"),
        starts_at: at("07:00:00"),
        speed: speed.map(|(amount, time_unit)| SendingSpeedLimit { amount, time_unit }),
        turns: None,
        validity_from: ValidityFrom::SendAt,
    }
}

/// The courses in words: the turn, when it leaves or `-`, and when it is over where that is before 48 hours.
fn told(timetable: &Timetable, conditions: &[Conditions<'_>], groups: &[usize]) -> Vec<String> {
    let groups: Vec<_> = groups.iter().copied().map(Some).collect();
    let clock = |instant: Timestamp| instant.strftime("%a %H:%M").to_string();
    let told = |course: &Option<MessageCourse>| {
        let MessageCourse { turn_at, leaves_at, over_at } = course.unwrap();
        let or_none = |instant: Option<Timestamp>| instant.map_or("-".to_owned(), clock);
        if leaves_at.is_some() { or_none(leaves_at) } else { format!("{} - {}", or_none(turn_at), clock(over_at)) }
    };
    courses(timetable, conditions, &groups).iter().map(told).collect()
}

#[test]
fn a_bulk_without_conditions_goes_at_its_speed() {
    let all = [Conditions::default()];
    assert_eq!(told(&timetable(None), &all, &[0, 0]), ["Mon 07:00", "Mon 07:00"]);
    let hourly = timetable(Some((2, SpeedUnit::Hour)));
    assert_eq!(told(&hourly, &all, &[0, 0, 0]), ["Mon 07:00", "Mon 07:30", "Mon 08:00"]);
}

#[test]
fn the_held_go_first_when_the_window_opens_and_hold_up_nobody() {
    let morning = window(&[Day::Monday], 9, 10);
    let conditions = [Conditions::default(), Conditions { window: Some(&morning), validity: None }];
    let hourly = timetable(Some((1, SpeedUnit::Hour)));
    // The second and the third step aside, so that the fourth goes second. At nine those who were held go before
    // the fifth, one an hour, and the window closes on the third at ten.
    let expected = ["Mon 07:00", "Mon 09:00", "Mon 08:00 - Wed 07:00", "Mon 08:00", "Mon 10:00"];
    assert_eq!(told(&hourly, &conditions, &[0, 1, 1, 0, 0]), expected);
}

#[test]
fn nobody_leaves_once_the_validity_is_over() {
    let noon = window(&[Day::Monday, Day::Tuesday], 12, 13);
    let short = Conditions { window: None, validity: hours(1) };
    let held = Conditions { window: Some(&noon), validity: hours(5) };
    let hourly = timetable(Some((1, SpeedUnit::Hour)));
    assert_eq!(told(&hourly, &[short], &[0, 0]), ["Mon 07:00", "- - Mon 08:00"]);
    // The window opens in the instant at which it is over.
    assert_eq!(told(&timetable(None), &[held], &[0]), ["Mon 07:00 - Mon 12:00"]);
    let from = |validity_from| Timetable { validity_from, ..hourly };
    assert_eq!(told(&from(ValidityFrom::Acceptance), &[short], &[0]), ["- - Mon 07:00"]);
    assert_eq!(told(&from(ValidityFrom::Turn), &[short], &[0, 0]), ["Mon 07:00", "Mon 08:00"]);
    assert_eq!(told(&from(ValidityFrom::Turn), &[held], &[0]), ["Mon 07:00 - Mon 12:00"]);
}

#[test]
fn whoever_was_turned_down_takes_no_room() {
    let hourly = timetable(Some((1, SpeedUnit::Hour)));
    let found = courses(&hourly, &[Conditions::default()], &[Some(0), None, Some(0)]);
    let leaves: Vec<_> = found.iter().map(|course| course.and_then(|course| course.leaves_at)).collect();
    assert_eq!(leaves, [Some(at("07:00:00")), None, Some(at("08:00:00"))]);
}

#[test]
fn the_end_of_all_time_is_no_end_of_the_work() {
    let end = Timestamp::MAX - SignedDuration::from_hours(24);
    let last = Timetable { starts_at: end, accepted_at: end, ..timetable(Some((1, SpeedUnit::Day))) };
    let found = courses(&last, &[Conditions::default()], &[Some(0), Some(0), Some(0)]);
    assert_eq!(found.len(), 3);
}

#[derive(Debug, Clone)]
struct Case {
    timetable: Timetable,
    conditions: Vec<(Option<DeliveryTimeWindow>, Option<ValidityPeriod>)>,
    groups: Vec<usize>,
}

fn a_window() -> impl Strategy<Value = DeliveryTimeWindow> {
    let days = vec![Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];
    let hours = proptest::option::of((0_u8..24, 0_u8..24).prop_filter("an hour apart", |(from, to)| from != to));
    (proptest::sample::subsequence(days, 1..=7), hours).prop_map(|(days, hours)| match hours {
        Some((from, to)) => window(&days, from, to),
        None => DeliveryTimeWindow { days, from: None, to: None },
    })
}

fn a_case() -> impl Strategy<Value = Case> {
    let validity = (1_u32..80, any::<bool>()).prop_map(|(amount, is_minutes)| ValidityPeriod {
        amount,
        time_unit: if is_minutes { ValidityUnit::Minutes } else { ValidityUnit::Hours },
    });
    let conditions =
        proptest::collection::vec((proptest::option::of(a_window()), proptest::option::of(validity)), 1..4);
    let unit = prop_oneof![Just(SpeedUnit::Minute), Just(SpeedUnit::Hour), Just(SpeedUnit::Day)];
    let speed = proptest::option::of((1_u32..90, unit));
    let from = prop_oneof![Just(ValidityFrom::SendAt), Just(ValidityFrom::Acceptance), Just(ValidityFrom::Turn)];
    (conditions, proptest::collection::vec(0_usize..4, 1..60), speed, from, 0_i64..10_000, 0_i64..10_000).prop_map(
        |(conditions, groups, speed, validity_from, accepted, wait)| {
            let accepted_at = at("00:00:00") + SignedDuration::from_mins(accepted);
            let starts_at = accepted_at + SignedDuration::from_mins(wait);
            let groups = groups.into_iter().map(|group| group % conditions.len()).collect();
            let timetable = Timetable { accepted_at, starts_at, validity_from, ..timetable(speed) };
            Case { timetable, conditions, groups }
        },
    )
}

/// The same by the rules alone, one room after the other, looking at everybody each time.
fn slowly(case: &Case) -> Vec<MessageCourse> {
    let Timetable { accepted_at, starts_at, speed, validity_from, .. } = case.timetable;
    let mut found: Vec<MessageCourse> =
        case.groups.iter().map(|_| MessageCourse { turn_at: None, leaves_at: None, over_at: Timestamp::MAX }).collect();
    let validity = |group: usize| crate::timing::horizon::validity(case.conditions[group].1);
    let opens = |group: usize, now| case.conditions[group].0.as_ref().map_or(now, |window| next_open(window, now));
    for (course, group) in found.iter_mut().zip(&case.groups) {
        match validity_from {
            ValidityFrom::SendAt => course.over_at = starts_at + validity(*group),
            ValidityFrom::Acceptance => course.over_at = accepted_at + validity(*group),
            ValidityFrom::Turn => {}
        }
    }
    let (mut base, mut left) = (starts_at, 0);
    loop {
        let now = base + SignedDuration::from_millis(speed.map_or(0, |speed| speed.offset_ms(left)));
        let mut gone = false;
        for (course, group) in found.iter_mut().zip(&case.groups) {
            if course.leaves_at.is_some() || (course.turn_at.is_none() && course.over_at <= now) {
                continue;
            }
            if course.turn_at.is_none() {
                course.turn_at = Some(now);
                if validity_from == ValidityFrom::Turn {
                    course.over_at = now + validity(*group);
                }
            }
            if course.over_at > now && opens(*group, now) == now {
                course.leaves_at = Some(now);
                gone = true;
                break;
            }
        }
        if gone {
            left += 1;
            continue;
        }
        let waiting =
            found.iter().zip(&case.groups).filter(|(course, _)| course.leaves_at.is_none() && course.over_at > now);
        let Some(next) = waiting.map(|(_, group)| opens(*group, now)).min() else { return found };
        (base, left) = (next, 0);
    }
}

proptest! {
    #[test]
    fn the_rules_hold(case in a_case()) {
        let conditions: Vec<_> = case.conditions.iter().map(|(window, validity)| Conditions { window: window.as_ref(), validity: *validity }).collect();
        let groups: Vec<_> = case.groups.iter().copied().map(Some).collect();
        let found: Vec<_> = courses(&case.timetable, &conditions, &groups).into_iter().flatten().collect();
        prop_assert_eq!(&found, &slowly(&case));
        let mut leaves = Vec::new();
        for (course, group) in found.iter().zip(&case.groups) {
            if let Some(leaves_at) = course.leaves_at {
                prop_assert!(leaves_at >= case.timetable.starts_at && leaves_at < course.over_at);
                prop_assert!(conditions[*group].window.is_none_or(|window| is_open(window, leaves_at)));
                prop_assert!(course.turn_at.is_some_and(|turn_at| turn_at <= leaves_at));
                leaves.push(leaves_at);
            }
        }
        // No stretch of a minute, an hour or a day has more than the speed allows.
        leaves.sort_unstable();
        if let Some(speed) = case.timetable.speed {
            let amount = usize::try_from(speed.amount).unwrap();
            for (first, beyond) in leaves.iter().zip(leaves.iter().skip(amount)) {
                prop_assert!(beyond.duration_since(*first) >= SignedDuration::from_millis(speed.unit_ms()));
            }
        }
        // Of the messages on the same conditions the first go first.
        for number in 0..conditions.len() {
            let of_group = found.iter().zip(&case.groups).filter(|(_, group)| **group == number);
            let leaves: Vec<_> = of_group.filter_map(|(course, _)| course.leaves_at).collect();
            prop_assert!(leaves.is_sorted());
        }
    }
}
