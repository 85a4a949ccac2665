//! The HTTP client: sends a request once, and nobody beneath it sends it again.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::answer::RawResponse;
use super::body::GuardedBody;
use super::lost;
use super::rate::Rate;
use super::stamp;
use crate::apply::{Clock, GatewayTime, Outgoing, Refusal, SendOutcome, Sender, Stamp, Ticket};
use crate::wire::address::{AddressError, below, check_base_url, is_loopback};
use crate::wire::{LOGS_PATH, MESSAGES_PATH, SANDBOX_HEADER};

/// How long, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// How long connecting may take.
    pub connect: Duration,
    /// How long a request may take from its beginning to the last byte of its answer.
    pub total: Duration,
    /// The largest answer that is read, in bytes.
    pub answer_bytes_max: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_mins(1), answer_bytes_max: 16 * 1024 * 1024 }
    }
}

/// Why there is no client. The key is never repeated.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No gateway may be there.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The key cannot be in a header.
    #[error("the API key is empty, or has characters that an HTTP header cannot have")]
    Key,
    /// The client cannot be made.
    #[error("the HTTP client cannot be made")]
    Build(#[source] reqwest::Error),
}

/// Sends requests to one gateway with one key.
///
/// The client beneath it repeats nothing, follows no redirect, speaks HTTP/1.1 only, asks no proxy,
/// and uses every connection once: so only a failure to connect proves that nothing was sent, and
/// everything else is told as it is.
pub struct Client<C> {
    pub(super) http: reqwest::Client,
    messages: Url,
    pub(super) logs: Url,
    pub(super) authorization: HeaderValue,
    limits: ClientLimits,
    pub(super) clock: C,
    pub(super) rate: Mutex<Rate>,
    /// What answers tell of the gateway's time.
    pub(super) time: GatewayTime,
    is_on_loopback: bool,
    /// Whether an answer from elsewhere said that it is a sandbox's.
    is_pretended: AtomicBool,
}

impl<C: Clock + Clone + Send + Unpin + 'static> Client<C> {
    /// Makes a client. The clock is the one by which tickets were given out; what answers tell of the
    /// gateway's goes into `time`.
    ///
    /// # Errors
    /// If the base URL is neither `https` nor on this machine, or has more than a host and a path;
    /// if the key cannot be in a header; if the system's certificates cannot be used.
    pub fn new(
        base: &Url,
        key: &SecretString,
        limits: ClientLimits,
        clock: C,
        time: GatewayTime,
    ) -> Result<Self, ClientError> {
        check_base_url(base)?;
        let [messages, logs] = [MESSAGES_PATH, LOGS_PATH].map(|path| below(base, path));
        let authorization = authorization(key)?;
        let http = http_client(limits)?;
        let is_on_loopback = is_loopback(base);
        let (rate, is_pretended) = (Mutex::default(), AtomicBool::new(false));
        Ok(Self { http, messages, logs, authorization, limits, clock, rate, time, is_on_loopback, is_pretended })
    }
}

impl<C> fmt::Debug for Client<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("messages", &self.messages.as_str())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<C: Clock + Clone + Send + Unpin + 'static> Sender for Client<C> {
    async fn send(&self, request: &Outgoing, ticket: &Ticket) -> SendOutcome {
        if ticket.start().is_too_late(self.clock.elapsed()) {
            return SendOutcome::Refused(Refusal::NotStarted);
        }
        let (clock, start) = (self.clock.clone(), ticket.start().clone());
        let before = RequestBegin::now(&self.clock);
        let (body, refused) = GuardedBody::new(request.body().clone(), move || start.begin(clock.elapsed()));
        let sending = self
            .http
            .post(self.messages.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(reqwest::Body::wrap(body))
            .send();
        match sending.await {
            Ok(response) => {
                let status = response.status();
                let headers = response.headers().clone();
                self.stamp(&headers, before);
                let body = self.read(response).await;
                RawResponse { status, headers, body }.sent(SystemTime::now())
            }
            Err(_) if refused.load(Ordering::Acquire) => SendOutcome::Refused(Refusal::NotStarted),
            Err(error) if error.is_connect() => {
                self.clock.finds_nobody();
                SendOutcome::Refused(Refusal::Unreachable(self.explain(error)))
            }
            Err(error) => SendOutcome::Unknown(self.explain(error)),
        }
    }
}

impl<C: Clock> Client<C> {
    /// What all answers until now have told of the gateway's time.
    pub fn time(&self) -> &GatewayTime {
        &self.time
    }

    /// Whether the gateway has said that it is a sandbox although it is not on this machine, where nobody believes it:
    /// its time is compared with ours as that of any gateway is.
    pub fn is_pretended_sandbox(&self) -> bool {
        self.is_pretended.load(Ordering::Relaxed)
    }

    /// Takes in what an answer, whose head has just come, says of the gateway's time, if it says anything.
    pub(super) fn stamp(&self, headers: &HeaderMap, asked: RequestBegin) -> Option<Stamp> {
        let elapsed = self.clock.elapsed();
        let said = stamp::sandbox(headers);
        let is_sandbox = self.is_on_loopback
            && said.is_some_and(|said| self.clock.hears(said, elapsed.saturating_sub(asked.elapsed)));
        if !self.is_on_loopback && headers.contains_key(SANDBOX_HEADER) {
            self.is_pretended.store(true, Ordering::Relaxed);
        }
        let date = stamp::date(headers)?;
        let stamp = Stamp { before: asked.at, after: self.clock.now(), elapsed, date, is_sandbox };
        self.time.take(&stamp);
        Some(stamp)
    }
}

/// When a request began.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestBegin {
    /// The time of day.
    pub(super) at: Timestamp,
    /// The time since the run began.
    elapsed: Duration,
}

impl RequestBegin {
    pub(super) fn now(clock: &impl Clock) -> Self {
        Self { at: clock.now(), elapsed: clock.elapsed() }
    }
}

impl<C> Client<C> {
    /// Reads a body, as far as it may be read.
    pub(super) async fn read(&self, mut response: reqwest::Response) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > self.limits.answer_bytes_max {
                return Err(format!("it is larger than {} bytes", self.limits.answer_bytes_max));
            }
        }
        Ok(body)
    }

    /// Says why there was no whole answer.
    pub(super) fn explain(&self, error: reqwest::Error) -> String {
        explain(error, self.limits)
    }
}

/// Says why there was no whole answer within these limits, and never at which address.
#[must_use]
pub fn explain(error: reqwest::Error, limits: ClientLimits) -> String {
    match (error.is_timeout(), error.is_connect()) {
        (true, true) => format!("no connection within {:?}", limits.connect),
        (true, false) => format!("no whole answer within {:?}", limits.total),
        (false, _) => lost::why(error),
    }
}

/// The client beneath all requests: it repeats nothing, follows no redirect, asks no proxy, and uses every connection
/// once.
///
/// # Errors
/// If the system's certificates cannot be used.
pub fn http_client(limits: ClientLimits) -> Result<reqwest::Client, ClientError> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Of two threads at once the second finds the first one's, which is the same.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    reqwest::Client::builder()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .pool_max_idle_per_host(0)
        .no_proxy()
        .referer(false)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .user_agent(concat!("sendform/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(ClientError::Build)
}

pub(super) fn authorization(key: &SecretString) -> Result<HeaderValue, ClientError> {
    let key = key.expose_secret().trim();
    if key.is_empty() {
        return Err(ClientError::Key);
    }
    let mut value = HeaderValue::from_str(&format!("App {key}")).map_err(|_: InvalidHeaderValue| ClientError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}
