//! Machines whose clock is wrong: the words before a command that libfaketime tells another time of day.
//! The monotonic clock is left alone, as by somebody who sets the time. The command `faketime` would not
//! do: it stays between a run and the signals that are sent to it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;

/// Where Debian has the library; the loader replaces `$LIB`.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// The words for a clock that is so far ahead.
pub(crate) fn ahead(time: SignedDuration) -> Vec<String> {
    words(&[format!("FAKETIME={}", offset(time))])
}

/// A clock that somebody sets while a run looks at it.
#[derive(Debug)]
pub(crate) struct Faked(PathBuf);

impl Faked {
    /// One that goes right until it is set. It is a file in this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let clock = Self(folder.join("clock"));
        clock.set(SignedDuration::ZERO);
        clock
    }

    /// Sets it so far ahead.
    pub(crate) fn set(&self, time: SignedDuration) {
        let new = self.0.with_extension("new");
        fs::write(&new, format!("{}\n", offset(time))).expect("a file can be written");
        fs::rename(&new, &self.0).expect("a file can be renamed");
    }

    /// The words for a run that has this clock.
    pub(crate) fn words(&self) -> Vec<String> {
        words(&[format!("FAKETIME_TIMESTAMP_FILE={}", self.0.display()), "FAKETIME_NO_CACHE=1".to_owned()])
    }
}

/// Removes what the library leaves in memory when its process is killed.
pub(crate) fn clear_after(process: u32) {
    for name in [format!("faketime_shm_{process}"), format!("sem.faketime_sem_{process}")] {
        // Few processes have the library.
        drop(fs::remove_file(Path::new("/dev/shm").join(name)));
    }
}

fn offset(time: SignedDuration) -> String {
    format!("{:+}", time.as_secs())
}

fn words(settings: &[String]) -> Vec<String> {
    let always = [format!("LD_PRELOAD={LIBRARY}"), "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned()];
    std::iter::once("env".to_owned()).chain(always).chain(settings.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use jiff::Timestamp;

    use super::*;

    /// By how many minutes a process is ahead that has these words before it.
    fn minutes(words: &[String]) -> i64 {
        let output = Command::new(&words[0]).args(&words[1..]).args(["date", "+%s"]).output().unwrap();
        let seconds: i64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
        (seconds - Timestamp::now().as_second() + 30).div_euclid(60)
    }

    #[test]
    fn a_process_has_the_time_that_it_is_told() {
        assert_eq!([30, -24 * 60].map(|time| minutes(&ahead(SignedDuration::from_mins(time)))), [30, -24 * 60]);
        let folder = tempfile::tempdir().unwrap();
        let clock = Faked::in_folder(folder.path());
        assert_eq!(minutes(&clock.words()), 0);
        clock.set(SignedDuration::from_mins(-30));
        assert_eq!(minutes(&clock.words()), -30);
    }
}
