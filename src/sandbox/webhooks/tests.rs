//! A sandbox that posts, over HTTP, to receivers that do what the test wants.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use quick_xml::events::Event;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::{WebhookSettings, serve_posting};
use crate::sandbox::clock::{ClockSetting, ClockStart};
use crate::sandbox::error::SandboxError;
use crate::sandbox::events::SandboxEventKind;
use crate::sandbox::faults::parse;
use crate::sandbox::model::webhook::reach::PushReach;
use crate::sandbox::options::Options;
use crate::sandbox::store::MessageStore;
use crate::sandbox::{SandboxState, start};
use crate::wire::choices::{PushedReports, WebhookSuccess};

const NOON: &str = "2026-11-30T12:00:00Z";

/// What a receiver answers.
#[derive(Debug, Clone)]
enum Reply {
    Status(u16),
    Redirect(String),
    Never,
}

/// What a receiver was sent.
#[derive(Debug, Clone)]
struct Posted {
    path: String,
    media_type: String,
    body: String,
    /// The time of the sandbox.
    at: Option<Timestamp>,
}

impl Posted {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The messageIds of the reports in it.
    fn ids(&self) -> Vec<String> {
        let body = self.json();
        let results = body["results"].as_array().unwrap().iter();
        results.map(|result| result["messageId"].as_str().unwrap().to_owned()).collect()
    }
}

/// A receiver of webhooks: it answers as it is told, and 200 after that.
#[derive(Clone)]
struct Receiver {
    url: String,
    posted: watch::Sender<Vec<Posted>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    clock: Arc<OnceLock<SandboxState>>,
}

impl Receiver {
    async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            posted: watch::Sender::default(),
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            clock: Arc::default(),
        };
        let router = Router::new().fallback(Self::take).with_state(receiver.clone());
        drop(tokio::spawn(async move { axum::serve(listener, router).await }));
        receiver
    }

    async fn take(State(receiver): State<Self>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
        let posted = Posted {
            path: uri.path().to_owned(),
            media_type: headers["content-type"].to_str().unwrap().to_owned(),
            body: String::from_utf8(body.to_vec()).unwrap(),
            at: receiver.clock.get().map(SandboxState::now),
        };
        let reply = receiver.replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        receiver.posted.send_modify(|all| all.push(posted));
        let answer = Response::builder();
        let answer = match reply.unwrap_or(Reply::Status(200)) {
            Reply::Status(status) => answer.status(status),
            Reply::Redirect(location) => answer.status(307).header("location", location),
            Reply::Never => std::future::pending().await,
        };
        answer.body(Body::empty()).unwrap()
    }

    fn posted(&self) -> Vec<Posted> {
        self.posted.borrow().clone()
    }

    /// Waits until it was sent so many.
    async fn wait(&self, count: usize) -> Vec<Posted> {
        self.posted.subscribe().wait_for(|posted| posted.len() >= count).await.unwrap().clone()
    }
}

/// Holds what was posted against what a sandbox says that it posts: JSON against the schema, and of XML the names.
async fn check_described(fixture: &Fixture, name: &str, posted: &[Posted]) {
    let document = fixture.get("/openapi.json").await;
    let content = &document["webhooks"][name]["post"]["requestBody"]["content"];
    for posted in posted {
        let place = content[&posted.media_type]["schema"]["$ref"].as_str().unwrap();
        let schema = document.pointer(place.strip_prefix('#').unwrap()).unwrap();
        if posted.media_type == "application/json" {
            let validator = jsonschema::draft202012::new(schema).unwrap();
            let faults: Vec<_> = validator.iter_errors(&posted.json()).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{faults:?}: {}", posted.body);
            continue;
        }
        // Every element is a property of the one around it; `result` is one of `results`.
        let mut around = vec![schema];
        let mut reader = quick_xml::Reader::from_str(&posted.body);
        loop {
            let event = reader.read_event().unwrap();
            assert!(!matches!(event, Event::Empty(_)), "nothing is empty: {}", posted.body);
            if matches!(event, Event::Eof) {
                break;
            }
            if matches!(event, Event::End(_)) {
                around.pop();
            }
            if let Event::Start(element) = event {
                let name = element.name().as_ref().to_owned();
                let inside = match name.as_str() {
                    "DeliveryReports" => schema,
                    "result" => &around[around.len() - 1]["items"],
                    name => &around[around.len() - 1]["properties"][name],
                };
                assert!(inside.is_object(), "<{name}> is not described: {}", posted.body);
                around.push(inside);
            }
        }
    }
}

/// A sandbox whose clock stands at noon.
struct Fixture {
    folder: TempDir,
    sandbox: SandboxState,
    url: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), SandboxError>>,
}

impl Fixture {
    async fn new(change: impl FnOnce(&mut Options, &mut WebhookSettings)) -> Self {
        Self::open(tempfile::tempdir().unwrap(), change).await
    }

    async fn open(folder: TempDir, change: impl FnOnce(&mut Options, &mut WebhookSettings)) -> Self {
        let mut options = Options::new(folder.path().join("books.db"));
        options.now = ClockStart::Fixed(NOON.parse().unwrap());
        let mut settings = WebhookSettings { answer: Duration::from_millis(500), ..WebhookSettings::default() };
        change(&mut options, &mut settings);
        let sandbox = SandboxState::open(options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { drop(stopped.await) };
        let served = tokio::spawn(serve_posting(listener, sandbox.clone(), settings, shutdown));
        Self { folder, sandbox, url, stop, served }
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        super::poster::provide_crypto();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.request(method, format!("{}{path}", self.url));
        let request = request.header("authorization", "App key").header("content-type", "application/json");
        let answer = request.body(body.map(|body| body.to_string()).unwrap_or_default()).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(reqwest::Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(reqwest::Method::POST, path, Some(body)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Sends a message to each of these people, whose reports go to a URL.
    async fn send(&self, people: &[&str], webhooks: Value) {
        let message = |to: &&str| {
            json!({
                "sender": "shop",
                "destinations": [{ "to": to, "messageId": format!("m{to}") }],
                "content": { "type": "TEXT", "text": "Hi" },
                "options": { "platform": { "entityId": "promo" } },
                "webhooks": webhooks,
            })
        };
        let messages: Vec<_> = people.iter().map(message).collect();
        self.post("/instagram/1/messages", json!({ "messages": messages })).await;
    }

    async fn advance(&self, by: &str) -> Value {
        self.post("/sandbox/clock", json!({ "advance": by })).await
    }

    async fn webhooks(&self) -> Vec<Value> {
        self.get("/sandbox/webhooks").await["webhooks"].as_array().unwrap().clone()
    }

    /// The messages of which there are reports to pull.
    async fn pulled(&self) -> Vec<String> {
        let reports = self.get("/instagram/1/reports").await;
        let results = reports["results"].as_array().unwrap().iter();
        results.map(|result| result["messageId"].as_str().unwrap().to_owned()).collect()
    }

    async fn stop(self) -> TempDir {
        drop(self.stop);
        self.served.await.unwrap().unwrap();
        self.folder
    }
}

fn to(url: &str) -> Value {
    json!({ "delivery": { "url": url }, "callbackData": "c1" })
}

fn is(push: &Value, state: &str, tries: usize) -> bool {
    push["state"] == state && push["tries"].as_array().unwrap().len() == tries
}

/// How many minutes after the first each try was, if all of them are whole.
fn minutes(push: &Value) -> Vec<i64> {
    let tries = push["tries"].as_array().unwrap().iter();
    let at: Vec<_> = tries.map(|tried| crate::wire::time::read(tried["at"].as_str().unwrap()).unwrap()).collect();
    let passed = |at: &Timestamp, first: Timestamp| at.duration_since(first).as_millis();
    assert!(at.iter().all(|tried| passed(tried, at[0]) % 60_000 == 0), "{at:?}");
    at.iter().map(|tried| i64::try_from(passed(tried, at[0]) / 60_000).unwrap()).collect()
}

#[tokio::test]
async fn a_receiver_that_fails_19_times_gets_each_try_at_its_minute() {
    let receiver = Receiver::start(vec![Reply::Status(503); 19]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    drop(receiver.clock.set(fixture.sandbox.clone()));
    fixture.send(&["1"], to(&format!("{}/dlr", receiver.url))).await;
    let answer = fixture.advance("3d").await;
    assert_eq!((&answer["now"], &answer["status"]), (&json!("2026-12-03T12:00:00.000+0000"), &json!("ready")));
    let pushes = fixture.webhooks().await;
    assert!(pushes.len() == 1 && is(&pushes[0], "done", 20), "{pushes:?}");
    let tried = minutes(&pushes[0]);
    assert_eq!((&tried[..6], tried[19]), (&[0, 1, 3, 8, 18, 35][..], 2_128));
    // The receiver saw the same times on the sandbox's clock.
    let posted = receiver.posted();
    let seen: Vec<_> = posted.iter().map(|posted| posted.at.unwrap()).collect();
    assert_eq!(seen[0], "2026-11-30T12:00:02Z".parse().unwrap());
    let passed: Vec<_> = seen.iter().map(|at| i64::try_from(at.duration_since(seen[0]).as_millis()).unwrap()).collect();
    assert_eq!(passed, tried.iter().map(|minutes| minutes * 60_000).collect::<Vec<_>>());
    assert!(
        posted.iter().all(|posted| (posted.path.as_str(), posted.media_type.as_str()) == ("/dlr", "application/json"))
    );
    assert_eq!(posted[0].json()["results"][0]["callbackData"], "c1");
    // Whoever was pushed it cannot pull it.
    assert_eq!(fixture.pulled().await, Vec::<String>::new());
    assert_eq!(fixture.get("/sandbox/wait?webhooks=1").await["webhooks"], 1);
}

#[tokio::test]
async fn a_report_that_nobody_takes_is_lost_and_can_be_pulled() {
    let receiver = Receiver::start(vec![Reply::Status(500); 21]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.send(&["1"], to(&receiver.url)).await;
    fixture.advance("41h 30m").await;
    // The last try is 41 h 30 min after the first, which is two seconds after noon.
    assert!(is(&fixture.webhooks().await[0], "waiting", 20));
    fixture.advance("2s").await;
    let pushes = fixture.webhooks().await;
    assert!(is(&pushes[0], "lost", 21) && minutes(&pushes[0])[20] == 2_490, "{pushes:?}");
    assert_eq!(fixture.get("/sandbox/webhooks?state=lost").await["counts"], json!({ "lost": 1 }));
    assert_eq!(fixture.pulled().await, ["m1"]);
    fixture.advance("1d").await;
    assert_eq!(receiver.posted().len(), 21);
    // Somebody may still ask for it by hand.
    let again = fixture.post("/sandbox/webhooks/1/retry", json!({})).await;
    assert!(is(&again, "done", 22) && again["tries"][21]["cause"] == "hand", "{again}");
    let bulk_id = fixture.get("/sandbox/messages").await["messages"][0]["bulkId"].clone();
    assert_eq!((&again["number"], &again["bulkId"]), (&json!(1), &bulk_id));
    let (status, _) = fixture.call(reqwest::Method::POST, "/sandbox/webhooks/2/retry", None).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn pushes_can_be_pulled_as_well_if_that_is_chosen() {
    let receiver = Receiver::start([Reply::Status(204)]).await;
    let fixture = Fixture::new(|options, _| {
        options.choices.pushed_reports = PushedReports::Pullable;
        options.choices.webhook_success = WebhookSuccess::Any2xx;
    })
    .await;
    fixture.send(&["1"], to(&receiver.url)).await;
    fixture.advance("2s").await;
    assert!(is(&fixture.webhooks().await[0], "done", 1));
    assert_eq!(fixture.pulled().await, ["m1"]);
}

#[tokio::test]
async fn whoever_does_not_answer_holds_up_nobody_else() {
    let [dead, alive] = [Receiver::start(vec![Reply::Never; 30]).await, Receiver::start([]).await];
    // At the speed of the real time the clock goes on meanwhile.
    let running = Fixture::new(|options, settings| {
        options.now = ClockStart::At(NOON.parse().unwrap());
        settings.answer = Duration::from_secs(60);
        settings.account_url = Some(alive.url.clone());
    })
    .await;
    running.send(&["1"], to(&dead.url)).await;
    dead.wait(1).await;
    running.send(&["2"], json!({})).await;
    let posted = alive.wait(1).await;
    assert_eq!(posted[0].ids(), ["m2"]);
    // Moved by hand it stands until an answer does not come any more; others get theirs at the same time.
    let stopped = Fixture::new(|_, settings| settings.account_url = Some(alive.url.clone())).await;
    drop(dead.clock.set(stopped.sandbox.clone()));
    stopped.send(&["3"], to(&dead.url)).await;
    stopped.send(&["4"], json!({})).await;
    stopped.advance("62s").await;
    let pushes = stopped.webhooks().await;
    let unanswered = pushes.iter().find(|push| push["state"] == "waiting").unwrap();
    assert_eq!((minutes(unanswered), &unanswered["tries"][1]["outcome"]), (vec![0, 1], &json!("noAnswer")));
    assert_eq!(alive.wait(2).await[1].ids(), ["m4"]);
}

#[tokio::test]
async fn a_move_of_the_clock_waits_for_whoever_never_answers_but_not_push_by_push() {
    let dead = Receiver::start(vec![Reply::Never; 10_000]).await;
    let fixture = Fixture::new(|_, settings| settings.set("answer=200ms".parse().unwrap())).await;
    drop(dead.clock.set(fixture.sandbox.clone()));
    for person in 0..150 {
        fixture.send(&[&person.to_string()], to(&dead.url)).await;
    }
    let begun = std::time::Instant::now();
    fixture.advance("10m").await;
    let took = begun.elapsed();
    // One after the other they would have taken 150 * 4 times as long as one.
    let posted = dead.posted();
    assert!(posted.len() == 150 * 4 && took < Duration::from_millis(200) * 150, "{} in {took:?}", posted.len());
    // Each at its instant, for which the clock stood.
    let pushes = fixture.webhooks().await;
    assert!(pushes.iter().all(|push| is(push, "waiting", 4) && minutes(push) == [0, 1, 3, 8]), "{pushes:?}");
    let begin: Timestamp = "2026-11-30T12:00:02Z".parse().unwrap();
    let passed: Vec<_> = posted.iter().map(|posted| posted.at.unwrap().duration_since(begin).as_secs()).collect();
    assert_eq!(passed, [0, 60, 180, 480].map(|second| [second; 150]).concat());
    // Once it answers it is asked one thing after the other again, in order.
    dead.replies.lock().unwrap_or_else(PoisonError::into_inner).clear();
    fixture.advance("1h").await;
    let posted = dead.posted();
    let bulks = posted[600 + 64..].iter().map(|posted| posted.json()["results"][0]["bulkId"].clone());
    let order = pushes[64..].iter().map(|push| push["bulkId"].clone());
    assert_eq!(bulks.collect::<Vec<_>>(), order.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_tried_again() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.send(&["1"], to(&format!("http://{gone}/"))).await;
    fixture.advance("62s").await;
    let push = &fixture.webhooks().await[0];
    assert!(is(push, "waiting", 2) && push["tries"][0]["outcome"] == "noConnection", "{push}");
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = Receiver::start([]).await;
    let receiver = Receiver::start([Reply::Redirect(elsewhere.url.clone())]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.send(&["1"], to(&receiver.url)).await;
    fixture.advance("10s").await;
    let push = &fixture.webhooks().await[0];
    assert!(is(push, "waiting", 1) && push["tries"][0]["status"] == 307, "{push}");
    assert!(elsewhere.posted().is_empty());
}

#[tokio::test]
async fn what_may_not_go_there_is_withheld_and_shown() {
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    for (person, url) in [("1", "http://192.0.2.1/dlr"), ("2", "ftp://127.0.0.1/"), ("3", "http://0.0.0.0:9/")] {
        fixture.send(&[person], to(url)).await;
    }
    // A name of this machine is on this machine.
    fixture.send(&["4"], to(&receiver.url.replace("127.0.0.1", "localhost"))).await;
    fixture.advance("1d").await;
    let shown = fixture.get("/sandbox/webhooks").await;
    assert_eq!(shown["counts"], json!({ "done": 1, "withheld": 3 }));
    let outcomes: Vec<_> =
        shown["webhooks"].as_array().unwrap().iter().map(|push| &push["tries"][0]["outcome"]).collect();
    assert_eq!(outcomes, ["notAllowed", "notUrl", "notAllowed", "answered"]);
    assert_eq!(fixture.pulled().await, ["m1", "m2", "m3"]);
    // The pages are bounded.
    let first = fixture.get("/sandbox/webhooks?limit=3").await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = fixture.get(&format!("/sandbox/webhooks?limit=3&cursor={cursor}")).await;
    assert_eq!((rest["webhooks"].as_array().unwrap().len(), rest["nextCursor"].as_str()), (1, None));
    for wrong in ["limit=0", "limit=1001", "cursor=x", "state=gone"] {
        assert_eq!(fixture.call(reqwest::Method::GET, &format!("/sandbox/webhooks?{wrong}"), None).await.0, 400);
    }
    // Who starts it may let it go out, or to one place, or nowhere.
    let folder = fixture.stop().await;
    let receiver = Receiver::start([]).await;
    let rewritten = format!("rewrite={}/all", receiver.url);
    let fixture =
        Fixture::open(folder, |_, settings| settings.reach = PushReach::read([rewritten.as_str()]).unwrap()).await;
    let tried = fixture.post("/sandbox/webhooks/1/retry", json!({})).await;
    assert!(is(&tried, "done", 2) && receiver.posted()[0].path == "/all", "{tried}");
    let folder = fixture.stop().await;
    let fixture = Fixture::open(folder, |_, settings| settings.reach = PushReach::Nowhere).await;
    fixture.send(&["5"], to(&receiver.url)).await;
    fixture.advance("1d").await;
    assert_eq!((receiver.posted().len(), fixture.webhooks().await.len()), (1, 5));
}

#[tokio::test]
async fn inside_a_command_nothing_is_posted() {
    let receiver = Receiver::start([]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(folder.path().join("books.db"));
    options.now = ClockStart::Fixed(NOON.parse().unwrap());
    let running = start(options).await.unwrap();
    let (stop, _) = oneshot::channel();
    let served = tokio::spawn(async { Ok(()) });
    let fixture = Fixture { folder, sandbox: running.sandbox.clone(), url: running.base_url.clone(), stop, served };
    fixture.send(&["1"], to(&receiver.url)).await;
    fixture.post("/sandbox/inbound", json!({ "from": "1", "to": "shop" })).await;
    fixture.advance("3h").await;
    assert_eq!((fixture.webhooks().await.len(), fixture.pulled().await), (0, vec!["m1".to_owned()]));
    let (status, _) = fixture.call(reqwest::Method::POST, "/sandbox/webhooks/1/retry", None).await;
    assert_eq!((status, receiver.posted().len()), (400, 0));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_is_lost_with_a_sandbox_that_is_killed() {
    let receiver = Receiver::start([Reply::Never, Reply::Status(503)]).await;
    let fixture = Fixture::new(|_, settings| settings.answer = Duration::from_secs(60)).await;
    fixture.send(&["1", "2"], to(&receiver.url)).await;
    let answer = fixture.post("/sandbox/clock", json!({ "advance": "1h", "wait": 0 })).await;
    assert_eq!(answer["status"], "advancing");
    let first = receiver.wait(1).await;
    assert_eq!(fixture.get("/sandbox/state").await["now"], "2026-11-30T12:00:02.000+0000");
    // It dies while the receiver is asked: nothing is written down, and nothing is closed.
    let Fixture { folder, served, .. } = fixture;
    served.abort();
    assert!(served.await.unwrap_err().is_cancelled());
    let fixture = Fixture::open(folder, |_, _| {}).await;
    let again = receiver.wait(2).await;
    assert_eq!((&again[1].body, fixture.sandbox.now()), (&first[0].body, "2026-11-30T12:00:02Z".parse().unwrap()));
    fixture.advance("10m").await;
    let pushes = fixture.webhooks().await;
    assert!(pushes.len() == 1 && is(&pushes[0], "done", 2) && minutes(&pushes[0]) == [0, 1], "{pushes:?}");
    // What waits is tried after a restart as well, and what is done is not.
    let folder = fixture.stop().await;
    let fixture = Fixture::open(folder, |_, _| {}).await;
    fixture.advance("1d").await;
    assert_eq!((receiver.posted().len(), fixture.pulled().await.len()), (3, 0));
}

#[tokio::test]
async fn a_fast_clock_stands_while_somebody_is_asked() {
    let receiver = Receiver::start(vec![Reply::Status(503); 3]).await;
    let fixture = Fixture::new(|options, _| {
        options.now = ClockStart::At(NOON.parse().unwrap());
        options.speed = crate::sandbox::clock::Speed::new(3_600).unwrap();
    })
    .await;
    drop(receiver.clock.set(fixture.sandbox.clone()));
    fixture.send(&["1"], to(&receiver.url)).await;
    fixture.get("/sandbox/wait?webhooks=1").await;
    assert_eq!(minutes(&fixture.webhooks().await[0]), [0, 1, 3, 8]);
    let seen: Vec<_> = receiver.posted().iter().map(|posted| posted.at.unwrap()).collect();
    assert_eq!(seen[3].duration_since(seen[0]).as_mins(), 8);
    // And so does one that runs as fast as the real time, while it is moved by hand.
    let receiver = Receiver::start(vec![Reply::Never, Reply::Status(503), Reply::Status(503)]).await;
    let fixture = Fixture::new(|options, _| options.now = ClockStart::At(NOON.parse().unwrap())).await;
    fixture.send(&["1"], to(&receiver.url)).await;
    fixture.advance("10m").await;
    let pushes = fixture.webhooks().await;
    assert!(is(&pushes[0], "done", 4) && minutes(&pushes[0]) == [0, 1, 3, 8], "{pushes:?}");
}

#[tokio::test]
async fn a_bulk_is_pushed_in_hundreds_and_a_change_of_the_rules_counts() {
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|_, settings| settings.account_url = Some(receiver.url.clone())).await;
    let people: Vec<String> = (0..250).map(|person| person.to_string()).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    fixture.send(&people, json!({ "contentType": "application/xml" })).await;
    fixture.advance("3s").await;
    let posted = receiver.posted();
    let sizes: Vec<_> = posted.iter().map(|posted| posted.body.matches("<result>").count()).collect();
    assert_eq!((sizes, posted[0].media_type.as_str()), (vec![100, 100, 50], "application/xml"));
    check_described(&fixture, "deliveryReports", &posted).await;
    // Who waits for tomorrow is planned with the rules of tomorrow.
    let message = json!({ "sender": "shop", "destinations": [{ "to": "9", "messageId": "m9" }], "content": { "type": "TEXT", "text": "Hi" } });
    let schedule = json!({ "schedule": { "sendAt": "2026-12-01T12:00:00.000+0000" } });
    fixture.post("/instagram/1/messages", json!({ "messages": [message], "options": schedule })).await;
    let rules = json!({ "latencyMs": 3_600_000 });
    assert_eq!(fixture.call(reqwest::Method::PUT, "/sandbox/rules", Some(rules)).await.0, 200);
    fixture.post("/sandbox/clock", json!({ "now": "2026-12-01T13:00:00Z" })).await;
    assert_eq!(receiver.posted().len(), 3);
    fixture.advance("1s").await;
    assert_eq!(receiver.posted()[3].ids(), ["m9"]);
}

#[tokio::test]
async fn what_people_write_goes_out_too() {
    let [reports, inbound] = [Receiver::start([]).await, Receiver::start([]).await];
    let fixture = Fixture::new(|_, settings| settings.inbound_url = Some(inbound.url.clone())).await;
    fixture.send(&["1"], to(&reports.url)).await;
    fixture.advance("1m").await;
    let play = |body| fixture.post("/sandbox/inbound", body);
    play(json!({ "from": "1", "to": "shop", "text": "Thanks", "act": "reply" })).await;
    let first = inbound.wait(1).await[0].json();
    let result = &first["results"][0];
    let names = ["sender", "to", "integrationType", "receivedAt", "pairedMessageId", "callbackData", "entityId"];
    let expected = ["1", "shop", "INSTAGRAM_DM", "2026-11-30T12:01:00.000+0000", "m1", "c1", "promo"];
    assert_eq!(names.map(|name| result[name].as_str().unwrap()), expected);
    assert_eq!(result["message"]["replyTo"], json!({ "mid": "m1" }));
    assert_eq!((&result["message"]["type"], &result["message"]["text"]), (&json!("TEXT"), &json!("Thanks")));
    assert_eq!(result["price"], json!({ "pricePerMessage": 0.0, "currency": "EUR" }));
    assert_eq!((&first["messageCount"], &first["pendingMessageCount"]), (&json!(1), &json!(0)));
    play(json!({ "from": "1", "to": "shop", "act": "postback", "text": "Yes", "payload": "YES" })).await;
    play(json!({ "from": "2", "to": "shop", "act": "optOut" })).await;
    let posted = inbound.wait(3).await;
    let message = |number: usize| posted[number].json()["results"][0]["message"].clone();
    assert_eq!((&message(1)["type"], &message(1)["payload"]), (&json!("POSTBACK"), &json!("YES")));
    assert_eq!(message(2)["text"], "STOP");
    check_described(&fixture, "incomingMessages", &posted).await;
    check_described(&fixture, "deliveryReports", &reports.posted()).await;
    assert_eq!(posted[2].json()["results"][0].get("pairedMessageId"), None);
    // Who blocks the business writes nothing, and is not reached any more.
    play(json!({ "from": "1", "to": "shop", "act": "block" })).await;
    fixture.send(&["1"], to(&reports.url)).await;
    fixture.advance("1m").await;
    let report = reports.wait(2).await[1].json();
    let ended = &report["results"][0];
    assert_eq!((&ended["status"]["id"], &ended["error"]["id"]), (&json!(9), &json!(7003)));
    assert_eq!(inbound.posted().len(), 3);
    assert_eq!(fixture.call(reqwest::Method::POST, "/sandbox/inbound", Some(json!({ "from": "1" }))).await.0, 400);
    // What did not reach them they cannot answer.
    play(json!({ "from": "3", "to": "shop", "act": "block" })).await;
    fixture.send(&["3"], to(&reports.url)).await;
    fixture.advance("1m").await;
    assert_eq!(reports.wait(3).await[2].json()["results"][0]["status"]["groupName"], "UNDELIVERABLE");
    play(json!({ "from": "3", "to": "shop", "text": "Hello?" })).await;
    assert_eq!(inbound.wait(4).await[3].json()["results"][0].get("pairedMessageId"), None);
}

#[tokio::test]
async fn what_people_write_goes_to_the_message_s_url_if_there_is_no_other() {
    let receiver = Receiver::start([Reply::Status(200), Reply::Status(503)]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.post("/sandbox/inbound", json!({ "from": "1", "to": "shop" })).await;
    fixture.send(&["1"], to(&receiver.url)).await;
    fixture.advance("1m").await;
    fixture.post("/sandbox/inbound", json!({ "from": "1", "to": "shop" })).await;
    receiver.wait(2).await;
    fixture.advance("1m").await;
    let pushes = fixture.webhooks().await;
    assert!(pushes.len() == 2 && is(&pushes[1], "done", 2) && pushes[1]["kind"] == "inbound", "{pushes:?}");
    assert_eq!(receiver.posted()[2].json()["results"][0]["message"]["text"], "Hello");
}

#[tokio::test]
async fn receivers_can_be_tried_with_faults() {
    let receiver = Receiver::start([]).await;
    let asked = ["webhook:repeat@1", "webhook:delay=5m@2", "webhook:drop@3", "webhook:reorder@4", "webhook:reorder@6"];
    let fixture = Fixture::new(|options, settings| {
        options.faults = asked.map(|text| parse::fault(text).unwrap()).to_vec();
        settings.account_url = Some(receiver.url.clone());
    })
    .await;
    for person in ["1", "2", "3", "4", "5", "6"] {
        fixture.send(&[person], json!({})).await;
        fixture.advance("5s").await;
    }
    fixture.advance("1h").await;
    let posted: Vec<_> = receiver.posted().iter().map(|posted| posted.ids().join(" ")).collect();
    assert_eq!(posted, ["m1", "m1", "m5", "m4", "m6", "m2"]);
    assert_eq!(fixture.get("/sandbox/webhooks").await["counts"], json!({ "done": 5, "dropped": 1 }));
    // A report that got lost on the way can be pulled.
    assert_eq!(fixture.pulled().await, ["m3"]);
}

#[tokio::test]
async fn how_the_clock_runs_is_changed_at_once_whoever_does_not_answer() {
    let receiver = Receiver::start([Reply::Never, Reply::Never]).await;
    let fixture = Fixture::new(|options, settings| {
        options.now = ClockStart::At(NOON.parse().unwrap());
        // Longer than any test takes.
        settings.answer = Duration::from_secs(3_600);
    })
    .await;
    fixture.send(&["1"], to(&receiver.url)).await;
    receiver.wait(1).await;
    let state = fixture.post("/sandbox/clock", json!({ "stopped": true })).await;
    assert_eq!(state["status"], "ready", "{state}");
    assert_eq!(fixture.get("/sandbox/clock").await["stopped"], true);
}

#[tokio::test]
async fn a_reset_ends_what_is_on_its_way_and_numbers_that_begin_anew_are_others() {
    let never = Receiver::start([Reply::Never]).await;
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|_, settings| settings.answer = Duration::from_secs(3_600)).await;
    fixture.send(&["1", "2"], to(&never.url)).await;
    fixture.post("/sandbox/clock", json!({ "advance": "5s", "wait": 0 })).await;
    never.wait(1).await;
    fixture.post("/sandbox/reset", json!({})).await;
    assert_eq!(fixture.webhooks().await, Vec::<Value>::new());
    fixture.send(&["3"], to(&receiver.url)).await;
    // It comes there, which it did not if something was left that cannot be posted.
    fixture.advance("1h").await;
    let ids: Vec<_> = receiver.posted().iter().flat_map(Posted::ids).collect();
    assert_eq!((ids.len(), never.posted().len()), (1, 1));
    fixture.stop().await;
}

#[tokio::test]
async fn what_left_stays_so_where_it_is_told_to_end_in_the_same_instant() {
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    let mut webhooks = to(&receiver.url);
    webhooks["delivery"]["intermediateReport"] = true.into();
    fixture.send(&["1"], webhooks).await;
    let listed = fixture.get("/sandbox/messages").await;
    let id = listed["messages"][0]["messageId"].as_str().unwrap().to_owned();
    fixture.post(&format!("/sandbox/messages/{id}/outcome"), json!({ "status": 9, "error": 7002 })).await;
    let life = fixture.get(&format!("/sandbox/messages/{id}")).await;
    assert!(life.to_string().contains("SENT"), "{life}");
    fixture.advance("1m").await;
    let statuses: Vec<_> = receiver
        .posted()
        .iter()
        .flat_map(|posted| posted.json()["results"].as_array().unwrap().clone())
        .map(|result| result["status"]["id"].clone())
        .collect();
    assert_eq!(statuses, [7, 9]);
    check_described(&fixture, "deliveryReports", &receiver.posted()).await;
    fixture.stop().await;
}

#[tokio::test]
async fn no_push_opens_a_door_of_a_sandbox() {
    let other = Fixture::new(|_, _| {}).await;
    other.send(&["7"], json!({ "delivery": { "notify": false } })).await;
    let fixture = Fixture::new(|_, _| {}).await;
    let port = fixture.url.rsplit(':').next().unwrap().to_owned();
    fixture.send(&["1"], to(&format!("{}/sandbox/reset", fixture.url))).await;
    fixture.send(&["2"], to(&format!("http://localhost:{port}/sandbox/reset"))).await;
    fixture.send(&["3"], to(&format!("{}/sandbox/reset", other.url))).await;
    fixture.advance("10s").await;
    let pushes = fixture.webhooks().await;
    let mut ends: Vec<_> = pushes
        .iter()
        .map(|push| (push["state"].as_str().unwrap(), &push["tries"][0]["outcome"], &push["tries"][0]["status"]))
        .map(|(state, outcome, status)| format!("{state} {outcome} {status}"))
        .collect();
    ends.sort();
    assert_eq!(ends, [r#"waiting "answered" 403"#, r#"withheld "itself" null"#, r#"withheld "itself" null"#]);
    assert_eq!(fixture.sandbox.counts().accepted, 3);
    assert_eq!(other.get("/sandbox/messages").await["messages"].as_array().unwrap().len(), 1);
    other.stop().await;
    fixture.stop().await;
}

/// How long an event may take that surely comes.
const SOON: Duration = Duration::from_secs(20);

/// Waits for something that surely comes.
async fn soon<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, waiting).await.expect("it comes soon")
}

#[tokio::test]
async fn whoever_changes_the_clock_tells_it_and_wakes_who_waits_for_a_time() {
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.get("/sandbox/state").await;
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(folder.path().join("books.db"));
    options.now = ClockStart::Fixed(NOON.parse().unwrap());
    let silent = start(options).await.unwrap();
    for sandbox in [&fixture.sandbox, &silent.sandbox] {
        let (mut events, mut watch) = (sandbox.listen(), sandbox.tracker().watch());
        let hour = ClockSetting { advance: Some(SignedDuration::from_hours(1)), ..ClockSetting::default() };
        let (from, to) = (sandbox.now(), sandbox.now() + hour.advance.unwrap());
        // Whoever asks for it leaves.
        assert!(sandbox.change_clock(hour).now_or_never().is_none());
        let event = soon(events.recv()).await.unwrap();
        assert_eq!(event.what, SandboxEventKind::Clock { from, to });
        soon(watch.changed()).await.unwrap();
    }
    silent.stop().await.unwrap();
    // And one who does not wait for its end.
    let receiver = Receiver::start([]).await;
    fixture.send(&["1"], to(&receiver.url)).await;
    let mut events = fixture.sandbox.listen();
    let waiting = fixture.get("/sandbox/wait?sent=1&final=1&timeout=20s");
    let moving = fixture.post("/sandbox/clock", json!({ "advance": "2h", "wait": 0 }));
    let (reached, _) = tokio::join!(waiting, moving);
    assert_eq!((&reached["sent"], &reached["final"]), (&json!(1), &json!(1)));
    while !matches!(soon(events.recv()).await.unwrap().what, SandboxEventKind::Clock { .. }) {}
    fixture.stop().await;
}

#[tokio::test]
async fn a_damaged_bulk_is_left_out_and_shown_and_holds_up_nobody() {
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    for person in ["1", "2", "3"] {
        fixture.send(&[person], to(&receiver.url)).await;
    }
    let books = rusqlite::Connection::open(fixture.sandbox.books_path()).unwrap();
    books.execute("UPDATE bulk SET body = x'00' WHERE number = 2", []).unwrap();
    fixture.advance("1h").await;
    let ids: Vec<_> = receiver.posted().iter().flat_map(Posted::ids).collect();
    assert_eq!(ids, ["m1", "m3"]);
    let damaged = json!({ "bulks": [2], "pushes": [] });
    assert_eq!(fixture.get("/sandbox/webhooks").await["damaged"], damaged);
    let health = fixture.get("/sandbox/health").await;
    assert_eq!((&health["status"], &health["damaged"]), (&json!("damaged"), &damaged));
    fixture.stop().await;
}

#[tokio::test]
async fn a_damaged_push_is_left_out_and_holds_up_nobody() {
    let receiver = Receiver::start([Reply::Status(503), Reply::Status(503)]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    for person in ["1", "2"] {
        fixture.send(&[person], to(&receiver.url)).await;
    }
    fixture.advance("10s").await;
    let books = rusqlite::Connection::open(fixture.sandbox.books_path()).unwrap();
    books.execute("UPDATE push SET tries = 'damaged' WHERE number = 1", []).unwrap();
    fixture.advance("1h").await;
    assert_eq!(receiver.posted().len(), 3);
    assert_eq!(fixture.get("/sandbox/health").await["damaged"], json!({ "bulks": [], "pushes": [1] }));
    fixture.stop().await;
}

#[tokio::test]
async fn what_was_posted_is_noted_once_the_books_can_be_written_and_not_posted_again() {
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.send(&["1", "2"], to(&receiver.url)).await;
    let books = rusqlite::Connection::open(fixture.sandbox.books_path()).unwrap();
    books.execute_batch("CREATE TRIGGER full BEFORE INSERT ON push BEGIN SELECT RAISE(ABORT, 'full'); END").unwrap();
    // Whoever moves the clock is told that it did not work, again and again.
    for _ in 0..3 {
        let moving = fixture.call(reqwest::Method::POST, "/sandbox/clock", Some(json!({ "advance": "1h" })));
        assert_eq!(soon(moving).await.0, 500);
    }
    assert_eq!(fixture.sandbox.now(), "2026-11-30T12:00:02Z".parse().unwrap());
    books.execute_batch("DROP TRIGGER full").unwrap();
    soon(fixture.get("/sandbox/wait?webhooks=1")).await;
    fixture.advance("1h").await;
    assert!(is(&fixture.webhooks().await[0], "done", 1));
    assert_eq!(receiver.posted().len(), 1);
    fixture.stop().await;
}

#[tokio::test]
async fn nothing_is_forgotten_where_the_books_cannot_be_read_again() {
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.send(&["1"], to(&receiver.url)).await;
    let books = rusqlite::Connection::open(fixture.sandbox.books_path()).unwrap();
    books.execute_batch("ALTER TABLE pushed RENAME TO elsewhere").unwrap();
    // The second comes once it has tried to read the books again, and no time passes before they are.
    for _ in 0..2 {
        let moving = fixture.call(reqwest::Method::POST, "/sandbox/clock", Some(json!({ "advance": "1h" })));
        assert_eq!(soon(moving).await.0, 500);
    }
    books.execute_batch("ALTER TABLE elsewhere RENAME TO pushed").unwrap();
    assert_eq!(soon(receiver.wait(1)).await[0].ids(), ["m1"]);
    fixture.stop().await;
}

#[tokio::test]
async fn a_sandbox_whose_posting_has_ended_ends() {
    let fixture = Fixture::new(|_, _| {}).await;
    fixture.get("/sandbox/state").await;
    fixture.sandbox.close().await.unwrap();
    // The engine meets with closed books.
    assert!(fixture.sandbox.change_clock(ClockSetting::to(NOON.parse().unwrap())).await.is_err());
    let ended = soon(fixture.served).await.unwrap();
    assert!(matches!(ended, Err(SandboxError::Closed { .. })), "{ended:?}");
    drop(fixture.stop);
}

#[tokio::test]
async fn a_fast_clock_is_held_until_whoever_posts_knows_a_bulk() {
    let receiver = Receiver::start([]).await;
    let fixture = Fixture::new(|options, _| {
        options.now = ClockStart::At(NOON.parse().unwrap());
        options.speed = crate::sandbox::clock::Speed::new(1_000_000).unwrap();
    })
    .await;
    drop(receiver.clock.set(fixture.sandbox.clone()));
    for person in 1..=5_usize {
        fixture.send(&[&person.to_string()], to(&receiver.url)).await;
        let posted = soon(receiver.wait(person)).await;
        let report = posted[person - 1].json()["results"][0].clone();
        // It is posted a second after its end, to the millisecond.
        let done_at = crate::wire::time::read(report["doneAt"].as_str().unwrap()).unwrap();
        assert_eq!(posted[person - 1].at, Some(done_at + SignedDuration::from_secs(1)), "{report}");
    }
    fixture.stop().await;
}

#[tokio::test]
async fn what_others_would_reach_has_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books.db");
    let sandbox = SandboxState::open(Options::new(books.clone())).unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let served = serve_posting(listener, sandbox, WebhookSettings::default(), std::future::ready(())).await;
    assert!(matches!(served, Err(SandboxError::Exposed(_))));
    assert_eq!(MessageStore::open(&books).unwrap().opened().bound, None);
}

#[tokio::test]
async fn a_message_shows_the_pushes_that_have_its_report() {
    let receiver = Receiver::start([Reply::Status(503)]).await;
    let fixture = Fixture::new(|_, _| {}).await;
    // A push has a hundred reports at most.
    let people: Vec<_> = (1..=102).map(|person| person.to_string()).collect();
    fixture.send(&people.iter().map(String::as_str).collect::<Vec<_>>(), to(&receiver.url)).await;
    fixture.send(&["200"], to(&receiver.url)).await;
    fixture.advance("1h").await;
    let all = fixture.webhooks().await;
    let of = async |message_id: &str| {
        let shown = fixture.get(&format!("/sandbox/messages/{message_id}")).await;
        shown["messages"][0]["pushes"].as_array().unwrap().clone()
    };
    let first = of("m1").await;
    assert!(first.len() == 1 && is(&first[0], "done", 2) && first[0]["results"] == 100, "{first:?}");
    assert_eq!((&first[0]["tries"][0]["status"], minutes(&first[0])), (&json!(503), vec![0, 1]));
    assert_eq!(of("m2").await, first);
    let other = of("m102").await;
    assert!(other.len() == 1 && other[0]["results"] == 2 && other != first, "{other:?}");
    let found = async |query: &str| fixture.get(&format!("/sandbox/webhooks?{query}")).await;
    assert_eq!(found("messageId=m1").await["webhooks"].as_array().unwrap(), &first);
    let bulk_id = first[0]["bulkId"].as_str().unwrap();
    let of_bulk = found(&format!("bulkId={bulk_id}")).await;
    assert_eq!((all.len(), of_bulk["webhooks"].as_array().unwrap().len()), (3, 2));
    assert_eq!(of_bulk["counts"], json!({ "done": 2 }), "the counts are theirs");
    for none in ["messageId=m300", "bulkId=b9", &format!("messageId=m200&bulkId={bulk_id}")] {
        assert_eq!(found(none).await, json!({ "counts": {}, "webhooks": [] }), "{none}");
    }
}

#[tokio::test]
async fn as_many_reports_go_together_as_is_set_also_after_a_restart_with_another_number() {
    let receiver = Receiver::start([]).await;
    let counts = || {
        let posted = receiver.posted();
        posted.iter().map(|posted| posted.json()["results"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    let fixture = Fixture::new(|_, settings| settings.batch = 2).await;
    fixture.send(&["1", "2", "3"], to(&receiver.url)).await;
    fixture.advance("1h").await;
    assert_eq!(counts(), [2, 1]);
    let folder = fixture.stop().await;
    let fixture = Fixture::open(folder, |_, settings| settings.batch = 3).await;
    fixture.send(&["4", "5", "6", "7"], to(&receiver.url)).await;
    fixture.advance("1h").await;
    assert_eq!(counts(), [2, 1, 3, 1]);
    fixture.stop().await;
}
