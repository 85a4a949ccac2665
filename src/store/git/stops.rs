//! Stops of a ledger on a branch: a branch of their own on the same remote, with one file, so that whoever may push
//! can stop what is sent without the key, without the lock, and without being in the way of a run's pushes.
//!
//! A push is plain here too: of two who stop at once one is refused, joins what the other has written, and pushes
//! again.

use std::thread;
use std::time::Duration;

use crate::ledger::{STOPS_BYTES_MAX, Seals, Stops, StopsDamage};
use crate::store::error::StoreError;
use crate::store::publish::Attempt;

use super::branch::Branch;
use super::commit;
use super::error::GitError;
use super::push::push;
use super::repository::{Oid, Repository, Tracking};

/// The file with the lines.
const FILE: &str = "stops.jsonl";
/// What tells people what the branch is.
const README: &str = "README.md";
const README_TEXT: &str = "\
This branch says who has stopped sending, and who has let it go on: `sendform stop` and `sendform resume`
write it, and every run reads it while it sends.

It belongs to the branch of the ledger beside it. Do not merge it, rebase it or delete it: who has not seen
what was in it would send in spite of a stop.
";

/// How often a push is tried that others are before.
const TRIES_MAX: u32 = 12;
/// How long to wait before the second try.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// The clone, and the branch of stops as it was seen last.
pub(super) struct StopsBranch {
    repository: Repository,
}

/// What was found at a look.
pub(super) struct Look {
    /// The tip that was seen before, if there was one.
    seen: Option<Oid>,
    /// The remote's tip, if it has the branch.
    tip: Option<Oid>,
    /// What the remote has.
    there: Stops,
    /// That, and what was seen before.
    pub(super) all: Stops,
}

impl StopsBranch {
    /// Finds the clone around a project's folder.
    ///
    /// # Errors
    /// If there is none, or it has no such remote.
    pub(super) fn open(branch: &Branch) -> Result<Self, GitError> {
        Ok(Self { repository: Repository::open(&branch.of_stops(), &Seals::none())? })
    }

    /// Reads what the remote has now. Whatever this clone has seen before stands as well: a branch that is gone, was
    /// rewound or replaced lifts no stop.
    ///
    /// # Errors
    /// If the remote cannot be reached; if the branch holds what is no stop.
    pub(super) fn look(&self) -> Result<Look, StoreError> {
        let repository = &self.repository;
        let (seen, mut tip) = (repository.seen()?, repository.tip_on_remote()?);
        if tip.is_some() && tip != seen {
            tip = repository.fetch_tip(Tracking::Left)?;
        }
        let at =
            |commit: &Option<Oid>| commit.as_deref().map_or_else(|| Ok(Stops::default()), |commit| self.at(commit));
        let there = at(&tip)?;
        let mut all = there.clone();
        if tip != seen {
            all.join(&at(&seen)?);
            // What was seen last is forgotten only for what has all of it.
            if let Some(tip) = tip.as_ref().filter(|_| all == there) {
                repository.see(tip)?;
            }
        }
        Ok(Look { seen, tip, there, all })
    }

    /// The same for a run, which cannot tell what was in a branch that is gone since it was seen.
    ///
    /// # Errors
    /// As [`StopsBranch::look`]; if the branch is gone.
    pub(super) fn look_for_run(&self) -> Result<Stops, StoreError> {
        let Look { seen, tip, all, .. } = self.look()?;
        if seen.is_some() && tip.is_none() {
            let (place, branch) = (self.repository.place(), &self.repository.branch);
            return Err(GitError::StopsGone { place, seen: branch.seen(), restore: branch.bring_back() }.into());
        }
        Ok(all)
    }

    /// Reads what a commit has.
    fn at(&self, commit: &str) -> Result<Stops, StoreError> {
        let git = &self.repository.git;
        let file = format!("{commit}:{FILE}");
        let place = || format!("{}:{FILE}", self.repository.place());
        let damaged = |damage: StopsDamage| StoreError::StopsDamage { place: place(), damage, is_table: false };
        let size = git.word("read the stops", &["cat-file", "-s", &file], b"")?;
        if size.parse::<usize>().is_ok_and(|size| size <= STOPS_BYTES_MAX) {
            let text = git.get("read the stops", &["cat-file", "blob", &file], b"")?;
            return Stops::parse(&text).map_err(damaged);
        }
        Err(damaged(StopsDamage { line: 1, what: "is the first of too many" }))
    }

    /// Writes the commit that goes on from others, and gives its name.
    fn write(&self, parents: &[&str], stops: &Stops) -> Result<Oid, GitError> {
        let repository = &self.repository;
        let mut tree = String::new();
        for (name, text) in [(README, README_TEXT), (FILE, stops.write().as_str())] {
            let blob = commit::blob(&repository.git, text.as_bytes())?;
            tree.extend(["100644 blob ", &blob.oid, "\t", name, "\0"]);
        }
        let tree = repository.git.word("write a folder of the stops", &["mktree", "-z"], tree.as_bytes())?;
        let standing = stops.standing().count();
        commit::commit(&repository.git, &tree, parents, &format!("stops that stand: {standing}"))
    }

    /// What a commit goes on from that has all that was seen: the remote's tip, so that it takes it, and what was seen
    /// if that is not in it. Where the remote has no such branch any more, a new one begins.
    fn parents<'a>(&self, tip: Option<&'a Oid>, seen: Option<&'a Oid>) -> Result<Vec<&'a str>, GitError> {
        let Some(tip) = tip else { return Ok(Vec::new()) };
        let mut parents = vec![tip.as_str()];
        if let Some(seen) = seen
            && !self.repository.is_ancestor(seen, tip)?
        {
            parents.push(seen);
        }
        Ok(parents)
    }

    /// Pushes stops and resumes, on top of whatever others have pushed.
    fn add(&self, news: &Stops) -> Result<(), StoreError> {
        let place = self.repository.place();
        let mut failure = StoreError::Busy { place, tries: TRIES_MAX };
        for tries in 1..=TRIES_MAX {
            let Look { seen, tip, there, mut all } = self.look()?;
            all.join(news);
            if all == there {
                return Ok(());
            }
            let commit = self.write(&self.parents(tip.as_ref(), seen.as_ref())?, &all)?;
            match push(&self.repository, &commit)? {
                Attempt::Replaced => return Ok(self.repository.see(&commit)?),
                Attempt::Behind => {}
                // Somebody else was at the same ref just now; or nobody knows whether it was pushed.
                Attempt::Rejected(error) | Attempt::Unknown(error) => failure = error.into(),
            }
            thread::sleep(TRY_AGAIN.saturating_mul(tries));
        }
        Err(failure)
    }
}

/// Reads what the remote has now.
///
/// # Errors
/// As [`StopsBranch::look`].
pub(in crate::store) fn read(branch: &Branch) -> Result<Stops, StoreError> {
    Ok(StopsBranch::open(branch)?.look()?.all)
}

/// Reads what was fetched last, without the network.
///
/// # Errors
/// If that is damaged.
pub(in crate::store) fn read_here(branch: &Branch) -> Result<Stops, StoreError> {
    let stops = StopsBranch::open(branch)?;
    match stops.repository.seen()? {
        Some(seen) => stops.at(&seen),
        None => Ok(Stops::default()),
    }
}

/// Adds stops and resumes: on the remote when this returns.
///
/// # Errors
/// If they cannot be pushed; if what is there cannot be read.
pub(in crate::store) fn add(branch: &Branch, news: &Stops) -> Result<(), StoreError> {
    let mut stops = StopsBranch::open(branch)?;
    commit::ensure_identity(&mut stops.repository.git)?;
    stops.add(news)
}

/// Whether the remote has the ledger that stops are for.
///
/// # Errors
/// If the remote cannot be reached.
pub(in crate::store) fn has_ledger(branch: &Branch) -> Result<bool, StoreError> {
    Ok(Repository::open(branch, &Seals::none())?.tip_on_remote()?.is_some())
}
