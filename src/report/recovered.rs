//! What was recovered from the gateway's logs, in words and as JSON.

use serde_json::{Value, json};

use crate::apply::witness::Recovered;

use super::document::FORMAT_VERSION;
use super::style::Paint;
use super::style::line;
use super::words::plural;

/// Writes it for people. `to_send` is how many a plan would send to now.
#[must_use]
pub fn text(recovered: &Recovered, to_send: u64, paint: Paint) -> String {
    let mut out = String::new();
    let Recovered { rows, foreign, accepted, rejected, raised, twice, failure: _ } = recovered;
    let foreign = match foreign {
        0 => String::new(),
        foreign => format!(", {} of them of no message of this project", super::words::number(*foreign)),
    };
    line(&mut out, &format!("the gateway's logs have {}{foreign}", plural(*rows, "message")));
    let nothing = accepted + rejected == 0;
    if nothing {
        line(&mut out, "the ledger knew all of them: nothing was recovered");
    }
    if *accepted > 0 {
        let said = plural(*accepted, "person");
        line(&mut out, &paint.good(&format!("+ {said} recovered as accepted: they are not sent to again")));
    }
    if *raised > 0 {
        let said = plural(*raised, "person");
        line(&mut out, &format!("  of {said} the ledger had said that surely nothing was sent"));
    }
    if *rejected > 0 {
        line(&mut out, &format!("+ {} recovered as rejected", plural(*rejected, "person")));
    }
    if *twice > 0 {
        let said = plural(*twice, "person");
        line(&mut out, &paint.bad(&format!("! {said} got a message more than once")));
    }
    let rest = plural(to_send, "person");
    line(&mut out, &format!("a plan would send to {rest} now"));
    out
}

/// Writes it for machines.
#[must_use]
pub fn json(recovered: &Recovered, to_send: u64) -> Value {
    json!({
        "formatVersion": FORMAT_VERSION,
        "kind": "recovered",
        "rows": recovered.rows,
        "foreign": recovered.foreign,
        "accepted": recovered.accepted,
        "rejected": recovered.rejected,
        "raised": recovered.raised,
        "twice": recovered.twice,
        "failure": recovered.failure.as_ref().map(ToString::to_string),
        "toSend": to_send,
    })
}
