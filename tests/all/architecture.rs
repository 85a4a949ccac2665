//! The rules of the house, checked on the files themselves: layers, purity, words, and what lies
//! where.

mod house;
mod paths;
mod rules;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use house::House;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// All Rust files under a folder of the repository, as paths from its top, sorted, with their text.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let name = entry.strip_prefix(ROOT).expect("it lies in the repository").display().to_string();
                files.push((name, fs::read_to_string(&entry).expect("a source file can be read")));
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "no Rust files in {folder}");
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the repository can be read");
    entries.map(|entry| entry.expect("an entry can be read").path()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn rooms_look_only_into_rooms_above_and_pure_rooms_stay_pure() {
    let faults: Vec<String> = rust_files("src")
        .iter()
        // A module in a file `tests.rs` is declared under `#[cfg(test)]`.
        .filter(|(file, _)| !file.ends_with("/tests.rs"))
        .flat_map(|(file, source)| rules::faults(file, source))
        .collect();
    assert_none(&faults);
}

#[test]
fn a_types_name_means_one_thing() {
    assert_none(&House::read(&rust_files("src")).double_names());
}

#[test]
fn the_files_of_a_room_do_not_go_round_in_circles() {
    assert_none(&House::read(&rust_files("src")).circles());
}

#[test]
fn the_map_lists_the_rooms_in_their_order() {
    let map = fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).unwrap();
    let listed: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(listed, rules::ROOMS);
    let strangers: Vec<String> = rust_files("src")
        .into_iter()
        .map(|(file, _)| rules::room_of(&file).to_owned())
        .filter(|room| !rules::ROOMS.contains(&room.as_str()) && room != "lib" && room != "main")
        .collect();
    assert_none(&strangers);
}

#[test]
fn every_file_says_what_lives_in_it() {
    let silent: Vec<String> = [rust_files("src"), rust_files("tests")]
        .concat()
        .into_iter()
        .filter(|(_, source)| !source.starts_with("//! "))
        .map(|(file, _)| format!("{file} does not begin with `//!`"))
        .collect();
    assert_none(&silent);
}

/// Folders of what tests read.
const DATA: [&str; 2] = ["fixtures", "snapshots"];

#[test]
fn no_test_file_is_forgotten() {
    let main = fs::read_to_string(Path::new(ROOT).join("tests/all/main.rs")).unwrap();
    let forgotten: Vec<String> = entries(&Path::new(ROOT).join("tests/all"))
        .iter()
        .map(|entry| name(entry).trim_end_matches(".rs").to_owned())
        // Tools leave hidden files behind.
        .filter(|module| module != "main" && !module.starts_with('.') && !DATA.contains(&module.as_str()))
        .filter(|module| !main.contains(&format!("mod {module};")))
        .map(|module| format!("tests/all/main.rs does not list `{module}`"))
        .collect();
    assert_none(&forgotten);
}

/// The words are written in two halves, so that this file does not hold them.
const FORBIDDEN: [&str; 8] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("dbg", "!("),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("#[ign", "ore"),
    concat!("#[should", "_panic"),
];

#[test]
fn nothing_is_left_for_later() {
    let left: Vec<String> = [rust_files("src"), rust_files("tests")]
        .concat()
        .iter()
        .flat_map(|(file, source)| source.lines().enumerate().map(move |(index, line)| (file, index + 1, line)))
        .filter_map(|(file, line, text)| {
            let word = FORBIDDEN.iter().find(|word| text.contains(**word))?;
            Some(format!("{file}:{line}: `{word}`"))
        })
        .collect();
    assert_none(&left);
}

#[test]
fn no_module_is_a_drawer() {
    let drawers: Vec<String> = [rust_files("src"), rust_files("tests")]
        .concat()
        .into_iter()
        .map(|(file, _)| file)
        .filter(|file| {
            let parts = file.trim_end_matches(".rs").split('/');
            parts.into_iter().any(|part| matches!(part, "utils" | "util" | "helpers" | "common" | "misc"))
        })
        .collect();
    assert_none(&drawers);
}

#[test]
fn the_top_holds_only_what_a_reader_needs() {
    let kept = ["Cargo.toml", "Cargo.lock", "README.md", "src", "campaigns", "schema", "tests", "target"];
    let strangers: Vec<String> = entries(Path::new(ROOT))
        .iter()
        .map(|entry| name(entry))
        .filter(|name| !name.starts_with('.') && !name.starts_with("LICENSE") && !kept.contains(&name.as_str()))
        .collect();
    assert_none(&strangers);
}
