//! Pushing a commit: plain, never forced. That git takes only what goes on from its tip is what
//! keeps two runs from claiming the same people.

use crate::store::publish::Attempt;

use super::error::{GitError, Said};
use super::program::GitOutput;
use super::repository::Repository;

/// Pushes a commit to the branch.
///
/// # Errors
/// If the remote or a hook refuses it, so that it surely was not taken.
pub(super) fn push(repository: &Repository, commit: &str) -> Result<Attempt<GitError>, GitError> {
    attempt(repository, commit, &[])
}

/// Does all that a push does but for the last step: finds the remote, is let in, compares, and runs this clone's hook.
/// What the remote would say to the commit itself it does not say.
///
/// # Errors
/// As [`push`].
pub(super) fn rehearse(repository: &Repository, commit: &str) -> Result<Attempt<GitError>, GitError> {
    attempt(repository, commit, &["--dry-run"])
}

fn attempt(repository: &Repository, commit: &str, how: &[&str]) -> Result<Attempt<GitError>, GitError> {
    let branch = repository.branch.on_remote();
    let refspec = format!("{commit}:{branch}");
    let plain = ["--porcelain", "--no-force", "--no-follow-tags", "--recurse-submodules=no"];
    let arguments = [["push"].as_slice(), &plain, how, &["--", &repository.branch.remote, &refspec]].concat();
    let answer = match repository.git.ask_far(&arguments) {
        Ok(answer) => answer,
        Err(error @ (GitError::TooSlow { .. } | GitError::Killed { .. })) => {
            return Ok(Attempt::Unknown(unreachable(repository, Said::of(&error.to_string()))));
        }
        Err(error) => return Err(error),
    };
    let report = report(&answer, &branch).as_deref().map(reason).unwrap_or_default();
    let said = |err: &str| Said::of(&format!("{err}\n{report}"));
    let refused = |said| GitError::Refused { place: repository.place(), said };
    match judge(&answer, &branch) {
        PushVerdict::Pushed => Ok(Attempt::Replaced),
        PushVerdict::Behind => Ok(Attempt::Behind),
        // Around a lock git gives much advice.
        PushVerdict::Rejected => Ok(Attempt::Rejected(refused(said(&errors(&answer.err))))),
        PushVerdict::Unknown => Ok(Attempt::Unknown(unreachable(repository, said(&answer.err)))),
        PushVerdict::Refused => Err(refused(said(&answer.err))),
    }
}

fn unreachable(repository: &Repository, said: Said) -> GitError {
    GitError::Unreachable { remote: repository.branch.remote.clone(), said }
}

#[derive(Debug, PartialEq, Eq)]
enum PushVerdict {
    Pushed,
    Behind,
    Rejected,
    Unknown,
    Refused,
}

/// What `git push --porcelain` says about the branch.
fn report(answer: &GitOutput, branch: &str) -> Option<String> {
    let out = String::from_utf8_lossy(&answer.out);
    let target = format!(":{branch}\t");
    out.lines().find(|line| line.contains(&target)).map(str::to_owned)
}

/// The errors in what git wrote to its stderr.
fn errors(text: &str) -> String {
    text.lines().filter(|line| line.contains("error:")).flat_map(|line| [line, "\n"]).collect()
}

/// The last column of a report.
fn reason(line: &str) -> String {
    line.rsplit('\t').next().unwrap_or_default().to_owned()
}

/// Reasons of a rejection that say no more than that somebody else has the branch, or had it.
const BEHIND: [&str; 8] = [
    "fetch first",
    "non-fast-forward",
    "stale info",
    "cannot lock ref",
    "failed to lock",
    "failed to update ref",
    "incorrect old value",
    "reference already exists",
];

fn judge(answer: &GitOutput, branch: &str) -> PushVerdict {
    let Some(line) = report(answer, branch) else {
        // A hook of this clone says no before the remote is asked to take anything.
        let died = answer.code != 1 || answer.err.lines().any(|line| line.starts_with("fatal:"));
        return if died { PushVerdict::Unknown } else { PushVerdict::Refused };
    };
    if !line.starts_with('!') {
        return if answer.is_ok() { PushVerdict::Pushed } else { PushVerdict::Unknown };
    }
    if BEHIND.iter().any(|reason| line.contains(reason)) {
        if line.contains("[remote rejected]") { PushVerdict::Rejected } else { PushVerdict::Behind }
    } else if line.contains("[remote failure]") || line.contains("unpacker error") {
        PushVerdict::Unknown
    } else {
        PushVerdict::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_reports_is_understood() {
        let check = |code: i32, out: &str, err: &str, wanted: PushVerdict| {
            let answer = GitOutput { code, out: out.as_bytes().to_vec(), err: err.to_owned() };
            assert_eq!(judge(&answer, "refs/heads/ledger"), wanted, "{out}{err}");
        };
        check(0, "To x\n*\taa:refs/heads/ledger\t[new branch]\nDone\n", "", PushVerdict::Pushed);
        check(0, "To x\n \taa:refs/heads/ledger\taa..bb\nDone\n", "", PushVerdict::Pushed);
        check(0, "To x\n=\taa:refs/heads/ledger\t[up to date]\nDone\n", "", PushVerdict::Pushed);
        let rejected = |reason: &str| format!("To x\n!\taa:refs/heads/ledger\t{reason}\nDone\n");
        check(1, &rejected("[rejected] (fetch first)"), "", PushVerdict::Behind);
        check(1, &rejected("[rejected] (non-fast-forward)"), "", PushVerdict::Behind);
        check(
            1,
            &rejected("[remote rejected] (cannot lock ref 'refs/heads/ledger': is at)"),
            "",
            PushVerdict::Rejected,
        );
        check(1, &rejected("[remote rejected] (pre-receive hook declined)"), "", PushVerdict::Refused);
        check(1, &rejected("[remote rejected] (protected branch hook declined)"), "", PushVerdict::Refused);
        check(1, &rejected("[remote failure] (remote failed to report status)"), "", PushVerdict::Unknown);
        check(1, "", "no\nerror: failed to push some refs to 'x'\n", PushVerdict::Refused);
        check(128, "", "fatal: unable to access 'x'\n", PushVerdict::Unknown);
        check(1, "", "fatal: the remote end hung up unexpectedly\n", PushVerdict::Unknown);
        check(1, "To x\n \taa:refs/heads/ledger\taa..bb\n", "", PushVerdict::Unknown);
    }
}
