//! What became of a frozen plan, as JSON.

use serde_json::{Value, json};

use crate::plan::{Change, Comparison, FrozenState};

/// Writes which plan is applied, and what it has that the files lack.
pub(super) fn state(frozen: &FrozenState) -> Value {
    let missing = frozen.missing.iter().map(|(key, people)| json!({ "message": key.to_string(), "people": people }));
    json!({
        "digest": frozen.digest.to_string(),
        "at": frozen.at.to_string(),
        "missing": missing.collect::<Vec<_>>(),
    })
}

/// Writes what became of the plan's people of one message.
pub(super) fn held(held: &Comparison) -> Value {
    let gates = held.fallen.counts.occupied().map(|(gate, count)| (gate.name().to_owned(), count.into()));
    let gone = (held.fallen.gone > 0).then(|| ("notInAudience".to_owned(), held.fallen.gone.into()));
    json!({
        "people": held.people,
        "noLongerToSend": gates.chain(gone).collect::<serde_json::Map<String, Value>>(),
        "changes": held.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Value {
    match change {
        Change::Revision { planned, now } => {
            json!({ "what": "revision", "planned": planned.get(), "now": now.get() })
        }
        Change::Term { name, planned, now } => json!({ "what": name, "planned": planned, "now": now }),
        Change::Text { planned, now } => json!({ "what": "text", "planned": planned, "now": now }),
        Change::Contents { people, lines } => json!({ "what": "contents", "people": people, "lines": lines }),
        Change::Expired { people, at } => {
            json!({ "what": "expired", "people": people, "at": at.map(|at| at.to_string()) })
        }
    }
}
