//! What the rest of the sandbox says to whoever posts, and asks of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::left_out::{DamagedWork, LeftOut};
use crate::sandbox::clock::{ClockHold, ClockRefusal, ClockSetting, Moved};
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::webhook::batch;
use crate::sandbox::model::webhook::push::Push;

/// What is said to whoever posts.
pub(super) enum PostCommand {
    /// A bulk was accepted of which there is something to push.
    /// Until whoever posts knows it the clock is held, if it is fast.
    Accepted(i64, Option<ClockHold>),
    /// Something was done to the sandbox by which other things happen to its messages, and by which a push may be in the
    /// books that is to be tried at once. Until whoever posts knows it the clock is held, if it is fast.
    Took(Option<i64>, Option<ClockHold>),
    /// The clock is to be changed.
    Change(ClockMove),
    /// The books are to be emptied.
    Reset(oneshot::Sender<Result<(), SandboxError>>),
    /// A push is to be tried, whatever became of it. `None` if there is none.
    Retry(i64, oneshot::Sender<Option<Push>>),
}

/// A change of the clock.
pub(super) struct ClockMove {
    /// What is to change.
    pub(super) setting: ClockSetting,
    /// Whoever waits for its beginning.
    pub(super) begun: Option<oneshot::Sender<Result<(), ClockRefusal>>>,
    /// Whoever waits for its end.
    pub(super) done: Option<oneshot::Sender<Result<Moved, ClockRefusal>>>,
    /// Counts as long as it is under way.
    _under_way: UnderWay,
}

/// One change of the clock that is under way.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(count))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Whoever posts, for the rest of the sandbox.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Postman {
    books: PathBuf,
    commands: mpsc::UnboundedSender<PostCommand>,
    account_url: Option<String>,
    inbound_url: Option<String>,
    left_out: LeftOut,
    changes: Arc<AtomicUsize>,
}

impl Postman {
    pub(super) fn new(
        books: PathBuf,
        (account_url, inbound_url): (Option<String>, Option<String>),
        left_out: LeftOut,
    ) -> (Self, mpsc::UnboundedReceiver<PostCommand>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        (Self { books, commands, account_url, inbound_url, left_out, changes: Arc::default() }, receiver)
    }

    /// Whether something of a bulk is to be pushed.
    pub(in crate::sandbox) fn wants(&self, bulk: &AcceptedBulk<'_>) -> bool {
        batch::is_pushed(bulk, self.account_url.as_deref())
    }

    /// Says that a bulk was accepted of which something is to be pushed.
    pub(in crate::sandbox) fn accepted(&self, number: i64, hold: Option<ClockHold>) {
        self.tell(PostCommand::Accepted(number, hold));
    }

    /// Says that something was done to the sandbox, and which push came of it, to be tried at once.
    pub(in crate::sandbox) fn took(&self, push: Option<i64>, hold: Option<ClockHold>) {
        self.tell(PostCommand::Took(push, hold));
    }

    /// Empties the books, once nothing is on its way: of what was in them nothing is noted any more.
    ///
    /// # Errors
    /// If the books cannot be written.
    pub(in crate::sandbox) async fn reset(&self) -> Result<(), SandboxError> {
        let (done, answer) = oneshot::channel();
        self.tell(PostCommand::Reset(done));
        answer.await.map_err(|_| self.closed())?
    }

    /// Where goes what people write, unless the message that came before says it.
    pub(in crate::sandbox) fn inbound_url(&self) -> Option<&String> {
        self.inbound_url.as_ref()
    }

    /// What of the books is damaged, so that nothing of it is posted.
    pub(in crate::sandbox) fn damage(&self) -> DamagedWork {
        self.left_out.damage()
    }

    /// Whether the clock is being moved.
    pub(in crate::sandbox) fn is_advancing(&self) -> bool {
        self.changes.load(Ordering::Acquire) > 0
    }

    /// Changes the clock, and comes back when all that was due until then was tried.
    ///
    /// # Errors
    /// If that cannot be noted in the books.
    pub(in crate::sandbox) async fn change_clock(
        &self,
        setting: ClockSetting,
    ) -> Result<Result<Moved, ClockRefusal>, SandboxError> {
        let (done, answer) = oneshot::channel();
        self.tell(PostCommand::Change(ClockMove {
            setting,
            begun: None,
            done: Some(done),
            _under_way: self.under_way(),
        }));
        answer.await.map_err(|_| self.closed())
    }

    /// Begins to change the clock, and comes back at once.
    ///
    /// # Errors
    /// If that cannot be noted in the books.
    pub(in crate::sandbox) async fn begin_change(
        &self,
        setting: ClockSetting,
    ) -> Result<Result<(), ClockRefusal>, SandboxError> {
        let (begun, answer) = oneshot::channel();
        self.tell(PostCommand::Change(ClockMove {
            setting,
            begun: Some(begun),
            done: None,
            _under_way: self.under_way(),
        }));
        answer.await.map_err(|_| self.closed())
    }

    /// Tries a push once more, and says what became of it; `None` if there is none.
    ///
    /// # Errors
    /// If the books cannot be used.
    pub(in crate::sandbox) async fn retry(&self, number: i64) -> Result<Option<Push>, SandboxError> {
        let (tried, answer) = oneshot::channel();
        self.tell(PostCommand::Retry(number, tried));
        answer.await.map_err(|_| self.closed())
    }

    fn under_way(&self) -> UnderWay {
        UnderWay::new(&self.changes)
    }

    fn tell(&self, command: PostCommand) {
        // Nobody listens any more only where the sandbox ends, and what is in the books is done by the next one.
        drop(self.commands.send(command));
    }

    fn closed(&self) -> SandboxError {
        SandboxError::Closed { path: self.books.clone() }
    }
}
