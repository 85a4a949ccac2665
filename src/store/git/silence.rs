//! A git that does not answer, although it may have something to say: that is no answer, and never taken for one.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::diagnostic::shell_word;
use crate::store::around::top;
use crate::store::backend_error::BackendError;

use super::error::{GitError, Said};
use super::program::GitOutput;

/// How git begins to say what to type where a repository is of somebody else, which our hint says.
const ADVICE: &str = "To add an exception";

/// Why git does not answer in a folder that has a repository, or has one above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSilence {
    folder: PathBuf,
    said: String,
    remedy: Remedy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    Install,
    Trust,
    Look,
}

impl GitSilence {
    /// Of a command that did not do what it was asked.
    pub(super) fn said(folder: &Path, answer: &GitOutput) -> Self {
        let words = answer.err.split(ADVICE).next().unwrap_or_default();
        let remedy = if words.contains("dubious ownership") { Remedy::Trust } else { Remedy::Look };
        Self { folder: folder.to_owned(), said: Said::of(words).to_string(), remedy }
    }

    /// Of a command that did not come to its end.
    pub(super) fn failed(folder: &Path, error: &GitError) -> Self {
        let remedy = if matches!(error, GitError::NoProgram(_)) { Remedy::Install } else { Remedy::Look };
        Self { folder: folder.to_owned(), said: error.to_string(), remedy }
    }
}

impl BackendError for GitSilence {
    fn hint(&self) -> Option<String> {
        let folder = &self.folder;
        Some(match self.remedy {
            Remedy::Install => {
                "there is a repository around it: install git, or put it into PATH, and run the same command again"
                    .to_owned()
            }
            Remedy::Trust => {
                let top = shell_word(&top(folder).as_ref().unwrap_or(folder).display().to_string());
                format!("if you trust who owns it: `git config --global --add safe.directory {top}`")
            }
            Remedy::Look => {
                let folder = shell_word(&folder.display().to_string());
                format!("`git -C {folder} status` has to work; then run the same command again")
            }
        })
    }

    /// What it does not say may be that the ledger has to be brought back.
    fn is_environment(&self) -> bool {
        false
    }
}

impl fmt::Display for GitSilence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "git does not tell what it has in `{}`: {}", self.folder.display(), self.said)
    }
}

impl std::error::Error for GitSilence {}
