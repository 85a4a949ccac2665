//! Tables that are wrong in one way or another: whoever judges them has to notice.

use super::super::gateway::Act;
use super::oracle::play;
use super::tables::Flaw;
use super::world::{Worker, World};

const PEOPLE: [u64; 6] = [1, 2, 3, 4, 5, 6];

/// In so many orders the workers take turns.
const ORDERS: u64 = 20;

/// What is told of tables with these flaws, order by order; nothing where all is well.
fn told<'a>(flaws: &'a [Flaw], script: &'a [Act], workers: Vec<Worker>) -> impl Iterator<Item = String> + 'a {
    (0..ORDERS).filter_map(move |order| play(&World::new(script, flaws), &workers, order).err())
}

fn two() -> Vec<Worker> {
    vec![Worker::of(&PEOPLE), Worker::of(&PEOPLE)]
}

/// The first of two workers dies at each step in turn.
fn told_of_deaths<'a>(flaws: &'a [Flaw], second: &'a Worker) -> impl Iterator<Item = String> + 'a {
    let first = |step| Worker { dies_at: Some(step), ..Worker::of(&PEOPLE) };
    (0..30).flat_map(move |step| told(flaws, &[], vec![first(step), second.clone()]))
}

#[track_caller]
fn assert_told(mut told: impl Iterator<Item = String>, words: &str) {
    assert!(told.any(|told| told.contains(words)), "nobody says `{words}`");
}

#[track_caller]
fn assert_well(told: impl Iterator<Item = String>) {
    assert_eq!(told.collect::<Vec<_>>(), [] as [String; 0]);
}

#[test]
fn two_workers_who_take_one_bulk_are_noticed() {
    assert_told(told(&[Flaw::HandsOutTwice, Flaw::GrantsTwice], &[], two()), "was sent to 2 times");
    // Either guard alone keeps everybody from getting it twice.
    assert_well(told(&[Flaw::HandsOutTwice], &[], two()));
    assert_well(told(&[Flaw::GrantsTwice], &[], two()));
}

#[test]
fn a_bulk_that_a_dead_worker_keeps_for_ever_is_noticed() {
    assert_told(told_of_deaths(&[Flaw::TakenForEver], &Worker::of(&PEOPLE)), "does not end");
}

#[test]
fn whoever_was_in_a_dead_workers_bulk_and_is_not_planned_anew_is_forgotten() {
    let careless = Worker { plans_anew: false, ..Worker::of(&PEOPLE) };
    assert_told(told_of_deaths(&[Flaw::TakenIsDone], &careless), "are forgotten: free");
    // Planning anew is what saves them.
    assert_well(told_of_deaths(&[Flaw::TakenIsDone], &Worker::of(&PEOPLE)));
}

#[test]
fn people_who_are_never_freed_are_noticed() {
    assert_told(told(&[Flaw::KeepsRefused], &[Act::TooMany], two()), "although they are free");
}

#[test]
fn a_queue_that_drops_what_it_is_given_ends_the_run_and_is_told() {
    let told: Vec<String> = told(&[Flaw::DropsBulks], &[], vec![Worker::of(&PEOPLE)]).collect();
    assert_eq!(told.len() as u64, ORDERS);
    assert_told(told.into_iter(), "nobody has claimed 6 people (6 of spring-sale.announce r1)");
}
