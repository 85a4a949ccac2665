//! Commands of git about a file as they are typed in the current folder, so that a hint can be copied as it is.

use std::path::Path;

use crate::diagnostic::shell_word;

use super::around::top;

/// A file of a repository, for commands of git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedGit {
    /// The program, with the folder if the current one is in another repository, or in none.
    pub git: String,
    /// The path, as one word.
    pub path: String,
    /// The paths of all that goes with it into a commit, as words.
    pub add: String,
    /// The path as it stands behind a commit.
    in_commit: String,
}

impl TypedGit {
    /// Takes the path of a file, seen from the current folder.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let path = path.strip_prefix(".").unwrap_or(path);
        let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
        let is_below = path.is_relative() && !path.starts_with("..") && top(folder) == top(Path::new(""));
        let (git, path) = if is_below {
            ("git".to_owned(), path.display().to_string())
        } else {
            (format!("git -C {}", shell_word(&folder.display().to_string())), name.to_string_lossy().into_owned())
        };
        let in_commit = format!("./{path}");
        let path = shell_word(&path);
        Self { git, add: path.clone(), path, in_commit }
    }

    /// Takes another file of the same folder into the commit.
    #[must_use]
    pub fn besides(mut self, other: &Path) -> Self {
        self.add = format!("{} {}", self.add, Self::of(other).path);
        self
    }

    /// Commits the file and pushes it.
    #[must_use]
    pub fn publish(&self) -> String {
        let Self { git, add, .. } = self;
        format!("`{git} add {add}`, `{git} commit -m \"What was sent\"`, `{git} push`")
    }

    /// Brings the file back as a commit has it.
    #[must_use]
    pub fn checkout(&self, commit: &str) -> String {
        format!("`{} checkout {} -- {}`", self.git, shell_word(commit), self.path)
    }

    /// Takes in what the file tells as a commit has it, whatever it tells here.
    #[must_use]
    pub fn import(&self, commit: &str) -> String {
        let file = shell_word(&format!("{commit}:{}", self.in_commit));
        format!("`{} show {file} >other.lock`, `sendform ledger import other.lock`", self.git)
    }
}
