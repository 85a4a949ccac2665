//! A point at which a run waits for the test: between its plan and its first claim.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use super::process::Process;
use super::project::Project;

/// A pipe with a name. A run with the argument `--write text=PIPE` shows its plan on stdout, and then
/// waits until somebody reads the pipe.
#[derive(Debug)]
pub(crate) struct Barrier {
    path: PathBuf,
}

impl Barrier {
    /// A barrier in a project's folder.
    pub(crate) fn new(project: &Project) -> Self {
        let path = project.path("barrier");
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.is_ok_and(|status| status.success()), "a pipe can be made");
        Self { path }
    }

    /// The arguments of a run that is to wait here.
    pub(crate) fn arguments(&self) -> [String; 2] {
        ["--write".to_owned(), format!("text={}", self.path.display())]
    }

    /// Waits until a run has shown its plan: it cannot go further now.
    pub(crate) fn wait(&self, run: &mut Process) {
        run.wait_said("digest plan/");
    }

    /// Lets the run go on. What it writes later goes into a file of that name.
    pub(crate) fn open(self) {
        let aside = self.path.with_extension("aside");
        fs::rename(&self.path, &aside).expect("a pipe can be renamed");
        thread::spawn(move || {
            let mut pipe = File::open(aside).expect("a pipe can be opened");
            pipe.read_to_end(&mut Vec::new()).expect("a pipe can be read")
        });
    }
}
