//! What can still be looked at in a file that has errors.

use crate::campaign::cursor::Cursor;
use crate::campaign::draft::DraftPart;

use super::audience::{Audiences, loose};
use super::content;

/// The audiences of a file: those that are whole, and what is left of the others.
pub(super) fn audiences(at: &Cursor<'_>, audiences: &Audiences) -> Vec<DraftPart> {
    at.entries().filter_map(|(name, at)| audience(&at, name, audiences.get(name))).collect()
}

fn audience(
    at: &Cursor<'_>,
    name: &str,
    known: Option<&Option<crate::campaign::checked::DeclaredAudience>>,
) -> Option<DraftPart> {
    match known {
        Some(Some(declared)) => Some(DraftPart::Audience(declared.audience.clone())),
        Some(None) | None => left(at, name),
    }
}

/// What is left of an audience that is wrong.
pub(super) fn left(at: &Cursor<'_>, name: &str) -> Option<DraftPart> {
    match loose(at, name) {
        Some(audience) => Some(DraftPart::Loose(audience.into())),
        None => content::expression(&at.key("where")).map(DraftPart::Filter),
    }
}
