//! When something is done to a run.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::dice::Dice;
use super::gateway::Gateway;
use crate::support::Process;

/// How often is looked whether the moment has come. Time itself is what is tested here.
const LOOK_AGAIN: Duration = Duration::from_micros(500);

/// When something is done to a run.
#[derive(Debug)]
pub(super) enum Moment {
    /// So long after its start.
    After(Duration),
    /// As soon as a file has grown by so many bytes.
    Grown(PathBuf, u64),
    /// As soon as a file was replaced: at the start, or at the end.
    Replaced(PathBuf),
    /// As soon as the gateway holds one of its requests.
    Held,
    /// As soon as the gateway has seen so many requests.
    Requests(u64),
}

impl Moment {
    /// Chooses a moment; `file` is one that a run writes, `holds` says that the gateway holds a
    /// request.
    pub(super) fn choose(dice: &mut Dice, file: Option<&Path>, holds: bool) -> Self {
        match (dice.number(0..6), file) {
            _ if holds => Self::Held,
            (0, _) => Self::After(Duration::from_micros(dice.number(0..300_000))),
            (1, _) => Self::After(Duration::from_micros(dice.number(40_000..150_000))),
            (2, Some(file)) => Self::Grown(file.to_owned(), dice.number(1..4_000)),
            (3, Some(file)) => Self::Replaced(file.to_owned()),
            _ => Self::Requests(dice.number(1..9)),
        }
    }

    /// Waits until it has come; `false` if the run ended before.
    pub(super) fn wait(&self, run: &mut Process, gateway: &Gateway) -> bool {
        let start = Instant::now();
        let before = match self {
            Self::Grown(file, _) | Self::Replaced(file) => Looks::at(file),
            Self::After(_) | Self::Held | Self::Requests(_) => Looks { inode: 0, length: 0 },
        };
        let requests_before = if matches!(self, Self::Requests(_)) { gateway.requests() } else { 0 };
        let has_come = || match self {
            Self::After(time) => start.elapsed() >= *time,
            Self::Grown(file, bytes) => Looks::at(file).length >= before.length + bytes,
            Self::Replaced(file) => Looks::at(file).inode != before.inode,
            Self::Held => gateway.held() > 0,
            Self::Requests(requests) => gateway.requests() >= requests_before + requests,
        };
        while !has_come() {
            if !run.is_running() {
                return false;
            }
            thread::sleep(LOOK_AGAIN);
        }
        run.is_running()
    }
}

/// What is seen of a file from outside.
struct Looks {
    inode: u64,
    length: u64,
}

impl Looks {
    fn at(path: &Path) -> Self {
        fs::metadata(path)
            .map_or(Self { inode: 0, length: 0 }, |found| Self { inode: found.ino(), length: found.len() })
    }
}
