//! Trees of commits with a file or two replaced: made of objects, without any index.

use std::path::Path;

use super::error::GitError;
use super::program::Git;
use super::repository::Oid;

/// A file, as an object, and where it belongs in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileInTree {
    /// Its path from the top of the repository.
    pub(super) path: String,
    /// Its content.
    pub(super) oid: Oid,
}

/// One folder of a repository, whose files are replaced.
#[derive(Debug, Clone)]
pub(super) struct Trees {
    /// The folder's path from the top, with a slash at its end; nothing for the top itself.
    prefix: String,
}

impl Trees {
    /// Takes a folder as git says it: with a slash at its end, or nothing.
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// Where a file of the folder belongs in a commit.
    pub(super) fn path_of(&self, file: &Path) -> String {
        format!("{}{}", self.prefix, file.file_name().unwrap_or_default().to_string_lossy())
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// If git cannot tell.
    pub(super) fn of(&self, git: &Git, commit: &str) -> Result<Oid, GitError> {
        git.word("read a commit", &["rev-parse", "--verify", &format!("{commit}^{{tree}}")], b"")
    }

    /// What a commit has in a file of the folder; nothing, if it has none there.
    ///
    /// # Errors
    /// If git cannot tell.
    pub(super) fn text(&self, git: &Git, commit: &str, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let listed = git.get("look at a commit", &["ls-tree", "-z", "--full-tree", commit, "--", path], b"")?;
        let Some(oid) = blob_in(&listed) else { return Ok(None) };
        git.get("read a file of a commit", &["cat-file", "blob", &oid], b"").map(Some)
    }

    /// The tree of a commit with files of the folder replaced, or added.
    ///
    /// # Errors
    /// If git cannot write it.
    pub(super) fn with(&self, git: &Git, commit: &str, placed: &[FileInTree]) -> Result<Oid, GitError> {
        let mut folder = self.prefix.as_str();
        let mut news: Vec<(&str, String)> = Vec::new();
        for FileInTree { path, oid } in placed {
            news.push((path.strip_prefix(folder).unwrap_or(path), format!("100644 blob {oid}")));
        }
        loop {
            let mut listing = self.listing(git, commit, folder)?;
            for (name, what) in &news {
                replace(&mut listing, name, what);
            }
            // What a partial clone lacks, and submodules, are not looked for.
            let tree = git.word("write a folder", &["mktree", "-z", "--missing"], &listing)?;
            let Some(inside) = folder.strip_suffix('/') else { return Ok(tree) };
            let name = inside.rsplit('/').next().unwrap_or_default();
            folder = inside.strip_suffix(name).unwrap_or_default();
            news = vec![(name, format!("040000 tree {tree}"))];
        }
    }

    /// The entries of a folder of a commit, each with a zero byte behind it; none, where there is no such folder.
    fn listing(&self, git: &Git, commit: &str, folder: &str) -> Result<Vec<u8>, GitError> {
        let mut arguments = vec!["ls-tree", "-z", "--full-tree", commit];
        if !folder.is_empty() {
            arguments.extend(["--", folder]);
        }
        let listing = git.get("look at a folder", &arguments, b"")?;
        let entries = listing.split_inclusive(|byte| *byte == 0);
        // It lists whole paths.
        Ok(entries.flat_map(|entry| shortened(entry, folder)).collect())
    }
}

/// The object of the one file in a listing.
fn blob_in(listing: &[u8]) -> Option<Oid> {
    let text = String::from_utf8_lossy(listing);
    let mut words = text.split([' ', '\t']);
    let (mode, kind, oid) = (words.next()?, words.next()?, words.next()?);
    (mode.starts_with("100") && kind == "blob").then(|| oid.to_owned())
}

/// An entry under its name alone.
fn shortened(entry: &[u8], folder: &str) -> Vec<u8> {
    let Some(at) = entry.iter().position(|byte| *byte == b'\t') else { return entry.to_vec() };
    let (head, name) = entry.split_at(at + 1);
    let name = name.strip_prefix(folder.as_bytes()).unwrap_or(name);
    [head, name].concat()
}

/// Puts an entry in the place of the one of its name.
fn replace(listing: &mut Vec<u8>, name: &str, what: &str) {
    let is_other = |entry: &&[u8]| {
        let named = entry.iter().position(|byte| *byte == b'\t').and_then(|at| entry.get(at + 1..));
        named.and_then(|named| named.strip_suffix(b"\0")) != Some(name.as_bytes())
    };
    let mut kept: Vec<u8> = listing.split_inclusive(|byte| *byte == 0).filter(is_other).flatten().copied().collect();
    kept.extend_from_slice(format!("{what}\t{name}\0").as_bytes());
    *listing = kept;
}
