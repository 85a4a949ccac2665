//! Whether the names of the columns can be used.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audience::COLUMNS_MAX;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::render::Header;

/// Takes the names of the columns, trimmed.
///
/// # Errors
/// If there is none, or too many, or one is blank, stands twice, or is an id rather than a name.
pub(super) fn check_header(names: Vec<String>, place: &Place) -> Result<Arc<Header>, Diagnostic> {
    let refuse = |message: String| Err(Diagnostic::error(Code::BadHeader, message, place.clone()));
    let names: Vec<String> = names.into_iter().map(|name| name.trim().to_owned()).collect();
    if names.is_empty() || names.len() > COLUMNS_MAX {
        return refuse(format!("an audience has 1 to {COLUMNS_MAX} columns, and here are {}", names.len()));
    }
    let mut seen = BTreeSet::new();
    for (name, number) in names.iter().zip(1..) {
        if name.is_empty() {
            return refuse(format!("column {number} has no name"));
        }
        if name.chars().any(char::is_control) {
            return refuse(format!("the name of column {number} holds a control character"));
        }
        if looks_like_an_id(name) {
            // It may be a person's, and is not shown.
            return Err(Diagnostic::error(
                Code::BadHeader,
                format!("the first line holds no column names: column {number} is a long number"),
                place.clone(),
            )
            .help("begin with a line of column names"));
        }
        if !seen.insert(name) {
            return refuse(format!("two columns are called `{name}`"));
        }
    }
    Ok(Header::new(names))
}

/// Says whether a name is a number as long as the ids of people are: then the header is missing, and
/// the first row stands in its place.
fn looks_like_an_id(name: &str) -> bool {
    let digits = name.strip_prefix('+').unwrap_or(name);
    digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::looks_like_an_id;

    #[test]
    fn a_long_number_is_no_name() {
        for id in ["17841400000000001", "+385911234567", "123456"] {
            assert!(looks_like_an_id(id), "{id}");
        }
        for name in ["to", "2026", "phone2", "", "+", "12345a"] {
            assert!(!looks_like_an_id(name), "{name}");
        }
    }
}
