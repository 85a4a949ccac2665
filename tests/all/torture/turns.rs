//! Whose turn it is: which store the next life is lived on, and when no further one begins.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::figures::{Count, Figures};
use super::options::{End, Options};
use super::store::Kind;

/// What has to come up on every store, or nothing was proved of it. With the usual shares it does many times.
const SURELY: [Count; 3] = [Count::SendingStopped, Count::OptedOut, Count::RunsThatLeftOut];

/// Gives lives to threads.
#[derive(Debug)]
pub(super) struct Turns {
    options: Options,
    begin: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    figures: Figures,
    lives: u64,
    /// Stores of which there is one life at a time, and it is lived now.
    taken: BTreeSet<Kind>,
    has_failed: bool,
}

impl Turns {
    pub(super) fn new(options: Options) -> Self {
        Self { options, begin: Instant::now(), state: Mutex::default() }
    }

    /// The store and the seed of the next life, if there is one for this thread. Stores take turns,
    /// until each has its share.
    pub(super) fn next(&self) -> Option<(Kind, u64)> {
        let mut state = self.state();
        let count = self.options.stores.len() as u64;
        let kinds = (0..count).map(|turn| {
            let turn = usize::try_from((state.lives + turn) % count).expect("the number of a store");
            self.options.stores[turn]
        });
        let may_begin = |kind: &Kind| !state.taken.contains(kind) && self.lacks(&state.figures, *kind);
        let kind = kinds.into_iter().find(may_begin).filter(|_| !state.has_failed)?;
        let seed = self.options.seed.wrapping_add(state.lives);
        state.lives += 1;
        if kind == Kind::Postgres {
            state.taken.insert(kind);
        }
        Some((kind, seed))
    }

    fn lacks(&self, figures: &Figures, kind: Kind) -> bool {
        match self.options.end {
            End::Shares => {
                let never = |count: &Count| figures.count(*count, kind) == 0;
                // A branch is asked for stops every few seconds, which is longer than most runs here.
                let ended = (kind != Kind::Git).then_some(Count::RunsEndedByStops);
                figures.injected(kind) < kind.share() || SURELY.iter().chain(&ended).any(never)
            }
            End::Time(time) => self.begin.elapsed() < time,
        }
    }

    /// Takes what came of a life.
    pub(super) fn end(&self, kind: Kind, figures: &Figures) {
        let mut state = self.state();
        state.figures.join(figures);
        state.taken.remove(&kind);
    }

    /// No further life begins.
    pub(super) fn fail(&self) {
        self.state().has_failed = true;
    }

    /// What came of all lives, in words; fails if any store lacks some of its share.
    pub(super) fn sum_up(&self) -> String {
        let state = self.state();
        if matches!(self.options.end, End::Shares) && !state.has_failed {
            let lacking = self.options.stores.iter().find(|kind| self.lacks(&state.figures, **kind));
            assert!(lacking.is_none(), "{lacking:?} lacks some of its share:\n{}", state.figures);
        }
        format!("seed {}, {} s\n{}", self.options.seed, self.begin.elapsed().as_secs(), state.figures)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
