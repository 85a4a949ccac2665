//! Records a request while it is served, and hands its entry over once it is over: answered, cut, or left by its client.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use axum::middleware::Next;
use jiff::Timestamp;

use super::entry::{KeptBodies, RefusedBy, RequestEntry, RequestOutcome};
use crate::sandbox::answer::{Answer, AnswerNote, SentBody};
use crate::sandbox::state::SandboxState;

/// How much of a body is kept, in bytes.
pub(in crate::sandbox) const BODY_KEPT: usize = 64 * 1024;
/// How much of the body of an answer is kept, in bytes: whoever asks the logs again and again gets long ones.
pub(in crate::sandbox) const ANSWER_KEPT: usize = 16 * 1024;

/// Notes what happens to one request; clones note to the same entry.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct RequestRecording(Arc<Mutex<RequestDraft>>);

#[derive(Debug)]
struct RequestDraft {
    at: Timestamp,
    began: Instant,
    method: String,
    path: String,
    query: Option<String>,
    /// What is known of the answer that it was to get.
    note: Option<AnswerNote>,
    faults: Vec<String>,
    is_struck: bool,
    is_dropped: bool,
    body: Bytes,
    /// The body of the answer that its client was to get.
    answer: Option<Bytes>,
}

impl RequestRecording {
    fn begin(sandbox: &SandboxState, request: &Request) -> Self {
        let uri = request.uri();
        Self(Arc::new(Mutex::new(RequestDraft {
            at: sandbox.now(),
            began: Instant::now(),
            method: request.method().to_string(),
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
            note: None,
            faults: Vec::new(),
            is_struck: false,
            is_dropped: false,
            body: Bytes::new(),
            answer: None,
        })))
    }

    fn draft(&self) -> MutexGuard<'_, RequestDraft> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes its body.
    pub(in crate::sandbox) fn body(&self, body: &Bytes) {
        self.draft().body = body.clone();
    }

    /// Notes the faults that strike it.
    pub(in crate::sandbox) fn faults(&self, faults: &[String]) {
        self.draft().faults = faults.to_vec();
    }

    /// Notes the answer with which it was taken in, or not.
    pub(in crate::sandbox) fn answered(&self, answer: &Answer) {
        self.draft().note = Some(answer.note());
    }

    /// Notes what its client is sent.
    fn sent(&self, answer: Option<&SentBody>) {
        self.draft().answer = answer.map(|SentBody(body)| body.clone());
    }

    /// Notes that a fault ends it before it is taken in.
    pub(in crate::sandbox) fn struck(&self) {
        self.draft().is_struck = true;
    }

    /// Notes that no byte of an answer is sent.
    pub(in crate::sandbox) fn dropped(&self) {
        self.draft().is_dropped = true;
    }

    /// The entry, and as much of the bodies as is kept: what the books have of a bulk is not kept twice.
    fn finish(&self, status: Option<u16>) -> (RequestEntry, KeptBodies) {
        let mut draft = self.draft();
        let status = status.filter(|_| !draft.is_dropped);
        let note = draft.note.take();
        let refused = |status: u16| (RequestOutcome::Refused, Some(RefusedBy::of(status)));
        let (outcome, refused_by) = match (&note, status) {
            (Some(note), _) if note.bulk.is_some() => (RequestOutcome::Accepted, None),
            (Some(note), _) if note.status < 400 => (RequestOutcome::Answered, None),
            (Some(note), _) => refused(note.status),
            (None, _) if draft.is_struck => (RequestOutcome::Struck, None),
            (None, Some(status)) => refused(status),
            (None, None) => (RequestOutcome::Lost, None),
        };
        let AnswerNote { violations, violation_count, bulk, .. } = note.unwrap_or_default();
        let begin = |body: &Bytes, most: usize| body.get(..body.len().min(most)).unwrap_or_default().to_vec();
        let body = if bulk.is_some() { Vec::new() } else { begin(&draft.body, BODY_KEPT) };
        let is_of_bulk = bulk.is_some() && draft.faults.is_empty();
        let answer = draft.answer.as_ref().filter(|_| status.is_some() && !is_of_bulk);
        let answer = answer.map(|answer| begin(answer, ANSWER_KEPT));
        let entry = RequestEntry {
            at: draft.at,
            method: std::mem::take(&mut draft.method),
            path: std::mem::take(&mut draft.path),
            query: draft.query.take(),
            status,
            outcome,
            refused_by,
            violations,
            violation_count,
            faults: std::mem::take(&mut draft.faults),
            bulk,
            body_bytes: u64::try_from(draft.body.len()).unwrap_or(u64::MAX),
            ms: u64::try_from(draft.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        (entry, KeptBodies { body, answer })
    }
}

/// A request that is being served. Dropped before it is over, its client has left it.
struct ServedRequest<'a> {
    sandbox: &'a SandboxState,
    recording: RequestRecording,
    status: Option<u16>,
}

impl Drop for ServedRequest<'_> {
    fn drop(&mut self) {
        let (entry, kept) = self.recording.finish(self.status);
        self.sandbox.record(entry, kept);
    }
}

/// Records each request that is none for the sandbox's own doors and pages.
pub(in crate::sandbox) async fn record(
    State(sandbox): State<SandboxState>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    if is_own(request.uri().path()) {
        return next.run(request).await;
    }
    let recording = RequestRecording::begin(&sandbox, &request);
    request.extensions_mut().insert(recording.clone());
    sandbox.tracker().count(|counts| counts.in_flight += 1);
    let mut served = ServedRequest { sandbox: &sandbox, recording, status: None };
    let response = next.run(request).await;
    served.status = Some(response.status().as_u16());
    served.recording.sent(response.extensions().get());
    response
}

/// Whether a path is one of the sandbox's own, and not of the API.
fn is_own(path: &str) -> bool {
    ["/", "/openapi.json", "/favicon.ico", "/sandbox"].contains(&path) || path.starts_with("/sandbox/")
}
