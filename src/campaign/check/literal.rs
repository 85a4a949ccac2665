//! Fields that are sent, or looked up, as they are written: a template in them would be taken for
//! the value itself.

use crate::campaign::at::At;
use crate::diagnostic::{Code, Diagnostic};

use super::findings::Findings;

/// The keys whose values are templates or expressions, or hold people's data.
const OTHERS: [&str; 4] = ["text", "callbackData", "where", "rows"];

/// Refuses templates in all fields but those that take them.
pub(super) fn literal(at: &At<'_>, findings: &mut Findings) {
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
    for item in at.items() {
        literal(&item, findings);
    }
    for (_, value) in at.entries().filter(|(key, _)| !OTHERS.contains(key)) {
        literal(&value, findings);
    }
}
