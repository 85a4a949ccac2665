//! The sandbox's own description: it says what the API's documents say, but for the differences that the guide names,
//! and what is answered is as it says.

mod facts;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::readme::{read, root};
use crate::support::{Api, Sandbox};
use facts::facts;

/// The guide that names the differences.
const GUIDE: &str = "src/sandbox/API.md";

fn described(sandbox: &Sandbox) -> Value {
    let document = Api::at(sandbox.address()).with("Authorization", "").got("/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    document
}

/// The facts of the API's documents, by the place that they are about.
fn theirs() -> BTreeMap<String, String> {
    let text = read("tests/all/openapi/facts.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (place, fact) = line.split_once(" = ").unwrap_or_else(|| panic!("no fact: {line}"));
        (place.to_owned(), fact.to_owned())
    });
    lines.collect()
}

/// A row of the guide's table: a place, what the API says of it, and what the sandbox says.
type Difference = (String, String, String);

/// The differences that the guide names.
fn named() -> BTreeSet<Difference> {
    let text = read(GUIDE);
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        let [place, theirs, ours, why] = cells[..] else { panic!("four cells: {row}") };
        assert!(why.len() > 10, "a difference has a reason: {row}");
        (place.to_owned(), theirs.to_owned(), ours.to_owned())
    });
    rows.collect()
}

const NOTHING: &str = "nothing";

/// What holds for many places, and is said once in the guide.
#[derive(Default)]
struct InGeneral {
    nulls: usize,
    always_there: usize,
}

impl InGeneral {
    fn leave_out<'f>(&mut self, place: &str, theirs: &str, ours: &'f str) -> &'f str {
        if place.starts_with("send body.") && !place.ends_with("[]") && !ours.contains("required") {
            self.nulls += 1;
            return ours.strip_suffix(", or null").unwrap_or_else(|| panic!("{place} takes null: {ours}"));
        }
        let is_answered = place.contains(" 200.") || place.starts_with("error") || place.starts_with("receive");
        match ours.strip_suffix(", required") {
            Some(ours) if is_answered && !theirs.ends_with(", required") && theirs != NOTHING => {
                self.always_there += 1;
                ours
            }
            Some(_) | None => ours,
        }
    }
}

#[test]
fn no_difference_is_unnamed() {
    let sandbox = Sandbox::start([]);
    let (theirs, ours) = (theirs(), facts(&described(&sandbox)));
    let mut general = InGeneral::default();
    let places: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let found = places.into_iter().filter_map(|place| {
        let of = |facts: &BTreeMap<String, String>| facts.get(place).map_or(NOTHING, String::as_str).to_owned();
        let (theirs, ours) = (of(&theirs), of(&ours));
        let ours = general.leave_out(place, &theirs, &ours);
        (theirs != ours).then(|| (place.clone(), theirs.clone(), ours.to_owned()))
    });
    let found: BTreeSet<Difference> = found.collect();
    let named = named();
    let lines = |of: BTreeSet<&Difference>| {
        let lines = of.into_iter().map(|(place, theirs, ours)| format!("| `{place}` | {theirs} | {ours} |"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let (unnamed, gone) = (lines(found.difference(&named).collect()), lines(named.difference(&found).collect()));
    assert!(unnamed.is_empty() && gone.is_empty(), "{GUIDE} does not name:\n{unnamed}\nand names for nothing:\n{gone}");
    // What the guide says in general is so.
    assert!(general.nulls > 20 && general.always_there > 20, "{} {}", general.nulls, general.always_there);
    assert!(root().join(GUIDE).is_file());
}

/// The schema of an answer, on its own.
fn schema(document: &Value, method: &str, path: &str, status: u16) -> jsonschema::Validator {
    let answer = &document["paths"][path][method]["responses"][status.to_string()];
    let schema = &answer["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} answers {status}, which is not described");
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    jsonschema::validator_for(&schema).expect("a schema")
}

const SEND: &str = "/instagram/1/messages";
const REPORTS: &str = "/instagram/1/reports";
const LOGS: &str = "/instagram/1/logs";

#[test]
fn what_is_answered_is_as_described() {
    let sandbox = Sandbox::start(["--stopped", "--api-key", "right", "--body-max", "1", "--logs-per-minute", "8"]);
    let document = described(&sandbox);
    let api = Api::at(sandbox.address()).with("Authorization", "App right");
    let content = |kind: &str| match kind {
        "TEXT" => json!({ "type": "TEXT", "text": "Hi" }),
        "IMAGE" => json!({ "type": "IMAGE", "url": "https://i.example/1.png" }),
        "CAROUSEL" => json!({ "type": "CAROUSEL", "elements": [{ "title": "T" }] }),
        other => json!({ "type": other, "title": "T", "buttons": [{ "type": "URL", "title": "t", "url": "u" }] }),
    };
    let message = |kind: &str| {
        json!({
            "sender": "shop", "destinations": [{ "to": kind }, { "to": "" }], "content": content(kind),
            "options": { "platform": { "entityId": "e" }, "campaignReferenceId": "c" },
            "webhooks": { "callbackData": "back" },
        })
    };
    let messages = ["TEXT", "IMAGE", "CAROUSEL", "RICH_CARD"].map(message);
    let whole = json!({ "messages": messages });
    let mut seen = BTreeSet::new();
    let mut check = |asked: &Api, method: &str, path: &str, body: &str, status: u16| {
        let reply = asked.call(&method.to_uppercase(), path, body);
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        let bare = path.split('?').next().unwrap_or(path);
        let wrong: Vec<String> =
            schema(&document, method, bare, status).iter_errors(&reply.json()).map(|error| error.to_string()).collect();
        assert_eq!(wrong, [""; 0], "{method} {path} {status}: {reply:?}");
        let headers = &document["paths"][bare][method]["responses"][status.to_string()]["headers"];
        for name in headers.as_object().into_iter().flat_map(|headers| headers.keys()) {
            // Without a credential nothing says which scopes would have done.
            assert!(reply.header(name).is_some() || status == 403, "{method} {path} {status} has no {name}: {reply:?}");
        }
        seen.insert((bare.to_owned(), status));
    };
    check(&api, "post", SEND, &whole.to_string(), 200);
    check(&api, "post", SEND, "{}", 400);
    check(&api, "post", SEND, &"x".repeat(1_100_000), 413);
    check(&api.with("Content-Type", "text/plain"), "post", SEND, &whole.to_string(), 415);
    for (method, path, body) in [("post", SEND, "{}"), ("get", REPORTS, ""), ("get", LOGS, "")] {
        check(&api.with("Authorization", "App wrong"), method, path, body, 401);
        check(&api.with("Host", "elsewhere.example"), method, path, body, 421);
        for status in [403, 500] {
            let prefix = path.strip_prefix("/instagram/1/").filter(|name| *name != "messages");
            sandbox.faults(&[&format!("{}{status}-before", prefix.map_or(String::new(), |name| format!("{name}:")))]);
            check(&api, method, path, body, status);
        }
    }
    sandbox.set_clock("2026-11-30T12:01:00Z");
    check(&api, "get", &format!("{REPORTS}?limit=3"), "", 200);
    check(&api, "get", &format!("{REPORTS}?limit=0"), "", 400);
    check(&api, "get", &format!("{LOGS}?useCursor=true&limit=3"), "", 200);
    check(&api, "get", &format!("{LOGS}?generalStatus=x"), "", 400);
    for _ in 0..6 {
        check(&api, "get", LOGS, "", 200);
    }
    check(&api, "get", LOGS, "", 429);
    // Nothing is described that was not seen.
    for (path, operations) in document["paths"].as_object().unwrap() {
        let operation = operations.as_object().unwrap().values().next().unwrap();
        for status in operation["responses"].as_object().unwrap().keys() {
            assert!(seen.contains(&(path.clone(), status.parse().unwrap())), "{path} {status} was not tried");
        }
    }
}
