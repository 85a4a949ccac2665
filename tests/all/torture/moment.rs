//! When something is done to a run.

use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::dice::Dice;
use super::gateway::Gateway;
use crate::support::Process;

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
        let process = Pid::from_raw(run.id().cast_signed()).expect("a process has a number");
        let process = pidfd_open(process, PidfdFlags::empty()).expect("it is not waited for yet");
        match self {
            Self::After(time) => {
                let time = Timespec::try_from(*time).expect("it is less than a second");
                one_of(&[process.as_fd()], Some(&time));
            }
            Self::Grown(file, bytes) => {
                let length = Looks::at(file).length;
                changes(file, &process, || Looks::at(file).length >= length + bytes);
            }
            Self::Replaced(file) => {
                let inode = Looks::at(file).inode;
                changes(file, &process, || Looks::at(file).inode != inode);
            }
            Self::Held => {
                let answer = gateway.process().answer_when("held=1");
                one_of(&[answer.as_fd(), process.as_fd()], None);
            }
            Self::Requests(requests) => {
                let answer = gateway.process().answer_when(&format!("requests={}", gateway.requests() + requests));
                one_of(&[answer.as_fd(), process.as_fd()], None);
            }
        }
        run.is_running()
    }
}

/// Waits until something happens to one of these, or the time is over.
fn one_of(happening: &[BorrowedFd<'_>], time: Option<&Timespec>) {
    let mut all: Vec<PollFd<'_>> = happening.iter().map(|one| PollFd::from_borrowed_fd(*one, PollFlags::IN)).collect();
    poll(&mut all, time).expect("these can be waited for");
}

/// Waits until something in a file's folder has changed so that a moment has come, or the process ended.
fn changes(file: &Path, process: &OwnedFd, has_come: impl Fn() -> bool) {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).expect("files can be watched");
    let folder = file.parent().expect("a file is in a folder");
    inotify::add_watch(&watch, folder, WatchFlags::CREATE | WatchFlags::MODIFY | WatchFlags::MOVED_TO)
        .expect("a folder can be watched");
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    while !has_come() {
        one_of(&[watch.as_fd(), process.as_fd()], None);
        let mut is_event = false;
        while events.next().is_ok() {
            is_event = true;
        }
        if !is_event {
            // It is the process that has ended.
            return;
        }
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
