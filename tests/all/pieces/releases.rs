//! Where releases are fetched from: a folder, served on loopback.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The server; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Releases {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    server: Option<thread::JoinHandle<()>>,
}

impl Releases {
    /// Serves the files of a folder.
    pub(super) fn start(folder: PathBuf) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/{*path}", get(serve)).with_state(Arc::new(folder));
        let (end, ended) = oneshot::channel();
        let server = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    served = axum::serve(listener, app) => served.unwrap(),
                    _ = ended => {}
                }
            });
        });
        Self { address, end: Some(end), server: Some(server) }
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Releases {
    fn drop(&mut self) {
        drop(self.end.take());
        drop(self.server.take().map(thread::JoinHandle::join));
    }
}

async fn serve(State(folder): State<Arc<PathBuf>>, UrlPath(path): UrlPath<String>) -> Result<Vec<u8>, StatusCode> {
    std::fs::read(folder.join(path)).map_err(|_| StatusCode::NOT_FOUND)
}
