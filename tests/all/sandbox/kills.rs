//! A sandbox that is killed a hundred times while people send to it, watch it, pull its reports and receive them:
//! nothing that was answered with a 200 is lost, no message has two lives, its time never goes back, no report is pulled
//! twice, none is pulled that a receiver has taken, and none is posted again unless a kill or a failure stands between.

mod hooks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{instant, now};
use crate::support::{Api, NOW, Sandbox};
use crate::torture::Dice;
use hooks::{Hooks, Posted, Wants};

const KILLS: u64 = 100;
/// So much of its time passes in a second: bulks with windows and validities come to their ends on the way.
const SPEED: &str = "3600";
/// In how many threads is sent.
const SENDERS: u64 = 2;
/// How many reports are pulled at once.
const PULLED_AT_ONCE: usize = 20;
/// So much older than at a query of everything a report may have been too old for it: it is kept for 48 hours, and time
/// goes on between the question for the time and the query.
const OLD: SignedDuration = SignedDuration::from_hours(36);
/// An answer must come at last; a life has far fewer of them than that takes.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// Where a message was found at its end: its state, when it left, when it ended.
type End = (String, Option<String>, Option<String>);

/// A query of the reports that had all that there were.
#[derive(Debug)]
struct Drain {
    /// The sandbox's time just before it.
    at: Timestamp,
    /// How many queries before it had no answer.
    cut: u64,
}

/// What those outside have seen so far, over all lives of the sandbox.
#[derive(Debug, Default)]
struct Seen {
    /// The messages of requests that were answered with a 200, and what they want to be told.
    accepted: BTreeMap<String, Wants>,
    /// All messages that were sent, answered or not.
    tried: BTreeSet<String>,
    latest: Option<Timestamp>,
    ends: BTreeMap<String, End>,
    reported: BTreeSet<String>,
    /// Queries of the reports whose answer did not come: what it had is lost to those who asked.
    cut: u64,
    pulls: u64,
    /// The queries after which nobody could pull more.
    drains: Vec<Drain>,
    /// Messages whose reports were seen to be handed out, and after how many pulls.
    handed_out: BTreeMap<String, u64>,
}

impl Seen {
    fn see_time(&mut self, instant: Timestamp) {
        assert!(self.latest.is_none_or(|latest| latest <= instant), "{instant} comes after {:?}", self.latest);
        self.latest = Some(instant);
    }

    fn see_end(&mut self, message: &Value) {
        let text = |name: &str| message[name].as_str().map(ToOwned::to_owned);
        let state = text("state").expect("a message has a state");
        if ["DELIVERED", "UNDELIVERABLE", "EXPIRED", "REJECTED"].contains(&state.as_str()) {
            let end = (state, text("sendAt"), text("doneAt"));
            let id = text("messageId").expect("a message has an id");
            let known = self.ends.entry(id.clone()).or_insert_with(|| end.clone());
            assert_eq!(*known, end, "{id} has ended in two ways");
        }
    }

    /// Takes in what a query has answered that began after `at` and asked for so many.
    fn see_reports(&mut self, reports: &Value, at: Timestamp, limit: usize) {
        let reports = reports["results"].as_array().expect("reports are a list");
        if reports.len() < limit {
            self.drains.push(Drain { at, cut: self.cut });
        }
        for report in reports {
            let id = report["messageId"].as_str().expect("a report has a messageId").to_owned();
            let handed_out = self.handed_out.get(&id);
            assert!(handed_out.is_none_or(|pulls| *pulls >= self.pulls), "the report of {id} was handed out");
            assert!(self.reported.insert(id.clone()), "the report of {id} came twice");
        }
    }
}

/// A bulk of a few messages, of one of the kinds: at once, scheduled, paced, windowed, short-lived, or all of it. Some
/// want to be told to a receiver.
fn bulk(id: &str, dice: &mut Dice, at: Timestamp, hooks: &Hooks) -> (Value, Vec<(String, Wants)>) {
    let kind = dice.number(0..6);
    let is = |wanted: u64| kind == wanted || kind == 5;
    let ahead = SignedDuration::from_mins(i64::try_from(dice.number(1..180)).unwrap_or(1));
    let mut schedule = json!({ "bulkId": id });
    if is(1) {
        schedule["sendAt"] = json!((at + ahead).to_string());
    }
    if is(2) {
        schedule["sendingSpeedLimit"] = json!({ "amount": dice.number(1..90), "timeUnit": "HOUR" });
    }
    let mut options = json!({});
    if is(3) {
        let hour = dice.number(0..22);
        options["deliveryTimeWindow"] = json!({
            "days": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"],
            "from": { "hour": hour, "minute": 0 }, "to": { "hour": hour + 2, "minute": 0 },
        });
    }
    if is(4) {
        options["validityPeriod"] = json!({ "amount": dice.number(1..120) });
    }
    let (count, is_told) = (dice.number(1..6), dice.once_in(4));
    let mut ids = Vec::new();
    let mut message = |number: u64| {
        let id = format!("{id}.{number}");
        let (wants, webhooks) = if is_told { hooks.wish(dice, &id) } else { (Wants::Nothing, json!({})) };
        ids.push((id.clone(), wants));
        json!({
            "sender": "shop", "destinations": [{ "to": id, "messageId": id }],
            "content": { "type": "TEXT", "text": "Hi" }, "options": options, "webhooks": webhooks,
        })
    };
    let messages: Vec<Value> = (0..count).map(&mut message).collect();
    (json!({ "messages": messages, "options": { "schedule": schedule } }), ids)
}

/// The people around one life of the sandbox. Each goes on until nobody answers, and says so after each answer.
struct Life<'l> {
    number: u64,
    seed: u64,
    api: &'l Api,
    seen: &'l Mutex<Seen>,
    hooks: &'l Hooks,
}

impl Life<'_> {
    fn seen<T>(&self, see: impl FnOnce(&mut Seen) -> T) -> T {
        see(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sends(&self, sender: u64, answered: &Sender<()>) {
        let mut dice = Dice::new(self.seed ^ (self.number * SENDERS + sender));
        for number in 0.. {
            let at = self.seen(|seen| seen.latest).unwrap_or_else(|| NOW.parse().expect("a time"));
            let (body, ids) = bulk(&format!("{}-{sender}-{number}", self.number), &mut dice, at, self.hooks);
            self.seen(|seen| seen.tried.extend(ids.iter().map(|(id, _)| id.clone())));
            let Ok(reply) = self.api.try_call("POST", "/instagram/1/messages", &body.to_string()) else { return };
            assert_eq!(reply.status, 200, "{body}: {reply:?}");
            self.seen(|seen| seen.accepted.extend(ids));
            if answered.send(()).is_err() {
                return;
            }
        }
    }

    fn pulls(&self, answered: &Sender<()>) {
        loop {
            let Ok(state) = self.api.try_call("GET", "/sandbox/state", "") else { return };
            let at = now(&state.json());
            self.seen(|seen| seen.pulls += 1);
            let reply = self.api.try_call("GET", &format!("/instagram/1/reports?limit={PULLED_AT_ONCE}"), "");
            let Ok(reply) = reply else {
                return self.seen(|seen| seen.cut += 1);
            };
            self.seen(|seen| seen.see_reports(&reply.json(), at, PULLED_AT_ONCE));
            if answered.send(()).is_err() {
                return;
            }
        }
    }

    fn watches(&self, answered: &Sender<()>) {
        let mut dice = Dice::new(!self.seed ^ self.number);
        loop {
            let Ok(state) = self.api.try_call("GET", "/sandbox/state", "") else { return };
            self.seen(|seen| seen.see_time(now(&state.json())));
            // Some bulk of this life or of one before.
            let id = self.seen(|seen| {
                let place = dice.number(0..u64::try_from(seen.accepted.len()).unwrap_or(0) + 1);
                let mut ids = seen.accepted.keys();
                ids.nth(usize::try_from(place).unwrap_or(0)).and_then(|id| Some(id.rsplit_once('.')?.0.to_owned()))
            });
            let Some(id) = id else { continue };
            let Ok(page) = self.api.try_call("GET", &format!("/sandbox/messages?bulkId={id}"), "") else { return };
            self.seen(|seen| {
                page.json()["messages"].as_array().into_iter().flatten().for_each(|one| seen.see_end(one));
            });
            if answered.send(()).is_err() {
                return;
            }
            let told = self.hooks.posted().some_end(&mut dice);
            let Some(told) = told else { continue };
            let Ok(life) = self.api.try_call("GET", &format!("/sandbox/messages/{told}"), "") else { return };
            if life.json()["messages"][0]["reportHandedOut"] == true {
                self.seen(|seen| *seen.handed_out.entry(told).or_insert(seen.pulls));
            }
        }
    }
}

/// Lets people have a sandbox until they had so many answers; then it is killed.
fn live(number: u64, answers: u64, seed: u64, books: &str, (seen, hooks): (&Mutex<Seen>, &Hooks)) {
    hooks.enter(number);
    let sandbox = Sandbox::start_at("127.0.0.1:0", &["--now", NOW, "--books", books, "--speed", SPEED]);
    let api = Api::at(sandbox.address());
    let life = Life { number, seed, api: &api, seen, hooks };
    let (answered, heard) = channel();
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (life, answered) = (&life, answered.clone());
            scope.spawn(move || life.sends(sender, &answered));
        }
        for watch in [Life::pulls, Life::watches] {
            let (life, answered) = (&life, answered.clone());
            scope.spawn(move || watch(life, &answered));
        }
        for answer in 0..answers {
            heard.recv_timeout(ANSWER_TIME_MAX).unwrap_or_else(|_| panic!("answer {answer} of life {number} comes"));
        }
        // Dropped, its process is killed, whatever it is at.
        drop(sandbox);
    });
}

#[test]
fn a_sandbox_that_is_killed_a_hundred_times_keeps_its_word() {
    let seed = std::env::var("SENDFORM_KILLS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("SENDFORM_KILLS_SEED={seed}");
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books.sqlite");
    let books = books.to_str().unwrap();
    let (seen, hooks) = (Mutex::new(Seen::default()), Hooks::start(seed));
    let mut dice = Dice::new(seed);
    for number in 0..KILLS {
        live(number, dice.number(1..80), seed, books, (&seen, &hooks));
    }
    hooks.enter(KILLS);
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let sandbox = Sandbox::start_at("127.0.0.1:0", &["--now", NOW, "--books", books, "--stopped"]);
    let api = Api::at(sandbox.address());
    come_to_the_end(&mut seen, &sandbox, &api, &hooks);
    let posted = hooks.end();
    eprintln!("{}", check_messages(&mut seen, &sandbox, &posted));
    check_told(&seen, &api, &posted);
    eprintln!("{}", posted.sum_up());
    assert!(seen.pulls > KILLS / 2 && seen.accepted.len() > 200, "there was load: {} pulls", seen.pulls);
}

/// Lets all messages come to their ends, after the longest schedule and the longest validity, and all pushes to theirs.
/// Hour by hour, so that no report grows old.
fn come_to_the_end(seen: &mut Seen, sandbox: &Sandbox, api: &Api, hooks: &Hooks) {
    let begun = now(&sandbox.state());
    seen.see_time(begun);
    for hour in 1.. {
        let at = begun + SignedDuration::from_hours(hour);
        sandbox.set_clock(&at.to_string());
        loop {
            seen.pulls += 1;
            let reports = api.got("/instagram/1/reports?limit=1000");
            seen.see_reports(&reports, at, 1000);
            let reports = reports["results"].as_array().expect("reports are a list");
            // Whatever a receiver has taken is noted by now, or was posted once more.
            let posted = hooks.posted();
            for report in reports {
                let id = report["messageId"].as_str().expect("a report has a messageId");
                assert!(posted.end_of(id).is_none(), "the report of {id} was taken, and is pulled");
            }
            if reports.is_empty() {
                break;
            }
        }
        if hour >= 60 && api.got("/sandbox/webhooks?state=waiting&limit=1")["webhooks"] == json!([]) {
            return;
        }
        assert!(hour < 120, "pushes come to their ends");
    }
}

/// Makes sure that all messages are there, once, and have ended, and that their reports were not lost.
fn check_messages(seen: &mut Seen, sandbox: &Sandbox, posted: &Posted) -> String {
    let books = sandbox.messages();
    let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
    for message in books["messages"].as_array().unwrap() {
        *kept.entry(message["messageId"].as_str().unwrap()).or_default() += 1;
        seen.see_end(message);
    }
    for id in seen.accepted.keys() {
        assert_eq!(kept.get(id.as_str()), Some(&1), "{id} was answered with a 200");
    }
    for (id, count) in &kept {
        assert!(*count == 1 && seen.tried.contains(*id), "{id} is there {count} times");
        assert!(seen.ends.contains_key(*id), "{id} has come to no end");
    }
    for id in posted.heard_of() {
        assert!(kept.contains_key(id), "{id} was posted, and is not there");
    }
    let (lost, old) = check_lost(seen, posted);
    let (accepted, ended, pulled) = (seen.accepted.len(), seen.ends.len(), seen.reported.len());
    let (cut, pulls) = (seen.cut, seen.pulls);
    format!(
        "{accepted} accepted, {ended} ended, {pulled} pulled, {lost} lost in {cut} cut answers of {pulls}, {old} too old"
    )
}

/// Makes sure that a report which nobody was given was in an answer that did not come, of those that could have had it,
/// or grew old while nobody asked. Says how many there are of both.
fn check_lost(seen: &Seen, posted: &Posted) -> (usize, usize) {
    let lost = seen.ends.iter().filter(|(id, _)| !seen.reported.contains(*id) && posted.end_of(id).is_none());
    let mut old = 0;
    let mut in_cut: BTreeMap<usize, usize> = BTreeMap::new();
    for (id, (_, _, done)) in lost {
        let done = instant(done.as_deref().expect("what has ended says when"));
        let next = seen.drains.partition_point(|drain| drain.at < done);
        let drain = seen.drains.get(next).unwrap_or_else(|| panic!("all was asked for after the end of {id}"));
        if drain.at.duration_since(done) > OLD {
            old += 1;
        } else {
            *in_cut.entry(next).or_default() += 1;
        }
    }
    for (next, lost) in &in_cut {
        let cut_at = |place: usize| seen.drains.get(place).map_or(0, |drain| drain.cut);
        let cut = cut_at(*next) - next.checked_sub(1).map_or(0, cut_at);
        let lost_max = usize::try_from(cut).unwrap() * PULLED_AT_ONCE;
        assert!(*lost <= lost_max, "{lost} reports were lost, in {cut} answers that did not come");
    }
    (in_cut.values().sum(), old)
}

/// Makes sure that whoever wanted to be told was told what the sandbox says.
fn check_told(seen: &Seen, api: &Api, posted: &Posted) {
    for (id, wants) in seen.accepted.iter().filter(|(_, wants)| **wants != Wants::Nothing) {
        let message = &api.got(&format!("/sandbox/messages/{id}"))["messages"][0];
        let end = posted.end_of(id).unwrap_or_else(|| panic!("nobody was told of the end of {message}"));
        let text = |name: &str| message[name].as_str().map(ToOwned::to_owned);
        let told = (&end.sent_at, &end.done_at, &end.status.group_name, &end.status.name, &end.error.name);
        let [group, status, error] = ["status", "statusName", "error"].map(|name| text(name).unwrap());
        assert_eq!(
            told,
            (&text("sendAt"), &text("doneAt"), &group, &status, &error),
            "{id} was told of in another way"
        );
        assert_eq!((Some(&end.bulk_id), &end.callback_data), (text("bulkId").as_ref(), &format!("<{id}>")));
        let has_left = message["life"].as_array().unwrap().iter().any(|step| step["state"] == "SENT");
        let leaving = posted.leaving_of(id).map(|report| report.status.name.as_str());
        let expected = (has_left && *wants == Wants::LeavingAndEnd).then_some("PENDING_ENROUTE");
        assert_eq!(leaving, expected, "what was told of the leaving of {message}");
    }
}
