//! A hold on a file that is no ledger: the sandbox's books. It is the ledger's lock, on another file.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::holder::HOLDER_BEGIN;
use super::lock_file::LockFile;
use super::regular::{self, Links};

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
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = file.into_os_string();
    name.push(".lock");
    let guard = PathBuf::from(name);
    check_ours(&guard).map_err(StoreError::io("use", &guard))?;
    Ok(guard)
}

/// Refuses a file that is there already and no lock of ours, whatever it is called: whoever takes the lock writes over it.
fn check_ours(guard: &Path) -> io::Result<()> {
    let mut begin = Vec::new();
    match regular::open_to_read(guard, Links::Refused) {
        Ok(file) => file.take(HOLDER_BEGIN.len() as u64).read_to_end(&mut begin).map(drop)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    // One that was torn is shorter.
    if HOLDER_BEGIN.as_bytes().starts_with(&begin) {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, "it is no lock of sendform, and is left as it is"))
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
        let books = folder.path().join("books");
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

    #[test]
    fn a_file_that_only_has_the_name_of_the_lock_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (books, guard) = (folder.path().join("sendform"), folder.path().join("sendform.lock"));
        for theirs in ["{\"sendform\":\"lock\"}\n", "x", "{ }", "[[package]]\n"] {
            fs::write(&guard, theirs).unwrap();
            for held in [Hold::alone(&books, "sandbox"), Hold::beside_others(&books, "plan")] {
                assert!(matches!(held, Err(StoreError::Io { .. })), "{theirs}: {held:?}");
            }
            assert_eq!(fs::read_to_string(&guard).unwrap(), theirs);
        }
        // A lock that was released, torn, or left behind is ours.
        drop(Hold::alone(&folder.path().join("other"), "sandbox").unwrap());
        let whole = fs::read_to_string(folder.path().join("other.lock")).unwrap();
        for ours in ["", "{\"pi", &whole] {
            fs::write(&guard, ours).unwrap();
            drop(Hold::alone(&books, "sandbox").unwrap());
        }
        // No folder is made for it.
        assert!(
            Hold::alone(&folder.path().join("new/books"), "sandbox").is_err() && !folder.path().join("new").exists()
        );
    }
}
