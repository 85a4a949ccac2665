//! Whoever receives the reports of messages that name a URL, over all lives of a sandbox that is killed: it fails now
//! and then, and holds what it is sent against what it was sent before.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Post, Receiver, http};
use crate::torture::Dice;

/// It fails once in so many posts.
const FAILS_ONCE_IN: u64 = 5;

/// What a message wants to be told to its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Nothing,
    End,
    LeavingAndEnd,
}

/// One report in a push, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) message_id: String,
    pub(super) bulk_id: String,
    pub(super) callback_data: String,
    pub(super) status: Named,
    pub(super) error: Named,
    pub(super) sent_at: Option<String>,
    pub(super) done_at: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    pub(super) group_name: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
struct JsonReports {
    results: Vec<Report>,
}

#[derive(Deserialize)]
struct XmlReports {
    results: XmlResults,
}

#[derive(Deserialize)]
struct XmlResults {
    result: Vec<Report>,
}

/// A report of a message: its id, and whether the message had ended.
type Place = (String, bool);

impl Report {
    fn place(&self) -> Place {
        (self.message_id.clone(), self.done_at.is_some())
    }
}

/// One post of a report.
#[derive(Debug, Clone, Copy)]
struct Telling {
    life: u64,
    post: u64,
    is_taken: bool,
}

/// All that was posted so far.
#[derive(Debug, Default)]
pub(super) struct Posted {
    life: u64,
    posts: u64,
    failed: u64,
    /// The last post for each path in each life: only that can have been answered without being noted.
    last: BTreeMap<(String, u64), u64>,
    reports: BTreeMap<Place, (Report, Vec<Telling>)>,
    /// The body of each push, by its reports.
    bodies: BTreeMap<Vec<Place>, String>,
}

impl Posted {
    /// Takes a post in, and says whether it is taken.
    fn see(&mut self, post: &Post, is_taken: bool) {
        self.posts += 1;
        self.failed += u64::from(!is_taken);
        let telling = Telling { life: self.life, post: self.posts, is_taken };
        let reports = read(post);
        let places: Vec<Place> = reports.iter().map(Report::place).collect();
        assert!(!places.is_empty(), "a push has reports: {post:?}");
        let body = self.bodies.entry(places).or_insert_with(|| post.body.clone());
        assert_eq!(*body, post.body, "two copies of a push differ");
        for report in reports {
            let (known, tellings) = self.reports.entry(report.place()).or_insert_with(|| (report.clone(), Vec::new()));
            assert_eq!(*known, report, "a report is told in two ways");
            if let Some(before) = tellings.last().filter(|before| before.is_taken) {
                let was_last = self.last.get(&(post.path.clone(), before.life)) == Some(&before.post);
                assert!(before.life < self.life && was_last, "{report:?} comes again after {before:?}");
            }
            tellings.push(telling);
        }
        self.last.insert((post.path.clone(), self.life), self.posts);
    }

    /// The report of how a message has ended, if it was taken.
    pub(super) fn end_of(&self, id: &str) -> Option<&Report> {
        self.taken(id, true)
    }

    /// The report of its leaving, if it was taken.
    pub(super) fn leaving_of(&self, id: &str) -> Option<&Report> {
        self.taken(id, false)
    }

    fn taken(&self, id: &str, is_end: bool) -> Option<&Report> {
        let (report, tellings) = self.reports.get(&(id.to_owned(), is_end))?;
        tellings.iter().any(|telling| telling.is_taken).then_some(report)
    }

    /// The messages of which it has heard anything.
    pub(super) fn heard_of(&self) -> BTreeSet<&str> {
        self.reports.keys().map(|(id, _)| id.as_str()).collect()
    }

    /// Some message whose end was taken.
    pub(super) fn some_end(&self, dice: &mut Dice) -> Option<String> {
        let place = usize::try_from(dice.number(0..u64::try_from(self.reports.len()).ok()? + 1)).ok()?;
        let ended = self.reports.iter().skip(place).find(|((_, is_end), _)| *is_end);
        ended.map(|((id, _), _)| id.clone())
    }

    /// Says how much there was, and makes sure that it was much.
    #[must_use]
    pub(super) fn sum_up(&self) -> String {
        let again = |(_, tellings): &&(Report, Vec<Telling>)| {
            tellings.windows(2).any(|two| two.first().is_some_and(|first| first.is_taken))
        };
        let again = self.reports.values().filter(again).count();
        let forms: BTreeSet<bool> = self.bodies.values().map(|body| body.starts_with('<')).collect();
        assert!(self.posts > 200 && self.failed > 20 && forms.len() == 2, "there was something to receive");
        let (posts, failed, reports) = (self.posts, self.failed, self.reports.len());
        format!("{posts} posts, {failed} failed, {reports} reports, {again} of them taken twice")
    }
}

fn read(post: &Post) -> Vec<Report> {
    let read = if post.path.ends_with("/xml") {
        quick_xml::de::from_str(&post.body)
            .map(|XmlReports { results }| results.result)
            .map_err(|error| error.to_string())
    } else {
        serde_json::from_str(&post.body).map(|JsonReports { results }| results).map_err(|error| error.to_string())
    };
    read.unwrap_or_else(|error| panic!("{error}: {post:?}"))
}

/// Whoever receives, in a thread of its own.
pub(super) struct Hooks {
    address: SocketAddr,
    posted: Arc<Mutex<Posted>>,
    receiving: JoinHandle<()>,
}

impl Hooks {
    pub(super) fn start(seed: u64) -> Self {
        let receiver = Receiver::start();
        let (address, posted) = (receiver.address(), Arc::new(Mutex::new(Posted::default())));
        let mut dice = Dice::new(seed);
        let seen = Arc::clone(&posted);
        let receiving = thread::spawn(move || {
            loop {
                let post = receiver.next();
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(life) = post.path.strip_prefix("/life/") {
                    seen.life = life.parse().expect("a life has a number");
                    post.answer(200);
                } else if post.path == "/over" {
                    return post.answer(200);
                } else {
                    let is_taken = !dice.once_in(FAILS_ONCE_IN);
                    seen.see(&post, is_taken);
                    post.answer(if is_taken { 200 } else { 503 });
                }
            }
        });
        Self { address, posted, receiving }
    }

    /// Comes to the life with a number. Whatever was posted in those before has been looked at then: the posts are
    /// taken in one after the other.
    pub(super) fn enter(&self, life: u64) {
        self.tell(&format!("/life/{life}"));
    }

    fn tell(&self, path: &str) {
        let answer = http::request(self.address, "POST", path, Some("{}")).expect("the receiver has not panicked");
        assert_eq!(answer.status, 200);
    }

    /// What was posted so far.
    pub(super) fn posted(&self) -> MutexGuard<'_, Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends.
    pub(super) fn end(self) -> Posted {
        self.tell("/over");
        self.receiving.join().expect("nothing was wrong with what it was sent");
        std::mem::take(&mut *self.posted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a message wants to be told, and how it says so.
    pub(super) fn wish(&self, dice: &mut Dice, id: &str) -> (Wants, Value) {
        let url = |path: &str| format!("http://{}/{path}", self.address);
        let (wants, path, media_type) = match dice.number(0..4) {
            0 => (Wants::End, "end", "application/json"),
            1 => (Wants::End, "end/xml", "application/xml"),
            2 => (Wants::LeavingAndEnd, "both", "application/json"),
            _ => (Wants::LeavingAndEnd, "both/xml", "application/xml"),
        };
        let delivery = json!({ "url": url(path), "intermediateReport": wants == Wants::LeavingAndEnd });
        (wants, json!({ "delivery": delivery, "contentType": media_type, "callbackData": format!("<{id}>") }))
    }
}
