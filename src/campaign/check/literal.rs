//! Fields that are sent, or looked up, as they are written: a template in them would be taken for
//! the value itself.

use crate::campaign::cursor::Cursor;
use crate::diagnostic::{Code, Diagnostic};

use super::findings::Findings;

/// The keys whose values are templates or expressions, or hold people's data.
const OTHERS: [&str; 3] = ["callbackData", "where", "rows"];

/// What a message says: all of it is templates, but for these keys.
const CONTENT: &str = "content";
const LITERAL_IN_CONTENT: [&str; 2] = ["type", "template"];

/// The keys whose values are sent as they are written.
const SENT: [&str; 3] = ["campaignReferenceId", "entityId", "applicationId"];

/// Whether a text has a placeholder of another tool in it.
fn has_placeholder(text: &str) -> bool {
    [("{", "}"), ("*|", "|*"), ("[[", "]]"), ("%%", "%%"), ("<%", "%>")].iter().any(|(open, close)| {
        let inside = text.split_once(open).and_then(|(_, rest)| Some(rest.split_once(close)?.0));
        inside.is_some_and(|inside| inside.chars().any(char::is_alphabetic))
    })
}

/// Refuses templates in all fields but those that take them.
pub(super) fn literal(at: &Cursor<'_>, findings: &mut Findings) {
    if findings.is_full() {
        return;
    }
    if let Some(text) = at.text()
        && ["{{", "{%", "{#"].iter().any(|begin| text.contains(begin))
    {
        let message = "this field takes no template, so the braces would be taken as they are written";
        let help = "write the value out; templates stand in `text`, in files under `template`, and in `callbackData`";
        findings.push(Diagnostic::error(Code::NoTemplate, message, at.place()).help(help));
    }
    for key in SENT {
        let value = at.key(key);
        if value
            .text()
            .is_some_and(|text| !["{{", "{%", "{#"].iter().any(|begin| text.contains(begin)) && has_placeholder(text))
        {
            let message = "this field takes no placeholder, so it would be taken as it is written";
            let help = "write the value out; what differs from person to person belongs in `text` or `callbackData`";
            findings.push(Diagnostic::error(Code::NoTemplate, message, value.place()).help(help));
        }
    }
    for item in at.items() {
        literal(&item, findings);
    }
    for (key, value) in at.entries().filter(|(key, _)| !OTHERS.contains(key)) {
        if key == CONTENT {
            LITERAL_IN_CONTENT.iter().for_each(|key| literal(&value.key(key), findings));
        } else {
            literal(&value, findings);
        }
    }
}
