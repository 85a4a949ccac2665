//! The table of outcomes, row by row, and the ways in which a run ends.

use std::time::Duration;

use super::gateway::Act;
use super::store::Fault;
use super::world::{Ended, NOON, SimPrepare, World, bulk, message, pairs};
use crate::apply::{Alarm, Clock as _, Event, Stopped, Summary, Tally, Wait};
use crate::identity::{BulkTime, Person};
use crate::ledger::{PersonState, Standing};
use crate::wire::options::{SendingSpeedLimit, SpeedUnit};

/// Runs a script over four people in two bulks, one bulk at a time.
fn run(script: &[Act]) -> (World, Ended) {
    let world = World::new(script);
    let settings = world.settings(1);
    let ended = world.apply(pairs(&[1, 2, 3, 4]), &settings, Fault::Never);
    (world, ended)
}

fn total(summary: &Summary) -> Tally {
    let total = summary.total();
    assert_eq!(total.people(), 4, "everybody is in one group");
    total
}

/// The groups, in short.
fn groups(script: &[Act]) -> (String, Option<Stopped>) {
    let (_, ended) = run(script);
    let summary = ended.summary.unwrap();
    let total = total(&summary);
    assert_eq!(total.cut_out(), 0, "nobody opts out, and nobody is too late");
    let Tally { accepted, rejected, refused, in_doubt, not_attempted, claimed_elsewhere, .. } = total;
    let rejected: Vec<String> = rejected.iter().map(|(status, count)| format!("{count}x{status}")).collect();
    let rejected = rejected.join("+");
    let text = format!(
        "accepted {accepted}, rejected [{rejected}], refused {refused}, doubt {in_doubt}, not {not_attempted}, taken {claimed_elsewhere}"
    );
    (text, summary.stopped)
}

#[test]
fn every_row_of_the_table() {
    let check = |script: &[Act], expect: &str| {
        let (groups, stopped) = groups(script);
        let stopped = stopped.map(|reason| format!(" | {reason:?}")).unwrap_or_default();
        assert_eq!(format!("{groups}{stopped}"), expect, "{script:?}");
    };
    check(&[], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::RejectAll], "accepted 2, rejected [2x6], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::RejectFirst], "accepted 3, rejected [1x14], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::OmitFirst], "accepted 3, rejected [], refused 0, doubt 1, not 0, taken 0");
    check(&[Act::OtherBulk], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::Twice], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::LostAfter], "accepted 2, rejected [], refused 0, doubt 2, not 0, taken 0");
    check(&[Act::Unreachable; 4], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::TooMany; 29], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::TooOld; 4], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::NamesFirst], "accepted 3, rejected [1x400], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::NamesNone], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    // Who is refused alone is tried once more when the gateway has taken the other half.
    let once_more = |act| [act, act, Act::Accept, act];
    check(&once_more(Act::NamesNone), "accepted 3, rejected [1x400], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::NamesNone; 2], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&[Act::NamesNone; 6], "accepted 0, rejected [], refused 4, doubt 0, not 0, taken 0 | Request(\"400 E400\")");
    check(&[Act::TooLarge], "accepted 4, rejected [], refused 0, doubt 0, not 0, taken 0");
    check(&once_more(Act::TooLarge), "accepted 3, rejected [], refused 1, doubt 0, not 0, taken 0");
    check(&[Act::Unauthorized], "accepted 0, rejected [], refused 2, doubt 0, not 2, taken 0 | Unauthorized");
    check(&[Act::Accept, Act::NotFound], "accepted 2, rejected [], refused 2, doubt 0, not 0, taken 0 | NotFound");
    check(&[Act::TooOld; 5], "accepted 0, rejected [], refused 2, doubt 0, not 2, taken 0 | TooSlow");
    check(&[Act::TooMany; 30], "accepted 0, rejected [], refused 2, doubt 0, not 2, taken 0 | Throttled");
    check(
        &[Act::Unreachable; 5],
        "accepted 0, rejected [], refused 2, doubt 0, not 2, taken 0 | Unreachable(\"connection refused\")",
    );
    check(&[Act::WrongClock], "accepted 2, rejected [], refused 0, doubt 0, not 2, taken 0 | ClockOff");
    check(&[Act::Panic], "accepted 0, rejected [], refused 0, doubt 2, not 2, taken 0 | Bug(\"the sender has a bug\")");
}

#[test]
fn alarms_name_what_is_odd() {
    let alarms = |act| run(&[act]).1.summary.unwrap().alarms;
    assert!(
        matches!(&alarms(Act::OtherBulk)[..], [Alarm::OtherBulkId { theirs, .. }] if theirs == "2034072219640523072")
    );
    assert!(matches!(alarms(Act::OmitFirst)[..], [Alarm::MissingMessages { count: 1, .. }]));
    assert!(matches!(alarms(Act::Twice)[..], [Alarm::RepeatedMessages { count: 1, .. }]));
    assert!(matches!(alarms(Act::WrongClock)[..], [Alarm::ClockOff { ahead }] if ahead.as_secs() == -120));
    assert!(alarms(Act::Accept).is_empty());
}

#[test]
fn a_duplicate_is_accepted_only_if_an_earlier_claim_was_ours() {
    // The first request is refused, so that the second has an earlier claim.
    let (world, _) = run(&[Act::Unreachable, Act::Duplicates]);
    assert_eq!(world.standing(1), Standing::Accepted);
    let (world, ended) = run(&[Act::Duplicates]);
    assert_eq!((world.standing(1), world.standing(3)), (Standing::InDoubt, Standing::Accepted));
    assert_eq!(total(&ended.summary.unwrap()).in_doubt, 2);
}

#[test]
fn waits_are_as_long_as_they_should_be() {
    let (world, ended) = run(&[Act::TooMany, Act::Unreachable, Act::Unreachable]);
    assert_eq!(world.clock.elapsed(), Duration::from_secs(7 + 1 + 2));
    let waits: Vec<_> = ended.events.iter().filter(|event| matches!(event, Event::Waiting { .. })).cloned().collect();
    assert_eq!(waits[0], Event::Waiting { why: Wait::TooMany, time: Duration::from_secs(7) });
    let claims = world.records.into_inner().unwrap().claims;
    assert_eq!(claims.iter().map(|claim| claim.id.attempt).collect::<Vec<_>>(), [1, 2, 3, 4, 1]);
}

fn interrupted(script: &[Act], after: u64, parallel: usize) -> (World, Ended) {
    let world = World::new(script);
    let settings = world.settings(parallel);
    let stop = world.clock.sleep(Duration::from_secs(after));
    let ended = world.apply_until(pairs(&[1, 2, 3, 4]), &settings, Fault::Never, stop);
    (world, ended)
}

#[test]
fn an_interrupt_leaves_in_doubt_only_what_does_not_end_in_time() {
    let (world, ended) = interrupted(&[Act::Hang], 10, 1);
    assert_eq!(world.clock.elapsed(), Duration::from_secs(16), "six seconds of grace");
    let summary = ended.summary.unwrap();
    assert_eq!(summary.stopped, Some(Stopped::Interrupted));
    let Tally { in_doubt, not_attempted, .. } = total(&summary);
    assert_eq!((in_doubt, not_attempted), (2, 2));
    // A request that ends in time is settled as usual.
    let (world, ended) = interrupted(&[Act::Slow], 1, 1);
    let Tally { accepted, not_attempted, .. } = total(&ended.summary.unwrap());
    assert_eq!((accepted, not_attempted, world.clock.elapsed()), (2, 2, Duration::from_secs(3)));
}

#[test]
fn an_interrupt_ends_a_wait() {
    let (world, ended) = interrupted(&[Act::TooMany], 2, 1);
    assert_eq!(world.clock.elapsed(), Duration::from_secs(2));
    let Tally { refused, not_attempted, .. } = total(&ended.summary.unwrap());
    assert_eq!((refused, not_attempted), (2, 2));
}

#[test]
fn an_interrupt_at_once_claims_nothing() {
    let (world, ended) = interrupted(&[], 0, 4);
    assert_eq!((ended.writes, total(&ended.summary.unwrap()).not_attempted), (0, 4));
    assert_eq!(world.books.into_inner().unwrap().requests, 0);
}

#[test]
fn claims_whose_request_never_began_are_given_back() {
    // The interrupt comes after ever more steps; one of them is between a claim and its request.
    let never_began = (0..40).any(|delay| {
        let world = World::new(&[]);
        let settings = world.settings(2);
        let mut left = delay;
        let stop = std::future::poll_fn(move |context| {
            context.waker().wake_by_ref();
            left -= 1;
            if left <= 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        });
        let ended = world.apply_until(pairs(&[1, 2, 3, 4]), &settings, Fault::Never, stop);
        let people = ended.summary.unwrap().total().people();
        assert_eq!(people, 4);
        let records = world.records.into_inner().unwrap();
        assert_eq!(records.claims.len(), records.outcomes.len(), "no claim is left open");
        records
            .outcomes
            .iter()
            .any(|outcome| outcome.state == PersonState::Refused && outcome.why.as_deref() == Some("not attempted"))
    });
    assert!(never_began, "some interrupt comes between a claim and its request");
}

#[test]
fn what_the_store_does_not_take_comes_back() {
    let world = World::new(&[]);
    let settings = world.settings(1);
    // Write 0 is the first claim, write 1 its outcome.
    let ended = world.apply(pairs(&[1, 2, 3, 4]), &settings, Fault::FailBefore(1));
    let summary = ended.summary.unwrap();
    assert_eq!(summary.stopped, Some(Stopped::Store("no space left on device".to_owned())));
    assert_eq!(summary.unsettled.len(), 1);
    assert_eq!(summary.unsettled[0].state, PersonState::Accepted);
    let Tally { accepted, not_attempted, .. } = total(&summary);
    assert_eq!((accepted, not_attempted), (2, 2));
    assert_eq!(world.books.into_inner().unwrap().requests, 1, "sending stops at once");
}

#[test]
fn a_panic_loses_nobody_else() {
    let world = World::new(&[Act::Slow, Act::Panic]);
    let settings = world.settings(2);
    let summary = world.apply(pairs(&[1, 2, 3, 4]), &settings, Fault::Never).summary.unwrap();
    let Tally { accepted, in_doubt, .. } = total(&summary);
    assert_eq!((accepted, in_doubt), (2, 2));
}

#[test]
fn a_bulk_that_cannot_be_prepared_stops_the_run() {
    let world = World { prepare: SimPrepare { broken: true, speed: None }, ..World::new(&[]) };
    let settings = world.settings(1);
    let ended = world.apply(pairs(&[1, 2, 3, 4]), &settings, Fault::Never);
    let summary = ended.summary.unwrap();
    assert_eq!((total(&summary).not_attempted, ended.writes), (4, 0));
    assert!(matches!(summary.stopped, Some(Stopped::Prepare(_))));
}

#[test]
fn people_of_other_runs_are_left_out_and_the_rest_is_sent() {
    let world = World::new(&[]);
    let settings = world.settings(1);
    drop(world.apply(vec![bulk(&[2], BulkTime::Start(0))], &settings, Fault::Never));
    let settings = world.settings(1);
    let ended = world.apply(pairs(&[1, 2, 3, 4]), &settings, Fault::Never);
    let Tally { accepted, claimed_elsewhere, .. } = total(&ended.summary.unwrap());
    assert_eq!((accepted, claimed_elsewhere, world.accepted(2)), (3, 1, 1));
    let records = world.records.into_inner().unwrap();
    assert_eq!(records.claims[1].people, [Person(1)]);
}

#[test]
fn paced_bulks_follow_each_other_also_on_the_wire() {
    let speed = Some(SendingSpeedLimit { amount: 1, time_unit: SpeedUnit::Minute });
    let world = World { prepare: SimPrepare { broken: false, speed }, ..World::new(&[Act::Accept, Act::NamesNone]) };
    let settings = world.settings(1);
    let bulks = vec![bulk(&[1, 2], BulkTime::Start(0)), bulk(&[3, 4], BulkTime::Start(120_000))];
    drop(world.apply(bulks, &settings, Fault::Never));
    let times: Vec<_> = world
        .books
        .into_inner()
        .unwrap()
        .bodies
        .iter()
        .map(|body| body["options"]["schedule"]["sendAt"].as_str().map(str::to_owned))
        .collect();
    let at = |minute: u32| Some(format!("2026-11-30T12:{minute:02}:00.000+0000"));
    assert_eq!(times, [None, at(2), at(2), at(3)], "the halves of the second bulk share its time");
    let untils: Vec<_> =
        world.records.into_inner().unwrap().claims.iter().map(|claim| claim.until.unwrap() - NOON).collect();
    assert_eq!(untils.iter().map(|span| span.as_secs()).collect::<Vec<_>>(), [120, 240, 180, 240]);
}

#[test]
fn the_body_is_what_the_api_says() {
    let world = World::new(&[]);
    let settings = world.settings(1);
    drop(world.apply(vec![bulk(&[10], BulkTime::Start(60_000))], &settings, Fault::Never));
    let body = world.books.into_inner().unwrap().bodies.remove(0);
    insta::assert_snapshot!(body, @r#"{"messages":[{"content":{"text":"Hi!","type":"TEXT"},"destinations":[{"messageId":"spring-sale.announce.r1.000000000000000a","to":"178410"}],"sender":"OFFICIAL-ACCOUNT-ID-123"}],"options":{"schedule":{"bulkId":"spring-sale.announce.r1.940f0e6b4f636b17","sendAt":"2026-11-30T12:01:00.000+0000"}}}"#);
}

#[test]
fn events_tell_the_story() {
    let (_, ended) = run(&[Act::NamesFirst, Act::Unauthorized]);
    let story: Vec<String> = ended
        .events
        .iter()
        .map(|event| match event {
            Event::Claimed { people, .. } => format!("claimed {people}"),
            Event::ClaimedElsewhere { people, .. } => format!("taken {people}"),
            Event::Sending { .. } => "sending".to_owned(),
            Event::Answered { answer, .. } => format!("answered {answer:?}"),
            Event::CutOut { people, why, .. } => format!("{why:?} {people}"),
            Event::Settled { why, again, .. } => format!("settled {} -> {again}", why.as_deref().unwrap_or("well")),
            Event::Waiting { .. } => "waiting".to_owned(),
            Event::Alarm(_) => "alarm".to_owned(),
            Event::Stopped(reason) => reason.to_string(),
        })
        .collect();
    insta::assert_snapshot!(story.join("\n"), @"
    claimed 2
    sending
    answered Refused
    settled 400 E400 messages[0].content.text -> 1
    claimed 1
    sending
    answered Refused
    the gateway refused the credentials (401)
    settled 401 -> 0
    ");
    assert_eq!(ended.summary.unwrap().messages.keys().next().unwrap().0, message());
}
