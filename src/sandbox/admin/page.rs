//! `GET /`: a first page for people. It is plain HTML without scripts, and every value in it is escaped by the template
//! engine.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, Value};

use super::shown::MessageShown;
use crate::sandbox::answer::Answer;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::lifecycle::Life;
use crate::sandbox::model::status::{self, NO_ERROR};
use crate::sandbox::model::violations::shortened;
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::RequestSearch;
use crate::timing::utc;
use crate::wire::{LOGS_PATH, MESSAGES_PATH, REPORTS_PATH};

/// How many messages, and how many requests, the page shows.
const MESSAGES_SHOWN: usize = 10;
const REQUESTS_SHOWN: usize = 10;
/// How much of a text is shown, in characters.
const TEXT_SHOWN: usize = 500;
/// What the page may load: nothing, but for the style in it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The template of the page.
static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    pages.add_template("page", include_str!("page.html")).expect("the page's own template can be read");
    pages
});

/// A door, what it is for, and whether it can be opened by a link.
type DoorShown = (&'static str, &'static str, &'static str, bool);

const fn door(method: &'static str, path: &'static str, what: &'static str, links: bool) -> DoorShown {
    (method, path, what, links)
}

fn doors() -> Vec<DoorShown> {
    vec![
        door("POST", MESSAGES_PATH, "sends messages, as the API does", false),
        door("GET", REPORTS_PATH, "hands out delivery reports, each once", false),
        door("GET", LOGS_PATH, "what the logs have of the last 48 hours", false),
        door("GET", "/sandbox/messages", "what was sent, and where it is now", true),
        door("GET", "/sandbox/campaigns", "what became of everything, by campaign", true),
        door("GET", "/sandbox/requests", "every request, those that were refused too", true),
        door("GET", "/sandbox/state", "the time, and the counts", true),
        door("GET", "/sandbox/clock", "how the clock runs; POST moves it", true),
        door("GET", "/sandbox/rules", "how the channel behaves; PUT changes it", true),
        door("GET", "/sandbox/faults", "which faults are played; PUT and DELETE change it", true),
        door("GET", "/sandbox/conversations", "who has written to whom", true),
        door("GET", "/sandbox/events", "what happens, as it happens", false),
        door("POST", "/sandbox/inbound", "a person writes to a sender", false),
        door("POST", "/sandbox/reset", "forgets everything but the time", false),
    ]
}

/// Shows the page.
pub(super) async fn page(State(sandbox): State<SandboxState>, headers: HeaderMap) -> Response<Body> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8025");
    let shown = match shown(&sandbox, host).await {
        Ok(shown) => shown,
        Err(error) => return sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    };
    let html = PAGES.get_template("page").and_then(|page| page.render(shown));
    let Ok(html) = html else {
        return Answer::failed(StatusCode::INTERNAL_SERVER_ERROR, "its page cannot be written").into_response();
    };
    let mut response = Response::new(Body::from(html));
    for (name, value) in
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn shown(sandbox: &SandboxState, host: &str) -> Result<Value, SandboxError> {
    let (now, counts) = (sandbox.now(), sandbox.counts());
    let counts = [
        ("sends since its start", counts.requests),
        ("bulks in its books", counts.bulks),
        ("messages accepted", counts.accepted),
        ("held now", counts.held),
        ("pushes withheld since its start", counts.withheld),
    ];
    let counts = counts.map(|(name, count)| object([("name", name.into()), ("count", count.into())]));
    let search = RequestSearch { limit: REQUESTS_SHOWN, ..RequestSearch::default() };
    let requests = sandbox.store().requests(search).await?.into_iter().map(|kept| {
        let status = kept.entry.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        object([
            ("outcome", kept.entry.outcome.name().into()),
            ("method", kept.entry.method.into()),
            ("path", kept.entry.path.into()),
            ("status", status.into()),
            ("at", utc(kept.entry.at).into()),
        ])
    });
    let doors = doors().into_iter().map(|(method, path, what, links)| {
        object([("method", method.into()), ("path", path.into()), ("what", what.into()), ("links", links.into())])
    });
    Ok(object([
        ("url", format!("http://{host}").into()),
        ("now", utc(now).into()),
        ("clock", clock(sandbox).into()),
        ("counts", counts.into_iter().collect::<Value>()),
        ("requests", requests.collect::<Value>()),
        ("doors", doors.collect::<Value>()),
        ("messages", messages(sandbox, now).await?.into_iter().collect::<Value>()),
    ]))
}

/// Why a message failed, by the gateway's name: of its error, else of its status.
fn why<'s>(shown: &'s MessageShown<'_>, life: &Life, now: Timestamp) -> &'s str {
    let has_failed = life.done_at <= now && status::group(life.ending.status) != Some(status::DELIVERED_GROUP);
    match (has_failed, life.ending.error) {
        (false, _) => "",
        (true, NO_ERROR) => &shown.status_name,
        (true, _) => &shown.error,
    }
}

/// Values with names, for the template.
fn object<const N: usize>(fields: [(&'static str, Value); N]) -> Value {
    Value::from(BTreeMap::from(fields))
}

fn clock(sandbox: &SandboxState) -> String {
    match sandbox.clock().speed() {
        (_, false) => "stands still".to_owned(),
        (speed, true) if speed.get() == 1 => "runs".to_owned(),
        (speed, true) => format!("runs {} times as fast", speed.get()),
    }
}

async fn messages(sandbox: &SandboxState, now: Timestamp) -> Result<Vec<Value>, SandboxError> {
    let bulks = sandbox.store().newest(MESSAGES_SHOWN).await?;
    // After the bulks: those that hold for all of them.
    let inputs = sandbox.store().inputs();
    let mut messages = Vec::new();
    for bulk in bulks {
        let lives = bulk.lives(&inputs);
        let newest = bulk.table.messages.iter().zip(&lives).rev().take(MESSAGES_SHOWN - messages.len());
        messages.extend(newest.map(|(message, life)| {
            let shown = MessageShown::new(&bulk, message, life, now);
            object([
                ("state", shown.state.into()),
                ("why", why(&shown, life, now).into()),
                ("sender", shown.sender.unwrap_or_default().into()),
                ("to", shown.to.into()),
                ("at", utc(bulk.header.accepted_at).into()),
                ("text", shortened(shown.text.unwrap_or("(not a text: see it as JSON)"), TEXT_SHOWN).into()),
            ])
        }));
    }
    Ok(messages)
}
