//! Whether a file has changed since somebody looked.

use std::time::{Duration, SystemTime};

use cap_std::fs::{Metadata, MetadataExt as _};

/// A file that was changed less than this before it was looked at may be changed again without another time:
/// some file systems keep whole seconds, or every other one.
const TIMES_APART: Duration = Duration::from_secs(2);

/// What a file is, as far as its folder tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    device: u64,
    number: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    /// Whether it was quiet for long enough, so that any further change shows.
    is_quiet: bool,
}

impl FileStamp {
    /// Takes what the folder tells now.
    pub(super) fn of(metadata: &Metadata) -> Self {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let since = Duration::from_secs(now.as_secs().abs_diff(u64::try_from(changed.0).unwrap_or_default()));
        Self {
            device: metadata.dev(),
            number: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed,
            is_quiet: since > TIMES_APART,
        }
    }

    /// Whether the file surely holds what it held when it was looked at before.
    #[must_use]
    pub fn is_surely_still(&self, before: &Self) -> bool {
        before.is_quiet && *self == *before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Folders;

    #[test]
    fn a_change_of_any_kind_shows_and_so_does_one_that_may_have_been_too_quick() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opt-outs.csv");
        std::fs::write(&path, "to\n1\n").unwrap();
        let folders = Folders::open(folder.path(), None).unwrap();
        let stamp = || folders.stamp("opt-outs.csv").unwrap();
        let new = stamp();
        assert!(!stamp().is_surely_still(&new), "it was written just now");
        let quiet = FileStamp { is_quiet: true, ..new };
        assert!(quiet.is_surely_still(&quiet));
        std::fs::write(&path, "to\n1\n2\n").unwrap();
        assert!(!FileStamp { is_quiet: true, ..stamp() }.is_surely_still(&quiet), "it was appended to");
        let longer = FileStamp { is_quiet: true, ..stamp() };
        std::fs::write(folder.path().join("new"), "to\n1\n2\n").unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        assert!(!FileStamp { is_quiet: true, ..stamp() }.is_surely_still(&longer), "it was replaced");
        std::fs::remove_file(&path).unwrap();
        assert!(folders.stamp("opt-outs.csv").is_err());
    }

    #[test]
    fn the_data_folder_is_looked_at_where_the_project_has_no_such_file() {
        let (project, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(data.path().join("opt-outs.csv"), "to\n1\n").unwrap();
        let folders = Folders::open(project.path(), Some(data.path())).unwrap();
        let there = folders.stamp("opt-outs.csv").unwrap();
        std::fs::write(project.path().join("opt-outs.csv"), "to\n1\n").unwrap();
        assert_ne!(folders.stamp("opt-outs.csv").unwrap(), there);
        assert!(folders.stamp("../opt-outs.csv").is_err());
    }
}
