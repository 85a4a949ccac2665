//! A hold on a file that is no ledger: the sandbox's books. It is the ledger's lock, on another file.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::lock_file::LockFile;

/// A hold on a file, for as long as this lives, and no longer than the process does.
#[derive(Debug)]
pub struct Hold(LockFile);

impl Hold {
    /// Holds a file alone.
    ///
    /// # Errors
    /// If somebody holds it, or the lock beside it cannot be opened.
    pub fn alone(file: &Path, note: &str) -> Result<Self, StoreError> {
        LockFile::take(&guard_of(file)?, note).map(Self)
    }

    /// Holds a file beside others who do the same.
    ///
    /// # Errors
    /// If somebody holds it alone, or the lock beside it cannot be opened.
    pub fn beside_others(file: &Path, note: &str) -> Result<Self, StoreError> {
        LockFile::share(&guard_of(file)?, note).map(Self)
    }

    /// Makes sure that nobody has taken the lock away.
    ///
    /// # Errors
    /// If its file was deleted.
    pub fn check(&self) -> Result<(), StoreError> {
        self.0.check()
    }
}

/// The lock of a file, which has one name whatever leads there.
fn guard_of(file: &Path) -> Result<PathBuf, StoreError> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    }
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = file.into_os_string();
    name.push(".lock");
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(held: Result<Hold, StoreError>) -> String {
        match held {
            Err(StoreError::Held { holder }) => holder.map_or_else(String::new, |holder| holder.note),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_holds_a_file_alone_keeps_all_out_and_others_share_it() {
        let folder = tempfile::tempdir().unwrap();
        let books = folder.path().join("new").join("books");
        let alone = Hold::alone(&books, "sandbox").unwrap();
        assert_eq!(said(Hold::alone(&books, "b")), "sandbox");
        assert_eq!(said(Hold::beside_others(&books, "b")), "sandbox");
        alone.check().unwrap();
        drop(alone);
        let one = Hold::beside_others(&books, "plan").unwrap();
        let other = Hold::beside_others(&books, "status").unwrap();
        assert_eq!(said(Hold::alone(&books, "sandbox")), "plan");
        drop(one);
        assert!(Hold::alone(&books, "sandbox").is_err());
        drop(other);
        fs::write(&books, "").unwrap();
        let alone = Hold::alone(&books, "sandbox").unwrap();
        // Whatever leads there.
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&books, &link).unwrap();
            assert_eq!(said(Hold::alone(&link, "b")), "sandbox");
        }
        drop(alone);
    }
}
