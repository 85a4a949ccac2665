//! Stops of a ledger on a branch, as a run asks for them while it sends: on a thread of its own, so that no request
//! waits for the network.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use crate::ledger::{StopOrder, Stops};
use crate::store::error::StoreError;
use crate::store::waiting::waiting;

use super::branch::Branch;
use super::stops::StopsBranch;

/// How often the remote is asked: with the time that an answer takes, a stop is seen within ten seconds.
const EVERY: Duration = Duration::from_secs(8);
/// How often at most, however many bulks are claimed.
const SOONEST: Duration = Duration::from_secs(2);
/// How old the last answer may be: then nobody can tell any more, and nothing is sent.
const STALE_AFTER: Duration = Duration::from_mins(1);

/// The stops of a branch. Nothing is asked before somebody wants to know.
#[derive(Debug)]
pub(super) struct StopsPoll {
    branch: Branch,
    polling: OnceCell<Polling>,
}

/// A thread that asks, and what it was told.
#[derive(Debug)]
struct Polling {
    asks: SyncSender<()>,
    answers: Arc<Mutex<Answers>>,
}

/// What the remote has said.
#[derive(Debug)]
struct Answers {
    /// All that was ever seen.
    stops: Stops,
    /// When the last answer came.
    at: Instant,
    /// Why there was none since.
    failure: Option<Arc<StoreError>>,
}

impl StopsPoll {
    /// Asks nothing yet.
    pub(super) fn new(branch: &Branch) -> Self {
        Self { branch: branch.clone(), polling: OnceCell::new() }
    }

    /// Asks now, if the last time is a while ago, without waiting for the answer.
    pub(super) fn ask_soon(&self) {
        if let Some(polling) = self.polling.get() {
            // It is full if it is to ask already.
            polling.asks.try_send(()).unwrap_or_default();
        }
    }

    /// The stops that stand, as the remote had them a few seconds ago; asks it the first time.
    ///
    /// # Errors
    /// If the remote does not answer, the first time or for long; if the branch cannot be read.
    pub(super) async fn standing(&self) -> Result<Vec<StopOrder>, StoreError> {
        let start = || {
            let branch = self.branch.clone();
            waiting(move || Polling::start(&branch))
        };
        let polling = self.polling.get_or_try_init(start).await?;
        let answers = lock(&polling.answers);
        // What does not pass by itself is no better known in a minute.
        let is_final = answers.failure.as_ref().is_some_and(|failure| !failure.is_environment());
        if is_final || answers.at.elapsed() > STALE_AFTER {
            return Err(StoreError::StopsUnread {
                place: self.branch.of_stops().place(),
                cause: answers.failure.clone(),
            });
        }
        Ok(answers.stops.standing().cloned().collect())
    }
}

impl Polling {
    /// Asks once, and then again and again until nobody listens any more.
    fn start(branch: &Branch) -> Result<Self, StoreError> {
        let stops = StopsBranch::open(branch)?;
        let found = stops.look_for_run()?;
        let answers = Arc::new(Mutex::new(Answers { stops: found, at: Instant::now(), failure: None }));
        let (asks, asked) = mpsc::sync_channel(1);
        let told = Arc::clone(&answers);
        let thread = thread::Builder::new().name("stops".to_owned());
        thread
            .spawn(move || poll(&stops, &asked, &told))
            .map_err(|source| StoreError::io("start a thread for", Path::new(&branch.of_stops().place()))(source))?;
        Ok(Self { asks, answers })
    }
}

fn poll(stops: &StopsBranch, asked: &Receiver<()>, answers: &Mutex<Answers>) {
    let mut last = Instant::now();
    loop {
        match asked.recv_timeout(EVERY.saturating_sub(last.elapsed())) {
            Ok(()) if last.elapsed() < SOONEST => continue,
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        last = Instant::now();
        let found = stops.look_for_run();
        let mut answers = lock(answers);
        match found {
            Ok(found) => {
                answers.stops.join(&found);
                // As old as the question: what came after it is in the next answer.
                answers.at = last;
                answers.failure = None;
            }
            Err(error) => answers.failure = Some(Arc::new(error)),
        }
    }
}

fn lock(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
