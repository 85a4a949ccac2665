//! The program `git`: fixed arguments, no shell, no questions, and never longer than it may take.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::error::GitError;

/// How long a command may take that needs no network.
const LOCAL_TIME_MAX: Duration = Duration::from_mins(1);
/// How long a command that was told to end has for it.
const END_TIME_MAX: Duration = Duration::from_secs(2);
/// Settings of every command: nothing starts on its own beside it.
const SETTINGS: [&str; 5] =
    ["gc.auto=0", "maintenance.auto=false", "core.fsmonitor=false", "color.ui=false", "core.quotePath=false"];
/// What git, and the hooks that it runs, must not see.
const SECRETS: [&str; 4] = ["SENDFORM_KEY", "SENDFORM_KEY_FILE", "SENDFORM_API_KEY", "SENDFORM_DATABASE_URL"];

/// What names another repository than the one around a folder, as the hooks of git have it in their environment.
const ELSEWHERE: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
];

/// What came of a command.
#[derive(Debug)]
pub(super) struct GitOutput {
    /// Its exit code.
    pub(super) code: i32,
    /// What it wrote to stdout.
    pub(super) out: Vec<u8>,
    /// What it wrote to stderr.
    pub(super) err: String,
}

impl GitOutput {
    /// Whether it did what it was asked.
    pub(super) fn is_ok(&self) -> bool {
        self.code == 0
    }

    /// What it wrote to stdout, without the end of the line.
    pub(super) fn word(&self) -> String {
        String::from_utf8_lossy(&self.out).trim_end().to_owned()
    }
}

/// How far a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// It works in the clone.
    Here,
    /// It asks helpers for credentials, and shows what they say to nobody.
    Unseen,
    /// It talks to a remote.
    Far,
}

/// The program, in a folder.
#[derive(Debug, Clone)]
pub(super) struct Git {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    /// What only commands that need the network have in their environment.
    far_environment: Vec<(String, String)>,
    /// What commands and their hooks must not see besides the secrets.
    hidden: &'static [&'static str],
    /// Whether those that need the network see it all the same.
    is_shown_far: bool,
    /// Whether the repository around the folder is meant, whatever else the environment names.
    is_around: bool,
    network_time_max: Duration,
}

impl Git {
    /// Takes the folder to work in, and how long a command may take that needs the network.
    pub(super) fn new(folder: &Path, network_time_max: Duration) -> Self {
        // An empty path means the current folder to us, and nothing to the operating system.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Self {
            folder: folder.to_owned(),
            environment: Vec::new(),
            far_environment: Vec::new(),
            hidden: &[],
            is_shown_far: false,
            is_around: false,
            network_time_max,
        }
    }

    /// Takes the folder to look at, in the repository around it, without the network: what a partial clone lacks is
    /// not fetched by the way either.
    pub(super) fn around(folder: &Path) -> Self {
        let mut git = Self { is_around: true, ..Self::new(folder, Duration::ZERO) };
        git.set("GIT_NO_LAZY_FETCH", "1".to_owned());
        git
    }

    /// Takes the folder to work in, in the repository around it, and how long a command may take that needs the network.
    pub(super) fn around_far(folder: &Path, network_time_max: Duration) -> Self {
        Self { is_around: true, ..Self::new(folder, network_time_max) }
    }

    /// The folder to work in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets a variable of all commands to come.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.environment.push((name, value));
    }

    /// Hides variables from all commands to come.
    pub(super) fn hide(&mut self, variables: &'static [&'static str]) {
        self.hidden = variables;
    }

    /// Shows them to those that need the network after all.
    pub(super) fn show_far(&mut self) {
        self.is_shown_far = true;
    }

    /// Gives settings to all commands to come that need the network: through the environment, which no other user of
    /// the machine can read, and behind what stands there already.
    pub(super) fn set_far_config(&mut self, settings: &[(&str, &str)]) {
        let before: usize = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
        let count = ("GIT_CONFIG_COUNT".to_owned(), (before + settings.len()).to_string());
        let all = settings.iter().enumerate().flat_map(|(at, (key, value))| {
            let number = before + at;
            let key = (format!("GIT_CONFIG_KEY_{number}"), (*key).to_owned());
            [key, (format!("GIT_CONFIG_VALUE_{number}"), (*value).to_owned())]
        });
        self.far_environment = std::iter::once(count).chain(all).collect();
    }

    /// Runs a command, which may take anything but too long.
    ///
    /// # Errors
    /// If it cannot be run, is killed, or takes too long.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<GitOutput, GitError> {
        self.run(Reach::Here, arguments, b"")
    }

    /// Runs a command whose output nobody may see, as it is somebody's secret: not even a temporary file has it. Says
    /// whether it did what it was asked.
    ///
    /// # Errors
    /// As [`Git::ask`].
    pub(super) fn try_unseen(&self, arguments: &[&str], input: &[u8]) -> Result<bool, GitError> {
        let unseen = (Stdio::null(), Stdio::null());
        Ok(self.status(Reach::Unseen, arguments, input, unseen)?.success())
    }

    /// Runs a command that needs the network.
    ///
    /// # Errors
    /// As [`Git::ask`].
    pub(super) fn ask_far(&self, arguments: &[&str]) -> Result<GitOutput, GitError> {
        self.run(Reach::Far, arguments, b"")
    }

    /// Runs a command that should succeed, and gives back what it wrote.
    ///
    /// # Errors
    /// As [`Git::ask`], and if it does not succeed; `action` says what was tried.
    pub(super) fn get(&self, action: &'static str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let answer = self.run(Reach::Here, arguments, input)?;
        if answer.is_ok() { Ok(answer.out) } else { Err(GitError::failed(action, &answer.err)) }
    }

    /// The same, of which the first line is wanted.
    ///
    /// # Errors
    /// As [`Git::get`].
    pub(super) fn word(&self, action: &'static str, arguments: &[&str], input: &[u8]) -> Result<String, GitError> {
        self.get(action, arguments, input).map(|out| String::from_utf8_lossy(&out).trim_end().to_owned())
    }

    fn run(&self, reach: Reach, arguments: &[&str], input: &[u8]) -> Result<GitOutput, GitError> {
        // Files instead of pipes: what a command leaves running behind itself cannot keep us waiting.
        let [out, err] = [tempfile::tempfile(), tempfile::tempfile()].map(|file| file.map_err(GitError::Temporary));
        let (mut out, mut err) = (out?, err?);
        let share = |file: &File| file.try_clone().map(Stdio::from).map_err(GitError::Temporary);
        let output = (share(&out)?, share(&err)?);
        let status = self.status(reach, arguments, input, output)?;
        // Whoever is killed has not said no.
        let code = status.code().ok_or_else(|| GitError::Killed { command: name(arguments) })?;
        Ok(GitOutput { code, out: content(&mut out)?, err: String::from_utf8_lossy(&content(&mut err)?).into_owned() })
    }

    /// Runs a command with its output where it is wanted, and says how it ended.
    fn status(
        &self,
        reach: Reach,
        arguments: &[&str],
        input: &[u8],
        (out, err): (Stdio, Stdio),
    ) -> Result<ExitStatus, GitError> {
        let time_max = match reach {
            Reach::Here | Reach::Unseen => LOCAL_TIME_MAX,
            Reach::Far => self.network_time_max,
        };
        let mut command = self.command(reach, arguments);
        command.stdin(stdin(input)?).stdout(out).stderr(err);
        let child = command.spawn().map_err(GitError::NoProgram)?;
        wait(child, time_max)?.ok_or_else(|| GitError::TooSlow { command: name(arguments), time_max })
    }

    fn command(&self, reach: Reach, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("--no-pager").args(SETTINGS.iter().flat_map(|setting| ["-c", setting])).args(arguments);
        command.current_dir(&self.folder);
        // A group of its own: an interrupt at the terminal is ours to answer, and must not tear a
        // push in two.
        command.process_group(0);
        let fixed = [
            ("LC_ALL", "C"),
            ("LANGUAGE", ""),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
        ];
        command.envs(fixed).envs(self.environment.iter().map(|(name, value)| (name, value)));
        for secret in SECRETS {
            command.env_remove(secret);
        }
        if reach == Reach::Here || !self.is_shown_far {
            for name in self.hidden {
                command.env_remove(name);
            }
        }
        if reach == Reach::Far {
            command.envs(self.far_environment.iter().map(|(name, value)| (name, value)));
        }
        for name in ELSEWHERE.iter().filter(|_| self.is_around) {
            command.env_remove(name);
        }
        command
    }
}

/// The name of a command, as far as it is told.
fn name(arguments: &[&str]) -> String {
    arguments.first().copied().unwrap_or_default().to_owned()
}

fn stdin(input: &[u8]) -> Result<Stdio, GitError> {
    if input.is_empty() {
        return Ok(Stdio::null());
    }
    let write = || {
        let mut file = tempfile::tempfile()?;
        file.write_all(input)?;
        file.rewind()?;
        Ok(Stdio::from(file))
    };
    write().map_err(GitError::Temporary)
}

fn content(file: &mut File) -> Result<Vec<u8>, GitError> {
    let mut content = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut content)).map_err(GitError::Temporary)?;
    Ok(content)
}

/// Waits for the end of a command, and ends it with all that it started if that takes too long;
/// then this gives nothing.
fn wait(mut child: Child, time_max: Duration) -> Result<Option<ExitStatus>, GitError> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (ended, watched) = mpsc::channel::<()>();
    let watching = thread::Builder::new().name("git".to_owned());
    let watch = watching.spawn(move || {
        let mut late = false;
        for (time, signal) in [(time_max, Signal::TERM), (END_TIME_MAX, Signal::KILL)] {
            if watched.recv_timeout(time) != Err(RecvTimeoutError::Timeout) {
                break;
            }
            late = true;
            if let Some(group) = group {
                // It may have ended this moment.
                kill_process_group(group, signal).unwrap_or(());
            }
        }
        late
    });
    let watch = match watch {
        Ok(watch) => watch,
        Err(error) => {
            // Nobody would end it: it ends now, and what it has done is as unknown as after its time.
            drop(child.kill());
            drop(child.wait());
            return Err(GitError::NoProgram(error));
        }
    };
    let status = child.wait().map_err(GitError::NoProgram);
    drop(ended);
    let late = watch.join().unwrap_or(false);
    let status = status?;
    Ok((!late || status.success()).then_some(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_answered_or_fails_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let git = Git::new(folder.path(), LOCAL_TIME_MAX);
        assert_eq!(git.word("hash", &["hash-object", "--stdin"], b"hello\n").unwrap().len(), 40);
        assert!(!git.ask(&["rev-parse", "--git-dir"]).unwrap().is_ok());
        let error = git.get("find a folder", &["rev-parse", "--git-dir"], b"").unwrap_err();
        assert_eq!(error.to_string(), "git cannot find a folder");
        let error = git.ask(&["-c", "alias.die=!kill -9 $PPID", "die"]).unwrap_err();
        assert!(matches!(error, GitError::Killed { .. }), "{error}");
        let nowhere = Git::new(&folder.path().join("nowhere"), LOCAL_TIME_MAX);
        assert!(matches!(nowhere.ask(&["version"]), Err(GitError::NoProgram(_))));
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let git = Git::new(folder.path(), Duration::from_millis(200));
        let begin = std::time::Instant::now();
        let alias = "alias.hang=!sleep 60 & echo $! >pid; wait";
        let error = git.ask_far(&["-c", alias, "hang"]).unwrap_err();
        assert!(matches!(error, GitError::TooSlow { .. }), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(30));
        let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        // It was killed, but need not have died yet on a busy machine.
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        while !(state().is_empty() || state().contains(") Z")) {
            assert!(begin.elapsed() < Duration::from_secs(30), "the child of the child is gone: {}", state());
            thread::yield_now();
        }
    }

    #[test]
    fn git_and_its_hooks_never_see_a_secret() {
        let command = Git::new(Path::new(""), LOCAL_TIME_MAX).command(Reach::Far, &["version"]);
        for secret in SECRETS {
            assert!(command.get_envs().any(|(name, value)| name == secret && value.is_none()), "{secret}");
        }
        assert_eq!(command.get_current_dir(), Some(Path::new(".")));
    }

    #[test]
    fn what_is_hidden_is_seen_by_those_alone_that_it_is_shown_to() {
        let mut git = Git::new(Path::new(""), LOCAL_TIME_MAX);
        let is_hidden = |git: &Git, reach| {
            git.command(reach, &["version"]).get_envs().any(|(name, value)| name == "CI_JOB_TOKEN" && value.is_none())
        };
        let all = |git: &Git| [Reach::Here, Reach::Unseen, Reach::Far].map(|reach| is_hidden(git, reach));
        assert_eq!(all(&git), [false; 3]);
        git.hide(&["CI_JOB_TOKEN"]);
        assert_eq!(all(&git), [true; 3]);
        git.show_far();
        assert_eq!(all(&git), [true, false, false]);
        git.set_far_config(&[("http.https://example.com/.extraheader", "Authorization: Basic eA==")]);
        let has_header = |reach| git.command(reach, &["push"]).get_envs().any(|(name, _)| name == "GIT_CONFIG_COUNT");
        assert_eq!([Reach::Here, Reach::Unseen, Reach::Far].map(has_header), [false, false, true]);
    }
}
