//! Clocks that are moved, killed and started again.

use proptest::prelude::{Just, Strategy, prop_assert, prop_oneof, proptest};

use super::{ClockHold, ClockRefusal, ClockSetting, ClockStart, LAST, Moved, SandboxClock, Speed};
use crate::timing::read_duration;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::sync::Arc;
use std::time::Duration;

const NOON: &str = "2026-11-30T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn fixed(text: &str, bound: Option<&str>) -> SandboxClock {
    SandboxClock::start(ClockStart::Fixed(at(text)), Speed::REAL, bound.map(at))
}

/// Changes a clock whose books are written at once.
fn change(clock: &SandboxClock, change: &ClockSetting) -> Result<Moved, ClockRefusal> {
    clock.change(change, clock.bound_of(change)?)
}

fn advance(duration: &str) -> ClockSetting {
    ClockSetting { advance: read_duration(duration), ..ClockSetting::default() }
}

#[test]
fn a_fixed_clock_is_moved_by_hand_and_only_forward() {
    let clock = fixed(NOON, None);
    assert_eq!((clock.now(), clock.wanted_bound(), clock.wants_bound_in()), (at(NOON), None, None));
    let moved = change(&clock, &ClockSetting::to(at("2026-12-01T09:00:00Z"))).unwrap();
    assert_eq!((moved.from, moved.to), (at(NOON), at("2026-12-01T09:00:00Z")));
    assert_eq!(change(&clock, &ClockSetting::to(at("2026-12-01T08:59:59Z"))), Err(ClockRefusal::Back));
    change(&clock, &advance("1d 30m")).unwrap();
    assert_eq!(clock.now(), at("2026-12-02T09:30:00Z"));
    let both = ClockSetting { now: Some(clock.now()), ..advance("1s") };
    assert_eq!(change(&clock, &both), Err(ClockRefusal::Twice));
    for (to, refused) in [("9998-01-01T00:00:00Z", true), ("9997-12-31T23:59:59.999Z", false)] {
        let is_refused = clock.bound_of(&ClockSetting::to(at(to))) == Err(ClockRefusal::TooFar);
        assert_eq!(is_refused, refused, "{to}");
    }
    assert_eq!(clock.now(), at("2026-12-02T09:30:00Z"));
}

#[test]
fn a_running_clock_never_passes_its_bound() {
    let clock = SandboxClock::start(ClockStart::At(at(NOON)), Speed::new(1_000_000).unwrap(), None);
    // However much real time has passed, nobody has made a later time durable.
    assert_eq!(clock.now(), at(NOON));
    let bound = clock.wanted_bound().unwrap();
    assert!(bound.duration_since(at(NOON)) >= SignedDuration::from_secs(1_000_000));
    clock.grant(bound);
    assert!(clock.now() <= bound);
    clock.grant(at(NOON));
    assert!(clock.wants_bound_in().is_some_and(|wait| wait < Duration::from_secs(1)));
    let last = clock.stop();
    assert_eq!((clock.now(), clock.now(), clock.wanted_bound()), (last, last, None));
}

#[test]
fn at_the_end_of_all_time_it_stands_and_wants_nothing() {
    for start in [LAST - 5.seconds(), LAST, at("9999-06-01T00:00:00Z")] {
        let clock = SandboxClock::start(ClockStart::At(start), Speed::new(1_000_000).unwrap(), None);
        let mut renewals = 0;
        while let Some(bound) = clock.wanted_bound() {
            clock.grant(bound);
            renewals += 1;
        }
        // Nor is it asked again and again whether it does.
        assert_eq!((renewals < 3, clock.wants_bound_in()), (true, None), "{start}");
        while clock.now() < LAST {
            std::thread::yield_now();
        }
        assert_eq!((clock.now(), clock.wanted_bound(), clock.wants_bound_in()), (start.max(LAST), None, None));
    }
}

#[test]
fn a_clock_that_is_held_is_read_and_goes_on_when_it_is_let_go() {
    let clock = Arc::new(SandboxClock::start(ClockStart::At(at(NOON)), Speed::new(1_000_000).unwrap(), None));
    clock.grant(at("2030-01-01T00:00:00Z"));
    let holds: Vec<ClockHold> = vec![clock.hold(), clock.hold_briefly().unwrap()];
    let stands = holds[0].at();
    assert!(holds[1].at() == stands && (0..1_000).all(|_| clock.now() == stands));
    // It can be moved all the same.
    change(&clock, &advance("1h")).unwrap();
    let stands = clock.now();
    assert!((0..1_000).all(|_| clock.now() == stands));
    for (left, hold) in holds.into_iter().enumerate().rev() {
        drop(hold);
        assert_eq!(clock.is_held(), left > 0);
    }
    let first = clock.now();
    assert!(first >= stands && std::iter::repeat_with(|| clock.now()).take(1_000_000).any(|now| now > first));
    // A slow one is not held briefly, nor one that stands.
    assert!(Arc::new(fixed(NOON, None)).hold_briefly().is_none());
}

#[test]
fn a_stopped_clock_can_be_let_run_and_made_faster() {
    let clock = fixed(NOON, None);
    let run = ClockSetting { stopped: Some(false), speed: Speed::new(60), ..ClockSetting::default() };
    assert_eq!(clock.bound_of(&run), Ok(at("2026-11-30T12:01:00Z")));
    change(&clock, &run).unwrap();
    assert!(clock.wants_bound_in().is_some());
    change(&clock, &ClockSetting { stopped: Some(true), ..ClockSetting::default() }).unwrap();
    assert_eq!((clock.wanted_bound(), clock.wants_bound_in()), (None, None));
    assert_eq!((Speed::new(0), Speed::new(1_000_001)), (None, None));
}

/// A restart begins at the bound: nothing that is due may have passed by then.
#[test]
fn the_bound_is_not_after_the_bar_and_a_further_bar_asks_for_another() {
    let clock = fixed(NOON, None);
    assert!(!clock.bar(Some(at("2026-11-30T12:20:00Z"))), "it stands");
    let run = ClockSetting { stopped: Some(false), speed: Speed::new(3_600), ..ClockSetting::default() };
    assert_eq!(clock.bound_of(&run), Ok(at("2026-11-30T12:20:00Z")));
    change(&clock, &run).unwrap();
    assert_eq!((clock.wanted_bound(), clock.wants_bound_in()), (None, None));
    assert!(!clock.bar(Some(at("2026-11-30T12:10:00Z"))), "it comes to no bound");
    assert!(clock.bar(Some(at("2026-11-30T12:50:00Z"))));
    assert!(!clock.bar(None), "it needs them already");
    let wanted = clock.wanted_bound();
    assert!(wanted.is_none_or(|bound| bound > at("2026-11-30T12:50:00Z")) && clock.wants_bound_in().is_some());
}

#[test]
fn a_clock_never_starts_before_the_bound_of_the_one_before_it() {
    let bound = Some("2026-12-05T00:00:00Z");
    assert_eq!(fixed(NOON, bound).now(), at("2026-12-05T00:00:00Z"));
    let running = SandboxClock::start(ClockStart::At(at(NOON)), Speed::REAL, bound.map(at));
    assert!(running.now() >= at("2026-12-05T00:00:00Z"));
    assert_eq!(fixed("2027-01-01T00:00:00.0009Z", bound).now(), at("2027-01-01T00:00:00Z"));
}

/// What is done to a clock and its books.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Look,
    Renew,
    Advance(i64),
    Speed(u32),
    Stop(bool),
    /// Something is due now, and then in so many milliseconds, or never again.
    Bar(Option<i64>),
    /// Somebody holds it, or all let it go.
    Hold(bool),
    /// It is killed, and started again where it is told to.
    Kill(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        Just(Deed::Look),
        Just(Deed::Renew),
        (0_i64..10_000_000).prop_map(Deed::Advance),
        (1_u32..=Speed::MAX).prop_map(Deed::Speed),
        proptest::bool::ANY.prop_map(Deed::Stop),
        proptest::option::of(0_i64..10_000_000).prop_map(Deed::Bar),
        proptest::bool::ANY.prop_map(Deed::Hold),
        (-10_000_000_i64..10_000_000).prop_map(Deed::Kill),
    ]
}

proptest! {
    /// Whatever is done to it, what it shows is never behind what it has shown, nor ahead of what is durable.
    #[test]
    fn it_never_goes_back(deeds in proptest::collection::vec(deed(), 1..40)) {
        let start = |ms: i64, bound| {
            let instant = at(NOON) + SignedDuration::from_millis(ms);
            Arc::new(SandboxClock::start(ClockStart::At(instant), Speed::REAL, bound))
        };
        let mut clock = start(0, None);
        let mut holds = Vec::new();
        let (mut durable, mut shown) = (clock.now(), Timestamp::MIN);
        for deed in deeds {
            let instead = ClockSetting::default();
            let wanted = match deed {
                Deed::Look | Deed::Renew | Deed::Bar(_) | Deed::Hold(_) | Deed::Kill(_) => None,
                Deed::Advance(ms) => Some(ClockSetting { advance: Some(SignedDuration::from_millis(ms)), ..instead }),
                Deed::Speed(speed) => Some(ClockSetting { speed: Speed::new(speed), ..instead }),
                Deed::Stop(stopped) => Some(ClockSetting { stopped: Some(stopped), ..instead }),
            };
            if let Some(wanted) = wanted {
                let bound = clock.bound_of(&wanted).unwrap();
                durable = durable.max(bound);
                let moved = clock.change(&wanted, bound).unwrap();
                prop_assert!(shown <= moved.from && moved.from <= moved.to && moved.to <= clock.now());
            }
            if matches!(deed, Deed::Renew) && let Some(bound) = clock.wanted_bound() {
                durable = durable.max(bound);
                clock.grant(bound);
            }
            if let Deed::Bar(next_ms) = deed {
                clock.bar(Some(clock.now()));
                let stands = clock.now();
                prop_assert!(stands >= shown && (0..100).all(|_| clock.now() == stands));
                clock.bar(next_ms.map(|ms| stands + SignedDuration::from_millis(ms)));
            }
            match deed {
                Deed::Hold(true) => holds.push(clock.hold()),
                Deed::Hold(false) => holds.clear(),
                Deed::Look | Deed::Renew | Deed::Advance(_) | Deed::Speed(_) | Deed::Stop(_) | Deed::Bar(_) => {}
                Deed::Kill(_) => holds.clear(),
            }
            prop_assert!(holds.is_empty() || (0..100).all(|_| clock.now() == clock.now()));
            if let Deed::Kill(ms) = deed {
                clock = start(ms, Some(durable));
                // Its first time is durable before anybody is let in.
                durable = clock.now();
            }
            let now = clock.now();
            prop_assert!(now >= shown, "{now} is before {shown}");
            prop_assert!(now <= durable, "{now} is ahead of {durable}");
            shown = now;
        }
    }
}
