//! A process of the binary: with an environment of its own, and never left behind.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};

use super::document::check_documents;
use super::faked;

/// Prepares a run of the binary that sees nothing of the machine but the given environment.
pub(crate) fn command(folder: &Path, environment: &BTreeMap<String, String>) -> Command {
    command_under::<&str>(&[], folder, environment)
}

/// Prepares a run of the binary, or of the one that `SENDFORM_TEST_BINARY` names, under another
/// command, such as `strace -f`: the words before its own.
pub(crate) fn command_under<W: AsRef<str>>(
    wrapper: &[W],
    folder: &Path,
    environment: &BTreeMap<String, String>,
) -> Command {
    let chosen = std::env::var("SENDFORM_TEST_BINARY").ok();
    let binary = chosen.as_deref().unwrap_or(env!("CARGO_BIN_EXE_sendform"));
    let mut words = wrapper.iter().map(AsRef::as_ref).chain([binary]);
    let mut command = Command::new(words.next().unwrap_or(binary));
    command
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder)
        .envs(environment)
        .process_group(0)
        .stdin(Stdio::null());
    command
}

/// Prepares the same run on a terminal of its own: what is written to the process is typed, and all
/// that it prints comes out of its stdout.
pub(crate) fn on_terminal(run: &Command) -> Command {
    let words = std::iter::once(run.get_program()).chain(run.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]).env_clear();
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("SHELL", "/bin/sh");
    command.process_group(0).stdin(Stdio::piped());
    if let Some(folder) = run.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// Whether a command line asks for JSON.
fn asks_for_json(command: &Command) -> bool {
    let arguments: Vec<_> = command.get_args().collect();
    arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json")
        || arguments.iter().any(|argument| *argument == "--format=json")
}

/// A running process; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Option<Child>,
    asks_for_json: bool,
    stdout: Heard<ChildStdout>,
    stderr: Heard<ChildStderr>,
}

/// What was read of an output while the process ran.
#[derive(Debug)]
struct Heard<T> {
    text: Vec<u8>,
    rest: Option<BufReader<T>>,
}

impl<T: Read> Heard<T> {
    const NOTHING: Self = Self { text: Vec::new(), rest: None };

    /// Reads on until the process has said this.
    fn wait(&mut self, output: &mut Option<T>, wanted: &str) {
        if let Some(output) = output.take() {
            self.rest = Some(BufReader::new(output));
        }
        while !String::from_utf8_lossy(&self.text).contains(wanted) {
            let rest = self.rest.as_mut().expect("the output is caught");
            // A question has no line feed at its end.
            let new = rest.fill_buf().expect("the output can be read");
            let count = new.len();
            self.text.extend_from_slice(new);
            rest.consume(count);
            assert!(count > 0, "it ended before it said `{wanted}`:\n{}", String::from_utf8_lossy(&self.text));
        }
    }

    /// Reads to the end.
    fn end(mut self) -> Vec<u8> {
        if let Some(rest) = &mut self.rest {
            rest.read_to_end(&mut self.text).expect("the output can be read");
        }
        self.text
    }
}

impl Process {
    /// Starts a process whose output is caught.
    pub(crate) fn start(mut command: Command) -> Self {
        let asks_for_json = asks_for_json(&command);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = Some(child.expect("the binary can be started"));
        Self { child, asks_for_json, stdout: Heard::NOTHING, stderr: Heard::NOTHING }
    }

    /// The process itself.
    pub(crate) fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("the process is there until it is waited for")
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("the process is there until it is waited for").id()
    }

    /// Sends it a signal, such as `INT`.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the process takes a signal");
    }

    /// Sends a signal to it and to all processes that it has started, as a terminal does.
    pub(crate) fn signal_all(&mut self, signal: &str) {
        let group = format!("-{}", self.id());
        let status = Command::new("kill").args(["-s", signal, "--", &group]).status();
        assert!(status.is_ok_and(|status| status.success()), "the processes take a signal");
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        let stdin = self.child().stdin.as_mut().expect("the process is on a terminal");
        stdin.write_all(format!("{line}\n").as_bytes()).expect("the terminal takes a line");
    }

    /// Waits until it has written this to stderr.
    pub(crate) fn wait_told(&mut self, text: &str) {
        let child = self.child.as_mut().expect("the process is there until it is waited for");
        self.stderr.wait(&mut child.stderr, text);
    }

    /// Waits until it has written this to stdout.
    pub(crate) fn wait_said(&mut self, text: &str) {
        let child = self.child.as_mut().expect("the process is there until it is waited for");
        self.stdout.wait(&mut child.stdout, text);
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child().try_wait().expect("a child can be looked at").is_none()
    }

    /// Kills it at once, as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(mut self) -> ExitStatus {
        let child = self.child();
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for")
    }

    /// Waits for its end and takes what it wrote. Documents of JSON are held against their schema.
    pub(crate) fn output(mut self) -> Output {
        let child = self.child.take().expect("the process is there until it is waited for");
        let heard = [
            std::mem::replace(&mut self.stdout, Heard::NOTHING).end(),
            std::mem::replace(&mut self.stderr, Heard::NOTHING).end(),
        ];
        let mut output = child.wait_with_output().expect("a child can be waited for");
        let [stdout, stderr] = heard;
        output.stdout.splice(..0, stdout);
        output.stderr.splice(..0, stderr);
        // A process that was killed may have been in the midst of it.
        if self.asks_for_json && output.status.code().is_some() && !output.stdout.is_empty() {
            check_documents(&String::from_utf8_lossy(&output.stdout));
        }
        output
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
            faked::clear_after(child.id());
        }
    }
}
