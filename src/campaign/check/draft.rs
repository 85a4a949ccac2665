//! What can still be looked at in a file that has errors.

use crate::campaign::at::At;
use crate::campaign::draft::Draft;

use super::audience::{Audiences, loose};
use super::content;

/// The audiences of a file: those that are whole, and what is left of the others.
pub(super) fn audiences(at: &At<'_>, audiences: &Audiences) -> Vec<Draft> {
    at.entries().filter_map(|(name, at)| audience(&at, name, audiences.get(name))).collect()
}

fn audience(
    at: &At<'_>,
    name: &str,
    known: Option<&Option<crate::campaign::checked::DeclaredAudience>>,
) -> Option<Draft> {
    match known {
        Some(Some(declared)) => Some(Draft::Audience(declared.audience.clone())),
        Some(None) | None => left(at, name),
    }
}

/// What is left of an audience that is wrong.
pub(super) fn left(at: &At<'_>, name: &str) -> Option<Draft> {
    match loose(at, name) {
        Some(audience) => Some(Draft::Loose(audience.into())),
        None => content::expression(&at.key("where")).map(Draft::Filter),
    }
}
