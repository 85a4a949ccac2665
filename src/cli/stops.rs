//! Where stops are kept, for commands that need neither a key, nor a gateway, nor a run's lock.

use std::time::Duration;

use jiff::Timestamp;

use crate::campaign::Project;
use crate::identity::ProjectId;
use crate::ledger::{StopOrder, Stops};
use crate::report::failure_code::FailureCode;
use crate::store::{LedgerLocation, Paths, StoreError};

use super::args::{Global, LedgerReading};
use super::context::{Context, show_diagnostics};
use super::failure::Failure;
use super::files;
use super::gateway::{self, GatewayAccess};
use super::home::ProjectPaths;
use super::output::Output;
use super::sandbox_time;
use super::settings::Settings;

/// How long a sandbox may take to tell the time.
const LOOK_TIME_MAX: Duration = Duration::from_secs(1);

/// The ledger of a project, for stops alone.
pub(super) struct StopsHome {
    /// The project.
    pub(super) project: ProjectId,
    /// Where its ledger lives.
    pub(super) ledger: LedgerLocation,
    /// What time it is: a sandbox's, where its runs go by that.
    pub(super) now: Timestamp,
}

/// Stops and resumes that could not be added, or not everywhere.
pub(super) struct NotAdded {
    /// Why.
    pub(super) failure: Failure,
    /// Whether they are there all the same; `None` if that could not be read back.
    pub(super) is_there: Option<bool>,
}

impl StopsHome {
    /// Finds it. Campaigns with errors do not matter, and the sandbox is not started: somebody is in a hurry.
    ///
    /// # Errors
    /// If there is no project, or its file has errors, which are shown.
    pub(super) async fn find(global: &Global, settings: &Settings, output: &Output) -> Result<Self, Failure> {
        let files = files::read(global)?;
        let Some(project) = files.project else {
            show_diagnostics(output, &files.diagnostics)?;
            return Err(Failure::silent(FailureCode::Files));
        };
        files.home.check_private()?;
        let ledger = if global.sandbox {
            LedgerLocation::Lockfile(Paths::of_sandbox(&files.home.dir))
        } else {
            gateway::ledger(&project.state, &files.home, settings)
        };
        let now = now(&project, &files.home, global, settings, output).await;
        Ok(Self { project: project.id, ledger, now })
    }

    /// Adds stops and resumes. After a failure it is read back what is there.
    ///
    /// # Errors
    /// If they cannot be written; if what is there cannot be read.
    pub(super) async fn add(&self, news: Stops) -> Result<(), NotAdded> {
        let Err(error) = self.ledger.add_stops(&self.project, news.clone()).await else { return Ok(()) };
        let is_there = if error.is_missing() || matches!(error, StoreError::StopsDamage { .. }) {
            Some(false)
        } else {
            self.ledger.stops(&self.project).await.ok().map(|found| found.has(&news))
        };
        Err(NotAdded { failure: error.into(), is_there })
    }
}

/// What time it is, as runs against the same gateway see it. Whoever is in a hurry is told the machine's time where that
/// takes long, or cannot be told.
async fn now(
    project: &Project,
    home: &ProjectPaths,
    global: &Global,
    settings: &Settings,
    output: &Output,
) -> Timestamp {
    if global.sandbox {
        return gateway::sandbox_time_at_rest(home, &project.sandbox, settings.now);
    }
    let machine = settings.now.unwrap_or_else(Timestamp::now);
    let Ok(mut access) = GatewayAccess::real(project, home, settings) else { return machine };
    match tokio::time::timeout(LOOK_TIME_MAX, sandbox_time::follow(&mut access, settings, false)).await {
        Ok(Ok(note)) => {
            note.iter().for_each(|note| output.note(note));
            access.now()
        }
        Ok(Err(_)) | Err(_) => machine,
    }
}

/// The stops that stand, for whoever only looks: those that were fetched last, if the network is not to be used.
///
/// # Errors
/// If they cannot be read, or are damaged.
pub(super) async fn look(context: &Context, reading: &LedgerReading) -> Result<Vec<StopOrder>, Failure> {
    Ok(look_at_all(context, reading).await?.standing().cloned().collect())
}

/// All stops, with those that have ended; as [`look`] reads them.
///
/// # Errors
/// As [`look`].
pub(super) async fn look_at_all(context: &Context, reading: &LedgerReading) -> Result<Stops, Failure> {
    let (ledger, project) = (&context.gateway.ledger, &context.project.id);
    let stops = if reading.offline { ledger.stops_here(project).await } else { ledger.stops(project).await };
    Ok(stops?)
}
