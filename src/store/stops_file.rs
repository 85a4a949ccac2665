//! Stops of a lockfile: a file beside it, with a shadow of its own.
//!
//! Whoever stops a send has neither the key nor the lock of the run that sends, so the two files have a lock of
//! their own, which is held for as long as writing them takes. Both are replaced whole, so nobody reads half a line.
//! What one of them has counts: a checkout, a stash or a `git clean` that takes one back lifts no stop.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::ledger::{STOPS_BYTES_MAX, StopOrder, Stops};

use super::append_file;
use super::error::StoreError;
use super::lock_file::LockFile;
use super::paths::{Paths, place};
use super::regular::{self, Links};

/// How long whoever writes waits for others who do.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How often it is tried meanwhile.
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// Reads what both files have.
///
/// # Errors
/// If one is there and cannot be read, or is damaged.
pub(super) fn read(paths: &Paths) -> Result<Stops, StoreError> {
    let mut all = Stops::default();
    for path in files(paths) {
        all.join(&read_one(&path)?);
    }
    Ok(all)
}

/// Adds stops and resumes: durable when this returns.
///
/// # Errors
/// If a file cannot be read or written, or is damaged.
pub(super) fn add(paths: &Paths, news: &Stops) -> Result<(), StoreError> {
    paths.make_folders()?;
    let guard = take_guard(&paths.stops_guard(), WAIT_MAX)?;
    let mut all = read(paths)?;
    all.join(news);
    let text = all.write();
    // The shadow first: git takes nothing back from it.
    for path in files(paths).iter().rev() {
        append_file::replace(path, text.as_bytes())?;
    }
    guard.release()
}

/// The file that git keeps, and its shadow.
fn files(paths: &Paths) -> Vec<PathBuf> {
    std::iter::once(paths.stops()).chain(paths.stops_shadow()).collect()
}

fn read_one(path: &Path) -> Result<Stops, StoreError> {
    let text = match regular::read(path, Links::Refused, STOPS_BYTES_MAX as u64) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Stops::default()),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    Stops::parse(&text).map_err(|damage| StoreError::StopsDamage { place: place(path), damage, is_table: false })
}

/// Takes the lock, after others who are writing.
fn take_guard(path: &Path, patience: Duration) -> Result<LockFile, StoreError> {
    let begin = Instant::now();
    loop {
        match LockFile::take(path, "stop") {
            Err(StoreError::Held { .. }) if begin.elapsed() < patience => thread::sleep(TRY_AGAIN),
            Err(StoreError::Held { .. }) => return Err(StoreError::StopsHeld { place: place(path) }),
            taken => return taken,
        }
    }
}

/// What tells one state of a file from another, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StopsFileStamp(u64, u64, u64, Option<SystemTime>);

impl From<&Metadata> for StopsFileStamp {
    fn from(metadata: &Metadata) -> Self {
        let append_file::Identity(device, node) = append_file::Identity::from(metadata);
        Self(device, node, metadata.len(), metadata.modified().ok())
    }
}

/// The files, as a run looks at them again and again.
#[derive(Debug)]
pub(super) struct StopsWatch {
    paths: Paths,
    seen: Mutex<Seen>,
}

/// What was seen last.
#[derive(Debug, Default)]
struct Seen {
    /// Of each file, if it was there; nothing before the first look.
    stamps: Option<Vec<Option<StopsFileStamp>>>,
    /// All that was ever seen: a file that is taken away lifts nothing.
    stops: Stops,
}

impl StopsWatch {
    /// Looks at nothing yet.
    pub(super) fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone(), seen: Mutex::default() }
    }

    /// The stops that stand now. Reads only what has changed since the last look.
    ///
    /// # Errors
    /// As [`read`].
    pub(super) fn standing(&self) -> Result<Vec<StopOrder>, StoreError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Before reading: what changes in between is read at the next look.
        let stamps = files(&self.paths).iter().map(|path| stamp(path)).collect::<Result<Vec<_>, _>>()?;
        if seen.stamps.as_ref() != Some(&stamps) {
            let found = read(&self.paths)?;
            seen.stops.join(&found);
            seen.stamps = Some(stamps);
        }
        Ok(seen.stops.standing().cloned().collect())
    }
}

fn stamp(path: &Path) -> Result<Option<StopsFileStamp>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(StopsFileStamp::from(&metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("look at", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{ResumeOrder, StopId, sample};

    fn stop(id: u32) -> Stops {
        let mut stops = Stops::default();
        stops.stop(StopOrder::new(StopId(id), sample::at(1), "ann", "the price is wrong"));
        stops
    }

    fn resume(id: u32) -> Stops {
        let mut stops = Stops::default();
        stops.resume(ResumeOrder::new(StopId(id), sample::at(2), "ben", None));
        stops
    }

    fn ids(stops: &[StopOrder]) -> Vec<u32> {
        stops.iter().map(|stop| stop.id.0).collect()
    }

    #[test]
    fn many_who_stop_at_once_lose_none() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::of_project(folder.path());
        thread::scope(|scope| {
            for id in 0..8 {
                let paths = &paths;
                scope.spawn(move || add(paths, &stop(id)).unwrap());
            }
        });
        assert_eq!(read(&paths).unwrap().standing().count(), 8);
        assert_eq!(fs::read(paths.stops()).unwrap(), fs::read(paths.stops_shadow().unwrap()).unwrap());
        assert!(!paths.lockfile.exists() && !paths.guard.exists(), "neither the ledger nor its lock is touched");
    }

    #[test]
    fn a_run_sees_every_change_and_no_checkout_lifts_a_stop() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::of_project(folder.path());
        let watch = StopsWatch::new(&paths);
        assert!(watch.standing().unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "looking makes nothing");
        add(&paths, &stop(1)).unwrap();
        assert_eq!(ids(&watch.standing().unwrap()), [1]);
        fs::remove_file(paths.stops()).unwrap();
        assert_eq!(ids(&watch.standing().unwrap()), [1], "a checkout took the file back");
        assert_eq!(ids(&StopsWatch::new(&paths).standing().unwrap()), [1]);
        fs::remove_file(paths.stops_shadow().unwrap()).unwrap();
        assert_eq!(ids(&watch.standing().unwrap()), [1], "the run has seen it");
        add(&paths, &resume(1)).unwrap();
        add(&paths, &stop(2)).unwrap();
        assert_eq!(ids(&watch.standing().unwrap()), [2]);
    }

    #[test]
    fn whoever_writes_for_too_long_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let guard = Paths::of_project(folder.path()).stops_guard();
        fs::create_dir_all(guard.parent().unwrap()).unwrap();
        let held = take_guard(&guard, Duration::ZERO).unwrap();
        let error = take_guard(&guard, Duration::ZERO).unwrap_err();
        assert!(matches!(error, StoreError::StopsHeld { .. }) && error.is_environment(), "{error}");
        assert!(error.to_string().contains("another program holds `") && error.to_string().contains("stops.lock"));
        assert!(error.hint().unwrap().contains("end the `sendform stop` or `sendform resume` that hangs"));
        held.release().unwrap();
        take_guard(&guard, Duration::ZERO).unwrap().release().unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_never_no_stop() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::of_sandbox(folder.path());
        add(&paths, &stop(1)).unwrap();
        assert_eq!(paths.stops_shadow(), None);
        let watch = StopsWatch::new(&paths);
        for text in ["<<<<<<< ours\n", "{}\n", "\0"] {
            fs::write(paths.stops(), text).unwrap();
            for looked in [watch.standing().map(drop), add(&paths, &stop(2)), read(&paths).map(drop)] {
                let error = looked.unwrap_err();
                assert!(matches!(error, StoreError::StopsDamage { .. }), "{error}");
                assert!(error.hint().unwrap().contains("sendform.stops"));
            }
            assert_eq!(fs::read_to_string(paths.stops()).unwrap(), text, "it is left as it is");
        }
        fs::remove_file(paths.stops()).unwrap();
        fs::create_dir(paths.stops()).unwrap();
        assert!(watch.standing().is_err() && read(&paths).is_err());
    }
}
