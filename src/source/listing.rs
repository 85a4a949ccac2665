//! Looks for campaign files in the project's folder and below it.

use std::io;
use std::path::Path;

use cap_std::fs::{Dir, DirEntry};

/// The project's own file.
pub(super) const PROJECT_FILE: &str = "sendform.yaml";

/// How many files and folders are looked at; a folder with more is not a project's.
pub const ENTRIES_MAX: usize = 100_000;
/// How many folders may lie in each other.
pub const DEPTH_MAX: usize = 32;

/// What lies in the project's folder and below it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files that are to be read as campaigns, sorted: those beside the project's file first.
    pub campaigns: Vec<String>,
    /// YAML files that are ignored, and folders that are.
    pub ignored: Vec<String>,
    /// Links that are not followed, because they lead to a folder or out of the project's folder.
    pub links: Vec<String>,
    /// Folders that are a project of their own, and are not looked through.
    pub projects: Vec<String>,
    /// Whether there is more than is looked at, in number or in depth.
    pub is_cut: bool,
}

impl Listing {
    /// Lists `*.yaml` and `*.yml`, in any case, but for the project's own file, hidden ones, those in
    /// hidden folders, and those in folders that are a project of their own. What is no regular file
    /// is listed too, so that reading it says so.
    ///
    /// # Errors
    /// If a folder cannot be read, or the name of such a file is not UTF-8.
    pub(super) fn of(project: &Dir, ignored: &[&str]) -> io::Result<Self> {
        let mut search = FileSearch { ignored, entries: 0, listing: Self::default() };
        search.folder(project, "", 0)?;
        let mut listing = search.listing;
        for list in [&mut listing.campaigns, &mut listing.ignored, &mut listing.links, &mut listing.projects] {
            list.sort_unstable_by_key(|path| (path.matches('/').count(), path.clone()));
        }
        Ok(listing)
    }
}

struct FileSearch<'a> {
    ignored: &'a [&'a str],
    entries: usize,
    listing: Listing,
}

impl FileSearch<'_> {
    fn folder(&mut self, folder: &Dir, path: &str, depth: usize) -> io::Result<()> {
        for entry in folder.entries()? {
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                self.listing.is_cut = true;
                break;
            }
            self.entry(folder, &entry?, path, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, folder: &Dir, entry: &DirEntry, path: &str, depth: usize) -> io::Result<()> {
        let name = entry.file_name();
        let kind = entry.file_type()?;
        let is_yaml = Path::new(&name)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml"));
        let Some(name) = name.to_str() else {
            // Campaigns may lie below a folder, whatever its name.
            let hides = kind.is_dir() || is_yaml;
            let what = "the name of a folder or a YAML file in it is not UTF-8";
            return if hides { Err(io::Error::new(io::ErrorKind::InvalidData, what)) } else { Ok(()) };
        };
        let is_own = depth == 0 && name == PROJECT_FILE;
        let is_file = is_yaml && !kind.is_dir();
        if name.starts_with('.') || is_own || !(is_file || kind.is_dir() || kind.is_symlink()) {
            return Ok(());
        }
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        if self.ignored.contains(&path.as_str()) {
            self.listing.ignored.push(path);
        } else if is_file {
            self.listing.campaigns.push(path);
        } else if kind.is_symlink() {
            if may_be_folder(folder, name) {
                self.listing.links.push(path);
            }
        } else if depth == DEPTH_MAX {
            self.listing.is_cut = true;
        } else {
            let below = entry.open_dir()?;
            if below.exists(PROJECT_FILE) {
                self.listing.projects.push(path);
            } else {
                self.folder(&below, &path, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// Whether a link leads to a folder. Where it leads out nobody looks: there its name tells.
fn may_be_folder(folder: &Dir, name: &str) -> bool {
    match folder.metadata(name) {
        Ok(target) => target.is_dir(),
        // The confinement's own refusal has no number of the operating system.
        Err(error) => {
            let leads_out = error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none();
            leads_out && !name.contains('.')
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::source::Folders;

    fn listed(files: &[&str], ignored: &[&str]) -> Listing {
        let project = tempfile::tempdir().unwrap();
        for file in files {
            if let Some((name, target)) = file.split_once("->") {
                symlink(target, project.path().join(name)).unwrap();
                continue;
            }
            let path = project.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        Folders::open(project.path(), None).unwrap().list_campaigns(ignored).unwrap()
    }

    #[test]
    fn campaigns_are_listed_wherever_they_lie() {
        let files = [
            "b.yaml",
            "a.yml",
            "sendform.yaml",
            ".hidden.yaml",
            "notes.txt",
            "c.yaml.bak",
            "Next.YML",
            "2026-12/recall.yaml",
            "2026-12/deep/er/still.Yaml",
            ".github/workflows/ci.yaml",
            "other/sendform.yaml",
            "other/theirs.yaml",
            "other/below/theirs.yaml",
            "folder.yaml/inside.yaml",
            "templates/hi.txt",
        ];
        let listing = listed(&files, &[]);
        assert_eq!(
            listing.campaigns,
            [
                "Next.YML",
                "a.yml",
                "b.yaml",
                "2026-12/recall.yaml",
                "folder.yaml/inside.yaml",
                "2026-12/deep/er/still.Yaml"
            ]
        );
        assert_eq!(listing.projects, ["other"]);
        let (campaigns, projects) = (listing.campaigns.clone(), listing.projects.clone());
        assert_eq!(listing, Listing { campaigns, projects, ..Listing::default() });
    }

    #[test]
    fn what_is_ignored_is_named() {
        let files = ["a.yaml", "compose.yaml", "deploy/a.yaml", "deploy/b/c.yaml", "old/sale.yaml", "old/keep.yaml"];
        let listing = listed(&files, &["compose.yaml", "deploy", "old/sale.yaml", "none.yaml", "a"]);
        assert_eq!(listing.campaigns, ["a.yaml", "old/keep.yaml"]);
        assert_eq!(listing.ignored, ["compose.yaml", "deploy", "old/sale.yaml"]);
    }

    #[test]
    fn links_are_not_followed() {
        let files = [
            "real/a.yaml",
            "in->real",
            "out->/etc",
            "out.csv->/etc/passwd",
            "up->..",
            "loop->.",
            "dangling->nowhere",
            "file->real/a.yaml",
            "passwd.yaml->/etc/passwd",
            ".hidden->real",
        ];
        let listing = listed(&files, &["up"]);
        assert_eq!(listing.campaigns, ["passwd.yaml", "real/a.yaml"]);
        assert_eq!(listing.links, ["in", "loop", "out"]);
        assert_eq!(listing.ignored, ["up"]);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |folders: usize| format!("{}x.yaml", "d/".repeat(folders));
        let listing = listed(&[&deep(DEPTH_MAX)], &[]);
        assert_eq!((listing.campaigns.len(), listing.is_cut), (1, false));
        let listing = listed(&[&deep(DEPTH_MAX + 1)], &[]);
        assert_eq!((listing.campaigns.len(), listing.is_cut), (0, true));
    }
}
