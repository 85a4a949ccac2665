//! What the gateway has and has not let go of yet, as JSON.

use serde_json::{Value, json};

use crate::identity::MessageId;
use crate::ledger::HandedOver;
use crate::plan::{AtGateway, Ends, Gone, TermChange};

/// Writes what the gateway has of a message.
pub(super) fn message(at: &AtGateway) -> Value {
    let Some(all) = at.all() else { return Value::Null };
    let unstopped = at.unstopped.iter().map(|unstopped| {
        let ends = match unstopped.ends {
            Ends::At(gate) => gate.name(),
            Ends::Nowhere => "notInAudience",
        };
        with(unstopped.handed, json!({ "gate": ends, "messageIds": ids(&unstopped.ids) }))
    });
    let older = at.older.iter().map(|(revision, handed)| with(*handed, json!({ "revision": revision.get() })));
    let changed = at.changed.as_ref();
    let changed =
        changed.map(|(terms, handed)| with(*handed, json!({ "terms": terms.iter().map(term).collect::<Vec<_>>() })));
    with(
        all,
        json!({
            "waiting": at.waiting.map(people),
            "unstopped": unstopped.collect::<Vec<_>>(),
            "paused": at.paused,
            "retired": at.retired,
            "changed": changed,
            "otherTime": at.other_time.map(people),
            "olderRevisions": older.collect::<Vec<_>>(),
        }),
    )
}

/// Writes what still leaves of a message that the files lack.
pub(super) fn gone(gone: &Gone) -> Value {
    let suppressed = gone.suppressed.as_ref().map(|(handed, some)| with(*handed, json!({ "messageIds": ids(some) })));
    with(gone.handed, json!({ "message": gone.key.to_string(), "retired": gone.retired, "suppressed": suppressed }))
}

/// Writes how many, and when.
pub(super) fn people(handed: HandedOver) -> Value {
    with(handed, json!({}))
}

fn with(handed: HandedOver, mut fields: Value) -> Value {
    if let Value::Object(fields) = &mut fields {
        fields.insert("people".to_owned(), handed.people.into());
        fields.insert("leavesFrom".to_owned(), handed.leaving.from.to_string().into());
        fields.insert("leavesBy".to_owned(), handed.leaving.by.to_string().into());
    }
    fields
}

fn ids(ids: &[MessageId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn term(change: &TermChange) -> Value {
    json!({ "what": change.name, "before": change.before, "now": change.now })
}
