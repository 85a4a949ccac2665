//! A shell in a fresh folder, in which `sendform` is the binary under test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The sandbox's key in the walk, so that its ids are always the same: 32 zero bytes.
const SANDBOX_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

/// A shell; its folder goes away with it.
#[derive(Debug)]
pub(super) struct Shell {
    folder: TempDir,
}

impl Shell {
    /// A shell in a folder `acme-shop` with nothing in it but the sandbox's key.
    pub(super) fn new() -> Self {
        let shell = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let private = shell.project().join("campaigns/.sendform/sandbox");
        fs::create_dir_all(&private).expect("a folder can be made");
        fs::write(private.join("key"), SANDBOX_KEY).expect("a file can be written");
        shell
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("acme-shop")
    }

    /// Runs each `$ command` of a block, and gives the block with what they wrote now.
    pub(super) fn replay(&self, block: &str) -> String {
        let commands = block.lines().filter_map(|line| line.strip_prefix("$ "));
        commands.map(|command| format!("$ {command}\n{}", self.run(command))).collect()
    }

    /// What a command says, with its exit code where that is not 0.
    pub(super) fn run(&self, command: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_sendform")).parent().expect("the binary is in a folder");
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c", &format!("exec 2>&1; {command}")])
            .current_dir(self.project())
            .env_clear()
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display()))
            .env("HOME", self.folder.path())
            .output()
            .expect("bash can be started");
        let text = String::from_utf8(output.stdout).expect("the output is text");
        match output.status.code().expect("no signal ends a command of the walk") {
            0 => text,
            code => format!("{text}(exit code {code})\n"),
        }
    }
}
