//! The project's folder and the data folder. No path leads out of them: not by `..`, not by a
//! link, not by a mount of devices.

use std::collections::HashSet;
use std::io::{self, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path};
use std::sync::{Mutex, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, MetadataExt as _, OpenOptions};

use crate::campaign::{AudienceStream, Files, FilesError};
use crate::source::expand::{Expansion, expand, spool};
use crate::source::listing::Listing;
use crate::source::similar::similar;
use crate::source::stamp::FileStamp;

/// The largest campaign file or template, in bytes.
pub const TEXT_BYTES_MAX: u64 = 1024 * 1024;
/// How much of an audience is read at once, in bytes.
const BUFFER_BYTES: usize = 128 * 1024;

/// The folders in which a project's files may lie.
#[derive(Debug)]
pub struct Folders {
    project: Dir,
    data: Option<Dir>,
    expansion: Expansion,
    /// Device and number of each file that was found.
    opened: Mutex<HashSet<(u64, u64)>>,
}

impl Folders {
    /// Opens the project's folder, and the data folder if there is one.
    ///
    /// # Errors
    /// If one of them cannot be opened.
    pub fn open(project: &Path, data: Option<&Path>) -> io::Result<Self> {
        let open = |path: &Path| Dir::open_ambient_dir(path, ambient_authority());
        Ok(Self {
            project: open(project)?,
            data: data.map(open).transpose()?,
            expansion: Expansion::default(),
            opened: Mutex::default(),
        })
    }

    /// Sets how far compressed files may expand.
    #[must_use]
    pub const fn with_expansion(mut self, expansion: Expansion) -> Self {
        self.expansion = expansion;
        self
    }

    /// Lists the campaign files in the project's folder and below it; `ignored` are paths of files or
    /// folders that are left out.
    ///
    /// # Errors
    /// If a folder cannot be read, or the name of such a file is not UTF-8.
    pub fn list_campaigns(&self, ignored: &[&str]) -> io::Result<Listing> {
        Listing::of(&self.project, ignored)
    }

    /// Reads a whole small file, whatever its encoding.
    ///
    /// # Errors
    /// If there is no such file, or it may not be read, or is larger than [`TEXT_BYTES_MAX`].
    pub fn read_bytes(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        let file = self.find(path)?;
        let mut bytes = Vec::new();
        file.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|len| len <= TEXT_BYTES_MAX) {
            Ok(bytes)
        } else {
            Err(FilesError::TooLarge { limit_bytes: TEXT_BYTES_MAX })
        }
    }

    /// Opens a regular file: the project's folder is asked first, then the data folder.
    fn find(&self, path: &str) -> Result<File, FilesError> {
        check_path(path)?;
        match (open_regular(&self.project, path), &self.data) {
            (Err(FilesError::Missing), Some(data)) => open_regular(data, path),
            (found, _) => found,
        }
        .inspect(|file| {
            if let Ok(metadata) = file.metadata() {
                let opened = &mut self.opened.lock().unwrap_or_else(PoisonError::into_inner);
                opened.insert((metadata.dev(), metadata.ino()));
            }
        })
    }

    /// Looks whether a file has changed, without opening it; it is looked for as when it is opened.
    ///
    /// # Errors
    /// If there is no such regular file, or it may not be read.
    pub fn stamp(&self, path: &str) -> Result<FileStamp, FilesError> {
        check_path(path)?;
        let in_project = self.project.metadata(path).map_err(refused);
        let metadata = match (in_project, &self.data) {
            (Err(FilesError::Missing), Some(data)) => data.metadata(path).map_err(refused),
            (found, _) => found,
        }?;
        if metadata.is_file() { Ok(FileStamp::of(&metadata)) } else { Err(FilesError::NotRegular) }
    }

    /// Whether a file was opened here, by whatever name.
    #[must_use]
    pub fn has_opened(&self, metadata: &std::fs::Metadata) -> bool {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.contains(&(metadata.dev(), metadata.ino()))
    }
}

impl Files for Folders {
    fn read(&self, path: &str) -> Result<String, FilesError> {
        String::from_utf8(self.read_bytes(path)?)
            .map_err(|error| FilesError::Encoding { offset: error.utf8_error().valid_up_to() })
    }

    fn open(&self, path: &str) -> Result<Box<dyn AudienceStream>, FilesError> {
        let file = self.find(path)?.into_std();
        Ok(match expand(path, &file, self.expansion)? {
            Some(expanded) => Box::new(BufReader::with_capacity(BUFFER_BYTES, expanded)),
            None => Box::new(BufReader::with_capacity(BUFFER_BYTES, file)),
        })
    }

    fn spool(&self, source: &mut dyn io::Read) -> Result<Box<dyn AudienceStream>, FilesError> {
        let file = spool(source, self.expansion.bytes_max)?;
        Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, file)))
    }

    fn similar(&self, path: &str) -> Option<String> {
        similar(path, std::iter::once(&self.project).chain(&self.data))
    }
}

/// Only plain relative paths; what a link does is checked when it is opened.
fn check_path(path: &str) -> Result<(), FilesError> {
    let plain = |component: Component<'_>| matches!(component, Component::Normal(_) | Component::CurDir);
    if path.is_empty() || path.contains(['\0', '\\']) || !Path::new(path).components().all(plain) {
        return Err(FilesError::Outside);
    }
    Ok(())
}

fn open_regular(folder: &Dir, path: &str) -> Result<File, FilesError> {
    // Looking before opening: to open a device may already do something.
    if !folder.metadata(path).map_err(refused)?.is_file() {
        return Err(FilesError::NotRegular);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    never_wait(&mut options);
    let file = folder.open_with(path, &options).map_err(refused)?;
    // It may have been swapped in between.
    if file.metadata()?.is_file() { Ok(file) } else { Err(FilesError::NotRegular) }
}

/// Opening a pipe would wait for somebody to write into it.
#[cfg(target_os = "linux")]
fn never_wait(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt as _;

    const O_NONBLOCK: i32 = 0o4000;
    options.custom_flags(O_NONBLOCK);
}

#[cfg(not(target_os = "linux"))]
fn never_wait(_: &mut OpenOptions) {}

#[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is open")]
fn refused(error: io::Error) -> FilesError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FilesError::Missing,
        // The confinement's own refusal has no number of the operating system.
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => FilesError::Outside,
        _ => FilesError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Read as _, Seek as _, SeekFrom};
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    fn kind<T>(found: &Result<T, FilesError>) -> &'static str {
        match found {
            Ok(_) => "fine",
            Err(FilesError::Missing) => "missing",
            Err(FilesError::Outside) => "outside",
            Err(FilesError::NotRegular) => "not regular",
            Err(FilesError::TooLarge { .. } | FilesError::ExpandsTooFar { .. }) => "too large",
            Err(FilesError::Encoding { .. }) => "encoding",
            Err(FilesError::Io(_)) => "io",
        }
    }

    #[test]
    fn no_path_leads_out_or_waits() {
        let home = tempfile::tempdir().unwrap();
        let project = home.path().join("project");
        fs::create_dir_all(project.join("folder")).unwrap();
        fs::write(home.path().join("secret.csv"), "secret").unwrap();
        fs::write(project.join("a.csv"), "to\n1\n").unwrap();
        fs::write(project.join("large.txt"), vec![b'x'; 1024 * 1024 + 1]).unwrap();
        fs::write(project.join("latin.txt"), b"caf\xe9").unwrap();
        symlink("../secret.csv", project.join("out.csv")).unwrap();
        symlink(home.path().join("secret.csv"), project.join("absolute.csv")).unwrap();
        symlink("a.csv", project.join("in.csv")).unwrap();
        symlink("..", project.join("up")).unwrap();
        symlink("/proc/self/environ", project.join("environ")).unwrap();
        symlink("/dev/zero", project.join("zero")).unwrap();
        symlink("loop", project.join("loop")).unwrap();
        symlink("nowhere", project.join("dangling")).unwrap();
        assert!(Command::new("mkfifo").arg(project.join("pipe")).status().unwrap().success());
        let folders = Folders::open(&project, None).unwrap();
        let check = |path: &str, expected: &str| {
            assert_eq!(kind(&folders.read(path)), expected, "reading {path:?}");
            if !matches!(expected, "encoding" | "too large") {
                assert_eq!(kind(&folders.open(path)), expected, "opening {path:?}");
            }
        };
        check("a.csv", "fine");
        check("./a.csv", "fine");
        check("in.csv", "fine");
        check("large.txt", "too large");
        check("latin.txt", "encoding");
        check("none.csv", "missing");
        check("a.csv/b", "missing");
        check("dangling", "missing");
        check("folder", "not regular");
        check("pipe", "not regular");
        check("loop", "io");
        for path in [
            "../secret.csv",
            "folder/../../secret.csv",
            "/etc/passwd",
            "/proc/self/environ",
            "out.csv",
            "absolute.csv",
            "up/secret.csv",
            "environ",
            "zero",
            "",
            "a\0b",
            "..\\secret.csv",
        ] {
            check(path, "outside");
        }
    }

    #[test]
    fn the_data_folder_is_asked_second() {
        let (project, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(project.path().join("both.csv"), "project").unwrap();
        fs::write(data.path().join("both.csv"), "data").unwrap();
        fs::write(data.path().join("only.csv"), "data").unwrap();
        let folders = Folders::open(project.path(), Some(data.path())).unwrap();
        assert_eq!(folders.read("both.csv").unwrap(), "project");
        assert_eq!(folders.read("only.csv").unwrap(), "data");
        assert_eq!(kind(&folders.read("none.csv")), "missing");
        let mut stream = folders.open("only.csv").unwrap();
        stream.seek(SeekFrom::Start(2)).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text, "ta");
    }

    #[test]
    fn a_path_that_is_not_there_finds_the_one_that_was_meant() {
        let (project, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in ["audiences", ".hidden", "audiences/2026/November"] {
            fs::create_dir_all(project.path().join(folder)).unwrap();
        }
        for file in ["audiences/People.csv", "audiences/2026/November/guests.csv", ".hidden/other.csv", "a.yaml"] {
            fs::write(project.path().join(file), "").unwrap();
        }
        fs::write(data.path().join("exports.csv"), "").unwrap();
        symlink("/etc/passwd", project.path().join("passwd.csv")).unwrap();
        symlink("..", project.path().join("audiences/up")).unwrap();
        let folders = Folders::open(project.path(), Some(data.path())).unwrap();
        let check = |path: &str, expect: Option<&str>| assert_eq!(folders.similar(path).as_deref(), expect, "{path}");
        check("audiences/people.csv", Some("audiences/People.csv"));
        check("campaigns/audiences/People.csv", Some("audiences/People.csv"));
        check("audiences/guests.csv", Some("audiences/2026/November/guests.csv"));
        check("data/exports.csv", Some("exports.csv"));
        check("other.csv", None);
        check("passwd.csv", None);
        check("a.csv", None);
    }
}
