//! PostgreSQL servers of our own, in temporary folders. Each has a watchdog, a shell that stops the
//! server and removes its folder when its input ends: so nothing is left, however the tests end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes a server's folder, starts it, and stops it at the end of the input.
const WATCHDOG: &str = r#"
    exec 2>&1
    set -eu
    folder=$1
    cd "$folder"
    trap 'pg_ctl stop -D "$folder/data" -m immediate >/dev/null 2>&1 </dev/null || true; rm -rf "$folder"' EXIT
    if test "$2" = new; then
        initdb -D data -U sendform --auth=trust --no-sync --no-instructions -E UTF8 --locale=C >init.log 2>&1 </dev/null
        cat more.conf >>data/postgresql.conf
    else
        mv received data
    fi
    pg_ctl start -D data -w -t 60 -l server.log >/dev/null 2>&1 </dev/null || { cat server.log; exit 1; }
    echo ready
    read -r line || true
"#;

/// A running server, with a socket in its folder and no port unless it is asked for one.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    watchdog: Child,
}

impl Cluster {
    /// The one that most tests share; each has a database of its own in it.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start("fsync = on\n"))
    }

    /// Starts a server with some more settings.
    pub(crate) fn start(settings: &str) -> Self {
        Self::start_in(Self::folder(), settings, "new")
    }

    /// Starts a server whose data was put into a folder, under `received`.
    pub(crate) fn start_received(folder: PathBuf) -> Self {
        Self::start_in(folder, "", "received")
    }

    /// Makes a folder that a server can have. Sockets have short paths.
    pub(crate) fn folder() -> PathBuf {
        let folder = tempfile::Builder::new().prefix("sf-pg-").tempdir_in("/tmp").expect("a temporary folder").keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("its owner may change it");
        if is_root() {
            let status = Command::new("chown").arg("postgres").arg(&folder).status();
            assert!(status.is_ok_and(|status| status.success()), "there is a user `postgres`");
        }
        folder
    }

    fn start_in(folder: PathBuf, settings: &str, how: &str) -> Self {
        let basic = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 100\n{settings}",
            folder.display()
        );
        fs::write(folder.join("more.conf"), basic).expect("the settings can be written");
        let mut watchdog = as_owner("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(&folder)
            .arg(how)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It outlives the tests by a moment, and an output of theirs that it held open would look like a process that
            // was left behind.
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell can be started");
        let mut told = BufReader::new(watchdog.stdout.take().expect("its output is caught"));
        let mut line = String::new();
        told.read_line(&mut line).expect("its output can be read");
        if line != "ready\n" {
            let mut rest = String::new();
            drop(told.read_to_string(&mut rest));
            panic!("PostgreSQL does not start; is it installed (tests/setup)?\n{line}{rest}");
        }
        Self { folder, watchdog }
    }

    /// Makes a database, and gives its URL.
    pub(crate) fn database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=sendform", self.folder.display())
    }

    /// Runs statements on the database with a name or URL, and gives what comes out, a row a line.
    #[track_caller]
    pub(crate) fn sql(&self, database: &str, statements: &str) -> String {
        let url = if database.contains("://") { database.to_owned() } else { self.url(database) };
        let output =
            Command::new("psql").args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", statements]).output();
        let output = output.expect("psql can be started");
        assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Has `pg_ctl` do something to the server, such as `restart`, as if it crashed.
    #[track_caller]
    pub(crate) fn control(&self, action: &str) {
        self.owner_runs("pg_ctl", &[action, "-D", &self.data().display().to_string(), "-m", "immediate", "-w"]);
    }

    /// Starts a server that was stopped.
    #[track_caller]
    pub(crate) fn start_again(&self) {
        let log = self.folder.join("server.log").display().to_string();
        self.owner_runs("pg_ctl", &["start", "-D", &self.data().display().to_string(), "-w", "-l", &log]);
    }

    /// Runs a program as the server's owner.
    #[track_caller]
    pub(crate) fn owner_runs(&self, program: &str, arguments: &[&str]) {
        let mut command = as_owner(program);
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        // A file instead of a pipe: a server that it starts keeps what it has been given.
        let mut said = tempfile::tempfile().expect("a temporary file");
        let status = command.stderr(said.try_clone().expect("a file can be shared")).status();
        let is_done = status.is_ok_and(|status| status.success());
        let mut told = String::new();
        said.rewind().and_then(|()| said.read_to_string(&mut told)).expect("what it said can be read");
        assert!(is_done, "{program} {arguments:?}\n{told}");
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Where its socket is.
    pub(crate) fn socket(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        drop(self.watchdog.wait());
    }
}

/// Whether the tests run as somebody to whom the system forbids nothing.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// Prepares a program that runs as somebody whom PostgreSQL does not refuse, with its own programs
/// at hand.
fn as_owner(program: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", program]);
        command
    } else {
        Command::new(program)
    };
    let path = std::env::var("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut programs: Vec<String> = versions.map(|version| version.path().join("bin").display().to_string()).collect();
    programs.sort();
    command.env("PATH", format!("{path}:{}", programs.join(":")));
    command
}
