//! What to say where no project is: those below, and files that were likely meant to be one.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use super::home::PROJECT_FILE;
use super::shell_quote;

/// How many folders are looked into, and how deep.
const FOLDERS_MAX: usize = 10_000;
const DEPTH_MAX: usize = 6;
/// How many projects are named.
const NAMED_MAX: usize = 10;
/// Folders in which nobody keeps a project, and which are large.
const PASSED_OVER: [&str; 2] = ["target", "node_modules"];

/// What to do where a folder holds no project file.
pub(super) fn hints(dir: &Path) -> Vec<String> {
    if let Some(name) = almost(dir) {
        return vec![format!("the project file is called `{PROJECT_FILE}`: rename `{}`", dir.join(name).display())];
    }
    let below = projects_below(dir);
    let mut hints: Vec<String> = below
        .iter()
        .take(NAMED_MAX)
        .map(|project| {
            format!("there is a project in `{}`: pass `{}`", project.display(), shell_quote::dir_option(project).trim())
        })
        .collect();
    match below.len().checked_sub(NAMED_MAX) {
        Some(more) if more > 0 => hints.push(format!("there are {more} more below")),
        _ if hints.is_empty() => {
            hints.push("name the project's folder with `--dir`, or begin a project with `sendform init`".to_owned());
        }
        _ => {}
    }
    hints
}

/// A file whose name is almost that of the project file.
fn almost(dir: &Path) -> Option<String> {
    let names = fs::read_dir(dir).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.into_iter().find(|name| ["sendform.yaml", "sendform.yml"].contains(&name.to_lowercase().as_str()))
}

/// The folders below one that hold a project file, the nearest first.
fn projects_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = VecDeque::from([(dir.to_owned(), 0)]);
    let mut left = FOLDERS_MAX;
    while let Some((folder, depth)) = folders.pop_front().filter(|_| left > 0) {
        left -= 1;
        if depth > 0 && folder.join(PROJECT_FILE).is_file() {
            found.push(if dir == Path::new(".") {
                folder.strip_prefix(dir).unwrap_or(&folder).to_owned()
            } else {
                folder
            });
            continue;
        }
        if depth == DEPTH_MAX {
            continue;
        }
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let mut below: Vec<PathBuf> = entries
            .flatten()
            .filter(is_folder)
            .filter(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                !name.starts_with('.') && !PASSED_OVER.contains(&&*name)
            })
            .map(|entry| entry.path())
            .collect();
        below.sort_unstable();
        folders.extend(below.into_iter().map(|path| (path, depth + 1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints_for(files: &[&str]) -> String {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        hints(dir.path()).join("\n").replace(&dir.path().display().to_string(), "DIR")
    }

    #[test]
    fn projects_below_are_named() {
        insta::assert_snapshot!(
            hints_for(&[
                "b/sendform.yaml",
                "a/deep/er/sendform.yaml",
                "b/inside/sendform.yaml",
                ".hidden/sendform.yaml",
                "node_modules/x/sendform.yaml",
                "target/sendform.yaml",
                "1/2/3/4/5/6/7/sendform.yaml",
            ]),
            @"
        there is a project in `DIR/b`: pass `--dir DIR/b`
        there is a project in `DIR/a/deep/er`: pass `--dir DIR/a/deep/er`
        "
        );
        let many: Vec<String> = (0..12).map(|number| format!("p{number:02}/sendform.yaml")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(hints_for(&many).ends_with("`DIR/p09`: pass `--dir DIR/p09`\nthere are 2 more below"));
    }

    #[test]
    fn a_file_of_almost_the_name_is_named() {
        insta::assert_snapshot!(hints_for(&["Sendform.yml", "a/sendform.yaml"]), @"the project file is called `sendform.yaml`: rename `DIR/Sendform.yml`");
        insta::assert_snapshot!(hints_for(&["other.yaml"]), @"name the project's folder with `--dir`, or begin a project with `sendform init`");
        assert_eq!(hints(Path::new("/nowhere")).len(), 1);
    }
}
