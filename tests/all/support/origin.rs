//! A bare git repository that holds a project, and clones of it that runs take place in.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::project::Project;

/// Runs git as a user does, and gives back what it wrote.
#[track_caller]
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let settings =
        ["user.name=Ana", "user.email=ana@example.com", "init.defaultBranch=main", "advice.detachedHead=false"];
    let mut command = Command::new("git");
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", folder).env("LC_ALL", "C");
    command.args(settings.iter().flat_map(|setting| ["-c", setting])).args(arguments).current_dir(folder);
    let output = command.output().expect("git can be run");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// A bare repository, which goes away with its folder.
#[derive(Debug)]
pub(crate) struct Origin {
    folder: TempDir,
}

impl Origin {
    /// A repository whose `main` has all files of a project, which becomes a clone of it.
    pub(crate) fn of(project: &Project) -> Self {
        let origin = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        git(origin.folder.path(), &["init", "--quiet", "--bare", "origin.git"]);
        let folder = project.folder();
        project.write(".gitignore", ".sendform/\n");
        git(folder, &["init", "--quiet"]);
        git(folder, &["add", "--all"]);
        git(folder, &["commit", "--quiet", "-m", "A project"]);
        git(folder, &["remote", "add", "origin", &origin.url()]);
        git(folder, &["push", "--quiet", "origin", "main"]);
        origin
    }

    /// Another repository with the same branches.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        git(copy.folder.path(), &["clone", "--quiet", "--bare", &self.path().display().to_string(), "origin.git"]);
        copy
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("origin.git")
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.path().display())
    }

    /// Makes a clone as a CI runner has it: shallow, and with a detached HEAD.
    pub(crate) fn runner(&self) -> Project {
        let project = Project::empty();
        git(project.folder(), &["clone", "--quiet", "--depth", "1", "-b", "main", &self.url(), "."]);
        git(project.folder(), &["checkout", "--quiet", "--detach"]);
        project
    }

    /// How many commits the ledger has.
    pub(crate) fn pushes(&self) -> usize {
        git(&self.path(), &["rev-list", "--count", "sendform-ledger"]).parse().expect("a number")
    }
}
