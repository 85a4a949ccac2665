//! The logs over HTTP: every page of an answer, at the speed that an account may ask, and again if
//! an answer fails. Nothing is lost by asking twice, so this repeats what a send never may.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, HeaderMap};
use url::{Url, form_urlencoded};

use super::answer::RawResponse;
use super::client::{Client, RequestBegin};
use super::gathering::Gathering;
use super::page::{self, Page, Turn};
use super::rate::Rate;
use crate::apply::Clock;
use crate::apply::evidence::{By, LogQuery, Logs, LogsAnswer, LogsFailure, RecentQuery};
use crate::wire::limits::LOGS_PAGE_MAX;
use crate::wire::{SANDBOX_CHANNEL_HEADER, SANDBOX_HEADER, time};

/// How often a page is asked for.
const TRIES_MAX: u32 = 4;
/// The first wait before a page is asked for again; doubled each time.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// The longest wait that a `Retry-After` may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(2);
/// What no cache may answer.
const FRESH: &str = "no-cache, no-store";

impl<C: Clock + Clone + Send + Unpin + 'static> Logs for Client<C> {
    async fn find(&self, question: &LogQuery) -> LogsAnswer {
        self.gather(&by_ids(question), Gathering::of(question, self.clock.elapsed())).await
    }

    async fn find_in_passing(&self, question: &LogQuery) -> LogsAnswer {
        self.gather(&by_ids(question), Gathering::of(question, self.clock.elapsed()).in_passing()).await
    }

    async fn recent(&self, look: &RecentQuery) -> LogsAnswer {
        let mut query = "sender=".to_owned();
        query.extend(form_urlencoded::byte_serialize(look.sender.as_str().as_bytes()));
        query.push_str("&sentSince=");
        query.extend(form_urlencoded::byte_serialize(time::write(look.since).as_bytes()));
        self.gather(&query, Gathering::of_all(look.pages_max, self.clock.elapsed())).await
    }
}

impl<C: Clock> Client<C> {
    /// Tries whether the gateway takes the credentials: it is asked once for one row of the logs, which changes nothing
    /// and sends nothing.
    ///
    /// # Errors
    /// If it does not take them, does not let them read the logs, or does not answer as the API says.
    pub async fn try_credentials(&self) -> Result<(), LogsFailure> {
        let mut url = self.logs.clone();
        url.set_query(Some("limit=1"));
        let asking = self.http.get(url).header(AUTHORIZATION, self.authorization.clone());
        let asked = asking.header(ACCEPT, "application/json").header(CACHE_CONTROL, FRESH).send().await;
        let response = asked.map_err(|error| LogsFailure::Unreachable(self.explain(error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.read(response).await;
        match page::read(&RawResponse { status, headers, body }, SystemTime::now()) {
            Turn::Page(_) => Ok(()),
            Turn::Again(failure, _) | Turn::Failed(failure) => Err(failure),
        }
    }

    /// Asks for page after page, until there is no more, or no more is wanted.
    async fn gather(&self, query: &str, mut gathering: Gathering) -> LogsAnswer {
        let mut cursor: Option<String> = None;
        loop {
            let url = self.address(query, cursor.as_deref());
            let next = match self.page(&url, &mut gathering).await {
                Ok(page) => gathering.take(page),
                Err(failure) => Err(failure),
            };
            match next {
                Ok(None) => return gathering.found(None),
                Ok(next) => cursor = next,
                Err(failure) => return gathering.found(Some(failure)),
            }
        }
    }

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
    async fn page(&self, url: &Url, gathering: &mut Gathering) -> Result<Page, LogsFailure> {
        let mut wait = BACKOFF_FIRST;
        let mut tries = 0;
        loop {
            tries += 1;
            gathering.is_in_time(self.clock.elapsed())?;
            self.wait_for_room(gathering).await?;
            let (turn, now) = self.ask(url, gathering).await;
            let (failure, wanted) = match turn {
                Turn::Page(page) => {
                    gathering.made(now);
                    return Ok(page);
                }
                Turn::Failed(failure) => return Err(failure),
                Turn::Again(failure, wanted) => (failure, wanted),
            };
            let rest = wanted.map_or(wait, |wanted| wanted.clamp(wait, RETRY_AFTER_MAX));
            if failure == LogsFailure::Throttled {
                // It is meant for the account, and so for everybody who asks here.
                self.rate().rest(self.clock.elapsed(), rest);
                if gathering.is_in_passing {
                    gathering.later = Some(rest);
                    return Err(failure);
                }
            }
            if tries >= TRIES_MAX {
                return Err(failure);
            }
            self.clock.sleep(rest).await;
            wait *= 2;
        }
    }

    /// Waits until another request may begin; whoever asks in passing does not wait.
    async fn wait_for_room(&self, gathering: &mut Gathering) -> Result<(), LogsFailure> {
        let elapsed = self.clock.elapsed();
        if gathering.is_in_passing {
            return self.rate().take_in_passing(elapsed).map_err(|wait| {
                gathering.later = Some(wait);
                LogsFailure::Throttled
            });
        }
        let wait = self.rate().take(elapsed);
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        Ok(())
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks once, and says when the answer was made at the earliest, if that is known.
    async fn ask(&self, url: &Url, gathering: &mut Gathering) -> (Turn, Option<Timestamp>) {
        let asked = RequestBegin::now(&self.clock);
        let asking = self.http.get(url.clone()).header(AUTHORIZATION, self.authorization.clone());
        match asking.header(ACCEPT, "application/json").header(CACHE_CONTROL, FRESH).send().await {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                gathering.from_sandbox &= headers.contains_key(SANDBOX_HEADER);
                gathering.channel_until = gathering.channel_until.max(channel_until(&headers));
                let stamp = self.stamp(&headers, asked);
                let now = match stamp {
                    Some(stamp) => Some(self.time.instant(&stamp)),
                    None => (!self.time.needs_date()).then_some(asked.at),
                };
                let body = self.read(response).await;
                gathering.bytes = gathering.bytes.saturating_add(body.as_ref().map_or(0, Vec::len));
                (page::read(&RawResponse { status, headers, body }, SystemTime::now()), now)
            }
            Err(error) => {
                gathering.from_sandbox = false;
                (Turn::Again(LogsFailure::Unreachable(self.explain(error)), None), None)
            }
        }
    }
}

/// Until when a sandbox's channel may keep back what was asked for: for ever, if that cannot be read.
fn channel_until(headers: &HeaderMap) -> Option<Timestamp> {
    let said = headers.get(SANDBOX_CHANNEL_HEADER)?;
    Some(said.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::MAX))
}

/// A question as the query of an address. Ids have letters, digits, hyphens and dots, and the commas between them stay
/// commas.
fn by_ids(question: &LogQuery) -> String {
    let name = match question.by() {
        By::Bulk => "bulkId",
        By::Message => "messageId",
    };
    format!("{name}={}", question.ids())
}
