//! A project in a temporary folder, and runs of the real binary in it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::process::{Process, command, command_under, on_terminal};
use super::run::{Run, normalise};

/// When every run takes place, unless a test says otherwise: noon of a Monday.
pub(crate) const NOW: &str = "2026-11-30T12:00:00Z";

/// A key for fingerprints: 32 zero bytes.
pub(crate) const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The project file of [`Project::new`].
const PROJECT: &str = "project: acme-shop\nsenders: { shop: SHOP-ACCOUNT }\n";

/// A project in a folder of its own, which goes away with it.
#[derive(Debug)]
pub(crate) struct Project {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

impl Project {
    /// A project with a small project file, a key, and a clock that stands still at [`NOW`].
    pub(crate) fn new() -> Self {
        Self::empty().file("sendform.yaml", PROJECT)
    }

    /// A folder without any file.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("sendform-test-").tempdir().expect("a temporary folder");
        let environment = [("SENDFORM_NOW", NOW), ("SENDFORM_KEY", KEY)];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { folder, environment }
    }

    /// Adds a file.
    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(path, text);
        self
    }

    /// Adds a campaign file.
    pub(crate) fn campaign(self, name: &str, yaml: &str) -> Self {
        self.file(&format!("{name}.yaml"), yaml)
    }

    /// Sets a variable of the environment, for example `SENDFORM_NOW`.
    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable between two runs.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// A variable that runs will see.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    /// Takes a variable away.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// Writes a file between two runs, with the folders that it needs.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        fs::write(path, text).expect("a file can be written");
    }

    /// Reads a file, normalised as runs are.
    pub(crate) fn read(&self, path: &str) -> String {
        let text = fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        normalise(&text, &self.folder().display().to_string())
    }

    /// The whole path of a file.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder().join(path)
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the binary and waits for its end.
    pub(crate) fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
        self.finish(self.start(arguments))
    }

    /// Waits for the end of a run that was started here.
    pub(crate) fn finish(&self, process: Process) -> Run {
        Run::new(&process.output(), self.folder())
    }

    /// Starts the binary and goes on.
    pub(crate) fn start(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Process {
        self.start_under::<&str>(&[], arguments)
    }

    /// Starts the binary under another command, such as `strace -f`: the words before its own.
    pub(crate) fn start_under<W: AsRef<str>>(
        &self,
        wrapper: &[W],
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Process {
        let mut command = command_under(wrapper, self.folder(), &self.environment);
        command.args(arguments);
        Process::start(command)
    }

    /// Starts the binary on a terminal and goes on.
    pub(crate) fn start_on_terminal(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Process {
        let mut command = command(self.folder(), &self.environment);
        command.args(arguments);
        Process::start(on_terminal(&command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_holds_what_it_was_given() {
        let project = Project::new().campaign("sale", "campaign: sale\n").file("audiences/all.csv", "to\n");
        let mut names: Vec<String> =
            ["sendform.yaml", "sale.yaml", "audiences/all.csv"].map(|path| project.read(path)).into();
        project.write("sale.yaml", format!("# {}\n", project.path("sale.yaml").display()));
        names.push(project.read("sale.yaml"));
        assert_eq!(names, [PROJECT, "campaign: sale\n", "to\n", "# [project]/sale.yaml\n"]);
    }
}
