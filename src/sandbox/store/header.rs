//! What a file is that is to hold the books, told by its first bytes: nothing is made, locked or opened as a database for
//! that. SQLite itself would take a few bytes of anything for a database without tables.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use super::table::{APPLICATION_ID, VERSION};
use crate::sandbox::error::{SandboxError, Stranger};

/// What a database of SQLite begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where it has the version of its tables, and where the mark of whoever made it; the mark ends what is looked at.
const VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;
const HEADER_BYTES: u64 = 72;

/// Makes sure that a file holds the books, or is not there, or is empty: then it can become them.
///
/// # Errors
/// If its folder is missing, it cannot be read, or it is something else.
pub fn check_file(path: &Path) -> Result<(), SandboxError> {
    let failed = |source| SandboxError::Open { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.exists()) {
        return Err(SandboxError::NoFolder { path: path.to_owned(), folder: folder.to_owned() });
    }
    let begin = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => begin(path).map_err(failed)?,
        Ok(_) => {
            let what = "it is a pipe, a device or a folder, not a file";
            return Err(failed(io::Error::new(ErrorKind::InvalidInput, what)));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // The lock of what it leads to would have another name as soon as that is there.
            let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
            let what = "it is a link to a file that is not there";
            return if is_link { Err(failed(io::Error::new(ErrorKind::NotFound, what))) } else { Ok(()) };
        }
        Err(error) => return Err(failed(error)),
    };
    stranger(&begin).map_or(Ok(()), |stranger| Err(SandboxError::Foreign { path: path.to_owned(), stranger }))
}

fn begin(path: &Path) -> io::Result<Vec<u8>> {
    let mut begin = Vec::new();
    File::open(path)?.take(HEADER_BYTES).read_to_end(&mut begin)?;
    Ok(begin)
}

/// What a file that begins so is, unless it is empty or holds the books.
fn stranger(begin: &[u8]) -> Option<Stranger> {
    if begin.is_empty() {
        return None;
    }
    if !begin.starts_with(MAGIC) {
        return Some(Stranger::NoDatabase);
    }
    let number = |at: usize| {
        let bytes = begin.get(at..)?.first_chunk()?;
        Some(i64::from(u32::from_be_bytes(*bytes)))
    };
    match (number(APPLICATION_ID_AT), number(VERSION_AT)) {
        (Some(APPLICATION_ID), Some(VERSION)) => None,
        (Some(APPLICATION_ID), _) => Some(Stranger::OtherVersion),
        (_, _) => Some(Stranger::OtherProgram),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_no_place_for_books() {
        let folder = tempfile::tempdir().unwrap();
        let [books, link] = ["books.sqlite", "link.sqlite"].map(|name| folder.path().join(name));
        std::os::unix::fs::symlink(&books, &link).unwrap();
        let refused = check_file(&link).unwrap_err().to_string();
        assert!(check_file(&books).is_ok(), "it can be made");
        fs::write(&books, "").unwrap();
        assert!(check_file(&link).is_ok() && refused.contains("link.sqlite"), "{refused}");
    }
}
