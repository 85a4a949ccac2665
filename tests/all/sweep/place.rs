//! Where a run is struck, and where the next one takes place.

use sendform::ledger::Ledger;
use sendform::store::{Binding, Branch, GitLedger, Lockfile, Paths, StoreError};

use crate::support::{Origin, Project};

use super::scenario::{LATER, Scenario};

/// A project with its ledger, and what is run in it.
pub(super) struct Place {
    pub(super) scenario: Scenario,
    pub(super) project: Project,
    pub(super) arguments: Vec<String>,
    /// The remote of a ledger on a branch.
    origin: Option<Origin>,
}

impl Place {
    /// A project whose ledger is a file of it.
    pub(super) fn of_file(scenario: Scenario, project: Project, arguments: Vec<String>) -> Self {
        Self { scenario, project, arguments, origin: None }
    }

    /// A new clone of a remote that has the ledger, for people of its own.
    pub(super) fn of_clone(
        scenario: Scenario,
        origin: Origin,
        url: String,
        rows: &str,
        arguments: Vec<String>,
    ) -> Self {
        let project = clone(&origin, url, rows);
        Self { scenario, project, arguments, origin: Some(origin) }
    }

    /// Where the next run takes place: with [`Scenario::Lost`] the machine of this one is gone.
    pub(super) fn next(mut self, url: String) -> Self {
        if let Some(origin) = self.origin.as_ref().filter(|_| self.scenario == Scenario::Lost) {
            let rows = self.project.read("customers.csv");
            self.project = clone(origin, url, &rows);
        }
        self
    }

    /// Puts the clock to when no claim of a dead run can be on its way any more.
    pub(super) fn wait(&mut self) {
        self.project.set("SENDFORM_NOW", LATER);
    }

    /// Reads the ledger.
    pub(super) fn ledger(&self, expected: &Binding) -> Result<Ledger, StoreError> {
        let folder = self.project.folder();
        if self.scenario.is_on_branch() {
            GitLedger::read(&Branch::new(folder, "origin", "sendform-ledger"), expected)
        } else {
            Lockfile::read(&Paths::of_project(folder), expected)
        }
    }
}

fn clone(origin: &Origin, url: String, rows: &str) -> Project {
    let project = origin.runner().env("SENDFORM_BASE_URL", url).env("TOKIO_WORKER_THREADS", "1");
    project.write("customers.csv", rows);
    project
}
