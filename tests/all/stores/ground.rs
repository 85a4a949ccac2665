//! The stores, and a ledger's place in each of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use sendform::store::{Branch, Database, LedgerLocation, Paths};
use tempfile::TempDir;

use crate::support::Cluster;

/// How many machines there are, where there may be several.
const MACHINES: usize = 3;

/// The stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file on one machine.
    Lockfile,
    /// A branch of a bare repository, and a clone on each machine.
    Git,
    /// A database of its own, in the server that the tests share.
    Postgres,
}

impl Kind {
    /// Whether several runs, on several machines, may have a ledger open at once.
    pub(super) fn is_shared(self) -> bool {
        match self {
            Self::Lockfile => false,
            Self::Git | Self::Postgres => true,
        }
    }

    /// What the project file says of it.
    pub(super) fn state(self) -> &'static str {
        match self {
            Self::Lockfile => "state: { in: lockfile }\n",
            // One bulk at a time, so that each step is one step.
            Self::Git => "state: { in: git, bulksAhead: 1 }\n",
            Self::Postgres => "state: { in: postgres }\n",
        }
    }
}

/// A place for one ledger, which goes away with it.
#[derive(Debug)]
pub(super) struct Ground {
    kind: Kind,
    folder: TempDir,
    /// The URL of the database, if it is one.
    database: Option<String>,
}

impl Ground {
    /// A place of its own.
    pub(super) fn new(kind: Kind) -> Self {
        let database = (kind == Kind::Postgres).then(|| Cluster::shared().database());
        let ground = Self { kind, folder: tempfile::tempdir().expect("a temporary folder"), database };
        match kind {
            Kind::Lockfile | Kind::Postgres => {}
            Kind::Git => {
                git(ground.folder.path(), &["init", "--quiet", "--bare", "remote.git"]);
                for machine in 0..MACHINES {
                    let folder = ground.machine(machine);
                    std::fs::create_dir(&folder).expect("a folder can be made");
                    ground.equip(&folder);
                }
            }
        }
        ground
    }

    /// Makes a folder that of a machine with this store.
    pub(super) fn equip(&self, folder: &Path) {
        match self.kind {
            Kind::Lockfile | Kind::Postgres => {}
            Kind::Git => {
                let remote = self.remote().display().to_string();
                git(folder, &["init", "--quiet"]);
                git(folder, &["remote", "add", "origin", &remote]);
                git(folder, &["config", "user.name", "Ana"]);
                git(folder, &["config", "user.email", "ana@shop.example"]);
            }
        }
    }

    /// The store.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The ledger, as it is seen from one of several machines. There is but one with a lockfile.
    pub(super) fn home(&self, machine: usize) -> LedgerLocation {
        match self.kind {
            Kind::Lockfile => LedgerLocation::Lockfile(Paths::of_project(self.folder.path())),
            Kind::Git => LedgerLocation::Git(Branch::new(&self.machine(machine), "origin", "sendform-ledger")),
            Kind::Postgres => {
                let url = self.database.clone().map(Into::into);
                LedgerLocation::Postgres(Database { url, authorities: None, schema: "sendform".to_owned(), seen: None })
            }
        }
    }

    /// The URL of the database, where there is one.
    pub(super) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The bare repository.
    pub(super) fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    fn machine(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("machine-{number}"))
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .status();
    assert!(status.is_ok_and(|status| status.success()), "git {arguments:?}");
}
