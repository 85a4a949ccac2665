//! What a folder's clone is like: its work tree, its branch, and when it was fetched last. Nothing here needs the
//! network, or changes anything.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::store::around::top;

use super::program::{Git, GitOutput};
use super::silence::GitSilence;

/// A clone, as it is seen from a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneState {
    /// The top of the work tree.
    pub top: PathBuf,
    /// The branch that is checked out, if one is.
    pub branch: Option<String>,
    /// The branch that it follows, such as `origin/main`.
    pub upstream: Option<String>,
    /// When anything was fetched last, if that ever was.
    pub fetched: Option<Timestamp>,
}

impl CloneState {
    /// Looks at the clone around a folder; nothing, if surely there is none.
    ///
    /// # Errors
    /// If git does not answer there.
    pub fn around(folder: &Path) -> Result<Option<Self>, GitSilence> {
        if top(folder).is_none() {
            return Ok(None);
        }
        let git = Git::around(folder);
        let ask = |arguments: &[&str]| git.ask(arguments).map_err(|error| GitSilence::failed(folder, &error));
        let inside = ask(&["rev-parse", "--show-toplevel"])?;
        if !inside.is_ok() {
            return Err(GitSilence::said(folder, &inside));
        }
        let word = |arguments: &[&str]| {
            let answer = ask(arguments)?;
            Ok(Some(answer).filter(GitOutput::is_ok).map(|answer| answer.word()).filter(|word| !word.is_empty()))
        };
        let fetched = word(&["rev-parse", "--git-path", "FETCH_HEAD"])?;
        let written = fetched.and_then(|path| fs::metadata(git.folder().join(path)).ok()?.modified().ok());
        Ok(Some(Self {
            top: PathBuf::from(inside.word()),
            branch: word(&["symbolic-ref", "--quiet", "--short", "HEAD"])?,
            upstream: word(&["rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}"])?,
            fetched: written.and_then(|time| Timestamp::try_from(time).ok()),
        }))
    }
}
