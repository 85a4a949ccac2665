//! Which file was probably meant by a path that does not exist.

use std::collections::VecDeque;

use cap_std::fs::Dir;

use crate::render::plain_name;

/// How many entries of folders are looked at.
const ENTRIES_MAX: usize = 20_000;
/// How deep folders are looked into.
const DEPTH_MAX: usize = 8;

/// Looks for it in the folders, those that begin with a dot left out.
#[must_use]
pub(super) fn similar<'a>(path: &str, folders: impl Iterator<Item = &'a Dir>) -> Option<String> {
    let files: Vec<String> = folders.flat_map(files).collect();
    choose(path, &files).map(str::to_owned)
}

/// The files below a folder, nearer ones first.
fn files(folder: &Dir) -> Vec<String> {
    let mut found = Vec::new();
    let mut looked_at = 0;
    let mut waiting: VecDeque<(String, usize, Option<Dir>)> =
        VecDeque::from([(String::new(), 0, folder.try_clone().ok())]);
    while let Some((path, depth, Some(folder))) = waiting.pop_front() {
        let Ok(entries) = folder.entries() else { continue };
        let mut names: Vec<String> = entries
            .take(ENTRIES_MAX.saturating_sub(looked_at))
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        looked_at += names.len();
        names.sort_unstable();
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let Ok(kind) = folder.symlink_metadata(name) else { continue };
            if kind.is_dir() && depth < DEPTH_MAX {
                waiting.push_back((format!("{path}{name}/"), depth + 1, folder.open_dir(name).ok()));
            } else if folder.metadata(name).is_ok_and(|kind| kind.is_file()) {
                found.push(format!("{path}{name}"));
            }
        }
    }
    found
}

/// Chooses among files: the same path in other letters; what is left without the folders in front; the
/// same name elsewhere; the same name with another ending; a name that is nearly the same.
fn choose<'a>(path: &str, files: &'a [String]) -> Option<&'a str> {
    let wanted = folded(path);
    let files: Vec<(&str, String)> =
        files.iter().filter(|file| !is_campaign(file)).map(|file| (file.as_str(), folded(file))).collect();
    let nearest = |is_like: &dyn Fn(&str) -> bool| {
        let like = files.iter().filter(|(_, file)| is_like(file));
        like.min_by_key(|(_, file)| strsim::osa_distance(&wanted, file)).map(|(file, _)| *file)
    };
    let letters_wrong = |file: &str| strsim::osa_distance(name(&wanted), name(file));
    let letters_wrong_max = (name(&wanted).chars().count() / 4).max(1);
    nearest(&|file| file == wanted)
        .or_else(|| nearest(&|file| wanted.strip_suffix(file).is_some_and(|front| front.ends_with('/'))))
        .or_else(|| nearest(&|file| name(file) == name(&wanted)))
        .or_else(|| nearest(&|file| stem(file) == stem(&wanted)))
        .or_else(|| nearest(&|file| letters_wrong(file) <= letters_wrong_max))
}

fn folded(path: &str) -> String {
    plain_name(path).to_lowercase()
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A name without its endings.
fn stem(path: &str) -> &str {
    name(path).split('.').next().unwrap_or_default()
}

/// Whether a file is surely no audience and no template.
fn is_campaign(file: &str) -> bool {
    let lower = file.to_lowercase();
    [".yaml", ".yml", ".lock"].iter().any(|end| lower.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn the_nearest_file_is_chosen() {
        let files = [
            "audiences/customers.csv",
            "audiences/guests.csv.gz",
            "audiences/2026/people.csv",
            "archive/people.csv",
            "audiences/Če\u{301}.csv",
            "customers.yaml",
            "people-2026-11-30.csv",
        ]
        .map(str::to_owned);
        let check = |path: &str, expect: Option<&str>| assert_eq!(choose(path, &files), expect, "{path}");
        check("Audiences/Customers.CSV", Some("audiences/customers.csv"));
        check("campaigns/audiences/customers.csv", Some("audiences/customers.csv"));
        check("shop/campaigns/audiences/Customers.csv", Some("audiences/customers.csv"));
        check("customers.csv", Some("audiences/customers.csv"));
        check("audiences/2025/people.csv", Some("audiences/2026/people.csv"));
        check("people.csv", Some("archive/people.csv"));
        check("audiences/guests.csv", Some("audiences/guests.csv.gz"));
        check("audiences/customers.ndjson", Some("audiences/customers.csv"));
        check("audiences/costumers.csv", Some("audiences/customers.csv"));
        check("people-2026-11-29.csv", Some("people-2026-11-30.csv"));
        check("audiences/čé.csv", Some("audiences/Če\u{301}.csv"));
        check("audiences/subscribers.csv", None);
        check("", None);
    }
}
