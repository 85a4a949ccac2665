//! A process of the binary: with an environment of its own, and never left behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

/// Prepares a run of the binary that sees nothing of the machine but the given environment.
pub(crate) fn command(folder: &Path, environment: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sendform"));
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder)
        .envs(environment)
        .stdin(Stdio::null());
    command
}

/// A running process; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Option<Child>,
}

impl Process {
    /// Starts a process whose output is caught.
    pub(crate) fn start(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Self { child: Some(child.expect("the binary can be started")) }
    }

    /// The process itself.
    pub(crate) fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("the process is there until it is waited for")
    }

    /// Its id.
    pub(crate) fn id(&mut self) -> u32 {
        self.child().id()
    }

    /// Kills it at once, as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(mut self) -> ExitStatus {
        let child = self.child();
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for")
    }

    /// Waits for its end and takes what it wrote.
    pub(crate) fn output(mut self) -> Output {
        let child = self.child.take().expect("the process is there until it is waited for");
        child.wait_with_output().expect("a child can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
        }
    }
}
