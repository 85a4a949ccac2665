//! When a run is killed.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::dice::Dice;
use crate::support::{Process, Sandbox};

/// How often is looked whether the moment has come. Time itself is what is tested here.
const LOOK_AGAIN: Duration = Duration::from_micros(200);

/// When a run is killed.
#[derive(Debug)]
pub(super) enum Moment {
    /// So long after its start.
    After(Duration),
    /// As soon as the ledger has grown by so many bytes.
    Grown(u64),
    /// As soon as the ledger was replaced: at the start, or at the end.
    Replaced,
    /// As soon as the gateway holds so many of its requests.
    Held(u64),
    /// As soon as the gateway has seen so many requests.
    Requests(u64),
}

impl Moment {
    /// Chooses a moment; `outside`, if the gateway can be asked, `held`, if it holds requests.
    pub(super) fn choose(dice: &mut Dice, is_outside: bool, held: bool) -> Self {
        match dice.number(0..if is_outside { 5 } else { 4 }) {
            _ if held => Self::Held(1),
            0 => Self::After(Duration::from_micros(dice.number(0..250_000))),
            1 => Self::After(Duration::from_micros(dice.number(50_000..150_000))),
            2 => Self::Grown(dice.number(1..4_000)),
            3 => Self::Replaced,
            _ => Self::Requests(dice.number(1..8)),
        }
    }

    /// Kills the run when the moment has come; false if it ended before.
    pub(super) fn kill(&self, mut process: Process, lockfile: &Path, sandbox: Option<&Sandbox>) -> bool {
        let start = Instant::now();
        let before = Looks::at(lockfile);
        let requests_before = sandbox.map_or(0, |sandbox| count(sandbox, "requests"));
        let has_come = || match *self {
            Self::After(time) => start.elapsed() >= time,
            Self::Grown(bytes) => Looks::at(lockfile).length >= before.length + bytes,
            Self::Replaced => Looks::at(lockfile).inode != before.inode,
            Self::Held(held) => sandbox.is_some_and(|sandbox| count(sandbox, "held") >= held),
            Self::Requests(requests) => {
                sandbox.is_some_and(|sandbox| count(sandbox, "requests") >= requests_before + requests)
            }
        };
        while !has_come() {
            if !process.is_running() {
                return false;
            }
            thread::sleep(LOOK_AGAIN);
        }
        let status = process.kill();
        status.code().is_none()
    }
}

fn count(sandbox: &Sandbox, name: &str) -> u64 {
    sandbox.state()[name].as_u64().expect("counts are numbers")
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
