//! The stores: which there are, where their ledgers are, and the folders in which runs happen.

use sendform::identity::ProjectId;
use sendform::ledger::{Ledger, View};
use sendform::store::{Expected, Home, Paths};

use super::campaigns::PROJECT;
use crate::support::Project;

/// The kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A file on one machine.
    Lockfile,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 1] = [Self::Lockfile];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lockfile => "lockfile",
        }
    }
}

/// The store of a life.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) kind: Kind,
}

impl Store {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind }
    }

    /// The line of the project file that says where the ledger is.
    pub(super) fn state(&self) -> String {
        format!("state: {{ in: {} }}\n", self.kind.name())
    }

    /// Makes the folders in which runs happen: one, if only one machine may use the ledger.
    pub(super) fn seats(&self) -> Vec<Project> {
        match self.kind {
            Kind::Lockfile => vec![Project::empty()],
        }
    }

    fn home(&self, seat: &Project) -> Home {
        match self.kind {
            Kind::Lockfile => Home::Lockfile(Paths::of_project(seat.folder())),
        }
    }

    /// Reads the ledger as one who only looks.
    pub(super) fn look(&self, seat: &Project, gateway: &str, now: jiff::Timestamp) -> (Ledger, View) {
        let project = ProjectId::parse(PROJECT).expect("a project's name");
        let expected = Expected { project, gateway: gateway.to_owned(), keys: None };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let looked = runtime.expect("a runtime can be made").block_on(self.home(seat).look(&expected, now));
        looked.unwrap_or_else(|error| panic!("the ledger cannot be read: {error:?}"))
    }
}
