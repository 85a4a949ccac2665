//! The rules that hold for all files of `src` together: a type's name means one thing, and the files of a room
//! are layers as well.

use std::collections::{BTreeMap, BTreeSet};

use super::paths::{Path, paths};
use super::rules::room_of;
use super::tokens::{Kind, Token, program};

/// Names that one thing has in several rooms: as a file says it, as it was checked, and as the API has it.
const ONE_THING: [&str; 6] = ["Content", "Delivery", "IfAmbiguous", "Message", "Schedule", "Webhooks"];

/// The files of the program, with what each has in it.
pub(crate) struct House {
    files: BTreeMap<String, File>,
    /// The file of each module.
    modules: BTreeMap<Vec<String>, String>,
}

struct File {
    /// The module that it is: `store`, `git`.
    module: Vec<String>,
    types: Vec<(String, usize)>,
    paths: Vec<Path>,
    /// What it hands on under a name of its own.
    handed_on: BTreeMap<String, Path>,
}

impl House {
    /// Reads it. Files that only tests see are no part of it.
    pub(crate) fn read(files: &[(String, String)]) -> Self {
        let tokens: BTreeMap<String, Vec<Token>> =
            files.iter().map(|(file, source)| (file.clone(), program(source))).collect();
        let mut reached = BTreeMap::new();
        let mut rest = vec![("src/lib.rs".to_owned(), Vec::new())];
        while let Some((file, module)) = rest.pop() {
            let Some(tokens) = tokens.get(&file) else { continue };
            for child in declared(tokens) {
                let inside = [module.as_slice(), &[child]].concat();
                let path = inside.join("/");
                rest.extend(
                    [format!("src/{path}.rs"), format!("src/{path}/mod.rs")].map(|file| (file, inside.clone())),
                );
            }
            reached.insert(file, File::new(module, tokens));
        }
        let modules = reached.iter().map(|(file, found): (&String, &File)| (found.module.clone(), file.clone()));
        Self { modules: modules.collect(), files: reached }
    }

    /// Names of types that are defined in more than one room.
    pub(crate) fn double_names(&self) -> Vec<String> {
        let mut places: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
        for (file, File { types, .. }) in &self.files {
            for (name, line) in types {
                places.entry(name).or_default().push((room_of(file), format!("{file}:{line}")));
            }
        }
        let is_double = |(name, places): &(&str, Vec<(&str, String)>)| {
            let rooms: BTreeSet<&str> = places.iter().map(|(room, _)| *room).collect();
            rooms.len() > 1 && !ONE_THING.contains(name)
        };
        let tell = |(name, places): (&str, Vec<(&str, String)>)| {
            let places: Vec<String> = places.into_iter().map(|(_, place)| place).collect();
            format!("`{name}` is defined in several rooms: {}", places.join(", "))
        };
        places.into_iter().filter(is_double).map(tell).collect()
    }

    /// Files of one room that look into each other, in a circle.
    pub(crate) fn circles(&self) -> Vec<String> {
        let seen: BTreeMap<&str, BTreeMap<&str, String>> =
            self.files.keys().map(|file| (file.as_str(), self.seen_by(file))).collect();
        let reached: BTreeMap<&str, BTreeSet<&str>> = seen.keys().map(|file| (*file, reached(&seen, file))).collect();
        let circle = |file: &str| -> BTreeSet<&str> {
            reached[file].iter().copied().filter(|other| reached[other].contains(file)).collect()
        };
        let circles: BTreeSet<BTreeSet<&str>> =
            seen.keys().map(|file| circle(file)).filter(|circle| circle.len() > 1).collect();
        let tell = |circle: &BTreeSet<&str>| {
            let ties = circle.iter().flat_map(|file| {
                let others = seen[file].iter().filter(|(other, _)| circle.contains(*other));
                others.map(move |(other, name)| format!("  {file} -> {other}: {name}"))
            });
            format!("a circle:\n{}", ties.collect::<Vec<_>>().join("\n"))
        };
        circles.iter().map(tell).collect()
    }

    /// The other files of its room that a file looks into, and one name that it takes from each.
    fn seen_by(&self, file: &str) -> BTreeMap<&str, String> {
        let File { module, paths, .. } = &self.files[file];
        let mut seen = BTreeMap::new();
        for path in paths {
            let found =
                absolute(module, path, &|name| self.is_child(module, name)).and_then(|path| self.place(&path, 0));
            if let Some(other) = found.filter(|other| *other != file && room_of(other) == room_of(file)) {
                seen.entry(other).or_insert_with(|| path.text());
            }
        }
        seen
    }

    fn is_child(&self, module: &[String], name: &str) -> bool {
        self.modules.contains_key(&[module, &[name.to_owned()]].concat())
    }

    /// The file in which something is defined, whoever hands it on.
    fn place(&self, path: &[String], handed: usize) -> Option<&str> {
        let file = (1..=path.len()).rev().find_map(|length| self.modules.get(&path[..length]))?;
        let found = &self.files[file];
        let name = path.get(found.module.len());
        let next = name.and_then(|name| found.handed_on.get(name)).filter(|_| handed < 5);
        let next = next.and_then(|next| absolute(&found.module, next, &|name| self.is_child(&found.module, name)));
        match next {
            Some(next) => self.place(&next, handed + 1),
            // A module by itself is no name of it.
            None => name.map(|_| file.as_str()),
        }
    }
}

/// All files that one looks into, and those into which they look.
fn reached<'a>(seen: &BTreeMap<&'a str, BTreeMap<&'a str, String>>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut rest) = (BTreeSet::new(), vec![from]);
    while let Some(file) = rest.pop() {
        rest.extend(seen[file].keys().copied().filter(|next| reached.insert(*next)));
    }
    reached
}

impl File {
    fn new(module: Vec<String>, tokens: &[Token]) -> Self {
        let (handed_on, own) = without_handed_on(tokens);
        let named = |path: Path| path.segments.last().cloned().map(|name| (name, path));
        Self {
            module,
            types: types(tokens),
            paths: paths(&own),
            handed_on: handed_on.into_iter().filter_map(named).collect(),
        }
    }
}

/// The modules that a file declares, each in its own file.
fn declared(tokens: &[Token]) -> Vec<String> {
    let is = |token: &Token, word: &str| matches!(&token.kind, Kind::Word(found) if found == word);
    let declared = |three: &[Token]| match three {
        [keyword, Token { kind: Kind::Word(name), .. }, end] if is(keyword, "mod") && end.kind == Kind::Mark(';') => {
            Some(name.clone())
        }
        _ => None,
    };
    tokens.windows(3).filter_map(declared).collect()
}

fn types(tokens: &[Token]) -> Vec<(String, usize)> {
    let is_keyword = |word: &str| matches!(word, "struct" | "enum" | "trait" | "union");
    let defined = |two: &[Token]| match two {
        [Token { kind: Kind::Word(keyword), .. }, Token { kind: Kind::Word(name), line }] if is_keyword(keyword) => {
            Some((name.clone(), *line))
        }
        _ => None,
    };
    tokens.windows(2).filter_map(defined).collect()
}

/// What a file hands on with `pub use`, and the rest of it.
fn without_handed_on(tokens: &[Token]) -> (Vec<Path>, Vec<Token>) {
    let is = |at: usize, word: &str| matches!(tokens.get(at).map(|token| &token.kind), Some(Kind::Word(found)) if found == word);
    let mark = |at: usize, mark: char| tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(mark));
    let (mut handed_on, mut own, mut at) = (Vec::new(), Vec::new(), 0);
    while at < tokens.len() {
        let mut after = at + 1;
        if is(at, "pub") && mark(after, '(') {
            after += tokens[after..].iter().take_while(|token| token.kind != Kind::Mark(')')).count() + 1;
        }
        if is(at, "pub") && is(after, "use") {
            let length = tokens[after..].iter().take_while(|token| token.kind != Kind::Mark(';')).count();
            handed_on.extend(paths(&tokens[after + 1..after + length]));
            at = after + length + 1;
        } else {
            own.push(tokens[at].clone());
            at += 1;
        }
    }
    (handed_on, own)
}

/// A path from the top of the crate, if it leads to something in it.
fn absolute(module: &[String], path: &Path, is_child: &dyn Fn(&str) -> bool) -> Option<Vec<String>> {
    let first = path.segments.first()?;
    let from = match first.as_str() {
        "crate" => return Some(path.segments[1..].to_vec()),
        "self" => return Some([module, &path.segments[1..]].concat()),
        "super" => path.segments.iter().take_while(|segment| *segment == "super").count(),
        _ if path.segments.len() > 1 && is_child(first) => return Some([module, &path.segments].concat()),
        _ => return None,
    };
    // Modules inside of the file are around the path.
    let up = from.checked_sub(path.inside)?;
    let rest = &path.segments[from..];
    Some([module.get(..module.len().checked_sub(up)?)?, rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(files: &[(&str, &str)]) -> House {
        let files: Vec<(String, String)> =
            files.iter().map(|(file, source)| ((*file).to_owned(), (*source).to_owned())).collect();
        House::read(&files)
    }

    #[test]
    fn a_name_in_two_rooms_is_found() {
        let files = |name: &str| {
            let other = format!("enum {name} {{}} #[cfg(test)] mod tests {{ struct Cell; }}");
            let lib = "pub mod wire; pub mod plan; #[cfg(test)] mod testing;";
            house(&[
                ("src/lib.rs", lib),
                ("src/wire.rs", "pub struct Cell;"),
                ("src/plan/mod.rs", &other),
                ("src/testing.rs", "struct Cell;"),
            ])
            .double_names()
        };
        assert_eq!(files("Row"), [""; 0]);
        assert_eq!(files("Cell"), ["`Cell` is defined in several rooms: src/plan/mod.rs:1, src/wire.rs:1"]);
    }

    #[test]
    fn a_circle_inside_a_room_is_found_also_through_what_is_handed_on() {
        let circles = |one: &str, two: &str| {
            house(&[
                ("src/lib.rs", "pub mod plan;"),
                ("src/plan/mod.rs", "mod one; mod two; pub use one::One; pub(crate) use two::Two;"),
                ("src/plan/one.rs", one),
                ("src/plan/two.rs", two),
            ])
            .circles()
        };
        let found = "a circle:\n  src/plan/one.rs -> src/plan/two.rs: super::Two\n  src/plan/two.rs -> src/plan/one.rs: crate::plan::one::One";
        assert_eq!(circles("use super::Two;", "fn a() -> crate::plan::one::One {}"), [found]);
        assert_eq!(circles("use super::Two; struct One;", "struct Two;"), [""; 0]);
        assert_eq!(circles("use super::Two;", "#[cfg(test)] mod tests { use super::super::One; }"), [""; 0]);
        assert_eq!(circles("use super::two;", "use super::one;"), [""; 0], "a module alone is no name of it");
    }
}
