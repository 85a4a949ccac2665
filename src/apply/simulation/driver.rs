//! Processes at once, one step of one of them at a time, in an order that follows from a number.

use std::sync::Arc;
use std::sync::Mutex;
use std::task::{Context, Waker};

use futures_util::future::BoxFuture;

use super::clock::{Death, Flag, SimClock};

/// Numbers that look random, and follow from the first.
#[derive(Debug)]
pub(super) struct Chance(Mutex<u64>);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// A number below a bound (splitmix64).
    pub(super) fn below(&self, bound: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

/// Drives processes to their ends; whoever was killed has none.
pub(super) fn interleave<'a, T>(
    clock: &SimClock,
    chance: &Chance,
    processes: Vec<(Death, BoxFuture<'a, T>)>,
) -> Vec<Option<T>> {
    let mut ends: Vec<Option<T>> = processes.iter().map(|_| None).collect();
    let mut living: Vec<_> = processes
        .into_iter()
        .enumerate()
        .map(|(number, (death, future))| (number, death, future, Arc::new(Flag::raised())))
        .collect();
    while !living.is_empty() {
        let ready: Vec<usize> = (0..living.len()).filter(|place| living[*place].3.is_raised()).collect();
        if ready.is_empty() {
            assert!(clock.jump(), "everybody waits for nothing");
            continue;
        }
        let place = ready[usize::try_from(chance.below(ready.len() as u64)).unwrap()];
        let (number, death, future, flag) = &mut living[place];
        flag.lower();
        let waker = Waker::from(Arc::clone(flag));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if let std::task::Poll::Ready(end) = polled {
            ends[*number] = Some(end);
        } else if !death.is_dead() {
            continue;
        }
        drop(living.remove(place));
    }
    ends
}
