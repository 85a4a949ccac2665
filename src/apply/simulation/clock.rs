//! A clock that jumps to the next thing to wait for, and the loop that drives futures with it.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use jiff::Timestamp;

use crate::apply::Clock;

/// The time, and who waits for it.
#[derive(Default)]
pub(in crate::apply) struct SimClock {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    elapsed: Duration,
    waiting: Vec<(Duration, Waker)>,
}

impl SimClock {
    /// Lets time pass while nobody waits.
    pub(super) fn pass(&self, time: Duration) {
        self.state.lock().unwrap().elapsed += time;
    }

    /// Goes on to the next instant for which somebody waits; false if nobody does.
    pub(super) fn jump(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let Some(next) = state.waiting.iter().map(|(until, _)| *until).min() else { return false };
        state.elapsed = state.elapsed.max(next);
        let now = state.elapsed;
        state.waiting.retain(|(until, waker)| {
            if *until <= now {
                waker.wake_by_ref();
            }
            *until > now
        });
        true
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        super::world::NOON + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.state.lock().unwrap().elapsed
    }

    async fn sleep(&self, time: Duration) {
        let until = self.elapsed() + time;
        std::future::poll_fn(|context| {
            let mut state = self.state.lock().unwrap();
            if state.elapsed >= until {
                return Poll::Ready(());
            }
            state.waiting.push((until, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// Lets everybody else go first, once.
pub(in crate::apply) async fn yield_once() {
    let mut first = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

/// Whether the process has died.
#[derive(Debug, Clone, Default)]
pub(in crate::apply) struct Death(Arc<AtomicBool>);

impl Death {
    /// Dies: nothing of the process runs after this.
    pub(in crate::apply) async fn die(&self) {
        self.0.store(true, Ordering::Relaxed);
        std::future::pending::<()>().await;
    }

    /// Whether it has died.
    pub(super) fn is_dead(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether somebody wants to go on.
pub(super) struct Flag(AtomicBool);

impl Flag {
    /// Begins.
    pub(super) fn raised() -> Self {
        Self(AtomicBool::new(true))
    }

    /// Takes the wish away; says whether there was one.
    pub(super) fn lower(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }

    pub(super) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Drives a process to its end; `None` if it died.
pub(in crate::apply) fn drive<F: Future>(clock: &SimClock, death: &Death, process: F) -> Option<F::Output> {
    let mut process: Pin<&mut F> = pin!(process);
    let flag = Arc::new(Flag::raised());
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    loop {
        if !flag.lower() {
            assert!(clock.jump(), "everybody waits for nothing");
            continue;
        }
        if let Poll::Ready(output) = process.as_mut().poll(&mut context) {
            return Some(output);
        }
        if death.is_dead() {
            return None;
        }
    }
}
