//! Whether the names of the columns can be used.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::audience::COLUMNS_MAX;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::identity::{CanonicalTo, IdRule};
use crate::render::{ColumnNames, plain_name, visible_name};

/// Takes the names of the columns with their numbers, from 1, as they are written.
///
/// # Errors
/// If there is none, or too many, or one is blank, stands twice, or is an id rather than a name.
pub(super) fn check_header<'a>(
    names: impl IntoIterator<Item = (usize, &'a str)>,
    place: &Place,
) -> Result<Arc<ColumnNames>, Diagnostic> {
    let refuse = |message: String| Diagnostic::error(Code::BadHeader, message, place.clone());
    let mut plain: Vec<String> = Vec::new();
    let mut seen: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for (number, written) in names {
        let name = plain_name(written);
        if name.is_empty() {
            return Err(refuse(format!("column {number} has no name")));
        }
        if name.chars().any(char::is_control) {
            return Err(refuse(format!("the name of column {number} holds a control character")));
        }
        if CanonicalTo::parse(&name, IdRule::Numeric).is_ok() {
            // It may be a person's, and is not shown.
            let message = format!("the first line holds no column names: column {number} is a long number");
            return Err(refuse(message).help("begin with a line of column names"));
        }
        if let Some(before) = seen.insert(name.clone().into_owned(), (number, written)) {
            return Err(twice(refuse, &name, before, (number, written)));
        }
        plain.push(name.into_owned());
    }
    if plain.is_empty() || plain.len() > COLUMNS_MAX {
        return Err(refuse(format!("an audience has 1 to {COLUMNS_MAX} columns, and here are {}", plain.len())));
    }
    Ok(ColumnNames::new(plain))
}

/// Says that two columns have one name, and how they differ in what nobody sees.
fn twice(
    refuse: impl Fn(String) -> Diagnostic,
    name: &str,
    (first, written_first): (usize, &str),
    (second, written_second): (usize, &str),
) -> Diagnostic {
    let [first_shown, second_shown] = [written_first, written_second].map(visible_name);
    let unseen = if first_shown.trim() == second_shown.trim() {
        String::new()
    } else {
        format!(", but for what nobody sees: `{first_shown}` and `{second_shown}`")
    };
    let message = format!("two columns are called `{name}`{unseen}");
    refuse(message).help(format!("rename column {first} or column {second}, or leave one of them out of the export"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> Result<Vec<String>, String> {
        let place = Place::File("a.csv".to_owned());
        let header = check_header((1..).zip(names.iter().copied()), &place);
        header.map(|header| header.names().to_vec()).map_err(|found| found.message)
    }

    #[test]
    fn names_are_taken_without_what_nobody_sees() {
        let plain = |names: &[&str], expect: &[&str]| {
            assert_eq!(check(names), Ok(expect.iter().map(|&name| name.to_owned()).collect()));
        };
        plain(&[" to ", "First\u{a0}Name", "\u{200b}city"], &["to", "First Name", "city"]);
        plain(&["Email", "email"], &["Email", "email"]);
        plain(&["to", "2026", "phone2", "+", "12345a"], &["to", "2026", "phone2", "+", "12345a"]);
    }

    #[test]
    fn names_that_cannot_be_used_are_refused() {
        let refused = |names: &[&str], expect: &str| assert_eq!(check(names), Err(expect.to_owned()));
        refused(&["to", "to"], "two columns are called `to`");
        refused(&["to", " to"], "two columns are called `to`");
        let unseen = "two columns are called `A B`, but for what nobody sees: `A B` and `A<U+00A0>B`";
        refused(&["A B", "x", "A\u{a0}B"], unseen);
        refused(&["to", "\u{200b}"], "column 2 has no name");
        refused(&["to", "a\u{7}b"], "the name of column 2 holds a control character");
        refused(&[], "an audience has 1 to 1000 columns, and here are 0");
        for id in ["17841400000000001", "+385911234567", "123456", "'17841400000000001", "=\"17841400000000001\""] {
            refused(&["name", id], "the first line holds no column names: column 2 is a long number");
        }
    }
}
