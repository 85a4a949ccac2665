//! Committing a lockfile, and pushing it: what a person does after an apply, done by itself.
//!
//! The commit is made of objects, on top of the branch that is checked out, and has nothing in it but the lockfile and
//! the stops beside it. No file of the work tree is written, no hook of a commit is run, and of the index nothing
//! changes but the entries of those files, which have to be what the branch has. A push is never forced.

use std::path::{Path, PathBuf};

use crate::ledger::{Seals, Stops, merge};
use crate::store::around::top;
use crate::store::publish::Attempt;
use crate::store::regular::{self, LEDGER_BYTES_MAX, Links};
use crate::store::typed_git::TypedGit;

use super::branch::{Branch, NETWORK_TIME_MAX};
use super::commit;
use super::credentials::ForgeToken;
use super::error::GitError;
use super::merges::is_tracked;
use super::program::{Git, GitOutput};
use super::push::{push, rehearse};
use super::record_error::{Obstacle, RecordError};
use super::repository::{Oid, Repository, Tracking, patiently};
use super::silence::GitSilence;
use super::trees::{FileInTree, Trees};

/// How often a branch that moves on is gone after.
const TRIES_MAX: u32 = 5;
/// What may be half done in a work tree, and the name under which git remembers it.
const UNDERWAY: [(&str, &str); 3] =
    [("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert")];

/// The branch that is checked out around a lockfile, and what of it is pushed where.
#[derive(Debug)]
pub struct Recorder {
    git: Git,
    typed: TypedGit,
    trees: Trees,
    /// The lockfile, and the stops beside it.
    files: [PathBuf; 2],
    /// The whole name of the branch that is checked out.
    branch: String,
    /// The remote and its branch; nothing, if the repository has no remote.
    remote: Option<Repository>,
    seals: Seals,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The commit's name, shortened; nothing, if the branch had everything already.
    pub commit: Option<String>,
    /// Where it was pushed to; nothing, if the repository has no remote.
    pub pushed_to: Option<String>,
    /// Whether others had pushed meanwhile, so that the branch that is checked out lacks what they have.
    pub is_merged: bool,
}

impl Recorder {
    /// Finds the branch, and makes sure that the lockfile can be committed to it and pushed: the remote is reached and
    /// lets us in, has nothing that this branch lacks, and lacks nothing of this branch but records of a lockfile, which
    /// are pushed now.
    ///
    /// # Errors
    /// If that is not so.
    pub(in crate::store) fn open(
        [lockfile, stops]: [PathBuf; 2],
        seals: &Seals,
        token: Option<&ForgeToken>,
    ) -> Result<Self, RecordError> {
        let typed = TypedGit::of(&lockfile);
        let opened = open([lockfile, stops], &typed, seals, token);
        let recorder = opened.map_err(|what| RecordError { typed: Box::new(typed), what })?;
        match recorder.make_sure() {
            Ok(()) => Ok(recorder),
            Err(what) => Err(recorder.error(what)),
        }
    }

    /// Commits what the files have, and pushes it; if others were faster, joined with what they have pushed.
    ///
    /// # Errors
    /// If it cannot be committed or pushed. The files stay as they are, and so does a commit that was made.
    pub fn record(&self, message: &str) -> Result<Recorded, RecordError> {
        self.try_record(message).map_err(|what| self.error(what))
    }

    fn error(&self, what: Obstacle) -> RecordError {
        RecordError { typed: Box::new(self.typed.clone()), what }
    }

    fn make_sure(&self) -> Result<(), Obstacle> {
        let head = self.head()?;
        // A commit that nothing names: whether it can be made, and signed, is not to be found out afterwards.
        let trial = self.made(&self.trees.of(&self.git, &head)?, &[&head], "A trial, which sendform has not used")?;
        let Some(remote) = &self.remote else { return Ok(()) };
        let place = remote.place();
        let there = remote.fetch_tip(Tracking::Updated).map_err(|error| unpushable(remote, error))?;
        let Some(there) = there else {
            let Branch { remote: name, branch, .. } = &remote.branch;
            return Err(Obstacle::NeverPushed { place, typed: format!("{name} {branch}") });
        };
        if !remote.is_ancestor(&there, &head)? {
            return Err(Obstacle::Behind { place });
        }
        self.check_only_ours(&there, &head, &place)?;
        let tried = if there == head { rehearse(remote, &trial) } else { push(remote, &head) };
        match tried.map_err(|error| unpushable(remote, error))? {
            Attempt::Replaced => Ok(()),
            Attempt::Behind => Err(Obstacle::Behind { place }),
            Attempt::Rejected(error) | Attempt::Unknown(error) => Err(unpushable(remote, error)),
        }
    }

    fn try_record(&self, message: &str) -> Result<Recorded, Obstacle> {
        let mut recorded = Recorded { commit: None, pushed_to: None, is_merged: false };
        let Some(commit) = self.commit(message)? else { return Ok(recorded) };
        recorded.commit = Some(commit.chars().take(10).collect());
        if let Some(remote) = &self.remote {
            recorded.is_merged = self.push(remote, &commit)?;
            recorded.pushed_to = Some(remote.place());
        }
        Ok(recorded)
    }

    /// Commits what the files have to the branch that is checked out, and gives the commit, if there was anything for one.
    fn commit(&self, message: &str) -> Result<Option<Oid>, Obstacle> {
        let mut tries = 1;
        loop {
            let head = self.head()?;
            let placed = self.placed(&head)?;
            let tree = self.trees.with(&self.git, &head, &placed)?;
            if tree == self.trees.of(&self.git, &head)? {
                return Ok(None);
            }
            let commit = self.made(&tree, &[&head], message)?;
            let log = ["update-ref", "-m", "sendform: what was sent", &self.branch, &commit, &head];
            let answer = patiently(|| self.git.ask(&log))?;
            if answer.is_ok() {
                self.note_in_index(&placed)?;
                return Ok(Some(commit));
            }
            // Somebody has committed in this clone just now.
            if tries == TRIES_MAX || self.head()? == head {
                let error = GitError::failed("move the branch", &answer.err);
                return Err(Obstacle::Uncommittable { error });
            }
            tries += 1;
        }
    }

    /// Has the index agree with the commit about the files, so that git shows no change where there is none.
    fn note_in_index(&self, placed: &[FileInTree]) -> Result<(), Obstacle> {
        let entries: String =
            placed.iter().flat_map(|placed| ["100644 ", &placed.oid, " 0\t", &placed.path, "\0"]).collect();
        self.git.get("note the lockfile in the index", &["update-index", "-z", "--index-info"], entries.as_bytes())?;
        // It says no where anything else in the work tree is changed, which is nobody's business here.
        self.git.ask(&["update-index", "-q", "--refresh"])?;
        Ok(())
    }

    /// Pushes a commit; says whether it had to be merged with what others have pushed meanwhile.
    fn push(&self, remote: &Repository, commit: &Oid) -> Result<bool, Obstacle> {
        let place = remote.place();
        let mut failure = Obstacle::Moved { place: place.clone(), tries: TRIES_MAX };
        for _ in 0..TRIES_MAX {
            let there = remote.fetch_tip(Tracking::Updated).map_err(|error| unpushable(remote, error))?;
            let there = there.ok_or_else(|| Obstacle::Behind { place: place.clone() })?;
            if remote.is_ancestor(commit, &there)? {
                return Ok(there != *commit);
            }
            let from = self.ancestor(&there, commit, &place)?;
            self.check_only_ours(&from, commit, &place)?;
            let next = if from == there { commit.clone() } else { self.merged(&from, commit, &there, &place)? };
            match push(remote, &next).map_err(|error| unpushable(remote, error))? {
                Attempt::Replaced => return Ok(next != *commit),
                Attempt::Behind => {}
                Attempt::Rejected(error) | Attempt::Unknown(error) => failure = unpushable(remote, error),
            }
        }
        Err(failure)
    }

    /// Makes the commit that joins ours with the one that the remote has: its files, and of the lockfile both.
    fn merged(&self, from: &Oid, ours: &Oid, theirs: &Oid, place: &str) -> Result<Oid, Obstacle> {
        let unmergeable = |why: String| Obstacle::Unmergeable { place: place.to_owned(), why };
        let [lockfile, stops] = self.paths();
        let mut placed = Vec::new();
        let sides = |path: &str| -> Result<_, GitError> {
            let text = |commit: &Oid| self.trees.text(&self.git, commit, path);
            Ok((text(from)?, text(ours)?, text(theirs)?))
        };
        let text = match sides(&lockfile)? {
            (_, ours, None) => ours,
            (_, None, theirs) => theirs,
            (from, Some(ours), Some(theirs)) => {
                let from = from.unwrap_or_default();
                let joined = merge([&from, &ours, &theirs], |_| self.seals.clone());
                Some(joined.map_err(|(_, error)| unmergeable(error.to_string()))?)
            }
        };
        placed.extend(text.map(|text| (lockfile, text)));
        let text = match sides(&stops)? {
            (_, ours, None) => ours,
            (_, None, theirs) => theirs,
            (_, Some(ours), Some(theirs)) => {
                let read = |text: &[u8]| Stops::parse(text).map_err(|damage| unmergeable(damage.to_string()));
                let mut joined = read(&ours)?;
                joined.join(&read(&theirs)?);
                Some(joined.write().into_bytes())
            }
        };
        placed.extend(text.map(|text| (stops, text)));
        let placed = placed.into_iter().map(|(path, text)| {
            let oid = commit::blob(&self.git, &text)?.oid;
            Ok(FileInTree { path, oid })
        });
        let placed: Vec<FileInTree> = placed.collect::<Result<_, GitError>>()?;
        let tree = self.trees.with(&self.git, theirs, &placed)?;
        self.made(&tree, &[theirs, ours], "Merge what was sent here")
    }

    /// Makes a commit, which no branch has yet.
    fn made(&self, tree: &str, parents: &[&str], message: &str) -> Result<Oid, Obstacle> {
        commit::commit(&self.git, tree, parents, message).map_err(|error| Obstacle::Uncommittable { error })
    }

    /// The last commit that two have in common.
    fn ancestor(&self, one: &Oid, other: &Oid, place: &str) -> Result<Oid, Obstacle> {
        let answer = self.git.ask(&["merge-base", one, other])?;
        if answer.is_ok() { Ok(answer.word()) } else { Err(Obstacle::Behind { place: place.to_owned() }) }
    }

    /// Makes sure that nothing differs between two commits but what is recorded here: somebody's own commits are theirs
    /// to push.
    fn check_only_ours(&self, from: &Oid, to: &Oid, place: &str) -> Result<(), Obstacle> {
        let changed =
            self.git.get("compare two commits", &["diff-tree", "-r", "-z", "--name-only", from, to, "--"], b"")?;
        let paths = self.paths();
        let mut names = changed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let is_ours = names.all(|name| paths.iter().any(|path| path.as_bytes() == name));
        if is_ours { Ok(()) } else { Err(Obstacle::Ahead { place: place.to_owned() }) }
    }

    fn head(&self) -> Result<Oid, GitError> {
        self.git.word("read the branch", &["rev-parse", "--verify", &format!("{}^{{commit}}", self.branch)], b"")
    }

    /// The files that are there, as objects, and where they belong in a commit. Stops only if they are kept already,
    /// or would be.
    fn placed(&self, head: &Oid) -> Result<Vec<FileInTree>, Obstacle> {
        let mut placed = Vec::new();
        for (file, path) in self.files.iter().zip(self.paths()) {
            let text = match regular::read(file, Links::Refused, LEDGER_BYTES_MAX) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(why) => return Err(Obstacle::Unreadable { path: file.display().to_string(), why }),
            };
            let is_kept = self.trees.text(&self.git, head, &path)?.is_some();
            if is_kept || !is_ignored(&self.git, file)? {
                placed.push(FileInTree { oid: commit::blob(&self.git, &text)?.oid, path });
            }
        }
        Ok(placed)
    }

    /// Where the files belong in a commit.
    fn paths(&self) -> [String; 2] {
        self.files.each_ref().map(|file| self.trees.path_of(file))
    }
}

fn open(
    files: [PathBuf; 2],
    typed: &TypedGit,
    seals: &Seals,
    token: Option<&ForgeToken>,
) -> Result<Recorder, Obstacle> {
    let [lockfile, _] = &files;
    let folder = lockfile.parent().unwrap_or(Path::new(""));
    if top(folder).is_none() {
        return Err(Obstacle::NoWorkTree);
    }
    let mut git = Git::around_far(folder, NETWORK_TIME_MAX);
    let prefix = git.ask(&["rev-parse", "--is-inside-work-tree", "--show-prefix"]);
    let prefix = prefix.map_err(|error| Obstacle::Silent(GitSilence::failed(folder, &error)))?;
    if !prefix.is_ok() {
        return Err(Obstacle::Silent(GitSilence::said(folder, &prefix)));
    }
    let said = prefix.word();
    let (is_inside, prefix) = said.split_once('\n').unwrap_or((&said, ""));
    if is_inside != "true" {
        return Err(Obstacle::NoWorkTree);
    }
    if is_ignored(&git, lockfile)? && !is_tracked(lockfile) {
        return Err(Obstacle::Ignored);
    }
    for (name, what) in UNDERWAY {
        if git.ask(&["rev-parse", "--verify", "--quiet", name])?.is_ok() {
            return Err(Obstacle::Underway { what });
        }
    }
    let head = git.ask(&["symbolic-ref", "--quiet", "HEAD"])?;
    let branch = Some(head).filter(GitOutput::is_ok).map(|head| head.word()).ok_or(Obstacle::Detached)?;
    if !git.ask(&["rev-parse", "--verify", "--quiet", &branch])?.is_ok() {
        return Err(Obstacle::Unborn { branch: short(&branch).to_owned() });
    }
    commit::ensure_identity(&mut git)?;
    let remote = remote(&git, folder, short(&branch), token)?;
    let trees = Trees::new(prefix);
    Ok(Recorder { git, typed: typed.clone(), trees, files, branch, remote, seals: seals.clone() })
}

/// The branch of a remote that the one that is checked out is pushed to: the one that it follows, else the one of its own
/// name; nothing, if the repository has no remote.
fn remote(git: &Git, folder: &Path, branch: &str, token: Option<&ForgeToken>) -> Result<Option<Repository>, Obstacle> {
    let listed = git.word("list the remotes", &["remote"], b"")?;
    let all: Vec<&str> = listed.lines().collect();
    let setting = |name: &str| -> Result<Option<String>, GitError> {
        let answer = git.ask(&["config", "--get", &format!("branch.{branch}.{name}")])?;
        Ok(answer.is_ok().then(|| answer.word()))
    };
    let own = setting("remote")?.filter(|own| all.contains(&own.as_str()));
    let (name, followed) = match (own, all.as_slice()) {
        (Some(own), _) => (own, setting("merge")?),
        (None, []) => return Ok(None),
        (None, [only]) => ((*only).to_owned(), None),
        (None, _) if all.contains(&"origin") => ("origin".to_owned(), None),
        (None, _) => return Err(Obstacle::NoRemote { branch: branch.to_owned() }),
    };
    let followed = followed.as_deref().map_or(branch, short);
    let branch = Branch { token: token.cloned(), ..Branch::new(folder, &name, followed) };
    let mut remote = Repository::open_in(Git::around_far(folder, NETWORK_TIME_MAX), &branch, &Seals::none())?;
    commit::ensure_identity(&mut remote.git)?;
    Ok(Some(remote))
}

fn is_ignored(git: &Git, file: &Path) -> Result<bool, GitError> {
    let name = file.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    Ok(git.ask(&["check-ignore", "--quiet", "--", name])?.is_ok())
}

fn unpushable(remote: &Repository, error: GitError) -> Obstacle {
    Obstacle::Unpushable { place: remote.place(), error }
}

/// A branch as people write it.
fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}
