//! The HTTP client of a forge: one host, one token, and calls that say what they are for.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::forge::error::{ForgeError, ForgeErrorKind, Permission};
use crate::forge::fields::FieldError;
use crate::gateway::{ClientError, ClientLimits, explain, http_client};
use crate::wire::address::{AddressError, check_base_url};

use super::answer::{ForgeAnswer, Retry};

/// How often a call is made.
const TRIES_MAX: u32 = 3;
/// The first wait before a call is made again, if the forge names none; doubled each time.
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// Why there is no client. The token is never repeated.
#[derive(Debug, thiserror::Error)]
pub enum ForgeClientError {
    /// No API may be there.
    #[error("the forge's API cannot be there")]
    Address(#[from] AddressError),
    /// The token cannot be in a header.
    #[error("the forge's token is empty, or has characters that an HTTP header cannot have")]
    Token,
    /// The client cannot be made.
    #[error(transparent)]
    Build(#[from] ClientError),
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::forge) enum Method {
    /// Something is read.
    Get,
    /// Something is made; not twice.
    Post,
    /// Something is changed; twice is once.
    Patch,
    /// The same, where a forge wants it so.
    Put,
    /// A question that is too long for an address.
    Ask,
}

/// A call: what it is for, and where it goes.
#[derive(Debug, Clone)]
pub(in crate::forge) struct Call {
    /// What is wanted, as in [`ForgeError::wish`].
    pub(in crate::forge) wish: String,
    /// What it needs.
    pub(in crate::forge) permission: Permission,
    /// The parts of its path, each as it is meant: what means something in an address is encoded.
    pub(in crate::forge) path: Vec<String>,
    /// The names and values of its query.
    pub(in crate::forge) query: Vec<(&'static str, String)>,
}

impl Call {
    /// A call without a query.
    pub(in crate::forge) fn new<P: Into<String>>(
        wish: impl Into<String>,
        permission: Permission,
        path: impl IntoIterator<Item = P>,
    ) -> Self {
        let path = path.into_iter().map(Into::into).collect();
        Self { wish: wish.into(), permission, path, query: Vec::new() }
    }

    /// Adds to the query.
    #[must_use]
    pub(in crate::forge) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The failure of this call.
    pub(in crate::forge) fn failed(&self, kind: ForgeErrorKind) -> ForgeError {
        ForgeError { wish: self.wish.clone(), permission: self.permission, kind }
    }

    /// The failure of a call whose answer has not the form that it should have.
    pub(in crate::forge) fn unreadable(&self, error: &FieldError) -> ForgeError {
        self.failed(ForgeErrorKind::Unreadable(error.to_string()))
    }
}

/// Calls a forge's API with one token.
pub(in crate::forge) struct ForgeHttp {
    pub(super) http: reqwest::Client,
    pub(super) api: Url,
    token: (HeaderName, HeaderValue),
    pub(super) limits: ClientLimits,
}

impl fmt::Debug for ForgeHttp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ForgeHttp").field("api", &self.api.as_str()).finish_non_exhaustive()
    }
}

impl ForgeHttp {
    /// Makes a client for an API at this address. The token goes into this header, behind these words.
    ///
    /// # Errors
    /// If the API is neither behind https nor on this machine; if the token cannot be in a header; if the system's
    /// certificates cannot be used.
    pub(in crate::forge) fn new(
        api: &Url,
        (header, words): (HeaderName, &str),
        token: &SecretString,
        limits: ClientLimits,
    ) -> Result<Self, ForgeClientError> {
        check_base_url(api)?;
        let token = token.expose_secret().trim();
        if token.is_empty() {
            return Err(ForgeClientError::Token);
        }
        let mut value = HeaderValue::from_str(&format!("{words}{token}")).map_err(|_| ForgeClientError::Token)?;
        value.set_sensitive(true);
        Ok(Self { http: http_client(limits)?, api: api.clone(), token: (header, value), limits })
    }

    /// Makes a client whose token goes where most forges want it.
    ///
    /// # Errors
    /// As [`ForgeHttp::new`].
    pub(in crate::forge) fn with_bearer(
        api: &Url,
        token: &SecretString,
        limits: ClientLimits,
    ) -> Result<Self, ForgeClientError> {
        Self::new(api, (AUTHORIZATION, "Bearer "), token, limits)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// If the forge does not give it, or it is no JSON.
    pub(in crate::forge) async fn get(&self, call: &Call) -> Result<Value, ForgeError> {
        let answer = self.answer(call, Method::Get, None).await?;
        answer.json().map_err(|kind| call.failed(kind))
    }

    /// Reads a document, or finds that it is not there.
    ///
    /// # Errors
    /// As [`ForgeHttp::get`].
    pub(in crate::forge) async fn find(&self, call: &Call) -> Result<Option<Value>, ForgeError> {
        match self.get(call).await {
            Err(ForgeError { kind: ForgeErrorKind::NotFound, .. }) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Sends a document, and reads what the forge answers.
    ///
    /// # Errors
    /// As [`ForgeHttp::get`].
    pub(in crate::forge) async fn send(&self, call: &Call, method: Method, body: &Value) -> Result<Value, ForgeError> {
        let answer = self.answer(call, method, Some(body)).await?;
        answer.json().map_err(|kind| call.failed(kind))
    }

    /// Makes a call that ends in a success. A redirect is not followed: it would take the token along.
    pub(super) async fn answer(
        &self,
        call: &Call,
        method: Method,
        body: Option<&Value>,
    ) -> Result<ForgeAnswer, ForgeError> {
        let answer = self.again(call, method, || self.once(call, method, body)).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(call.failed(ForgeErrorKind::Unreadable("it is a redirect, and those are not followed".to_owned())))
    }

    /// Makes a call that ends in a success or a redirect, whose body is left to whoever wants it.
    pub(super) async fn opened(&self, call: &Call) -> Result<reqwest::Response, ForgeError> {
        self.again(call, Method::Get, || async {
            let response = self.sent(call, Method::Get, None).await?;
            if response.status().is_success() || response.status().is_redirection() {
                return Ok(response);
            }
            Err(self.read(response).await?.failure(Timestamp::now()))
        })
        .await
    }

    /// Does what a call needs, and does it again as long as that helps and harms nobody.
    async fn again<T, Done: Future<Output = Result<T, (ForgeErrorKind, Retry)>>>(
        &self,
        call: &Call,
        method: Method,
        once: impl Fn() -> Done,
    ) -> Result<T, ForgeError> {
        let (mut tries, mut pause) = (1, WAIT_FIRST);
        loop {
            let (kind, retry) = match once().await {
                Ok(done) => return Ok(done),
                Err(failed) => failed,
            };
            let wait = match (retry, method) {
                (Retry::Never, _) | (Retry::Unknown(_), Method::Post) => None,
                (Retry::Refused(wait), _) => Some(wait),
                (Retry::Unknown(wait), Method::Get | Method::Ask | Method::Patch | Method::Put) => Some(wait),
            };
            let Some(wait) = wait.filter(|_| tries < TRIES_MAX) else { return Err(call.failed(kind)) };
            tokio::time::sleep(wait.unwrap_or(pause)).await;
            (tries, pause) = (tries + 1, pause * 2);
        }
    }

    /// Makes a call once: a success or a redirect.
    async fn once(
        &self,
        call: &Call,
        method: Method,
        body: Option<&Value>,
    ) -> Result<ForgeAnswer, (ForgeErrorKind, Retry)> {
        let answer = self.read(self.sent(call, method, body).await?).await?;
        let is_good = answer.status.is_success() || answer.status.is_redirection();
        if is_good { Ok(answer) } else { Err(answer.failure(Timestamp::now())) }
    }

    async fn sent(
        &self,
        call: &Call,
        method: Method,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, (ForgeErrorKind, Retry)> {
        let http_method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post | Method::Ask => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Put => reqwest::Method::PUT,
        };
        let (header, token) = self.token.clone();
        let mut request = self.http.request(http_method, self.url(call)).header(header, token);
        request = request.header(ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        request.send().await.map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, error: reqwest::Error) -> (ForgeErrorKind, Retry) {
        let retry = if error.is_connect() { Retry::Refused(None) } else { Retry::Unknown(None) };
        (ForgeErrorKind::Unreachable(explain(error, self.limits)), retry)
    }

    /// Reads an answer to its end.
    async fn read(&self, mut response: reqwest::Response) -> Result<ForgeAnswer, (ForgeErrorKind, Retry)> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > self.limits.answer_bytes_max {
                let why = format!("it is larger than {} bytes", self.limits.answer_bytes_max);
                return Err((ForgeErrorKind::Unreadable(why), Retry::Never));
            }
        }
        Ok(ForgeAnswer { status, headers, body })
    }

    /// The address of a call.
    fn url(&self, call: &Call) -> Url {
        let mut url = self.api.clone();
        // An address with a host has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&call.path);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(api: &str, token: &str) -> Result<ForgeHttp, ForgeClientError> {
        ForgeHttp::with_bearer(&Url::parse(api).unwrap(), &SecretString::from(token), ClientLimits::default())
    }

    #[test]
    fn nothing_in_a_call_leads_elsewhere() {
        let http = http("https://ghe.example.com/api/v3", "secret-token").unwrap();
        let path = ["repos", "acme", "shop", "contents", "../../user", "a b?c#d"];
        let call = Call::new("read", Permission::GitHub("contents: read"), path).with("ref", "$(x)&y=../#");
        assert_eq!(
            http.url(&call).as_str(),
            "https://ghe.example.com/api/v3/repos/acme/shop/contents/..%2F..%2Fuser/a%20b%3Fc%23d?ref=%24%28x%29%26y%3D..%2F%23"
        );
        assert!(!format!("{http:?}").contains("secret"));
    }

    #[test]
    fn a_token_is_sent_over_https_or_on_this_machine_only() {
        assert!(http("https://api.github.com", "t").is_ok() && http("http://127.0.0.1:1", "t").is_ok());
        assert!(matches!(http("http://api.github.com", "t"), Err(ForgeClientError::Address(_))));
        assert!(matches!(http("https://api.github.com", "a\nb"), Err(ForgeClientError::Token)));
        assert!(matches!(http("https://api.github.com", " "), Err(ForgeClientError::Token)));
    }
}
