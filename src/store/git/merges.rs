//! What the merges in a work tree's history show of its lockfile: a merge that has kept one side only has
//! dropped the runs of the other, and nothing in the file tells of them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::ledger::{Ledger, RunId, Seals};
use crate::store::around::top;

use super::program::{Git, GitOutput};
use super::tip::next_object;

/// How many merges that touched the file are looked at, the latest first.
const MERGES_MAX: &str = "--max-count=50";
/// How much of what stood in them is read.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What a look at the merges has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Merges {
    /// Nothing is missing; nor is it where there is no git, and no history.
    Kept,
    /// Nothing that could be looked at is missing, but that is not all: the clone is shallow, or too much stood
    /// in the merges.
    KeptAsFarAsSeen,
    /// A run that one side of a merge had, and that the file lacks.
    Dropped {
        /// The run.
        run: RunId,
        /// The commit that has it.
        commit: String,
    },
}

/// Looks through the merges that touched a lockfile for a run that the ledger does not know. This is a look, not
/// a proof: whoever can write history can write another one.
pub(in crate::store) fn look_at_merges(lockfile: &Path, ledger: &Ledger, seals: &Seals) -> Merges {
    look(lockfile, ledger, seals, BYTES_MAX).unwrap_or(Merges::Kept)
}

/// Whether git keeps a file, so that a change of a work tree may bring it along. Where there is a repository
/// and git does not answer, as in a folder that is somebody else's, it may.
pub(in crate::store) fn is_tracked(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(std::ffi::OsStr::to_str)) else {
        return false;
    };
    if top(folder).is_none() {
        return false;
    }
    let answer = Git::around(folder).ask(&["ls-files", "--error-unmatch", "--", name]);
    answer.is_err() || answer.is_ok_and(|answer| answer.code != 1)
}

/// Looks, and reads not more than some bytes; nothing, where there is no git.
fn look(lockfile: &Path, ledger: &Ledger, seals: &Seals, bytes_max: u64) -> Option<Merges> {
    let folder = lockfile.parent()?;
    let name = lockfile.file_name()?.to_str()?;
    let git = Git::around(folder);
    let ask = |arguments: &[&str]| git.ask(arguments).ok().filter(GitOutput::is_ok);
    // git leaves out merges that took one side whole, unless it is told not to.
    let merges = ["rev-list", "--merges", "--full-history", "--parents", MERGES_MAX, "HEAD", "--", name];
    let merges = ask(&merges)?.word();
    let mut seen = BTreeSet::new();
    let parents = merges.lines().flat_map(|line| line.split(' ').skip(1));
    let parents: Vec<&str> = parents.filter(|parent| seen.insert(*parent)).collect();
    let is_shallow = || Some(ask(&["rev-parse", "--is-shallow-repository"])?.word() == "true");
    if parents.is_empty() {
        return Some(if is_shallow()? { Merges::KeptAsFarAsSeen } else { Merges::Kept });
    }
    let asked: String = parents.iter().map(|parent| format!("{parent}:./{name}\n")).collect();
    let found = git.get("look at old versions", &["cat-file", "--batch-check"], asked.as_bytes()).ok()?;
    let found = String::from_utf8_lossy(&found);
    let (mut left, mut is_all) = (bytes_max, !is_shallow()?);
    let mut versions: Vec<(&str, &str)> = Vec::new();
    for (commit, line) in parents.into_iter().zip(found.lines()) {
        let mut words = line.split(' ');
        let (Some(oid), Some("blob"), Some(Ok(size))) =
            (words.next(), words.next(), words.next().map(str::parse::<u64>))
        else {
            continue;
        };
        if versions.iter().all(|(known, _)| *known != oid) {
            match left.checked_sub(size) {
                Some(rest) => {
                    left = rest;
                    versions.push((oid, commit));
                }
                None => is_all = false,
            }
        }
    }
    let asked: String = versions.iter().flat_map(|(oid, _)| [oid, "\n"]).collect();
    let texts = git.get("read old versions", &["cat-file", "--batch"], asked.as_bytes()).ok()?;
    let mut rest = texts.as_slice();
    for (_, commit) in versions {
        if let Some(run) = ledger.run_lost_from(next_object(&mut rest)?, seals) {
            return Some(Merges::Dropped { run, commit: commit.to_owned() });
        }
    }
    Some(if is_all { Merges::Kept } else { Merges::KeptAsFarAsSeen })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::ledger::sample;

    fn git(folder: &Path, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.current_dir(folder).args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A ledger whose header is of one run, and that some runs have ended in.
    fn ledger(runs: &[u64]) -> Ledger {
        let mut ledger = Ledger::new(sample::header());
        ledger.adopt(|| crate::ledger::Fact { run: RunId(1), number: 0 });
        for run in runs {
            let entries = u32::from(*run == 1);
            ledger.close(RunId(*run), entries, BTreeSet::new(), BTreeSet::new(), sample::at(0));
        }
        ledger
    }

    #[test]
    fn a_file_may_be_tracked_unless_git_says_no() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shadow.lock");
        fs::write(&path, "").unwrap();
        assert!(!is_tracked(&path), "there is no repository");
        git(folder.path(), &["init", "--quiet"]);
        assert!(!is_tracked(&path));
        git(folder.path(), &["add", "shadow.lock"]);
        assert!(is_tracked(&path));
        git(folder.path(), &["rm", "--quiet", "--cached", "shadow.lock"]);
        assert!(!is_tracked(&path));
        fs::remove_file(folder.path().join(".git/HEAD")).unwrap();
        assert!(is_tracked(&path), "git does not answer");
    }

    #[test]
    fn a_side_that_a_merge_has_dropped_is_found_as_far_as_history_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (path, seals) = (folder.path().join("one"), sample::seals());
        fs::create_dir(&path).unwrap();
        let lockfile = path.join("sendform.lock");
        let commit = |runs: &[u64], words: &str| {
            fs::write(&lockfile, ledger(runs).write(&seals)).unwrap();
            git(&path, &["add", "."]);
            git(&path, &["commit", "--quiet", "-m", words]);
        };
        let check = |expect: fn(&Merges) -> bool, bytes_max, from: &Path| {
            let kept = ledger(&[1, 3]);
            let found = look(&from.join("sendform.lock"), &kept, &seals, bytes_max).unwrap_or(Merges::Kept);
            assert!(expect(&found), "{found:?}");
        };
        check(|found| *found == Merges::Kept, BYTES_MAX, &path);
        git(&path, &["init", "--quiet", "-b", "main"]);
        check(|found| *found == Merges::Kept, BYTES_MAX, &path);
        commit(&[1], "begin");
        git(&path, &["branch", "other"]);
        commit(&[1, 3], "ours");
        check(|found| *found == Merges::Kept, BYTES_MAX, &path);
        git(&path, &["checkout", "--quiet", "other"]);
        commit(&[1, 2], "theirs");
        git(&path, &["checkout", "--quiet", "main"]);
        git(&path, &["merge", "--quiet", "-s", "ours", "-m", "ours only", "other"]);
        check(|found| matches!(found, Merges::Dropped { run: RunId(2), .. }), BYTES_MAX, &path);
        check(|found| *found == Merges::KeptAsFarAsSeen, 10, &path);
        let origin = format!("file://{}", path.display());
        git(folder.path(), &["clone", "--quiet", "--depth", "1", &origin, "shallow"]);
        check(|found| *found == Merges::KeptAsFarAsSeen, BYTES_MAX, &folder.path().join("shallow"));
    }
}
