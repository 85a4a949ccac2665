//! Histories that were found by chance, or thought of, each as small as it can be.

use super::clients::{Act, Ask, Script};
use super::deeds::{Deed, Run, Sending, Task};
use super::logs::{Frontier, Pipeline};
use super::machine::Wrong;
use super::properties::happen;
use super::world::World;
use crate::apply::Alarm;
use crate::campaign::Witness;

const HOUR: u64 = 60;

/// An ordinary run with so many people, all in one bulk.
fn apply(audience: u64, witness: Witness) -> Run {
    Run::of(Task::Apply(Sending { audience, size: 24, parallel: 1, witness, ..Sending::default() }))
}

fn with(acts: &[Act], run: Run) -> Run {
    Run { script: Script { acts: acts.to_vec(), ..Script::default() }, ..run }
}

fn alone(run: Run) -> Deed {
    Deed::Work { runs: vec![run], order: 0 }
}

#[track_caller]
fn check(deeds: &[Deed]) -> World {
    happen(Pipeline::InOrder(Frontier::default()), deeds).unwrap()
}

/// How many messages the gateway took.
fn accepted(world: &World) -> usize {
    world.gateway.accepted().values().map(Vec::len).sum()
}

/// A clock that is set back at any time of a run makes its claim, or the end of its request, seem long past,
/// while the logs lag.
#[test]
fn a_clock_that_is_set_back_between_two_answers_makes_no_doubt_older() {
    let mut halted = 0;
    for reads in 0..30 {
        let moved = Wrong { ahead: 0, moved: Some((reads, -3600)) };
        let lost = Run { wrong: moved, ..with(&[Act::LostAfter], apply(8, Witness::Preferred)) };
        let world = check(&[
            alone(apply(4, Witness::Preferred)),
            Deed::Pass(HOUR / 2),
            Deed::Lag(20),
            alone(lost),
            Deed::Pass(1),
            alone(apply(8, Witness::Off)),
        ]);
        let summaries = world.past.values().filter_map(|past| past.ended.as_ref()?.summary.as_ref());
        halted += summaries.filter(|summary| summary.alarms.contains(&Alarm::ClockMoved)).count();
    }
    assert!(halted > 5, "{halted}");
}

/// The logs have what was accepted before the doubt, and stand still.
#[test]
fn logs_that_stand_still_free_nobody() {
    for lag in [false, true] {
        let behind = if lag { Deed::Lag(120) } else { Deed::Stand { after: 0, minutes: 10 * HOUR } };
        let world = check(&[
            alone(apply(4, Witness::Required)),
            Deed::Pass(3 * HOUR),
            behind,
            alone(with(&[Act::LostAfter], apply(8, Witness::Required))),
            Deed::Pass(HOUR / 2),
            alone(apply(8, Witness::Off)),
            alone(apply(12, Witness::Off)),
        ]);
        assert_eq!(accepted(&world), 24);
    }
}

/// A claim that was made by a clock that was set a day ahead seems young when the logs have forgotten it.
#[test]
fn a_clock_that_is_set_ahead_between_two_answers_makes_no_doubt_younger() {
    for reads in 0..30 {
        let moved = Wrong { ahead: 0, moved: Some((reads, 24 * 3600)) };
        check(&[
            alone(Run { wrong: moved, ..with(&[Act::LostAfter], apply(4, Witness::Preferred)) }),
            Deed::Pass(50 * HOUR),
            alone(apply(8, Witness::Off)),
            Deed::Pass(HOUR),
            alone(apply(8, Witness::Off)),
            alone(apply(8, Witness::Off)),
        ]);
    }
}

/// A run that learns only after its first claim that its clock is a day ahead leaves a claim of tomorrow.
#[test]
fn a_claim_of_tomorrow_does_not_hide_what_was_sent_today() {
    let sending = Sending { audience: 4, size: 4, parallel: 1, witness: Witness::Off, ..Sending::default() };
    let ahead = Wrong { ahead: 24 * 3600, moved: None };
    let tomorrow = Run { wrong: ahead, ..Run::of(Task::Apply(sending.clone())) };
    let sending = Sending { audience: 12, size: 12, turn: 5, of_each: 1, witness: Witness::Required, ..sending };
    // So few are asked for that only a look at what was sent lately shows anybody.
    let others = Sending { audience: 24, size: 24, turn: 0, of_each: 1, ..sending.clone() };
    let world = check(&[
        alone(tomorrow),
        alone(Run::of(Task::Apply(sending))),
        Deed::TakeBack(2),
        alone(with(&[], Run::of(Task::Apply(Sending { turn: 12, ..others })))),
    ]);
    assert_eq!(accepted(&world), 24, "nobody twice");
}

/// Another run has claimed somebody of whom the gateway has a message, but its own requests come to nothing,
/// while this one is at its first bulk.
#[test]
fn a_claim_that_comes_to_nothing_does_not_explain_what_the_gateway_has() {
    for order in 0..40 {
        let others = with(&[Act::Unreachable; 8], apply(4, Witness::Off));
        let sending = Sending { audience: 8, size: 4, turn: 4, parallel: 1, ..Sending::default() };
        let runs = vec![Run::of(Task::Apply(sending)), others];
        check(&[alone(apply(4, Witness::Required)), Deed::TakeBack(3), Deed::Work { runs, order }]);
    }
}

/// The clock is set back while a request is under way of which nobody knows what came: its end seems to be
/// before the claim of what the same run sent first, and the logs stand still between the two.
#[test]
fn a_clock_that_is_set_back_during_a_request_makes_nothing_its_successor() {
    for reads in 6..22 {
        for after in 1..6 {
            let moved = Wrong { ahead: 0, moved: Some((reads, -3600)) };
            let sending = Sending { audience: 8, parallel: 1, witness: Witness::Preferred, ..Sending::default() };
            let run = with(&[Act::Accept, Act::LostAfter], Run::of(Task::Apply(sending)));
            check(&[
                Deed::Stand { after, minutes: HOUR },
                alone(Run { wrong: moved, ..run }),
                Deed::Pass(HOUR / 2),
                alone(apply(8, Witness::Off)),
            ]);
        }
    }
}

/// Everybody was asked for, but what was sent lately could not be read.
#[test]
fn a_look_that_fails_is_told_although_everybody_was_asked_for() {
    let script = Script { acts: Vec::new(), asks: vec![Ask::Half], goes_on: false };
    for order in 0..10 {
        let run = Run { script: script.clone(), ..apply(4, Witness::Preferred) };
        let world = check(&[Deed::Work { runs: vec![run], order }]);
        let ended = world.past[&crate::ledger::RunId(0)].ended.as_ref().unwrap();
        let alarms = &ended.summary.as_ref().unwrap().alarms;
        assert!(matches!(alarms.as_slice(), [Alarm::NotWitnessed { .. }]), "{alarms:?}");
    }
}

/// Claims that came to nothing were made after a message was sent that names no bulk: none of them explains it.
#[test]
fn one_message_is_booked_for_one_claim_at_most() {
    let single = |witness, acts: &[Act]| {
        with(acts, Run::of(Task::Apply(Sending { audience: 3, size: 1, parallel: 1, witness, ..Sending::default() })))
    };
    let again = single(Witness::Off, &[Act::TooMany, Act::Unauthorized]);
    for minutes in [0, 2] {
        check(&[alone(single(Witness::Required, &[])), Deed::TakeBack(2), Deed::Pass(minutes), alone(again.clone())]);
    }
}

/// Nobody waited for the look. When it tells that the gateway has a message of somebody, a request of this run
/// to them is under way, which comes to nothing.
#[test]
fn a_request_of_ones_own_that_comes_to_nothing_does_not_explain_what_the_gateway_has() {
    for order in 0..20 {
        let script = Script { acts: vec![Act::TooMany; 4], asks: vec![Ask::Slow, Ask::Half], goes_on: false };
        let slow = Run { script, ..apply(1, Witness::Preferred) };
        check(&[alone(apply(1, Witness::Required)), Deed::TakeBack(2), Deed::Work { runs: vec![slow], order }]);
    }
}

/// What was sent under a key that came first before is seen by the look, also of whoever is not asked for.
#[test]
fn the_look_knows_people_under_every_key() {
    let first = Sending { audience: 24, size: 24, parallel: 1, of_each: 1, ..Sending::default() };
    // Whoever is asked for is not among those who were lost.
    let again = Sending { turn: 12, ..first.clone() };
    let world = check(&[
        alone(Run::of(Task::Apply(Sending { audience: 12, ..first }))),
        Deed::TakeBack(2),
        Deed::OtherKey,
        alone(Run::of(Task::Apply(again))),
    ]);
    assert_eq!(accepted(&world), 24, "nobody twice");
}

/// The look is answered at once, and the first question about people takes too long.
#[test]
fn an_answer_that_is_there_counts_although_another_one_is_slow() {
    let script = Script { acts: Vec::new(), asks: vec![Ask::Answer, Ask::Slow], goes_on: true };
    let slow = Run { script, ..apply(4, Witness::Preferred) };
    let world = check(&[alone(apply(4, Witness::Required)), Deed::TakeBack(2), Deed::Pass(1), alone(slow)]);
    assert_eq!(accepted(&world), 24, "nobody twice");
}

/// A message that was accepted, and whose claim was lost while the logs stood still, is found under the id of a
/// bulk that was tried again, once in vain and once rejected.
#[test]
fn one_row_is_no_proof_of_two_attempts() {
    let sending = |audience, turn, parallel, leaves_in| Sending {
        audience,
        size: 1,
        turn,
        parallel,
        witness: Witness::Required,
        of_each: 1,
        leaves_in,
    };
    let late = Run::of(Task::Apply(sending(1, 0, 1, Some(1))));
    let other = Run {
        wrong: Wrong { ahead: 0, moved: Some((13, -6)) },
        ..with(&[Act::Accept], Run::of(Task::Apply(sending(21, 1, 2, None))))
    };
    let again = with(&[Act::TooMany, Act::RejectFirst], Run::of(Task::Apply(sending(1, 0, 1, None))));
    let world = check(&[
        Deed::Work { runs: vec![late, other], order: 0 },
        Deed::TakeBack(6),
        Deed::Stand { after: 0, minutes: 247 },
        Deed::Pass(2),
        alone(again),
    ]);
    assert_eq!(world.gateway.accepted()[&0].len(), 1);
}
