//! The sandbox over HTTP: the API's three routes and their description, the routes under `/sandbox/` for testers, and the
//! faults that are played on the way.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, ExtensionRejection};
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest as _, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state, map_response_with_state};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::admin;
use super::admin::Exposure;
use super::answer::Answer;
use super::auth::{self, LOGS_SCOPES, SEND_SCOPES};
use super::connections::{Aborter, Connections};
use super::error::SandboxError;
use super::events::SandboxEventKind;
use super::faults::{FaultPlan, RequestEnd, Target};
use super::journal::recording::{RequestRecording, record};
use super::model::openapi::{self, OperationScopes};
use super::request_tracker::Closed;
use super::serving::{ClientPatience, serve_connections};
use super::state::SandboxState;
use super::{local, query, send};
use crate::wire::sandbox_time::SANDBOX_TIME_HEADER;
use crate::wire::{LOGS_PATH, MESSAGES_PATH, REPORTS_PATH, SANDBOX_HEADER};

/// How long requests may take to end once the sandbox is told to.
const GRACE: Duration = Duration::from_secs(2);

/// Serves a sandbox until the shutdown comes; then requests that are held are cut, the others end,
/// and the books are closed.
///
/// # Errors
/// If the listener fails, the books cannot be closed, or others than this machine would reach a sandbox that
/// knows no credentials or no name.
pub async fn serve(
    listener: TcpListener,
    sandbox: SandboxState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SandboxError> {
    begin(listener, sandbox).await?.serve(shutdown).await
}

/// A sandbox that has begun and may be served where it listens: only [`begin`] makes it.
pub(super) struct BegunSandbox {
    listener: TcpListener,
    sandbox: SandboxState,
    reach: Exposure,
}

/// Begins a sandbox, unless others than this machine would reach it who may not.
pub(super) async fn begin(listener: TcpListener, sandbox: SandboxState) -> Result<BegunSandbox, SandboxError> {
    let address = listener.local_addr().map_err(SandboxError::Serve)?;
    let reach = if address.ip().is_loopback() { Exposure::ThisMachine } else { Exposure::Others };
    let options = sandbox.options();
    if reach == Exposure::Others && (options.credentials.is_empty() || options.hosts.is_empty()) {
        return Err(SandboxError::Exposed(address));
    }
    sandbox.begin().await?;
    Ok(BegunSandbox { listener, sandbox, reach })
}

impl BegunSandbox {
    /// Serves it, as [`serve`] says.
    pub(super) async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), SandboxError> {
        let Self { listener, sandbox, reach } = self;
        let router = router(sandbox.clone(), reach);
        let (ending, ended) = tokio::sync::oneshot::channel::<()>();
        let closing = sandbox.clone();
        let shutdown = async move {
            shutdown.await;
            closing.tracker().close();
            drop(ending);
        };
        tokio::select! {
            () = serve_connections(Connections(listener), router, ClientPatience::default(), shutdown) => {}
            // A client that never ends its request does not keep the sandbox from ending.
            () = async { drop(ended.await); tokio::time::sleep(GRACE).await; } => {}
        }
        sandbox.close().await
    }
}

fn router(sandbox: SandboxState, reach: Exposure) -> Router {
    Router::new()
        .route(MESSAGES_PATH, post(messages))
        .route(REPORTS_PATH, get(reports))
        .route(LOGS_PATH, get(logs))
        .route("/openapi.json", get(document))
        .nest("/sandbox", admin::router(sandbox.clone(), reach))
        .fallback(nothing_there)
        .method_not_allowed_fallback(|| async { Answer::error(StatusCode::METHOD_NOT_ALLOWED).into_response() })
        .merge(admin::page_router(sandbox.clone(), reach))
        .layer(from_fn_with_state(sandbox.clone(), for_us))
        .layer(from_fn_with_state(sandbox.clone(), record))
        .layer(map_response_with_state(sandbox.clone(), mark))
        .with_state(sandbox)
}

/// What is answered at a path that there is not. The doors say where they all are, and their own router does not hear of
/// `/sandbox/`.
async fn nothing_there(uri: Uri) -> Response<Body> {
    if uri.path().starts_with("/sandbox") {
        admin::no_door()
    } else {
        Answer::error(StatusCode::NOT_FOUND).into_response()
    }
}

/// Serves requests for a name of the sandbox only.
async fn for_us(State(sandbox): State<SandboxState>, request: Request, next: Next) -> Response<Body> {
    if local::is_ours(request.headers(), &sandbox.options().hosts) {
        return next.run(request).await;
    }
    Answer::error(StatusCode::MISDIRECTED_REQUEST).into_response()
}

/// Writes the time of the sandbox's clock where servers write theirs, that this is the sandbox, and its time to the
/// millisecond.
async fn mark(State(sandbox): State<SandboxState>, mut response: Response<Body>) -> Response<Body> {
    let time = sandbox.time();
    if let Ok(value) = HeaderValue::from_str(&time.to_string()) {
        response.headers_mut().insert(SANDBOX_TIME_HEADER, value);
    }
    // The format has no years before 1970.
    let now = SystemTime::try_from(time.now).map_or(SystemTime::UNIX_EPOCH, |now| now.max(SystemTime::UNIX_EPOCH));
    if let Ok(value) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
        response.headers_mut().insert(DATE, value);
    }
    response.headers_mut().insert(SANDBOX_HEADER, HeaderValue::from_static("1"));
    response
}

/// Describes what is served.
async fn document(State(sandbox): State<SandboxState>) -> Response<Body> {
    let scopes = OperationScopes { send: &SEND_SCOPES, logs: &LOGS_SCOPES };
    Answer::ok(&openapi::document(sandbox.options().choices, scopes)).into_response()
}

async fn messages(
    State(sandbox): State<SandboxState>,
    ConnectInfo(aborter): ConnectInfo<Aborter>,
    request: Request,
) -> Response<Body> {
    let fault_plan = sandbox.next_faults(Target::Messages);
    let (mut head, body) = request.into_parts();
    let recording = head.extensions.remove::<RequestRecording>();
    let applied = AppliedTo { aborter, recording, empty: "" };
    // The whole request is read before anything happens to it, as a gateway does.
    let body = match read_whole(body, sandbox.options().body_bytes_max).await {
        Ok(body) => body,
        Err(refused) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Answer::error(StatusCode::PAYLOAD_TOO_LARGE).into_response();
        }
        // Its client has left it, or never meant to send the rest.
        Err(_) => return applied.drop(),
    };
    applied.recording.iter().for_each(|recording| recording.body(&body));
    let parameters = head.uri.query().unwrap_or_default();
    let taking_in = async {
        let refusal = refused(&sandbox, &head.headers, &SEND_SCOPES)
            .or_else(|| other_media(&head.headers))
            .or_else(|| query::refused_send(&sandbox, parameters));
        match refusal {
            Some(answer) => answer,
            None => send::take_in(&sandbox, &body, &fault_plan).await,
        }
    };
    apply(&sandbox, &fault_plan, &applied, taking_in).await
}

/// Reads a body of at most so many bytes.
async fn read_whole(body: Body, bytes_max: usize) -> Result<Bytes, BytesRejection> {
    let mut request = Request::new(body);
    DefaultBodyLimit::max(bytes_max).apply(&mut request);
    Bytes::from_request(request, &()).await
}

async fn logs(State(sandbox): State<SandboxState>, asked: Inquiry) -> Response<Body> {
    let query = asked.query.clone();
    asked.answer(&sandbox, (Target::Logs, &LOGS_SCOPES), query::logs(&sandbox, &query)).await
}

async fn reports(State(sandbox): State<SandboxState>, asked: Inquiry) -> Response<Body> {
    let query = asked.query.clone();
    asked.answer(&sandbox, (Target::Reports, &SEND_SCOPES), query::reports(&sandbox, &query)).await
}

/// A question for results.
struct Inquiry {
    query: String,
    headers: HeaderMap,
    applied: AppliedTo,
}

impl FromRequestParts<SandboxState> for Inquiry {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, sandbox: &SandboxState) -> Result<Self, ExtensionRejection> {
        let ConnectInfo(aborter) = ConnectInfo::<Aborter>::from_request_parts(parts, sandbox).await?;
        let recording = parts.extensions.remove::<RequestRecording>();
        Ok(Self {
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers.clone(),
            applied: AppliedTo { aborter, recording, empty: r#"{"results":[]}"# },
        })
    }
}

impl Inquiry {
    /// Answers, if that is what the credentials allow and the faults want.
    async fn answer(
        &self,
        sandbox: &SandboxState,
        (target, scopes): (Target, &[&str]),
        answering: impl Future<Output = Answer>,
    ) -> Response<Body> {
        let fault_plan = sandbox.next_faults(target);
        let taking_in = async {
            match refused(sandbox, &self.headers, scopes) {
                Some(answer) => answer,
                None => answering.await,
            }
        };
        apply(sandbox, &fault_plan, &self.applied, taking_in).await
    }
}

/// The answer to a request whose credentials do not let it in.
fn refused(sandbox: &SandboxState, headers: &HeaderMap, scopes: &[&str]) -> Option<Answer> {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    auth::check(shown, &sandbox.options().credentials, scopes).err().map(|denied| Answer::denied(&denied))
}

/// The answer to a request whose body is no JSON by its own word.
fn other_media(headers: &HeaderMap) -> Option<Answer> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = text.and_then(|value| value.split(';').next()).unwrap_or_default();
    let is_json = media_type.trim().eq_ignore_ascii_case("application/json");
    (!is_json).then(|| Answer::error(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

/// What faults are applied to.
struct AppliedTo {
    aborter: Aborter,
    recording: Option<RequestRecording>,
    /// The body of an answer without results.
    empty: &'static str,
}

/// Applies the faults around the taking in of a request.
async fn apply(
    sandbox: &SandboxState,
    fault_plan: &FaultPlan,
    to: &AppliedTo,
    taking_in: impl Future<Output = Answer>,
) -> Response<Body> {
    let noted = |note: &dyn Fn(&RequestRecording)| to.recording.iter().for_each(note);
    noted(&|recording| recording.faults(&fault_plan.struck));
    if !fault_plan.delay.is_zero() {
        tokio::time::sleep(fault_plan.delay).await;
    }
    if fault_plan.is_held_before && hold(sandbox).await.is_err() {
        return to.drop();
    }
    if let Some(end) = &fault_plan.end_before {
        noted(&RequestRecording::struck);
        return to.end_with(end);
    }
    let answer = taking_in.await;
    noted(&|recording| recording.answered(&answer));
    if fault_plan.is_held_after && hold(sandbox).await.is_err() {
        return to.drop();
    }
    if let Some(end) = &fault_plan.end_after {
        return to.end_with(end);
    }
    fault_plan
        .corruptions
        .iter()
        .fold(answer, |answer, corruption| answer.corrupt(*corruption, to.empty))
        .into_response()
}

/// Holds a request until it is released.
async fn hold(sandbox: &SandboxState) -> Result<(), Closed> {
    sandbox.tell(|| SandboxEventKind::Held {});
    sandbox.tracker().hold().await
}

impl AppliedTo {
    fn end_with(&self, end: &RequestEnd) -> Response<Body> {
        match end {
            RequestEnd::Answer(reply) => Answer::asked_for(reply).into_response(),
            RequestEnd::Drop => self.drop(),
        }
    }

    /// An answer of which no byte is sent.
    fn drop(&self) -> Response<Body> {
        self.recording.iter().for_each(RequestRecording::dropped);
        self.aborter.cut();
        Response::new(Body::from(Bytes::new()))
    }
}

#[cfg(test)]
mod tests;
