//! The stores: which there are, where their ledgers are, and the folders in which runs happen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sendform::identity::ProjectId;
use sendform::ledger::{Ledger, Outcomes, Piece, View};
use sendform::store::{Branch, Database, Expected, Home, Paths, Seen};
use tempfile::TempDir;

use super::campaigns::PROJECT;
use super::dice::Dice;
use crate::support::{Cluster, Project, seals};

/// The kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A file on one machine.
    Lockfile,
    /// A branch of a remote, used from two clones.
    Git,
    /// A database, used by many workers.
    Postgres,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Lockfile, Self::Git, Self::Postgres];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lockfile => "lockfile",
            Self::Git => "git",
            Self::Postgres => "postgres",
        }
    }

    /// How many further runs a step begins at once.
    pub(super) fn companions(self, dice: &mut Dice) -> u64 {
        match self {
            Self::Lockfile | Self::Git => dice.number(0..8).saturating_sub(5),
            Self::Postgres => dice.number(0..8).saturating_sub(3),
        }
    }

    /// How much the suite injects into lives on this store: as much as it bears in the time that it
    /// takes.
    pub(super) const fn share(self) -> u64 {
        match self {
            Self::Lockfile => 750,
            Self::Git | Self::Postgres => 160,
        }
    }
}

/// The store of a life.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) kind: Kind,
    /// What is neither in a seat nor in the gateway, such as the remote.
    folder: TempDir,
    /// The URL of the database of [`Kind::Postgres`].
    pub(super) database: Option<String>,
}

/// The server of all lives on [`Kind::Postgres`], of which there is one at a time: what is done to the
/// server is done to all who use it.
pub(super) fn server() -> &'static Cluster {
    static SERVER: OnceLock<Cluster> = OnceLock::new();
    SERVER.get_or_init(|| Cluster::start(""))
}

impl Store {
    pub(super) fn new(kind: Kind) -> Self {
        let database = (kind == Kind::Postgres).then(|| server().database());
        let store = Self { kind, folder: tempfile::tempdir().expect("a temporary folder"), database };
        if kind == Kind::Git {
            git(store.folder.path(), &["init", "--quiet", "--bare", "remote.git"]);
        }
        store
    }

    /// The remote repository of [`Kind::Git`].
    pub(super) fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    /// The lines of the project file that say where the ledger is, and that nobody is asked for before they
    /// are sent to.
    pub(super) fn state(&self) -> String {
        // So many runs in a minute would use up what an account may ask of the logs.
        format!("state: {{ in: {} }}\nwitness: off\n", self.kind.name())
    }

    /// Makes the folders in which runs happen: one, if only one machine may use the ledger.
    pub(super) fn seats(&self) -> Vec<Project> {
        match self.kind {
            Kind::Lockfile => vec![Project::empty()],
            Kind::Postgres => (0..2).map(|_| Project::empty()).collect(),
            Kind::Git => (0..2).map(|_| self.seat()).collect(),
        }
    }

    fn seat(&self) -> Project {
        let seat = Project::empty();
        git(seat.folder(), &["init", "--quiet"]);
        git(seat.folder(), &["remote", "add", "origin", &self.remote().display().to_string()]);
        seat
    }

    fn home(&self, seat: &Project) -> Home {
        match self.kind {
            Kind::Lockfile => Home::Lockfile(Paths::of_project(seat.folder())),
            Kind::Git => Home::Git(Branch::new(seat.folder(), "origin", "sendform-ledger")),
            Kind::Postgres => Home::Postgres(Database {
                url: self.database.clone().map(Into::into),
                authorities: None,
                schema: "sendform".to_owned(),
                seen: None,
            }),
        }
    }

    /// Lets so much time pass that whatever dead workers of [`Kind::Postgres`] had taken from the plan
    /// that they shared is anybody's; a living one that dawdled finds its bulk claimed by another.
    pub(super) fn let_leases_end(&self) {
        if let Some(url) = &self.database {
            server().sql(url, "UPDATE sendform.bulks SET taken_at = taken_at - interval '20 s' WHERE NOT done");
        }
    }

    /// Lets so much time pass that the plan of dead workers is no plan any more.
    pub(super) fn let_plans_end(&self) {
        if let Some(url) = &self.database {
            server().sql(url, "UPDATE sendform.plans SET touched_at = touched_at - interval '11 min'");
        }
    }

    /// Reads the ledger as one who only looks.
    pub(super) fn look(&self, seat: &Project, gateway: &str, now: jiff::Timestamp) -> (Ledger, View) {
        let project = ProjectId::parse(PROJECT).expect("a project's name");
        let expected = Expected { project, gateway: gateway.to_owned(), keys: None, seals: seals() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let looked = runtime.expect("a runtime can be made").block_on(self.home(seat).look(&expected, now));
        let Seen { mut ledger, view, .. } =
            looked.unwrap_or_else(|error| panic!("the ledger cannot be read: {error:?}"));
        for outcomes in dumps(seat) {
            ledger.take_outcomes(&outcomes).expect("outcomes that were not stored go with the ledger");
        }
        (ledger, view)
    }
}

/// A ledger as it was at some time.
#[derive(Debug)]
pub(super) enum Past {
    File(String),
    Tip(String),
    /// Tables beside those in use.
    Tables,
}

/// The tables of a ledger, each after those that it needs.
const TABLES: [&str; 5] = ["ledgers", "messages", "claims", "outcomes", "persons"];

impl Store {
    /// Remembers the ledger as it is now, as a backup would.
    pub(super) fn remember(&self, seat: &Project) -> Past {
        match (self.kind, &self.database) {
            (Kind::Git, _) => Past::Tip(git(&self.remote(), &["rev-parse", "refs/heads/sendform-ledger"])),
            (Kind::Postgres, Some(url)) => {
                for table in TABLES {
                    let copy = format!("CREATE TABLE public.{table} AS TABLE sendform.{table}");
                    server().sql(url, &format!("DROP TABLE IF EXISTS public.{table}"));
                    server().sql(url, &copy);
                }
                Past::Tables
            }
            _ => Past::File(fs::read_to_string(seat.path("sendform.lock")).expect("a lockfile can be read")),
        }
    }

    /// Takes the ledger back, in front of seats that have never seen it.
    pub(super) fn take_back(&self, past: &Past, seat: &Project) {
        match past {
            Past::File(text) => seat.write("sendform.lock", text),
            Past::Tip(tip) => {
                git(&self.remote(), &["update-ref", "refs/heads/sendform-ledger", tip]);
            }
            Past::Tables => {
                let url = self.database.as_deref().expect("the store has a database");
                server().sql(url, "TRUNCATE sendform.bulks, sendform.plans CASCADE");
                for table in TABLES {
                    server().sql(url, &format!("TRUNCATE sendform.{table} CASCADE"));
                }
                for table in TABLES {
                    server().sql(url, &format!("INSERT INTO sendform.{table} SELECT * FROM public.{table}"));
                }
            }
        }
    }
}

/// Outcomes that runs in this seat could not store, and kept beside the ledger.
fn dumps(seat: &Project) -> Vec<Outcomes> {
    let Ok(entries) = fs::read_dir(seat.path(".sendform")) else { return Vec::new() };
    let is_dump = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("outcomes-"));
    let read = |path: PathBuf| match Piece::read(&fs::read(&path).expect("a file can be read"), &seals()) {
        Ok(Piece::Outcomes(outcomes)) => outcomes,
        other => panic!("{} is not outcomes: {other:?}", path.display()),
    };
    entries.flatten().map(|entry| entry.path()).filter(is_dump).map(read).collect()
}

/// Runs git as nobody in particular, and gives what it says.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@shop.example", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git can be run");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
