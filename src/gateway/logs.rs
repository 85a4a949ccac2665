//! The logs over HTTP: every page of an answer, at the speed that an account may ask, and again if
//! an answer fails. Nothing is lost by asking twice, so this repeats what a send never may.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL};
use url::{Url, form_urlencoded};

use super::answer::Answer;
use super::client::Client;
use super::page::{self, Page, Turn};
use crate::apply::Clock;
use crate::apply::evidence::{By, Found, Logs, LogsFailure, Look, Question};
use crate::wire::limits::LOGS_PAGE_MAX;
use crate::wire::{SANDBOX_HEADER, time};

/// How often a page is asked for.
const TRIES_MAX: u32 = 4;
/// The first wait before a page is asked for again; doubled each time.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// The longest wait that a `Retry-After` may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(2);
/// What no cache may answer.
const FRESH: &str = "no-cache, no-store";
/// How many pages an answer may have: more than any question can fill.
const PAGES_MAX: usize = 1000;

impl<C: Clock + Clone + Send + Unpin + 'static> Logs for Client<C> {
    async fn find(&self, question: &Question) -> Found {
        let name = match question.by() {
            By::Bulk => "bulkId",
            By::Message => "messageId",
        };
        // Ids have letters, digits, hyphens and dots, and the commas between them stay commas.
        let found = self.pages(&format!("{name}={}", question.ids()), PAGES_MAX).await;
        if found.is_cut { failed(found, "it has no end") } else { found }
    }

    async fn recent(&self, look: &Look) -> Found {
        let mut query = "sender=".to_owned();
        query.extend(form_urlencoded::byte_serialize(look.sender.as_str().as_bytes()));
        query.push_str("&sentSince=");
        query.extend(form_urlencoded::byte_serialize(time::write(look.since).as_bytes()));
        self.pages(&query, look.pages_max).await
    }
}

impl<C: Clock> Client<C> {
    /// Reads so many pages of an answer.
    async fn pages(&self, query: &str, pages_max: usize) -> Found {
        let mut found = Found { from_sandbox: true, now: Some(Timestamp::MAX), ..Found::default() };
        let mut cursors: HashSet<String> = HashSet::new();
        let mut cursor: Option<String> = None;
        for _ in 0..pages_max {
            let url = self.address(query, cursor.as_deref());
            match self.page(&url, &mut found.from_sandbox).await {
                Ok((Page { rows, nameless, next }, now)) => {
                    found.rows.extend(rows);
                    found.nameless += nameless;
                    found.now = found.now.zip(now).map(|(before, now)| before.min(now));
                    match next {
                        None => return found,
                        Some(next) if !cursors.insert(next.clone()) => {
                            return failed(found, "its cursors go round in a circle");
                        }
                        Some(next) => cursor = Some(next),
                    }
                }
                Err(failure) => {
                    found.failure = Some(failure);
                    return found;
                }
            }
        }
        Found { is_cut: true, ..found }
    }
}

fn failed(found: Found, why: &str) -> Found {
    Found { failure: Some(LogsFailure::Unreadable(why.to_owned())), ..found }
}

impl<C: Clock> Client<C> {
    fn address(&self, query: &str, cursor: Option<&str>) -> Url {
        let mut query = format!("{query}&limit={LOGS_PAGE_MAX}&useCursor=true");
        if let Some(cursor) = cursor {
            query.push_str("&cursor=");
            query.extend(form_urlencoded::byte_serialize(cursor.as_bytes()));
        }
        let mut url = self.logs.clone();
        url.set_query(Some(&query));
        url
    }

    /// Asks for a page until it is answered, or was asked for often enough.
    async fn page(&self, url: &Url, from_sandbox: &mut bool) -> Result<(Page, Option<Timestamp>), LogsFailure> {
        let mut wait = BACKOFF_FIRST;
        let mut tries = 0;
        loop {
            tries += 1;
            let (turn, now) = self.ask(url, from_sandbox).await;
            let (failure, wanted) = match turn {
                Turn::Page(page) => return Ok((page, now)),
                Turn::Failed(failure) => return Err(failure),
                Turn::Again(failure, wanted) => (failure, wanted),
            };
            if tries >= TRIES_MAX {
                return Err(failure);
            }
            self.clock.sleep(wanted.map_or(wait, |wanted| wanted.clamp(wait, RETRY_AFTER_MAX))).await;
            wait *= 2;
        }
    }

    /// Asks once, and says when the answer was made at the earliest, if that is known.
    async fn ask(&self, url: &Url, from_sandbox: &mut bool) -> (Turn, Option<Timestamp>) {
        let wait = self.rate.lock().unwrap_or_else(PoisonError::into_inner).take(self.clock.elapsed());
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        let before = self.clock.now();
        let asking = self.http.get(url.clone()).header(AUTHORIZATION, self.authorization.clone());
        match asking.header(ACCEPT, "application/json").header(CACHE_CONTROL, FRESH).send().await {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                *from_sandbox &= headers.contains_key(SANDBOX_HEADER);
                let stamp = self.stamp(&headers, before);
                let now = match stamp {
                    Some(stamp) => Some(self.time.instant(&stamp)),
                    None => (!self.time.needs_date()).then_some(before),
                };
                let body = self.read(response).await;
                (page::read(&Answer { status, headers, body }, SystemTime::now()), now)
            }
            Err(error) => {
                *from_sandbox = false;
                (Turn::Again(LogsFailure::Unreachable(self.explain(error)), None), None)
            }
        }
    }
}
