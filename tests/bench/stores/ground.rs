//! The stores, each with a new ledger in a folder.

use std::path::Path;
use std::process::Command;

use sendform::identity::{Key, Keys, ProjectId};
use sendform::ledger::{RunId, Seals};
use sendform::store::{Binding, Branch, Database, LedgerLocation, Paths, Visit};

use super::cluster::Cluster;

/// The database, in a server that has no other.
const DATABASE: &str = "postgres";

/// The stores, and none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Grants everything, keeps nothing.
    Nothing,
    /// A file.
    Lockfile,
    /// A branch of a bare repository on this machine.
    Git,
    /// A database in a server of its own.
    Postgres,
}

impl Kind {
    /// All of them; what the others are compared with comes first.
    pub(crate) const ALL: [Self; 4] = [Self::Nothing, Self::Lockfile, Self::Git, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Lockfile => "lockfile",
            Self::Git => "git",
            Self::Postgres => "postgres",
        }
    }
}

pub(crate) fn expected() -> Binding {
    let (keys, project) = (Keys::one(Key::from_bytes([7; Key::LENGTH])), ProjectId::parse("million").unwrap());
    let seals = Seals::new(&keys, &project);
    Binding { project, gateway: "sandbox".to_owned(), keys: Some(keys.ids()), seals }
}

/// The run that is measured.
pub(crate) fn visit() -> Visit {
    Visit::new(RunId(1), "bench", jiff::Timestamp::UNIX_EPOCH)
}

/// Makes a ledger.
pub(crate) async fn prepare(kind: Kind, folder: &Path) -> Option<LedgerLocation> {
    let home = match kind {
        Kind::Nothing => return None,
        Kind::Lockfile => LedgerLocation::Lockfile(Paths::of_project(folder)),
        Kind::Git => {
            git(folder, &["init", "--quiet", "--bare", "remote.git"]);
            git(folder, &["clone", "--quiet", "remote.git", "clone"]);
            let clone = folder.join("clone");
            git(&clone, &["config", "user.name", "Ana"]);
            git(&clone, &["config", "user.email", "ana@shop.example"]);
            LedgerLocation::Git(Branch::new(&clone, "origin", "sendform-ledger"))
        }
        Kind::Postgres => {
            let url = Some(Cluster::shared().url(DATABASE).into());
            LedgerLocation::Postgres(Database { url, authorities: None, schema: "sendform".to_owned(), seen: None })
        }
    };
    home.create(expected().header(), &expected(), &visit()).await.unwrap();
    Some(home)
}

/// What the store has written, in its own terms.
pub(crate) fn writes(kind: Kind, folder: &Path) -> String {
    match kind {
        Kind::Nothing => "-".to_owned(),
        Kind::Lockfile => format!("{} KiB", folder.join("sendform.lock").metadata().unwrap().len() / 1024),
        Kind::Git => {
            let commits = git(&folder.join("remote.git"), &["rev-list", "--count", "sendform-ledger"]);
            format!("{commits} pushes")
        }
        Kind::Postgres => {
            let size = "SELECT pg_database_size(current_database()) / 1024";
            format!("{} KiB", Cluster::shared().sql(DATABASE, size))
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
