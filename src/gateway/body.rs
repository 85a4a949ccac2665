//! A request's body that asks, when its first byte is wanted, whether it may still begin.
//!
//! Connecting and the TLS handshake take time, so a ticket that was good before them may be too old
//! after them. The client asks for the body once it has a connection, and before it has written
//! anything to it: a body that fails then has cost a connection, and no byte of the request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use reqwest::Body;

/// The request was too late.
#[derive(Debug, thiserror::Error)]
#[error("the claim was too old to begin its request")]
pub(super) struct TooLate;

/// The body, and the question.
pub(super) struct GuardedBody<M> {
    body: Body,
    may_start: Option<M>,
    refused: Arc<AtomicBool>,
}

impl<M: FnOnce() -> bool + Unpin> GuardedBody<M> {
    /// Guards a body; the flag tells later whether it was refused.
    pub(super) fn new(body: Bytes, may_start: M) -> (Self, Arc<AtomicBool>) {
        let refused = Arc::new(AtomicBool::new(false));
        (Self { body: body.into(), may_start: Some(may_start), refused: Arc::clone(&refused) }, refused)
    }
}

impl<M: FnOnce() -> bool + Unpin> HttpBody for GuardedBody<M> {
    type Data = <Body as HttpBody>::Data;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.may_start.take().is_some_and(|may_start| !may_start()) {
            self.refused.store(true, Ordering::Release);
        }
        if self.refused.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(TooLate.into())));
        }
        Pin::new(&mut self.body).poll_frame(context).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
