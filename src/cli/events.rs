//! The file of `--events`: a line for everything that happens during an apply. Whatever becomes of it, the apply goes on.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::fs::OFlags;

use crate::apply::{Event, Tally};
use crate::report::document;
use crate::report::event::EventReport;
use crate::wire::said::without_secrets;

use super::exit::Exit;
use super::output::{Output, print};

/// How long a reader of a pipe may take until there is room for a line.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often it is tried.
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// Where events go, if anybody wants them.
pub(super) struct EventFile {
    path: PathBuf,
    /// Nothing, if nobody wants them, or they cannot be written any more.
    sink: Mutex<Option<Sink>>,
    total: Mutex<Option<Tally>>,
}

enum Sink {
    Stdout,
    /// A file, a pipe or a device that is never waited for longer than [`PATIENCE`].
    File(File),
}

impl EventFile {
    /// Opens the file that the command line names, `-` for standard output. That it cannot be opened is told once.
    #[must_use]
    pub(super) fn open(path: Option<&Path>, output: &Output) -> Self {
        let sink = path.and_then(|path| {
            if path == Path::new("-") {
                return Some(Sink::Stdout);
            }
            let mut options = File::options();
            options.write(true).create(true).truncate(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
            options.open(path).map_err(|error| tell(path, &error, output)).ok().map(Sink::File)
        });
        Self { path: path.unwrap_or(Path::new("")).to_owned(), sink: Mutex::new(sink), total: Mutex::default() }
    }

    /// Takes what happened.
    pub(super) fn take(&self, at: Timestamp, event: &Event, output: &Output) {
        self.write(|| EventReport::new(at, event), output);
    }

    /// Keeps what became of everybody, for the last line.
    pub(super) fn keep_total(&self, total: Tally) {
        *lock(&self.total) = Some(total);
    }

    /// Writes the last line: the apply ends with this code.
    pub(super) fn finish(&self, at: Timestamp, exit: Exit, output: &Output) {
        self.write(|| EventReport::finished(at, lock(&self.total).as_ref(), exit.code()), output);
    }

    fn write(&self, event: impl FnOnce() -> EventReport, output: &Output) {
        let mut sink = lock(&self.sink);
        let Some(open) = sink.as_mut() else { return };
        let line = document::json_line(&event());
        let line = without_secrets(&line);
        let written = match open {
            Sink::Stdout => print(&line).map_err(|failure| io::Error::other(failure.message)),
            Sink::File(file) => write_soon(file, line.as_bytes()),
        };
        if let Err(error) = written {
            *sink = None;
            tell(&self.path, &error, output);
        }
    }
}

/// Writes a line at once, but for the time that a reader may take.
fn write_soon(file: &mut File, mut rest: &[u8]) -> io::Result<()> {
    let begin = Instant::now();
    while !rest.is_empty() {
        match file.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && begin.elapsed() < PATIENCE => {
                thread::sleep(TRY_AGAIN);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn tell(path: &Path, error: &io::Error, output: &Output) {
    let path = path.display();
    output.tell(&format!("! no more events are written to `{path}`: {error}; the apply goes on\n"));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
