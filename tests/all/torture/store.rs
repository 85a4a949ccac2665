//! The stores: which there are, where their ledgers are, and the folders in which runs happen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sendform::identity::ProjectId;
use sendform::ledger::{ImportFile, Ledger, Outcomes, View};
use sendform::store::{Binding, Branch, Database, LedgerLocation, Paths, ReadOnlyLedger};
use tempfile::TempDir;

use super::campaigns::PROJECT;
use super::dice::Dice;
use crate::support::{Cluster, Dump, Project, Way, seals};

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

    fn home(&self, seat: &Project) -> LedgerLocation {
        match self.kind {
            Kind::Lockfile => LedgerLocation::Lockfile(Paths::of_project(seat.folder())),
            Kind::Git => LedgerLocation::Git(Branch::new(seat.folder(), "origin", "sendform-ledger")),
            Kind::Postgres => LedgerLocation::Postgres(Database {
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
        let expected = Binding { project, gateway: gateway.to_owned(), keys: None, seals: seals() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let looked = runtime.expect("a runtime can be made").block_on(self.home(seat).look(&expected, now));
        let ReadOnlyLedger { mut ledger, view, .. } =
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
    Dump(Dump),
}

/// How a ledger loses what it knew.
#[derive(Debug, Clone, Copy)]
pub(super) enum Loss {
    /// All of it is as it was once, and nothing of it shows that.
    Older,
    /// Some of its lines are gone.
    Lines,
    /// A dump of it was loaded.
    Loaded(Way),
}

impl Loss {
    /// Thinks up a loss for a kind of store.
    pub(super) fn choose(dice: &mut Dice, kind: Kind) -> Self {
        match (kind, dice.number(0..4)) {
            (_, 0) => Self::Older,
            (Kind::Postgres, way) => Self::Loaded(Way::ALL[usize::try_from(way).expect("a small number") - 1]),
            (Kind::Lockfile | Kind::Git, _) => Self::Lines,
        }
    }
}

impl Store {
    /// Remembers the ledger as it is now, as a backup would.
    pub(super) fn remember(&self, seat: &Project) -> Past {
        match (self.kind, &self.database) {
            (Kind::Git, _) => Past::Tip(git(&self.remote(), &["rev-parse", "refs/heads/sendform-ledger"])),
            (Kind::Postgres, Some(url)) => Past::Dump(Dump::of(server(), url)),
            _ => Past::File(fs::read_to_string(seat.path("sendform.lock")).expect("a lockfile can be read")),
        }
    }

    /// Takes the ledger back, in front of seats that have never seen it; a dump is loaded in some way, or, as a
    /// snapshot of the disk would, puts its rows where they were written.
    pub(super) fn take_back(&self, past: &Past, way: Option<Way>, seat: &Project) {
        match past {
            Past::File(text) => seat.write("sendform.lock", text),
            Past::Tip(tip) => {
                git(&self.remote(), &["update-ref", "refs/heads/sendform-ledger", tip]);
            }
            Past::Dump(dump) => {
                dump.put_back(server(), way.unwrap_or(Way::Tables));
                let url = self.database.as_deref().expect("the store has a database");
                if way.is_none() {
                    server().sql(url, "UPDATE sendform.ledgers SET born = txid_current()");
                    server().sql(url, "UPDATE sendform.claims SET born = txid_current()");
                }
            }
        }
    }

    /// Takes lines out of the ledger, as somebody without the key can.
    pub(super) fn lose_lines(&self, dice: &mut Dice, present: &Past, seat: &Project) {
        match present {
            Past::File(text) => seat.write("sendform.lock", without_some_lines(dice, text)),
            Past::Tip(_) => {
                let clone = self.folder.path().join("clone");
                git(self.folder.path(), &["clone", "--quiet", "-b", "sendform-ledger", "remote.git", "clone"]);
                let files = git(&clone, &["ls-files", "segments"]);
                let files: Vec<&str> = files.lines().collect();
                let file = clone.join(dice.one_of(&files));
                let text = fs::read_to_string(&file).expect("a segment can be read");
                fs::write(&file, without_some_lines(dice, &text)).expect("a segment can be written");
                git(&clone, &["commit", "--quiet", "--all", "--message", "tidied up"]);
                git(&clone, &["push", "--quiet", "origin", "sendform-ledger"]);
                fs::remove_dir_all(clone).expect("a clone can be removed");
            }
            Past::Dump(_) => unreachable!("whoever writes into tables may do anything"),
        }
    }
}

/// A text that was cut at a line's end, or lacks one line or a few.
fn without_some_lines(dice: &mut Dice, text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let count = lines.len() as u64;
    if dice.once_in(3) {
        return text.split_inclusive('\n').take(usize::try_from(dice.number(0..count)).expect("a place")).collect();
    }
    let gone: Vec<u64> = (0..=dice.number(0..3)).map(|_| dice.number(0..count)).collect();
    (0..count).zip(lines).filter(|(number, _)| !gone.contains(number)).map(|(_, line)| line).collect()
}

/// Outcomes that runs in this seat could not store, and kept beside the ledger.
fn dumps(seat: &Project) -> Vec<Outcomes> {
    let Ok(entries) = fs::read_dir(seat.path(".sendform")) else { return Vec::new() };
    let is_dump = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("outcomes-"));
    let read = |path: PathBuf| match ImportFile::read(&fs::read(&path).expect("a file can be read"), &seals()) {
        Ok(ImportFile::Outcomes(outcomes)) => outcomes,
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
