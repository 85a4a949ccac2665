//! Fields of a line that this version does not know, and keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Unknown fields by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct UnknownFields(BTreeMap<String, Value>);

impl UnknownFields {
    /// Unites the fields; of two values of one field the one whose text is greater stays.
    pub(super) fn join(&mut self, other: &Self) {
        for (name, theirs) in &other.0 {
            let mine = self.0.entry(name.clone()).or_insert_with(|| theirs.clone());
            let (before, behind) = (mine.to_string(), theirs.to_string());
            if behind > before {
                mine.clone_from(theirs);
            }
        }
    }

    /// Takes out what stands at a line's end, and was read along with the unknown fields.
    pub(super) fn without_end(mut self) -> Self {
        for name in ["key", "mac", "sum"] {
            self.0.remove(name);
        }
        self
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text that orders sets of fields.
    pub(super) fn rank(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}
