//! What git has fetched of a lockfile that is kept with the project: whether another clone has sent what this one
//! does not know of, or this one what others cannot know of. Nothing here needs the network, or changes anything.

use std::path::{Path, PathBuf};

use crate::ledger::{Ledger, LedgerDelta, Seals};
use crate::store::around::top;

use super::program::{Git, GitOutput};
use super::silence::GitSilence;

/// How much of a lockfile is read.
const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// How a lockfile in a work tree stands to what other clones have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// It is in no work tree of git.
    NoWorkTree,
    /// git does not answer there.
    Silent(
        /// Why.
        GitSilence,
    ),
    /// git ignores it, so that no other clone gets it.
    Ignored,
    /// The repository has no remote.
    NoRemote,
    /// Nothing was fetched that it could be compared with.
    NeverFetched {
        /// The remote; all of them, if nothing says which.
        remotes: Vec<String>,
    },
    /// It was compared with what was fetched of a branch, or of two.
    Fetched {
        /// The branch that the current one follows, if it follows one, and the remote's default branch.
        branches: Vec<FetchedBranch>,
        /// What this one has and all those lack that could be looked at.
        unpushed: LedgerDelta,
    },
}

/// What was fetched last of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedBranch {
    /// Its name, such as `origin/main`.
    pub name: String,
    /// How its lockfile stands to this one.
    pub lockfile: FetchedLockfile,
}

/// How a lockfile that was fetched stands to the one here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedLockfile {
    /// The branch has none.
    Absent,
    /// What was fetched is not all here.
    NotHere,
    /// It cannot be read, or is another ledger.
    Unreadable {
        /// Why.
        why: String,
    },
    /// Both go together.
    Compared {
        /// What it has and this one lacks.
        lacks: LedgerDelta,
        /// Whether the commit that is checked out has the branch in it already, so that there is nothing to merge.
        is_merged: bool,
    },
}

/// A commit that has a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum KeptBy {
    /// The one that is checked out.
    Head,
    /// The one that was fetched last of a branch, such as `origin/main`.
    Branch(String),
}

impl KeptBy {
    /// The commit as git takes it.
    pub(in crate::store) fn commit(self) -> String {
        match self {
            Self::Head => "HEAD".to_owned(),
            Self::Branch(branch) => branch,
        }
    }
}

/// What a commit has in the place of a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum KeptText {
    /// Nothing.
    Absent,
    /// Something that is not all in this clone.
    NotHere,
    /// Something that cannot be read as one.
    Unreadable {
        /// Why.
        why: String,
    },
    /// A text.
    Whole(Vec<u8>),
}

/// Compares a lockfile with the branch that the current one follows and with the default branch of the remote, both as
/// fetched last.
pub(in crate::store) fn look_upstream(lockfile: &Path, ledger: &Ledger, seals: &Seals) -> Upstream {
    let compared = WorkTree::around(lockfile).and_then(|tree| tree.compare(ledger, seals));
    compared.unwrap_or_else(|upstream| upstream)
}

/// What has to be done with the files of a lockfile's ledger, so that other clones get them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publishing {
    /// Nothing: they are in no work tree, or git does not answer there, or ignores the lockfile.
    Nothing,
    /// To commit them: the repository has no remote.
    Commit,
    /// To commit them and push.
    CommitAndPush,
}

/// The files of a lockfile's ledger that are new to git, or not as the commit has them that is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpublished {
    /// What has to be done with them.
    pub publishing: Publishing,
    /// The lockfile, if it is one of them.
    pub lockfile: Option<PathBuf>,
    /// The file of stops, if it is one of them.
    pub stops: Option<PathBuf>,
}

/// Whether a lockfile lies in a repository at all, whatever git does with it there.
pub(in crate::store) fn is_in_repository(lockfile: &Path) -> bool {
    top(lockfile.parent().unwrap_or(Path::new(""))).is_some()
}

/// Finds the files that other clones have not got, because they are not committed.
pub(in crate::store) fn look_unpublished(lockfile: &Path, stops: &Path) -> Unpublished {
    let looked = WorkTree::around(lockfile).and_then(|tree| {
        if tree.is_ignored()? {
            return Err(Upstream::Ignored);
        }
        let publishing = match tree.remote() {
            Err(Upstream::NoRemote) => Publishing::Commit,
            Ok(_) | Err(_) => Publishing::CommitAndPush,
        };
        let changed = |file: &Path| Ok(tree.is_changed(file)?.then(|| file.to_owned()));
        Ok(Unpublished { publishing, lockfile: changed(lockfile)?, stops: changed(stops)? })
    });
    looked.unwrap_or(Unpublished { publishing: Publishing::Nothing, lockfile: None, stops: None })
}

/// What git keeps in the place of a lockfile, whether one is there or not: in the commit that is checked out, and in the
/// branches that [`look_upstream`] compares with. Nothing, where there is no work tree.
///
/// # Errors
/// If git does not answer.
pub(in crate::store) fn kept_texts(lockfile: &Path) -> Result<Vec<(KeptBy, KeptText)>, GitSilence> {
    match WorkTree::around(lockfile).and_then(|tree| tree.texts()) {
        Ok(texts) => Ok(texts),
        Err(Upstream::Silent(silence)) => Err(silence),
        Err(_) => Ok(Vec::new()),
    }
}

/// Finds a commit that has a lockfile in the place of one that is not there; nothing, if none has.
///
/// # Errors
/// If git does not say whether one has.
pub(in crate::store) fn kept_in_git(lockfile: &Path) -> Result<Option<KeptBy>, GitSilence> {
    match WorkTree::around(lockfile).and_then(|tree| tree.kept()) {
        Ok(kept) => Ok(kept),
        Err(Upstream::Silent(silence)) => Err(silence),
        Err(_) => Ok(None),
    }
}

/// The folder of a lockfile, in a work tree.
struct WorkTree<'a> {
    git: Git,
    name: &'a str,
}

/// A lockfile as a branch has it.
enum Fetched {
    Absent,
    NotHere,
    Unreadable(String),
    Ledger(Box<Ledger>),
}

/// A file as a commit has it.
struct Blob {
    oid: String,
    is_file: bool,
}

/// What is looked for, or else what there is to say of all of it.
type Looked<T> = Result<T, Upstream>;

impl<'a> WorkTree<'a> {
    fn around(lockfile: &'a Path) -> Looked<Self> {
        let folder = lockfile.parent().unwrap_or(Path::new(""));
        let name = lockfile.file_name().and_then(std::ffi::OsStr::to_str).ok_or(Upstream::NoWorkTree)?;
        if top(folder).is_none() {
            return Err(Upstream::NoWorkTree);
        }
        let tree = Self { git: Git::around(folder), name };
        let inside = tree.run(&["rev-parse", "--is-inside-work-tree"])?;
        if !inside.is_ok() {
            return Err(tree.silent(&inside));
        }
        if inside.word() == "true" { Ok(tree) } else { Err(Upstream::NoWorkTree) }
    }

    /// Runs a command that may say no.
    fn run(&self, arguments: &[&str]) -> Looked<GitOutput> {
        let silence = |error| Upstream::Silent(GitSilence::failed(self.git.folder(), &error));
        self.git.ask(arguments).map_err(silence)
    }

    fn silent(&self, answer: &GitOutput) -> Upstream {
        Upstream::Silent(GitSilence::said(self.git.folder(), answer))
    }

    /// What git says, if it does what it is asked.
    fn ask(&self, arguments: &[&str]) -> Looked<Option<String>> {
        let answer = self.run(arguments)?;
        Ok(Some(answer).filter(GitOutput::is_ok).map(|answer| answer.word()).filter(|word| !word.is_empty()))
    }

    /// The commit that has the lockfile, if one has it.
    fn kept(&self) -> Looked<Option<KeptBy>> {
        // Before the first commit there is none.
        if self.is_there("HEAD")? && self.blob("HEAD")?.is_some() {
            return Ok(Some(KeptBy::Head));
        }
        for branch in self.branches()? {
            if self.blob(&branch)?.is_some() {
                return Ok(Some(KeptBy::Branch(short(&branch))));
            }
        }
        Ok(None)
    }

    fn is_ignored(&self) -> Looked<bool> {
        Ok(self.run(&["check-ignore", "--quiet", "--", self.name])?.is_ok())
    }

    /// Whether a file beside the lockfile is new, or not as the commit has it that is checked out.
    fn is_changed(&self, file: &Path) -> Looked<bool> {
        let name = file.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or(self.name);
        let status = ["status", "--porcelain", "--untracked-files=all", "--", name];
        Ok(self.ask(&status)?.is_some())
    }

    /// What the commit that is checked out has, and then each branch to compare with, if there is one.
    fn texts(&self) -> Looked<Vec<(KeptBy, KeptText)>> {
        let mut texts = Vec::new();
        if self.is_there("HEAD")? {
            texts.push((KeptBy::Head, self.text("HEAD")?));
        }
        let branches = match self.branches() {
            Err(Upstream::NoRemote | Upstream::NeverFetched { .. }) => Vec::new(),
            branches => branches?,
        };
        for branch in branches {
            let text = self.text(&branch)?;
            texts.push((KeptBy::Branch(short(&branch)), text));
        }
        Ok(texts)
    }

    fn compare(&self, ledger: &Ledger, seals: &Seals) -> Looked<Upstream> {
        if self.is_ignored()? {
            return Err(Upstream::Ignored);
        }
        let mut known = Ledger::new(ledger.header().clone());
        let mut branches = Vec::new();
        for branch in self.branches()? {
            let lockfile = match self.fetched(&branch, seals)? {
                Fetched::Absent => FetchedLockfile::Absent,
                Fetched::NotHere => FetchedLockfile::NotHere,
                Fetched::Unreadable(why) => FetchedLockfile::Unreadable { why },
                Fetched::Ledger(fetched) => {
                    let mut both = ledger.clone();
                    match both.join(&fetched).and_then(|()| known.join(&fetched)) {
                        Ok(()) => {
                            let lacks = LedgerDelta::between(ledger, &both);
                            let is_merged = !lacks.is_empty() && self.is_merged(&branch)?;
                            FetchedLockfile::Compared { lacks, is_merged }
                        }
                        Err(error) => FetchedLockfile::Unreadable { why: error.to_string() },
                    }
                }
            };
            branches.push(FetchedBranch { name: short(&branch), lockfile });
        }
        let mut all = known.clone();
        // Whatever does not go together was found out above.
        let unpushed =
            all.join(ledger).map_or_else(|_| LedgerDelta::default(), |()| LedgerDelta::between(&known, &all));
        Ok(Upstream::Fetched { branches, unpushed })
    }

    /// Reads the lockfile of a branch.
    fn fetched(&self, branch: &str, seals: &Seals) -> Looked<Fetched> {
        Ok(match self.text(branch)? {
            KeptText::Absent => Fetched::Absent,
            KeptText::NotHere => Fetched::NotHere,
            KeptText::Unreadable { why } => Fetched::Unreadable(why),
            KeptText::Whole(text) => match Ledger::read(&text, seals) {
                Err(damage) => Fetched::Unreadable(damage.to_string()),
                Ok(read) if read.torn.is_some() => Fetched::Unreadable("the text is cut off at its end".to_owned()),
                Ok(read) => Fetched::Ledger(Box::new(read.ledger)),
            },
        })
    }

    /// The text of the lockfile as a commit has it.
    fn text(&self, commit: &str) -> Looked<KeptText> {
        let unreadable = |why: String| Ok(KeptText::Unreadable { why });
        let blob = match self.listed(commit)? {
            Err(_) => return Ok(KeptText::NotHere),
            Ok(None) => return Ok(KeptText::Absent),
            Ok(Some(blob)) if !blob.is_file => return unreadable("it is no file there".to_owned()),
            Ok(Some(blob)) => blob,
        };
        let size = self.ask(&["cat-file", "-s", &blob.oid])?.and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size else { return Ok(KeptText::NotHere) };
        if size > BYTES_MAX {
            return unreadable(format!("it has more than {} MiB", BYTES_MAX / 1024 / 1024));
        }
        let text = self.run(&["cat-file", "blob", &blob.oid])?;
        Ok(if text.is_ok() { KeptText::Whole(text.out) } else { KeptText::NotHere })
    }

    /// The whole names of the branches to compare with: the one that the current one follows may be older than the
    /// lockfile, or be somebody's own, and what all others have sent is in the remote's default branch.
    fn branches(&self) -> Looked<Vec<String>> {
        let followed = self.ask(&["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "@{upstream}"])?;
        let mut branches = Vec::new();
        if let Some(followed) = followed
            && self.is_there(&followed)?
        {
            branches.push(followed);
        }
        match self.default_branch() {
            Ok(default) if branches.contains(&default) => {}
            Ok(default) => branches.push(default),
            Err(Upstream::NoRemote | Upstream::NeverFetched { .. }) if !branches.is_empty() => {}
            Err(upstream) => return Err(upstream),
        }
        Ok(branches)
    }

    /// The default branch of the remote, as far as this clone knows it; else the only one that was fetched.
    fn default_branch(&self) -> Looked<String> {
        let remote = self.remote()?;
        let head = format!("refs/remotes/{remote}/HEAD");
        let default = self.ask(&["symbolic-ref", "--quiet", &head])?;
        let usual = ["main", "master"].map(|name| format!("refs/remotes/{remote}/{name}"));
        for name in default.into_iter().chain(usual) {
            if self.is_there(&name)? {
                return Ok(name);
            }
        }
        let all = self.ask(&["for-each-ref", "--format=%(refname)", &format!("refs/remotes/{remote}/")])?;
        let all = all.unwrap_or_default();
        let mut names = all.lines().filter(|name| *name != head);
        match (names.next(), names.next()) {
            (Some(only), None) => Ok(only.to_owned()),
            _ => Err(Upstream::NeverFetched { remotes: vec![remote] }),
        }
    }

    /// The remote of the current branch, or the one that there is.
    fn remote(&self) -> Looked<String> {
        let listed = self.run(&["remote"])?;
        if !listed.is_ok() {
            return Err(self.silent(&listed));
        }
        let listed = listed.word();
        let all: Vec<&str> = listed.lines().collect();
        if let Some(branch) = self.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])? {
            let own = self.ask(&["config", "--get", &format!("branch.{branch}.remote")])?;
            if let Some(own) = own.filter(|own| all.contains(&own.as_str())) {
                return Ok(own);
            }
        }
        match all.as_slice() {
            [] => Err(Upstream::NoRemote),
            [only] => Ok((*only).to_owned()),
            _ if all.contains(&"origin") => Ok("origin".to_owned()),
            _ => Err(Upstream::NeverFetched { remotes: all.into_iter().map(str::to_owned).collect() }),
        }
    }

    fn is_there(&self, name: &str) -> Looked<bool> {
        Ok(self.ask(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])?.is_some())
    }

    /// Whether the commit that is checked out has another one in it.
    fn is_merged(&self, branch: &str) -> Looked<bool> {
        Ok(self.run(&["merge-base", "--is-ancestor", branch, "HEAD"])?.is_ok())
    }

    /// The file as a commit has it, if it has one.
    fn blob(&self, commit: &str) -> Looked<Option<Blob>> {
        self.listed(commit)?.map_err(|answer| self.silent(&answer))
    }

    /// The same; or what git says where it cannot list what the commit has.
    fn listed(&self, commit: &str) -> Looked<Result<Option<Blob>, GitOutput>> {
        let answer = self.run(&["ls-tree", commit, "--", self.name])?;
        if !answer.is_ok() {
            return Ok(Err(answer));
        }
        let listed = answer.word();
        let mut words = listed.lines().next().unwrap_or_default().split(['\t', ' ']);
        let (Some(mode), Some(_), Some(oid)) = (words.next(), words.next(), words.next()) else { return Ok(Ok(None)) };
        Ok(Ok(Some(Blob { oid: oid.to_owned(), is_file: mode.starts_with("100") })))
    }
}

/// A branch as people write it.
fn short(name: &str) -> String {
    let prefixes = ["refs/remotes/", "refs/heads/"];
    prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name).to_owned()
}
