//! How far a ledger can be trusted, and what it may lack: the same for every command that shows it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::identity::KeyId;
use crate::ledger::{Authenticity, Header, Trust, Unclosed};
use crate::report::document::DateTime;
use crate::report::trust::not_ended;

use super::delta::DeltaView;

/// How far a ledger can be trusted, and what it may lack.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustView {
    /// Who has written it, as far as that is known; null where lines are not signed, in PostgreSQL.
    pub authenticity: Option<AuthenticityView>,
    /// Whether not all of git's history of it could be looked at.
    pub history_cut: bool,
    /// The runs whose end may be missing.
    pub unclosed: Vec<UnclosedView>,
    /// How many claims a database has of which nobody can tell whether they were put back from a copy; null if there
    /// are no such.
    pub unmarked_claims: Option<u64>,
    /// What the lockfile had lost and its shadow has kept, which counts.
    pub restored: DeltaView,
    /// The check values of the keys that it names and that were not supplied: whom it has under them is not recognised.
    pub missing_keys: Vec<String>,
}

/// Who has written a ledger.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AuthenticityView {
    /// Whoever has the key.
    Signed,
    /// Nobody could look, without the key.
    Unchecked,
    /// No line is signed.
    Unsigned,
}

/// A run whose end may be missing.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnclosedView {
    /// Its number.
    pub run: String,
    /// How many entries of it are here.
    pub entries: u64,
    /// When the last of them was written; null if that is not known.
    #[schemars(with = "Option<DateTime>")]
    pub last: Option<Timestamp>,
    /// The finding in words.
    pub words: String,
}

impl TrustView {
    /// Makes a view of what is known of a ledger with this header, by somebody with these keys.
    #[must_use]
    pub fn new(trust: &Trust, header: &Header, supplied: &[KeyId]) -> Self {
        let missing = header.keys.iter().filter(|key| !supplied.contains(key));
        Self {
            authenticity: trust.authenticity.map(AuthenticityView::from),
            history_cut: trust.is_history_cut,
            unclosed: trust.unclosed.iter().map(UnclosedView::new).collect(),
            unmarked_claims: trust.unmarked,
            restored: trust.restored.into(),
            missing_keys: missing.map(ToString::to_string).collect(),
        }
    }
}

impl From<Authenticity> for AuthenticityView {
    fn from(authenticity: Authenticity) -> Self {
        match authenticity {
            Authenticity::Signed => Self::Signed,
            Authenticity::Unchecked => Self::Unchecked,
            Authenticity::Unsigned => Self::Unsigned,
        }
    }
}

impl UnclosedView {
    fn new(unclosed: &Unclosed) -> Self {
        Self {
            run: unclosed.run.to_string(),
            entries: unclosed.entries as u64,
            last: unclosed.last,
            words: not_ended(unclosed),
        }
    }
}
