//! Where a ledger lives: the one list of all kinds of stores, and what is done with a ledger that is not open.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::ledger::{Header, Ledger, Shadow, Trust, View};

use super::binding::Binding;
use super::error::StoreError;
use super::git::{
    Branch, ForgeToken, GitLedger, Publishing, RecordError, Recorder, Unpublished, Upstream, is_in_repository,
    look_unpublished,
};
use super::lockfile::Lockfile;
use super::open_ledger::OpenLedger;
use super::paths::Paths;
use super::postgres::{Database, Postgres};
use super::typed_git::TypedGit;
use super::visit::Visit;
use super::waiting::waiting;

/// Where a ledger lives.
#[derive(Debug, Clone)]
pub enum LedgerLocation {
    /// In a file on one machine.
    Lockfile(Paths),
    /// On a branch of its own.
    Git(Branch),
    /// In PostgreSQL, for many machines at once.
    Postgres(Database),
}

/// A ledger that was read by somebody who only looks.
#[derive(Debug, Clone)]
pub struct ReadOnlyLedger {
    /// The ledger.
    pub ledger: Ledger,
    /// Whether its open claims may belong to a run that lives.
    pub view: View,
    /// How far it can be trusted.
    pub trust: Trust,
    /// Since when it may be out of date, if it is kept elsewhere and was not asked for there.
    pub since: Option<Timestamp>,
}

impl ReadOnlyLedger {
    /// A ledger of which there is nothing else to say.
    #[must_use]
    pub fn new(ledger: Ledger, view: View) -> Self {
        Self { ledger, view, trust: Trust::default(), since: None }
    }
}

impl LedgerLocation {
    /// Says where it is, for people: the file, the branch, the database.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Lockfile(paths) => paths.lockfile.display().to_string(),
            Self::Git(branch) => branch.place(),
            Self::Postgres(database) => database.place(),
        }
    }

    /// What to do with a ledger that was made there just now, in lines; empty if that is nothing.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Lockfile(paths) if !is_in_repository(&paths.lockfile) => {
                "keep it, and a copy of it elsewhere after every apply: it is in no git repository, and without it \
                 everybody would be sent to again\n"
                    .to_owned()
            }
            Self::Lockfile(paths) => {
                let lacking = lacking_attributes(&paths.lockfile);
                let commit = if lacking.is_empty() {
                    "commit it\n".to_owned()
                } else {
                    let lines: String = lacking.iter().map(|line| format!("  {line}\n")).collect();
                    let these = if lacking.len() == 1 { "this line" } else { "these lines" };
                    format!("commit it, with {these} in .gitattributes beside it:\n{lines}")
                };
                format!(
                    "{commit}to have merges checked and sorted in this clone:\n  \
                     git config merge.sendform.driver 'sendform ledger merge %O %A %B %P'\n  \
                     echo 'sendform.lock merge=sendform' >> \"$(git rev-parse --git-path info/attributes)\"\n"
                )
            }
            Self::Git(_) => "keep the branch open for plain pushes, and never merge it or commit to it\n".to_owned(),
            Self::Postgres(_) => String::new(),
        }
    }

    /// How somebody makes another ledger where there is one already; nothing, where that is not done.
    #[must_use]
    pub fn another(&self) -> Option<&'static str> {
        match self {
            Self::Lockfile(_) => None,
            Self::Git(_) => Some("state: { in: git, branch: … }"),
            Self::Postgres(_) => Some("state: { in: postgres, schema: … }"),
        }
    }

    /// How long it takes at most until a run that is sending has seen a stop, but for the time of an answer; zero
    /// where it looks before every request.
    #[must_use]
    pub fn stop_seen_within(&self) -> Duration {
        match self {
            Self::Git(_) => Duration::from_secs(10),
            Self::Lockfile(_) | Self::Postgres(_) => Duration::ZERO,
        }
    }

    /// What somebody should know who stops sending there, in lines; empty if that is nothing.
    #[must_use]
    pub fn stop_advice(&self) -> &'static str {
        match self {
            Self::Lockfile(_) => {
                "  another clone has a ledger of its own, and learns of this with a commit and a pull of that file\n"
            }
            Self::Git(_) | Self::Postgres(_) => "",
        }
    }

    /// Whether it is a file of this machine, which other clones and machines get through the project's own
    /// commits, if they get it at all.
    #[must_use]
    pub fn is_on_this_disk(&self) -> bool {
        match self {
            Self::Lockfile(_) => true,
            Self::Git(_) | Self::Postgres(_) => false,
        }
    }

    /// Whether it is on a server, which has to be confirmed when it was changed for another one.
    #[must_use]
    pub fn has_server(&self) -> bool {
        match self {
            Self::Postgres(_) => true,
            Self::Lockfile(_) | Self::Git(_) => false,
        }
    }

    /// Makes a new ledger.
    ///
    /// # Errors
    /// If there is one already, or it cannot be made.
    pub async fn create(&self, header: Header, expected: &Binding, visit: &Visit) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::create(paths, header, expected, visit),
            Self::Git(branch) => {
                let (branch, expected, visit) = (branch.clone(), expected.clone(), visit.clone());
                waiting(move || GitLedger::create(&branch, header, &expected, &visit)).await
            }
            Self::Postgres(database) => database.create(&header, visit).await,
        }
    }

    /// Reads the ledger without a lock, for those who only look; `now` is by the clocks of machines.
    ///
    /// # Errors
    /// If it is missing or damaged, or is not what is expected.
    pub async fn look(&self, expected: &Binding, now: Timestamp) -> Result<ReadOnlyLedger, StoreError> {
        let shared = View::Shared { now };
        match self {
            Self::Lockfile(paths) => {
                let before = Lockfile::is_held(paths);
                let (ledger, trust) = Lockfile::look(paths, expected)?;
                let held = before || Lockfile::is_held(paths);
                let view = if held { shared } else { View::Exclusive };
                Ok(ReadOnlyLedger { trust, ..ReadOnlyLedger::new(ledger, view) })
            }
            Self::Git(branch) => {
                let (branch, expected) = (branch.clone(), expected.clone());
                let (ledger, authenticity) = waiting(move || GitLedger::look(&branch, &expected)).await?;
                let trust = Trust { authenticity: Some(authenticity), ..Trust::default() };
                Ok(ReadOnlyLedger { trust, ..ReadOnlyLedger::new(ledger, shared) })
            }
            Self::Postgres(database) => Ok(ReadOnlyLedger::new(database.read(expected).await?, shared)),
        }
    }

    /// Reads the ledger as [`LedgerLocation::look`] does, for whoever binds it anew: what it may lack is found out after
    /// that, because what is to be brought may be bound as it is going to be.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`].
    pub async fn bound(&self, expected: &Binding, now: Timestamp) -> Result<Ledger, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::bound(paths, expected),
            Self::Git(_) | Self::Postgres(_) => Ok(self.look(expected, now).await?.ledger),
        }
    }

    /// Reads the ledger as [`LedgerLocation::look`] does, but without the network.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`], and if nothing of it is here.
    pub async fn look_here(&self, expected: &Binding, now: Timestamp) -> Result<ReadOnlyLedger, StoreError> {
        match self {
            Self::Lockfile(_) => self.look(expected, now).await,
            Self::Git(branch) => {
                let (branch, expected) = (branch.clone(), expected.clone());
                let look = move || GitLedger::look_here(&branch, &expected);
                let (ledger, authenticity, since) = waiting(look).await?;
                let trust = Trust { authenticity: Some(authenticity), ..Trust::default() };
                Ok(ReadOnlyLedger { trust, since: Some(since), ..ReadOnlyLedger::new(ledger, View::Shared { now }) })
            }
            Self::Postgres(database) => Err(StoreError::NotHere { place: database.place() }),
        }
    }

    /// Says why nothing would be sent from the ledger, if that is so: its last claims may be missing.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`].
    pub async fn refusal(&self, expected: &Binding) -> Result<Option<StoreError>, StoreError> {
        match self {
            Self::Lockfile(_) | Self::Git(_) => Ok(None),
            Self::Postgres(database) => Ok(database.refusal(expected).await?.map(StoreError::from)),
        }
    }

    /// Makes sure that the ledger may be carried elsewhere, where nothing shows any more that it may lack something.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`]; if nothing would be sent from it, or nobody knows whether it is an old copy.
    pub(super) async fn check_whole(&self, expected: &Binding) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(_) | Self::Git(_) => Ok(()),
            Self::Postgres(database) => database.check_whole(expected).await,
        }
    }

    /// Reads the ledger for those who only look, and refuses what [`LedgerLocation::open`] would refuse: no lock is
    /// taken, and nothing is written. Without the network it is what was fetched last.
    ///
    /// # Errors
    /// As [`LedgerLocation::open`]; if it may not be sent from; if nothing of it is here.
    pub async fn check_open(
        &self,
        expected: &Binding,
        visit: &Visit,
        is_offline: bool,
    ) -> Result<ReadOnlyLedger, StoreError> {
        if let Self::Lockfile(paths) = self {
            let (ledger, trust) = Lockfile::check_open(paths, expected, visit)?;
            return Ok(ReadOnlyLedger { trust, ..ReadOnlyLedger::new(ledger, View::Exclusive) });
        }
        let seen = if is_offline {
            self.look_here(expected, visit.lives_at).await?
        } else {
            self.look(expected, visit.lives_at).await?
        };
        if let Self::Git(branch) = self {
            GitLedger::check_open(branch, (&seen.ledger, seen.trust.authenticity), expected, visit)?;
        }
        match self.refusal(expected).await? {
            Some(refusal) => Err(refusal),
            None => Ok(seen),
        }
    }

    /// Opens the ledger for writing.
    ///
    /// # Errors
    /// If it is missing, damaged or held by another run, or is not what is expected; if nothing shows that
    /// its lines are genuine.
    pub async fn open(&self, expected: &Binding, visit: &Visit) -> Result<OpenLedger, StoreError> {
        match self {
            Self::Lockfile(paths) => Ok(OpenLedger::Alone(Box::new(Lockfile::open(paths, expected, visit)?))),
            Self::Git(branch) => {
                let (branch, expected, visit) = (branch.clone(), expected.clone(), visit.clone());
                let opened = waiting(move || GitLedger::open(&branch, &expected, &visit)).await?;
                Ok(OpenLedger::Alone(Box::new(opened)))
            }
            Self::Postgres(database) => {
                Ok(OpenLedger::Sharing(Box::new(Postgres::open(database, expected, visit).await?)))
            }
        }
    }

    /// Binds the ledger anew: to another name of its gateway, or with more keys. A call that was cut
    /// off can be made again.
    ///
    /// # Errors
    /// If it is missing, damaged or held by another run, or is not what is expected.
    pub async fn rebind(&self, from: &Binding, to: Header, visit: &Visit) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::rebind(paths, from, &to, visit),
            Self::Git(branch) => {
                let (branch, from, visit) = (branch.clone(), from.clone(), visit.clone());
                waiting(move || GitLedger::rebind(&branch, &from, to, &visit)).await
            }
            Self::Postgres(database) => database.rebind(from, &to, visit).await,
        }
    }

    /// Compares the ledger, as it is known here, with what git has fetched of it, if it is kept with the project.
    #[must_use]
    pub fn upstream(&self, ledger: &Ledger, expected: &Binding) -> Option<Upstream> {
        match self {
            Self::Lockfile(paths) => Lockfile::upstream(paths, ledger, expected),
            Self::Git(_) | Self::Postgres(_) => None,
        }
    }

    /// Where a newer ledger may be than this one, and how it is brought, for people.
    #[must_use]
    pub fn newer_words(&self) -> String {
        match self {
            Self::Lockfile(paths) => {
                let TypedGit { git, path, .. } = TypedGit::of(&paths.lockfile);
                match self.unpublished().map(|unpublished| unpublished.publishing) {
                    None | Some(Publishing::Nothing) => {
                        "has another folder or machine sent? then its ledger is the newer one".to_owned()
                    }
                    Some(Publishing::Commit | Publishing::CommitAndPush) => format!(
                        "has another clone sent? let it commit and push {path}, then `{git} pull`, and run the same \
                         command again"
                    ),
                }
            }
            Self::Git(branch) => branch.newer_words(),
            Self::Postgres(_) => "is the newer ledger in another schema? take it in: `sendform ledger copy --from \
                                  postgres --schema OTHER`; was a backup restored? what came after it is lost here"
                .to_owned(),
        }
    }

    /// The shadow of a ledger that has one.
    #[must_use]
    pub fn shadow_path(&self) -> Option<&Path> {
        match self {
            Self::Lockfile(paths) => paths.shadow.as_deref(),
            Self::Git(_) | Self::Postgres(_) => None,
        }
    }

    /// The files that git may keep of the ledger: the lockfile, and the stops beside it; nothing, where it never sees
    /// them.
    #[must_use]
    pub fn kept_files(&self) -> Option<[PathBuf; 2]> {
        match self {
            Self::Lockfile(paths) => paths.shadow.as_ref().map(|_| [paths.lockfile.clone(), paths.stops()]),
            Self::Git(_) | Self::Postgres(_) => None,
        }
    }

    /// Those of [`LedgerLocation::kept_files`] that other clones have not got, because they are not committed.
    #[must_use]
    pub fn unpublished(&self) -> Option<Unpublished> {
        self.kept_files().map(|[lockfile, stops]| look_unpublished(&lockfile, &stops))
    }

    /// Finds the branch that [`LedgerLocation::kept_files`] are committed to, and makes sure that they can be pushed;
    /// nothing, where git never sees them.
    ///
    /// # Errors
    /// If they cannot be.
    pub fn recorder(&self, expected: &Binding, token: Option<&ForgeToken>) -> Result<Option<Recorder>, RecordError> {
        self.kept_files().map(|files| Recorder::open(files, &expected.seals, token)).transpose()
    }

    /// Compares the ledger with its shadow; a store without one is the same as its shadow.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`].
    pub fn shadow(&self, expected: &Binding) -> Result<Shadow, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::shadow(paths, expected),
            Self::Git(_) | Self::Postgres(_) => Ok(Shadow::Same),
        }
    }
}

/// The lines of `.gitattributes` by which git merges the files of a lockfile's ledger.
const ATTRIBUTES: [&str; 2] =
    ["sendform.lock -text merge=union linguist-generated", "sendform.stops -text merge=union"];

/// Those of [`ATTRIBUTES`] that the file beside the lockfile lacks. Which driver it names for merges is the user's.
fn lacking_attributes(lockfile: &Path) -> Vec<&'static str> {
    let there = fs::read_to_string(lockfile.with_file_name(".gitattributes")).unwrap_or_default();
    let is_there = |line: &&str| {
        let name = line.split_whitespace().next();
        there.lines().any(|known| {
            known.split_whitespace().next() == name && known.split_whitespace().any(|word| word.starts_with("merge="))
        })
    };
    ATTRIBUTES.into_iter().filter(|line| !is_there(line)).collect()
}
