//! Files that are opened by their path: regular ones only. A pipe would wait for somebody for ever, a
//! device would never end, and a link under `.sendform` would lead out of the project, which comes from
//! whoever wrote it.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

use super::error::StoreError;

/// The largest ledger that is read, in bytes.
pub const LEDGER_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// The largest file of keys, certificates or notes that is read, in bytes.
pub const SMALL_BYTES_MAX: u64 = 1024 * 1024;
/// How many files `.sendform` may hold before nobody looks through them any more.
const PRIVATE_FILES_MAX: usize = 10_000;

/// What becomes of a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It is followed: somebody named this path.
    Followed,
    /// It is refused: the path is ours.
    Refused,
}

/// Opens a regular file.
///
/// # Errors
/// If there is something else, or the operating system refuses.
pub fn open(path: &Path, links: Links, options: &mut OpenOptions) -> io::Result<File> {
    // Looking before opening: to open a device may already do something.
    let look = if links == Links::Refused { fs::symlink_metadata(path) } else { fs::metadata(path) };
    match look {
        Ok(metadata) => check(metadata.file_type())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    flags(links, options);
    let file = options.open(path)?;
    // It may have been swapped in between.
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Opens a regular file for reading.
///
/// # Errors
/// As [`open`].
pub fn open_to_read(path: &Path, links: Links) -> io::Result<File> {
    open(path, links, File::options().read(true))
}

/// Reads a regular file of at most so many bytes.
///
/// # Errors
/// As [`open`]; if it is larger.
pub fn read(path: &Path, links: Links, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = open_to_read(path, links)?;
    let size = file.metadata()?.len().min(bytes_max);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max) {
        return Ok(bytes);
    }
    Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {bytes_max} bytes")))
}

/// Reads a small regular file as text.
///
/// # Errors
/// As [`read`]; if it is no UTF-8.
pub fn read_text(path: &Path, links: Links) -> io::Result<String> {
    let bytes = read(path, links, SMALL_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
}

/// Writes one of our own files, in the place of what it held.
///
/// # Errors
/// As [`open`].
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = open(path, Links::Refused, File::options().write(true).create(true).truncate(false))?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

/// Makes sure that `.sendform` in a project's folder, and all below it, are folders and files: a link
/// there would have us write elsewhere.
///
/// # Errors
/// If it is not so, or cannot be looked at.
pub fn check_private(project: &Path) -> Result<(), StoreError> {
    let mut left = PRIVATE_FILES_MAX;
    let root = project.join(".sendform");
    let mut folders = Vec::new();
    match fs::symlink_metadata(&root) {
        Ok(metadata) => own(&root, metadata.file_type(), &mut folders)?,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(StoreError::io("look at", &root)(error)),
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(StoreError::io("look into", &folder))? {
            let entry = entry.map_err(StoreError::io("look into", &folder))?;
            let path = entry.path();
            own(&path, entry.file_type().map_err(StoreError::io("look at", &path))?, &mut folders)?;
            left = left.checked_sub(1).ok_or_else(|| {
                let full = format!("it holds more than {PRIVATE_FILES_MAX} files");
                StoreError::io("look through", &root)(io::Error::new(ErrorKind::FileTooLarge, full))
            })?;
        }
    }
    Ok(())
}

/// Takes a folder to look into, or refuses what is neither folder nor file.
fn own(path: &Path, kind: FileType, folders: &mut Vec<std::path::PathBuf>) -> Result<(), StoreError> {
    check(kind).map_err(StoreError::io("use", path))?;
    if kind.is_dir() {
        folders.push(path.to_owned());
    }
    Ok(())
}

/// Refuses what is no file. A folder is left to the operating system, which says so itself.
fn check(kind: FileType) -> io::Result<()> {
    if kind.is_file() || kind.is_dir() {
        return Ok(());
    }
    let what = if kind.is_symlink() { "a symbolic link" } else { special(kind) };
    Err(io::Error::new(ErrorKind::InvalidInput, format!("it is {what}, not a file")))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match (kind.is_fifo(), kind.is_socket()) {
        (true, _) => "a pipe",
        (_, true) => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "a device"
}

#[cfg(unix)]
fn flags(links: Links, options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;
    let flags = if links == Links::Refused { OFlags::NONBLOCK | OFlags::NOFOLLOW } else { OFlags::NONBLOCK };
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
}

#[cfg(not(unix))]
fn flags(_: Links, _: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "text").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink("/dev/zero", at("zero")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let _socket = UnixListener::bind(at("socket")).unwrap();
        let check = |name: &str, links: Links, expect: &str| {
            let found = read(&at(name), links, 100).map_or_else(|error| error.to_string(), |_| "fine".to_owned());
            assert_eq!(found, expect, "{name} {links:?}");
        };
        check("file", Links::Refused, "fine");
        check("link", Links::Followed, "fine");
        check("link", Links::Refused, "it is a symbolic link, not a file");
        check("dangling", Links::Refused, "it is a symbolic link, not a file");
        check("zero", Links::Followed, "it is a device, not a file");
        for links in [Links::Followed, Links::Refused] {
            check("pipe", links, "it is a pipe, not a file");
            check("socket", links, "it is a socket, not a file");
        }
        assert_eq!(read(&at("file"), Links::Refused, 3).unwrap_err().to_string(), "it is larger than 3 bytes");
        assert!(write(&at("link"), "").is_err() && write(&at("dangling"), "").is_err());
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "text");
        assert!(!at("nowhere").exists());
        write(&at("file"), "new").unwrap();
        assert_eq!(read_text(&at("file"), Links::Refused).unwrap(), "new");
    }

    #[test]
    fn nothing_below_the_private_folder_is_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        let private = project.join(".sendform");
        check_private(&project).unwrap();
        fs::create_dir_all(private.join("sandbox")).unwrap();
        fs::write(private.join("sandbox/key"), "").unwrap();
        check_private(&project).unwrap();
        for name in ["lock", "sandbox/books.sqlite", "sandbox/deep"] {
            symlink(folder.path(), private.join(name)).unwrap();
            let error = check_private(&project).unwrap_err();
            assert_eq!(error.to_string(), format!("cannot use `{}`", private.join(name).display()));
            assert!(error.is_environment());
            fs::remove_file(private.join(name)).unwrap();
        }
        fs::remove_dir_all(&private).unwrap();
        symlink(folder.path(), &private).unwrap();
        assert!(check_private(&project).is_err());
    }
}
