//! Stores that fail under a run: full disks, folders that cannot be written, files that somebody
//! replaces meanwhile, remotes that refuse or are away, servers that crash, hang and hang up.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::dice::Dice;
use super::store::{Kind, Store, server};
use crate::support::{Project, is_root};

/// How often it is looked whether those who were hung up on have come back; some never do.
const LOOKS_MAX: u32 = 8;

/// What is wrong with a store while a run uses it.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// No file grows beyond so many bytes, as on a full disk.
    Full(u64),
    /// Nothing can be made, renamed or removed in the project's folders.
    ReadOnly,
    /// Somebody checks the lockfile out anew in the middle of the run.
    Replaced,
    /// The remote refuses whatever is pushed.
    Refusing(PathBuf),
    /// The remote is away from the middle of the run on.
    Gone(PathBuf),
    /// The server crashes, and is started again after so long: time itself is what is tested here.
    Crashed(Duration),
    /// The server ends all connections to this database, so many times.
    HungUp(String, u64),
    /// Nobody can write into this database for a while.
    Hanging(String, Duration),
}

impl Trouble {
    /// Thinks up trouble for a store.
    pub(super) fn choose(dice: &mut Dice, store: &Store, seat: &Project) -> Self {
        match store.kind {
            Kind::Lockfile => match dice.number(0..5) {
                0 => Self::ReadOnly,
                1 => Self::Replaced,
                _ => {
                    let length = fs::metadata(seat.path("sendform.lock")).map_or(0, |found| found.len());
                    Self::Full(length + dice.number(0..6_000))
                }
            },
            Kind::Git if dice.once_in(2) => Self::Refusing(store.remote().join("hooks/pre-receive")),
            Kind::Git => Self::Gone(store.remote()),
            Kind::Postgres => {
                let database = store.database.clone().expect("the store has a database");
                match dice.number(0..6) {
                    0 => Self::Crashed(Duration::ZERO),
                    1 => Self::Crashed(Duration::from_millis(dice.number(50..600))),
                    2 => Self::Hanging(database, Duration::from_millis(dice.number(50..600))),
                    _ => Self::HungUp(database, dice.number(1..6)),
                }
            }
        }
    }

    /// The command under which a run has this trouble: the words before its own.
    pub(super) fn wrapper(&self) -> Vec<String> {
        let words: &[&str] = match self {
            // A write beyond the limit fails, instead of killing the process by a signal.
            Self::Full(bytes) => {
                let script = format!("trap '' XFSZ; exec prlimit --fsize={bytes} \"$@\"");
                return ["sh", "-c", &script, "sh"].map(str::to_owned).to_vec();
            }
            // Root writes where nobody may, unless it gives that up.
            Self::ReadOnly if is_root() => &["setpriv", "--bounding-set", "-dac_override,-dac_read_search"],
            Self::ReadOnly
            | Self::Replaced
            | Self::Refusing(_)
            | Self::Gone(_)
            | Self::Crashed(_)
            | Self::HungUp(..)
            | Self::Hanging(..) => &[],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    pub(super) fn begin(&self, seat: &Project) {
        match self {
            Self::ReadOnly => set_mode(seat, 0o555),
            Self::Refusing(hook) => {
                fs::write(hook, "#!/bin/sh\necho no >&2\nexit 1\n").expect("a hook can be written");
                fs::set_permissions(hook, Permissions::from_mode(0o755)).expect("a hook can be made executable");
            }
            Self::Full(_)
            | Self::Replaced
            | Self::Gone(_)
            | Self::Crashed(_)
            | Self::HungUp(..)
            | Self::Hanging(..) => {}
        }
    }

    /// Does what is done in the middle of the run, and says how often it failed by that.
    pub(super) fn strike(&self, seat: &Project) -> u64 {
        match self {
            Self::Replaced => {
                let (file, copy) = (seat.path("sendform.lock"), seat.path("sendform.lock.copy"));
                fs::copy(&file, &copy).expect("the lockfile can be copied");
                fs::rename(&copy, &file).expect("the lockfile can be replaced");
            }
            Self::Gone(remote) => fs::rename(remote, away(remote)).expect("the remote can be moved"),
            Self::Crashed(Duration::ZERO) => server().control("restart"),
            Self::Crashed(time) => {
                server().control("stop");
                // Time itself is what is tested: how long nobody answers.
                thread::sleep(*time);
                server().start_again();
            }
            Self::HungUp(database, times) => {
                return (0..*times).filter(|_| hang_up(database)).count() as u64;
            }
            Self::Hanging(database, time) => {
                let lock = "BEGIN; LOCK TABLE sendform.claims, sendform.outcomes IN EXCLUSIVE MODE";
                server().sql(database, &format!("{lock}; SELECT pg_sleep({}); COMMIT", time.as_secs_f64()));
            }
            Self::Full(_) | Self::ReadOnly | Self::Refusing(_) => {}
        }
        1
    }

    pub(super) fn end(&self, seat: &Project) {
        match self {
            Self::ReadOnly => set_mode(seat, 0o755),
            Self::Refusing(hook) => fs::remove_file(hook).expect("a hook can be removed"),
            Self::Gone(remote) if !remote.exists() => fs::rename(away(remote), remote).expect("the remote comes back"),
            Self::Full(_)
            | Self::Replaced
            | Self::Gone(_)
            | Self::Crashed(_)
            | Self::HungUp(..)
            | Self::Hanging(..) => {}
        }
    }
}

/// Ends all connections to a database, and goes on when those who had them have come back, or seem not to.
/// Whether there were any.
fn hang_up(database: &str) -> bool {
    let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let ended = server().sql(database, &format!("SELECT pg_terminate_backend(pid) {others}"));
    for _ in 0..LOOKS_MAX {
        if server().sql(database, &format!("SELECT count(*) {others}")) != "0" {
            break;
        }
    }
    !ended.is_empty()
}

fn away(remote: &Path) -> PathBuf {
    remote.with_extension("away")
}

fn set_mode(seat: &Project, mode: u32) {
    for folder in [seat.folder().to_owned(), seat.path(".sendform")] {
        if folder.exists() {
            fs::set_permissions(folder, Permissions::from_mode(mode)).expect("its owner can change a folder");
        }
    }
}
