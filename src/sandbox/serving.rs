//! Serves connections over HTTP, and has no endless patience: who begins a request and does not go on is let go, so that
//! nobody holds a connection, and the end of the sandbox, for nothing. A request that came whole may take as long as it
//! takes: it may be held.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::Response;
use axum::serve::Listener as _;
use axum::{BoxError, Router};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::{TowerToHyperService, TowerToHyperServiceFuture};
use tokio::time::{Sleep, sleep};

use super::connections::{Aborter, Connections};

/// How long a client may take, in real time.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientPatience {
    /// Until the head of a request is whole.
    pub(super) head: Duration,
    /// From one piece of its body to the next.
    pub(super) body: Duration,
}

impl Default for ClientPatience {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), body: Duration::from_secs(30) }
    }
}

/// Serves connections until the shutdown comes, and then those that are open to the end of their requests.
pub(super) async fn serve_connections(
    mut connections: Connections,
    router: Router,
    patience: ClientPatience,
    shutdown: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, _) = tokio::select! {
            accepted = connections.accept() => accepted,
            () = &mut shutdown => break,
        };
        let service = ConnectionService {
            aborter: stream.aborter(),
            router: TowerToHyperService::new(router.clone()),
            patience: patience.body,
        };
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        // How a connection breaks is its client's business.
        drop(tokio::spawn(connection));
    }
    drop(connections);
    open.shutdown().await;
}

/// What serves the requests of one connection.
struct ConnectionService {
    aborter: Aborter,
    router: TowerToHyperService<Router>,
    patience: Duration,
}

impl Service<Request<Incoming>> for ConnectionService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = TowerToHyperServiceFuture<Router, Request<Body>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(|body| Body::new(ImpatientBody { body, patience: self.patience, waiting: None }));
        request.extensions_mut().insert(ConnectInfo(self.aborter.clone()));
        self.router.call(request)
    }
}

/// A body whose next piece is not waited for without end.
struct ImpatientBody {
    body: Incoming,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for ImpatientBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)));
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        waiting.as_mut().poll(context).map(|()| Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::{Notify, oneshot};

    use super::*;

    /// Sends the beginning of a request, and reads until the connection ends.
    async fn begin(address: std::net::SocketAddr, text: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is reset has ended, too.
        stream.read_to_end(&mut answer).await.map(drop).unwrap_or_default();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn who_does_not_go_on_is_let_go_and_who_is_held_is_not() {
        let (release, arrived) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (released, arriving) = (Arc::clone(&release), Arc::clone(&arrived));
        let held = move || async move {
            arriving.notify_one();
            released.notified().await;
            "held"
        };
        let take = |body: Result<Bytes, axum::extract::rejection::BytesRejection>| async move {
            body.map_or(StatusCode::IM_A_TEAPOT, |_| StatusCode::OK)
        };
        let router = Router::new().route("/take", post(take)).route("/held", get(held));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let tiny = Duration::from_millis(50);
        let patience = ClientPatience { head: tiny, body: tiny };
        let shutdown = async { drop(stopped.await) };
        let serving = tokio::spawn(serve_connections(Connections(listener), router, patience, shutdown));

        let asked = "GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let holding = tokio::spawn(async move { begin(address, asked).await });
        arrived.notified().await;
        assert_eq!(begin(address, "POST /take HTTP/1.1\r\nHost").await, "", "half a head");
        let half = begin(address, "POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf").await;
        assert!(half.starts_with("HTTP/1.1 418"), "{half}");
        let whole =
            begin(address, "POST /take HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nhalf");
        assert!(whole.await.starts_with("HTTP/1.1 200"));
        release.notify_one();
        assert!(holding.await.unwrap().ends_with("held"));
        drop(stop);
        serving.await.unwrap();
    }
}
