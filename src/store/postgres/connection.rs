//! The way to a database: a few connections, made anew when they break, and operations that are
//! tried again where that is safe.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::database::Database;
use super::error::{DatabaseError, Remedy};
use super::server::Identity;
use super::session::Session;

/// Nothing is tried twice before anything was begun: whoever looks on can do that better.
pub(super) const AT_ONCE: Duration = Duration::ZERO;

/// How long one attempt at an operation may take.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(30);
/// How long an operation over a whole ledger may take.
pub(super) const WHOLE_TIME_MAX: Duration = Duration::from_hours(1);
/// The first wait before an operation is tried again; doubled each time.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// The longest wait that doubling leads to.
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Something to do on a connection.
pub(super) trait Operation: Sync {
    /// What comes of it.
    type Output: Send;

    /// How long one attempt may take.
    const TIME_MAX: Duration = ATTEMPT_TIME_MAX;

    /// Does it, in one transaction or statement. `again` says that it may have been done before,
    /// by an attempt of which no answer came.
    fn run(&self, session: &Session, again: bool) -> impl Future<Output = Result<Self::Output, DatabaseError>> + Send;
}

/// The way to a database.
pub(super) struct Link {
    database: Database,
    /// Connections that are not at work.
    idle: Mutex<Vec<Session>>,
    /// The server of the first connection; no other one is talked to.
    identity: Identity,
}

impl Link {
    /// Makes the first connection.
    pub(super) async fn open(database: &Database) -> Result<Self, DatabaseError> {
        let first = attempt(ATTEMPT_TIME_MAX, database.connect()).await?;
        let identity = first.identity.clone();
        Ok(Self { database: database.clone(), idle: Mutex::new(vec![first]), identity })
    }

    /// Which server it is.
    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Does something, and tries again for as long as `patience` lasts if that may help.
    pub(super) async fn run<O: Operation>(
        &self,
        operation: &O,
        patience: Duration,
    ) -> Result<O::Output, DatabaseError> {
        let end = Instant::now() + patience;
        let mut wait = BACKOFF_FIRST;
        let mut again = false;
        loop {
            let error = match attempt(O::TIME_MAX, self.once(operation, again)).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            again = true;
            if error.remedy() == Remedy::None || Instant::now() + wait > end {
                return Err(error);
            }
            sleep(wait).await;
            wait = (wait * 2).min(BACKOFF_MAX);
        }
    }

    /// Tries once. A connection on which something failed is given up, and its transaction with it.
    async fn once<O: Operation>(&self, operation: &O, again: bool) -> Result<O::Output, DatabaseError> {
        let idle = self.idle().pop();
        let session = match idle.filter(|session| !session.is_closed()) {
            Some(session) => session,
            None => self.connect().await?,
        };
        let output = operation.run(&session, again).await?;
        self.idle().push(session);
        Ok(output)
    }

    /// Connects to the same server as before. One that was promoted or restored in the middle of a
    /// run may lack claims of the run itself.
    async fn connect(&self) -> Result<Session, DatabaseError> {
        let session = self.database.connect().await?;
        if session.identity == self.identity { Ok(session) } else { Err(DatabaseError::Changed) }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn attempt<T>(
    time_max: Duration,
    operation: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    timeout(time_max, operation).await.unwrap_or(Err(DatabaseError::Timeout(time_max)))
}
