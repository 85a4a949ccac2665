//! The plan in an artifact: the bare file, as it is uploaded without an archive, or a zip that holds it and nothing
//! else, as older actions upload it. What a zip says of sizes is not believed.

use std::io::{self, Read, Seek, SeekFrom, Write};

use zip::ZipArchive;
use zip::result::ZipError;

/// How every zip begins that holds something.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// Why there is no plan in an artifact.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The file cannot be read, or the plan cannot be written.
    #[error("the artifact `{name}` cannot be unpacked")]
    Io {
        /// The artifact.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The archive is damaged, or has something else in it.
    #[error("the artifact `{name}` is an archive that {why}")]
    Archive {
        /// The artifact.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Writes the plan that an artifact of this name holds.
///
/// # Errors
/// If it holds none, something else besides, or one that is larger than so many bytes.
pub fn unpack(
    name: &str,
    mut artifact: impl Read + Seek,
    bytes_max: u64,
    plan: &mut impl Write,
) -> Result<(), UnpackError> {
    let failed = |source: io::Error| UnpackError::Io { name: name.to_owned(), source };
    let odd = |why: String| UnpackError::Archive { name: name.to_owned(), why };
    let mut beginning = Vec::new();
    artifact.rewind().map_err(failed)?;
    (&mut artifact).take(ZIP.len() as u64).read_to_end(&mut beginning).map_err(failed)?;
    artifact.seek(SeekFrom::Start(0)).map_err(failed)?;
    if beginning != ZIP {
        return io::copy(&mut artifact, plan).map(drop).map_err(failed);
    }
    let mut archive = ZipArchive::new(artifact).map_err(|_| odd("cannot be read".to_owned()))?;
    if archive.len() != 1 {
        return Err(odd("holds more than one file".to_owned()));
    }
    let file = archive.by_index(0).map_err(|_| odd("cannot be read".to_owned()))?;
    if file.name().map_err(|_| odd("cannot be read".to_owned()))? != name {
        return Err(odd("holds a file of another name".to_owned()));
    }
    // One byte more tells whether there is more.
    let written = io::copy(&mut file.take(bytes_max.saturating_add(1)), plan).map_err(failed)?;
    if written > bytes_max { Err(odd(format!("holds more than {bytes_max} bytes"))) } else { Ok(()) }
}

/// The files at the top of an archive, with their sizes in bytes as it says them.
///
/// # Errors
/// If it cannot be read.
pub(super) fn files_in(archive: impl Read + Seek) -> Result<Vec<(String, u64)>, ZipError> {
    let mut archive = ZipArchive::new(archive)?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index)?;
        let name = file.name()?;
        if !name.contains('/') {
            files.push((name.into_owned(), file.size()));
        }
    }
    Ok(files)
}

/// Writes a file of an archive, if that is no larger than so many bytes, and gives its size.
///
/// # Errors
/// If it is not there, is larger, or cannot be read or written.
pub(super) fn write_file_of(
    archive: impl Read + Seek,
    name: &str,
    bytes_max: u64,
    to: &mut impl Write,
) -> Result<u64, io::Error> {
    let mut archive = ZipArchive::new(archive)?;
    let file = archive.by_name(name)?;
    // One byte more tells whether there is more.
    let size = io::copy(&mut file.take(bytes_max.saturating_add(1)), to)?;
    if size > bytes_max { Err(io::Error::other(format!("it is larger than {bytes_max} bytes"))) } else { Ok(size) }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn plan(artifact: &[u8]) -> Result<Vec<u8>, String> {
        let mut plan = Vec::new();
        let done = unpack("a.plan", Cursor::new(artifact), 1000, &mut plan);
        done.map(|()| plan).map_err(|error| error.to_string())
    }

    #[test]
    fn a_plan_is_read_bare_and_out_of_an_archive() {
        assert_eq!(plan(b"{}\n"), Ok(b"{}\n".to_vec()));
        assert_eq!(plan(b""), Ok(Vec::new()));
        assert_eq!(plan(&zipped(&[("a.plan", b"{}\n")])), Ok(b"{}\n".to_vec()));
    }

    #[test]
    fn what_else_is_in_an_archive_is_refused() {
        let check = |artifact: &[u8], expect: &str| {
            assert_eq!(plan(artifact), Err(format!("the artifact `a.plan` is an archive that {expect}")));
        };
        check(&zipped(&[("a.plan", b"x"), ("b.plan", b"y")]), "holds more than one file");
        check(&zipped(&[("../a.plan", b"x")]), "holds a file of another name");
        check(&zipped(&[("a.plan", &[0; 100_000])]), "holds more than 1000 bytes");
        check(b"PK\x03\x04 and no more", "cannot be read");
    }

    #[test]
    fn the_files_at_the_top_of_an_archive_are_named() {
        let archive = zipped(&[("sendform.env", b"x"), ("a/b.plan", b"y"), ("b.plan", b"abc")]);
        let files = files_in(Cursor::new(archive)).unwrap();
        assert_eq!(files, [("sendform.env".to_owned(), 1), ("b.plan".to_owned(), 3)]);
        assert!(files_in(Cursor::new(b"<html>")).is_err());
    }
}
