//! What git has fetched of a lockfile that is kept with the project: whether another clone has sent what this one
//! does not know of, or this one what others cannot know of. Nothing here needs the network, or changes anything.

use std::path::Path;
use std::time::Duration;

use crate::ledger::{Ledger, LedgerDelta, Seals};

use super::error::Said;
use super::merges::may_have_repository;
use super::program::{Git, GitOutput};

/// How much of a lockfile is read.
const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// How a lockfile in a work tree stands to what other clones have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// It is in no work tree of git.
    NoWorkTree,
    /// git does not answer there.
    Silent(
        /// What it said.
        String,
    ),
    /// git ignores it, so that no other clone gets it.
    Ignored,
    /// The repository has no remote.
    NoRemote,
    /// Nothing was fetched that it could be compared with.
    NeverFetched {
        /// The remote, or all of them.
        remote: String,
    },
    /// What was fetched of it cannot be read, or is another ledger.
    Unreadable {
        /// The branch, such as `origin/main`.
        branch: String,
        /// Why.
        why: String,
    },
    /// What was fetched is not all here.
    NotHere {
        /// The branch, such as `origin/main`.
        branch: String,
    },
    /// It was compared.
    Compared {
        /// The branch, such as `origin/main`.
        branch: String,
        /// Whether the branch has a lockfile at all.
        is_there: bool,
        /// What the branch's has and this one lacks.
        lacks: LedgerDelta,
        /// What this one has and the branch's lacks.
        unpushed: LedgerDelta,
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

/// Compares a lockfile with the branch that the current one follows, as fetched last, or else with the default branch
/// of the remote.
pub(in crate::store) fn look_upstream(lockfile: &Path, ledger: &Ledger, seals: &Seals) -> Upstream {
    match WorkTree::around(lockfile) {
        Ok(tree) => tree.compare(ledger, seals).unwrap_or_else(|upstream| upstream),
        Err(upstream) => upstream,
    }
}

/// Finds a commit that has a lockfile in the place of one that is to be made.
pub(in crate::store) fn kept_in_git(lockfile: &Path) -> Option<KeptBy> {
    let tree = WorkTree::around(lockfile).ok()?;
    if tree.blob("HEAD").is_some_and(|blob| blob.is_some()) {
        return Some(KeptBy::Head);
    }
    let branch = tree.branch().ok()?;
    tree.blob(&branch).is_some_and(|blob| blob.is_some()).then(|| KeptBy::Branch(short(&branch)))
}

/// The folder of a lockfile, in a work tree.
struct WorkTree<'a> {
    git: Git,
    name: &'a str,
}

/// A file as a commit has it.
struct Blob {
    oid: String,
    is_file: bool,
}

impl<'a> WorkTree<'a> {
    fn around(lockfile: &'a Path) -> Result<Self, Upstream> {
        let folder = lockfile.parent().unwrap_or(Path::new(""));
        let name = lockfile.file_name().and_then(std::ffi::OsStr::to_str).ok_or(Upstream::NoWorkTree)?;
        if !may_have_repository(folder) {
            return Err(Upstream::NoWorkTree);
        }
        let mut git = Git::new(folder, Duration::ZERO);
        // What a partial clone lacks is not fetched by the way.
        git.set("GIT_NO_LAZY_FETCH", "1".to_owned());
        let inside = match git.ask(&["rev-parse", "--is-inside-work-tree"]) {
            Ok(answer) if answer.is_ok() => answer.word(),
            Ok(answer) => return Err(Upstream::Silent(Said::of(&answer.err).to_string())),
            Err(error) => return Err(Upstream::Silent(error.to_string())),
        };
        if inside == "true" { Ok(Self { git, name }) } else { Err(Upstream::NoWorkTree) }
    }

    /// What git says, if it does what it is asked.
    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let answer = self.git.ask(arguments).ok().filter(GitOutput::is_ok);
        answer.map(|answer| answer.word()).filter(|word| !word.is_empty())
    }

    fn compare(&self, ledger: &Ledger, seals: &Seals) -> Result<Upstream, Upstream> {
        if self.git.ask(&["check-ignore", "--quiet", "--", self.name]).is_ok_and(|answer| answer.is_ok()) {
            return Err(Upstream::Ignored);
        }
        let name = self.branch()?;
        let branch = short(&name);
        let not_here = || Upstream::NotHere { branch: branch.clone() };
        let unreadable = |why: String| Upstream::Unreadable { branch: branch.clone(), why };
        let Some(blob) = self.blob(&name).ok_or_else(not_here)? else {
            let nothing = Ledger::new(ledger.header().clone());
            let (lacks, unpushed) = (LedgerDelta::default(), LedgerDelta::between(&nothing, ledger));
            return Ok(Upstream::Compared { branch, is_there: false, lacks, unpushed });
        };
        if !blob.is_file {
            return Err(unreadable("it is no file there".to_owned()));
        }
        let size = self.ask(&["cat-file", "-s", &blob.oid]).and_then(|size| size.parse::<u64>().ok());
        if size.ok_or_else(not_here)? > BYTES_MAX {
            return Err(unreadable(format!("it has more than {} MiB", BYTES_MAX / 1024 / 1024)));
        }
        let text = self.git.get("read a lockfile", &["cat-file", "blob", &blob.oid], b"").map_err(|_| not_here())?;
        let read = Ledger::read(&text, seals).map_err(|damage| unreadable(damage.to_string()))?;
        if read.torn.is_some() {
            return Err(unreadable("the text is cut off at its end".to_owned()));
        }
        let mut both = ledger.clone();
        both.join(&read.ledger).map_err(|error| unreadable(error.to_string()))?;
        let (lacks, unpushed) = (LedgerDelta::between(ledger, &both), LedgerDelta::between(&read.ledger, &both));
        Ok(Upstream::Compared { branch, is_there: true, lacks, unpushed })
    }

    /// The whole name of the branch to compare with.
    fn branch(&self) -> Result<String, Upstream> {
        let followed = self.ask(&["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "@{upstream}"]);
        if let Some(followed) = followed.filter(|name| self.is_there(name)) {
            return Ok(followed);
        }
        let remote = self.remote()?;
        let head = format!("refs/remotes/{remote}/HEAD");
        let default = self.ask(&["symbolic-ref", "--quiet", &head]).into_iter();
        let usual = ["main", "master"].map(|name| format!("refs/remotes/{remote}/{name}"));
        let mut names = default.chain(usual);
        names.find(|name| self.is_there(name)).ok_or(Upstream::NeverFetched { remote })
    }

    /// The remote of the current branch, or the one that there is.
    fn remote(&self) -> Result<String, Upstream> {
        let all = self.ask(&["remote"]).ok_or(Upstream::NoRemote)?;
        let all: Vec<&str> = all.lines().collect();
        let branch = self.ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]);
        let own = branch.and_then(|branch| self.ask(&["config", "--get", &format!("branch.{branch}.remote")]));
        let own = own.filter(|own| all.contains(&own.as_str()));
        let only = || if let [only] = all.as_slice() { Some(*only) } else { None };
        let usual = || all.iter().copied().find(|name| *name == "origin").or_else(only).map(str::to_owned);
        own.or_else(usual).ok_or_else(|| Upstream::NeverFetched { remote: all.join(", ") })
    }

    fn is_there(&self, name: &str) -> bool {
        self.ask(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).is_some()
    }

    /// The file as a commit has it: nothing, if it has none; nothing at all, if nobody can tell.
    fn blob(&self, commit: &str) -> Option<Option<Blob>> {
        let listed = self.git.ask(&["ls-tree", commit, "--", self.name]).ok().filter(GitOutput::is_ok)?.word();
        let Some(line) = listed.lines().next() else { return Some(None) };
        let mut words = line.split(['\t', ' ']);
        let (mode, _, oid) = (words.next()?, words.next()?, words.next()?);
        Some(Some(Blob { oid: oid.to_owned(), is_file: mode.starts_with("100") }))
    }
}

/// A branch as people write it.
fn short(name: &str) -> String {
    let prefixes = ["refs/remotes/", "refs/heads/"];
    prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name).to_owned()
}
