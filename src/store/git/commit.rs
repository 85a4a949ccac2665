//! Commits made of objects alone: no work tree, no index, no HEAD.

use std::collections::BTreeSet;

use crate::identity::MessageKey;
use crate::store::publish::Addition;

use super::error::GitError;
use super::program::Git;
use super::repository::{Oid, Repository};
use super::tip::{Blob, CONTENTS, HEADER, README, SEGMENTS, Tip, run_path, segment_path};

/// How many segments a message has at most before they become one, whatever that costs.
const SEGMENTS_MAX: usize = 64;
/// How many segments a message has at least before they are worth becoming one.
const SEGMENTS_MIN: usize = 8;
/// They become one when all but the largest are together at least this part of it, so that a large
/// segment is not written again for every small one.
const SMALLER_PART: u64 = 4;

/// What the branch says about itself.
const README_TEXT: &str = "\
This branch is the ledger of sendform: what was sent to whom, and what nobody knows yet. Without it
everybody would look unsent.

sendform reads and writes it; nothing else should. Do not merge it, rebase it, protect it from plain
pushes, or commit to it by hand: a branch that was changed is refused, and nothing is sent.

Persons are keyed fingerprints: there is no personal data in here.
";

/// Says which messages have so many segments that they should become one.
pub(super) fn crowded(tip: &Tip) -> BTreeSet<MessageKey> {
    let size = |path: &&str| tip.files.get(*path).map_or(0, |blob| blob.size);
    let is_crowded = |paths: &[&str]| {
        let largest = paths.iter().map(size).max().unwrap_or_default();
        let smaller = paths.iter().map(size).sum::<u64>() - largest;
        paths.len() >= SEGMENTS_MAX || (paths.len() >= SEGMENTS_MIN && smaller >= largest / SMALLER_PART)
    };
    tip.segments().into_iter().filter(|(_, paths)| is_crowded(paths)).map(|(message, _)| message).collect()
}

/// Writes the commit that goes on from a tip, and gives its name. `run` and `number` make the names of its
/// segments.
///
/// # Errors
/// If git cannot write it.
pub(super) fn write(
    repository: &Repository,
    tip: &Tip,
    addition: &Addition,
    (run, number): (u64, u32),
) -> Result<(Oid, Tip), GitError> {
    let mut next = Tip { commit: None, ..tip.clone() };
    if let Some(header) = &addition.header {
        next.files.insert(HEADER.to_owned(), blob(&repository.git, header.as_bytes())?);
    }
    if !next.files.contains_key(README) {
        next.files.insert(README.to_owned(), blob(&repository.git, README_TEXT.as_bytes())?);
    }
    let segments = tip.segments();
    for path in addition.whole.keys().filter_map(|message| segments.get(message)).flatten() {
        next.files.remove(*path);
    }
    let messages: BTreeSet<&MessageKey> = addition.lines.keys().chain(addition.whole.keys()).collect();
    for message in messages {
        let mut text = addition.whole.get(message).cloned().unwrap_or_default();
        text.extend_from_slice(addition.lines.get(message).map_or(&[], |lines| lines.as_bytes()));
        next.files.insert(segment_path(message, run, number), blob(&repository.git, &text)?);
    }
    for (run, line) in &addition.runs {
        next.files.insert(run_path(*run), blob(&repository.git, line.as_bytes())?);
    }
    let contents = next.contents(tip.commit.as_deref(), &repository.seals);
    let contents = blob(&repository.git, contents.as_bytes())?;
    let tree = tree(repository, &next, &contents)?;
    let parents: Vec<&str> = tip.commit.as_deref().into_iter().collect();
    let commit = commit(&repository.git, &tree, &parents, &addition.subject)?;
    next.commit = Some(commit.clone());
    Ok((commit, next))
}

/// Writes a file.
pub(super) fn blob(git: &Git, text: &[u8]) -> Result<Blob, GitError> {
    // Without any input git would wait for none.
    let arguments = ["hash-object", "-w", "-t", "blob", "--no-filters", "--stdin"];
    let oid = git.word("write a file of the ledger", &arguments, text)?;
    Ok(Blob { oid, size: u64::try_from(text.len()).unwrap_or(u64::MAX) })
}

fn tree(repository: &Repository, tip: &Tip, contents: &Blob) -> Result<Oid, GitError> {
    let line = |name: &str, blob: &Blob| format!("100644 blob {}\t{name}\0", blob.oid);
    let make = |lines: String| repository.git.word("write a folder of the ledger", &["mktree", "-z"], lines.as_bytes());
    let (mut segments, mut root) = (String::new(), line(CONTENTS, contents));
    for (path, blob) in &tip.files {
        match path.split_once('/') {
            Some((SEGMENTS, name)) => segments.push_str(&line(name, blob)),
            _ => root.push_str(&line(path, blob)),
        }
    }
    if !segments.is_empty() {
        let folder = make(segments)?;
        root.extend(["040000 tree ", &folder, "\t", SEGMENTS, "\0"]);
    }
    make(root)
}

/// Writes a commit, signed if this clone signs its commits.
pub(super) fn commit(git: &Git, tree: &str, parents: &[&str], subject: &str) -> Result<Oid, GitError> {
    let mut arguments = vec!["commit-tree", tree, "-m", subject];
    arguments.extend(parents.iter().flat_map(|parent| ["-p", parent]));
    let signs = git.ask(&["config", "--type=bool", "--get", "commit.gpgSign"])?;
    if signs.is_ok() && signs.word() == "true" {
        arguments.push("-S");
    }
    git.word("write a commit", &arguments, b"")
}

/// Gives commits an author where nothing else does, as on a CI runner.
///
/// # Errors
/// If git cannot be asked.
pub(super) fn ensure_identity(git: &mut Git) -> Result<(), GitError> {
    for (setting, variables, value) in [
        ("user.name", ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"], "sendform"),
        ("user.email", ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"], "sendform@localhost"),
    ] {
        if git.ask(&["config", "--get", setting])?.is_ok() {
            continue;
        }
        for variable in variables.into_iter().filter(|variable| std::env::var_os(variable).is_none()) {
            git.set(variable, value.to_owned());
        }
    }
    Ok(())
}
