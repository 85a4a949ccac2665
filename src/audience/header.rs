//! Whether the names of the columns can be used.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audience::COLUMNS_MAX;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::render::Header;

/// Takes the names of the columns, trimmed.
///
/// # Errors
/// If there is none, or too many, or one is blank or stands twice.
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
        if !seen.insert(name) {
            return refuse(format!("two columns are called `{name}`"));
        }
    }
    Ok(Header::new(names))
}
