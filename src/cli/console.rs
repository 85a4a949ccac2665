//! The console of `sandbox`: a line for each request and each try to post, with what came of it, and nobody's name.

use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::style::Paint;
use crate::report::words::{number, plural};
use crate::sandbox::events::{SandboxEvent, SandboxEventKind};
use crate::sandbox::journal::entry::{RequestEntry, RequestOutcome};
use crate::timing::utc;
use crate::wire::said::without_people;

use super::console_pushes::push_line;
use super::output::Output;

/// How much of a path is shown, in characters.
const PATH_MAX: usize = 80;

/// Tells of each request and each try to post until the sandbox ends. A terminal that is slower than the requests loses some lines, and says
/// how many.
pub(super) async fn follow(mut events: Receiver<Arc<SandboxEvent>>, output: Output) {
    loop {
        match events.recv().await {
            Ok(event) => {
                let paint = output.paint_of_errors();
                match &event.what {
                    SandboxEventKind::Request(entry) => output.note(&(line(entry, paint) + "\n")),
                    SandboxEventKind::Push(told) => output.note(&(push_line(event.at, told, paint) + "\n")),
                    SandboxEventKind::Trouble { why } => {
                        output.tell(&format!("! {}\n", harmless(why, LineFeeds::Escape)));
                    }
                    SandboxEventKind::Accepted(_)
                    | SandboxEventKind::Clock { .. }
                    | SandboxEventKind::Input(_)
                    | SandboxEventKind::Faults { .. }
                    | SandboxEventKind::Held {}
                    | SandboxEventKind::Released { .. }
                    | SandboxEventKind::Pulled { .. }
                    | SandboxEventKind::Reset {} => {}
                }
            }
            Err(RecvError::Lagged(lost)) => output.note(&format!("… {} more\n", plural(lost, "event"))),
            Err(RecvError::Closed) => return,
        }
    }
}

/// The line of a request.
fn line(entry: &RequestEntry, paint: Paint) -> String {
    let path: String = without_people(&entry.path, []).chars().take(PATH_MAX).collect();
    let status = entry.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
    let came = came(entry);
    let went_well = entry.faults.is_empty()
        && matches!(entry.outcome, RequestOutcome::Accepted | RequestOutcome::Answered)
        && entry.bulk.as_ref().is_none_or(|bulk| bulk.rejected == 0);
    let (status, came) = if went_well { (paint.good(&status), came) } else { (paint.bad(&status), paint.wait(&came)) };
    let words = harmless(&format!("{} {path}", entry.method), LineFeeds::Escape);
    format!("{}  {words}  {status}  {came}  {}", utc(entry.at), paint.faint(&format!("{} ms", entry.ms)))
}

/// What came of it.
fn came(entry: &RequestEntry) -> String {
    let mut words = match (entry.outcome, &entry.bulk) {
        (RequestOutcome::Accepted, Some(bulk)) if bulk.rejected > 0 => {
            format!("{} accepted, {} rejected", number(bulk.accepted), number(bulk.rejected))
        }
        (RequestOutcome::Accepted, Some(bulk)) => format!("{} accepted", number(bulk.accepted)),
        (RequestOutcome::Accepted, None) => "accepted".to_owned(),
        (RequestOutcome::Answered, _) => "answered".to_owned(),
        (RequestOutcome::Refused, _) => format!("refused: {}", refusal(entry)),
        (RequestOutcome::Struck, _) => "not taken in".to_owned(),
        (RequestOutcome::Lost, _) => "left by its client, and not taken in".to_owned(),
    };
    if !entry.faults.is_empty() {
        // A fault may name a person.
        let bare = |fault: &'_ String| {
            let own = ["logs:", "reports:"].iter().find_map(|target| fault.strip_prefix(target)).unwrap_or(fault);
            own.split(['=', ':']).next().unwrap_or_default().to_owned()
        };
        let names = entry.faults.iter().map(bare);
        words = format!("{words}; fault {}", names.collect::<Vec<_>>().join(", "));
    }
    harmless(&words, LineFeeds::Escape)
}

fn refusal(entry: &RequestEntry) -> String {
    let Some(first) = entry.violations.first() else {
        return entry.refused_by.map_or("", |by| by.words()).to_owned();
    };
    let more = match entry.violation_count.saturating_sub(1) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    without_people(&format!("`{}` {}{more}", first.property, first.violation), [])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entry: &str) -> String {
        let base = r#""at": "2026-11-30T12:00:01.000+0000", "method": "POST", "bodyBytes": 1, "ms": 3"#;
        line(&serde_json::from_str(&format!("{{ {base}, {entry} }}")).unwrap(), Paint::Plain)
    }

    #[test]
    fn a_line_says_what_came_of_a_request_and_names_nobody() {
        let send = r#""path": "/instagram/1/messages""#;
        let lines = [
            told(&format!(
                r#"{send}, "status": 200, "outcome": "accepted",
                   "bulk": {{ "number": 1, "bulkId": "b", "accepted": 1250, "rejected": 0 }}"#
            )),
            told(&format!(
                r#"{send}, "status": 500, "outcome": "accepted", "faults": ["500-after@2", "reject=17841400000000001"],
                   "bulk": {{ "number": 1, "bulkId": "b", "accepted": 249, "rejected": 1 }}"#
            )),
            told(&format!(
                r#"{send}, "status": 400, "outcome": "refused", "refusedBy": "violations", "violationCount": 2,
                   "violations": [{{ "property": "messages[0].sender", "violation": "must not be blank" }}]"#
            )),
            told(&format!(r#"{send}, "status": 401, "outcome": "refused", "refusedBy": "credentials""#)),
            told(&format!(r#"{send}, "status": 429, "outcome": "struck", "faults": ["429*2"]"#)),
            told(&format!(r#"{send}, "outcome": "lost", "faults": ["hold"]"#)),
            told(
                r#""path": "/instagram/1/\u001b/17841400000000001", "status": 404, "outcome": "refused", "refusedBy": "path""#,
            ),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        2026-11-30 12:00:01 UTC  POST /instagram/1/messages  200  1,250 accepted  3 ms
        2026-11-30 12:00:01 UTC  POST /instagram/1/messages  500  249 accepted, 1 rejected; fault 500-after@2, reject  3 ms
        2026-11-30 12:00:01 UTC  POST /instagram/1/messages  400  refused: `messages[0].sender` must not be blank, and 1 more  3 ms
        2026-11-30 12:00:01 UTC  POST /instagram/1/messages  401  refused: no credentials, or unknown ones  3 ms
        2026-11-30 12:00:01 UTC  POST /instagram/1/messages  429  not taken in; fault 429*2  3 ms
        2026-11-30 12:00:01 UTC  POST /instagram/1/messages  ---  left by its client, and not taken in; fault hold  3 ms
        2026-11-30 12:00:01 UTC  POST /instagram/1/<U+001B>/…  404  refused: there is nothing at this path  3 ms
        ");
    }
}
