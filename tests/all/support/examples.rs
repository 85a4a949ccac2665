//! The examples of this repository, as a project of their own.

use std::fs;
use std::path::{Path, PathBuf};

use super::Project;

/// The examples in a folder of their own, so that no run leaves anything beside them.
pub(crate) fn examples() -> Project {
    let project = Project::empty();
    copy(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("campaigns"), &project.path("campaigns"));
    project
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (name, path) = (entry.file_name(), entry.path());
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(path, to.join(name)).unwrap();
        }
    }
}
