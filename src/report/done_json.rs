//! What the small commands did, as JSON: one document each, as of all commands.

use serde_json::{Value, json};

use crate::ledger::LedgerDelta;

use super::document::FORMAT_VERSION;
use super::ledger::news_json;

/// A bulk that was settled by a person's word: `sent`, `notSent` or `abandoned`.
#[must_use]
pub fn resolved(bulk: &str, word: &str, people: u64) -> Value {
    json!({ "formatVersion": FORMAT_VERSION, "kind": "resolve", "bulkId": bulk, "word": word, "people": people })
}

/// A ledger that was made.
#[must_use]
pub fn made(place: &str, gateway: &str) -> Value {
    json!({ "formatVersion": FORMAT_VERSION, "kind": "ledger-init", "place": place, "gateway": gateway })
}

/// A ledger of so many claims that was copied, and what was new to the home that it lives in now.
#[must_use]
pub fn copied(from: &str, to: &str, claims: usize, news: LedgerDelta) -> Value {
    json!({
        "formatVersion": FORMAT_VERSION,
        "kind": "ledger-copy",
        "from": from,
        "to": to,
        "claims": claims,
        "news": news_json(news),
    })
}

/// A lockfile that another one was merged into.
#[must_use]
pub fn merged(file: &str) -> Value {
    json!({ "formatVersion": FORMAT_VERSION, "kind": "ledger-merge", "file": file })
}

/// A sandbox that serves.
#[must_use]
pub fn listening(url: &str) -> Value {
    json!({ "formatVersion": FORMAT_VERSION, "kind": "sandbox", "baseUrl": url })
}
