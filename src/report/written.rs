//! Files that a command wrote, or left as they are, in words and as JSON.

use serde_json::{Value, json};

use super::document::FORMAT_VERSION;

/// What a command did with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileAction {
    /// It was written.
    Wrote,
    /// There was one already, which was left alone.
    Kept,
    /// It has what would be written.
    UpToDate,
    /// It has something else than would be written, and was only looked at.
    Stale,
}

impl FileAction {
    /// Its name for machines.
    fn name(self) -> &'static str {
        match self {
            Self::Wrote => "written",
            Self::Kept => "kept",
            Self::UpToDate => "upToDate",
            Self::Stale => "stale",
        }
    }
}

/// A file, and what was done with it.
#[derive(Debug)]
pub struct Written {
    /// The file.
    pub path: String,
    /// What was done.
    pub deed: FileAction,
}

/// Writes what was done with files, one line each.
#[must_use]
pub fn text(files: &[Written]) -> String {
    let lines = files.iter().map(|Written { path, deed }| match deed {
        FileAction::Wrote => format!("wrote {path}\n"),
        FileAction::Kept => format!("kept  {path}\n"),
        FileAction::UpToDate => format!("{path} is up to date\n"),
        FileAction::Stale => format!("{path} is not what `sendform schema` would write\n"),
    });
    lines.collect()
}

/// Writes what a command did with files, for machines.
#[must_use]
pub fn document(command: &str, files: &[Written]) -> Value {
    let files = files.iter().map(|file| json!({ "file": file.path, "state": file.deed.name() }));
    json!({ "formatVersion": FORMAT_VERSION, "kind": command, "files": files.collect::<Vec<_>>() })
}
