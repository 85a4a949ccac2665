//! Random histories, which shrink to small ones.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use super::clients::{Act, Ask, Script};
use super::deeds::{Deed, PEOPLE, Run, Sending, Task};
use super::logs::{Frontier, Pipeline};
use super::machine::Wrong;
use super::process::ABSENCE_PROVES_AFTER;
use crate::campaign::Witness;

const ACTS: [Act; 10] = [
    Act::Accept,
    Act::LostAfter,
    Act::LostBefore,
    Act::RejectFirst,
    Act::OmitFirst,
    Act::TooMany,
    Act::TooLarge,
    Act::NamesNone,
    Act::Unreachable,
    Act::Unauthorized,
];
const ASKS: [Ask; 7] = [Ask::Answer, Ask::NoDate, Ask::Half, Ask::Throttled, Ask::Forbidden, Ask::Broken, Ask::Slow];
const DAY: i64 = 24 * 3600;

/// By how much a clock is wrong, in seconds: mostly not at all, up to a day.
fn off() -> impl Strategy<Value = i64> {
    prop_oneof![-120..120_i64, -7200..7200_i64, -DAY..=DAY]
}

fn wrong() -> impl Strategy<Value = Wrong> {
    (weighted(0.2, off()), weighted(0.2, (0_usize..60, off())))
        .prop_map(|(ahead, moved)| Wrong { ahead: ahead.unwrap_or_default(), moved })
}

fn script() -> impl Strategy<Value = Script> {
    let asks = prop_oneof![3 => Just(Vec::new()), 1 => vec(select(&ASKS[..]), 0..6)];
    (vec(select(&ACTS[..]), 0..5), asks, proptest::bool::weighted(0.3)).prop_map(|(acts, asks, goes_on)| Script {
        acts,
        asks,
        goes_on,
    })
}

fn sending() -> impl Strategy<Value = Sending> {
    let witness = prop_oneof![Just(Witness::Required), Just(Witness::Preferred), Just(Witness::Off)];
    let leaves_in = weighted(0.1, 1_u64..120);
    (1..=PEOPLE, 1_usize..6, 0_usize..4, 1_usize..4, witness, 1_usize..8, leaves_in).prop_map(
        |(audience, size, turn, parallel, witness, of_each, leaves_in)| Sending {
            audience,
            size,
            turn,
            parallel,
            witness,
            of_each,
            leaves_in,
        },
    )
}

fn run(recovers: bool) -> BoxedStrategy<Run> {
    let task = prop_oneof![
        8 => sending().prop_map(Task::Apply),
        2 => Just(Task::Reconcile),
        u32::from(recovers) => Just(Task::Recover),
    ];
    (task, wrong(), weighted(0.25, 0_usize..60), script())
        .prop_map(|(task, wrong, dies_at, script)| Run { task, wrong, dies_at, script })
        .boxed()
}

/// What happens seldom by chance: something goes wrong while the logs lag or stand still, and somebody asks
/// when a little time has passed.
fn scene(takes_back: bool) -> impl Strategy<Value = Vec<Deed>> {
    let logs = prop_oneof![
        (10_u64..600).prop_map(|minutes| Deed::Stand { after: 0, minutes }),
        (10_u64..120).prop_map(Deed::Lag),
    ];
    let alone = move || run(takes_back).prop_map(|run| Deed::Work { runs: vec![run], order: 0 });
    (logs, alone(), (1_u64..60).prop_map(Deed::Pass), alone())
        .prop_map(|(logs, lost, pass, asks)| vec![logs, lost, pass, asks])
}

fn deed(takes_back: bool) -> impl Strategy<Value = Deed> {
    let runs = prop_oneof![3 => vec(run(takes_back), 1), 1 => vec(run(false), 2..4)];
    prop_oneof![
        12 => (runs, any::<u64>()).prop_map(|(runs, order)| Deed::Work { runs, order }),
        6 => prop_oneof![1_u64..60, 1_u64..600, 1_u64..4000].prop_map(Deed::Pass),
        3 => (prop_oneof![Just(0), 0_u64..30], 10_u64..600)
            .prop_map(|(after, minutes)| Deed::Stand { after, minutes }),
        2 => (0_u64..120).prop_map(Deed::Lag),
        1 => Just(Deed::OtherKey),
        if takes_back { 4 } else { 0 } => (1_usize..30).prop_map(Deed::TakeBack),
    ]
}

/// Deeds, with or without a ledger that is taken back.
pub(super) fn deeds(takes_back: bool) -> impl Strategy<Value = Vec<Deed>> {
    let scenes = prop_oneof![6 => deed(takes_back).prop_map(|deed| vec![deed]), 1 => scene(takes_back)];
    vec(scenes, 1..12).prop_map(|scenes| scenes.concat())
}

/// Logs whose rows come in order, and sometimes in none, but soon enough.
pub(super) fn pipeline() -> impl Strategy<Value = Pipeline> {
    let most = ABSENCE_PROVES_AFTER.unsigned_abs();
    prop_oneof![4 => Just(Pipeline::InOrder(Frontier::default())), 1 => Just(Pipeline::Unordered(most))]
}
