//! A host of git repositories over HTTP, as a forge is one: git's own server behind a door that wants a token.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// One request that came to the host.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The method and the path.
    pub(crate) what: String,
    /// All `Authorization` headers that it has.
    pub(crate) authorization: Vec<String>,
}

#[derive(Debug)]
struct Door {
    folder: PathBuf,
    /// The header that lets somebody in; everybody is, where there is none.
    wanted: Option<String>,
    asked: Mutex<Vec<Asked>>,
    /// Words that must stand on no command line of the machine, and those that were seen there.
    watched: Vec<String>,
    exposed: Mutex<BTreeSet<String>>,
}

/// The host; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct GitHost {
    address: SocketAddr,
    door: Arc<Door>,
    end: Option<oneshot::Sender<()>>,
    server: Option<thread::JoinHandle<()>>,
}

impl GitHost {
    /// Serves the repositories in a folder to whoever sends this header, and looks at every request whether one of the
    /// watched words stands on a command line.
    pub(crate) fn start(folder: &Path, wanted: Option<&str>, watched: &[&str]) -> Self {
        let door = Arc::new(Door {
            folder: folder.to_owned(),
            wanted: wanted.map(str::to_owned),
            asked: Mutex::default(),
            watched: watched.iter().map(|word| (*word).to_owned()).collect(),
            exposed: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let app = Router::new().fallback(serve).with_state(Arc::clone(&door));
        let (end, ended) = oneshot::channel();
        let server = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    served = axum::serve(listener, app) => served.expect("it serves"),
                    _ = ended => {}
                }
            });
        });
        Self { address, door, end: Some(end), server: Some(server) }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests that came.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.door.asked.lock().expect("nobody panics with it").clone()
    }

    /// The watched words that stood on a command line when a request came.
    pub(crate) fn exposed(&self) -> BTreeSet<String> {
        self.door.exposed.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for GitHost {
    fn drop(&mut self) {
        drop(self.end.take());
        drop(self.server.take().map(thread::JoinHandle::join));
    }
}

async fn serve(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let authorization = parts.headers.get_all("authorization").iter();
    let authorization: Vec<String> =
        authorization.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
    let what = format!("{} {}", parts.method, parts.uri);
    door.asked.lock().expect("nobody panics with it").push(Asked { what, authorization: authorization.clone() });
    door.exposed.lock().expect("nobody panics with it").extend(on_command_lines(&door.watched));
    match (authorization.as_slice(), &door.wanted) {
        (_, None) => {}
        ([given], Some(wanted)) if given.eq_ignore_ascii_case(wanted) => {}
        ([], Some(_)) => return refuse(StatusCode::UNAUTHORIZED, "who are you?"),
        // A forge may well say again what it was told.
        ([given], Some(_)) => return refuse(StatusCode::FORBIDDEN, &format!("{given} is not let in")),
        (_, Some(_)) => return refuse(StatusCode::BAD_REQUEST, "who are you of these two?"),
    }
    let body = to_bytes(body, usize::MAX).await.expect("a request can be read");
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let asked = (parts.method.to_string(), parts.uri.path().to_owned(), query);
    let answered = tokio::task::spawn_blocking(move || run(&door.folder, &asked, &parts.headers, &body));
    answered.await.expect("git's server can be run")
}

fn refuse(status: StatusCode, words: &str) -> Response {
    let answer = Response::builder().status(status).header("content-type", "text/plain");
    let answer = answer.header("www-authenticate", "Basic realm=\"git\"");
    answer.body(Body::from(words.to_owned())).expect("an answer can be made")
}

/// Runs git's server for one request, as CGI.
fn run(folder: &Path, (method, path, query): &(String, String, String), headers: &HeaderMap, body: &[u8]) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .envs([("PATH", "/usr/local/bin:/usr/bin:/bin"), ("GIT_HTTP_EXPORT_ALL", "1"), ("REMOTE_USER", "job")])
        .env("GIT_PROJECT_ROOT", folder)
        .envs([("REQUEST_METHOD", method), ("PATH_INFO", path), ("QUERY_STRING", query)])
        .envs([("CONTENT_TYPE", header("content-type")), ("HTTP_CONTENT_ENCODING", header("content-encoding"))])
        .envs([("CONTENT_LENGTH", body.len().to_string().as_str()), ("GIT_PROTOCOL", header("git-protocol"))])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git's server can be started");
    let mut input = child.stdin.take().expect("its input is ours");
    let text = body.to_vec();
    let writer = thread::spawn(move || drop(input.write_all(&text)));
    let output = child.wait_with_output().expect("it ends").stdout;
    writer.join().expect("it was written");
    let end = output.windows(4).position(|end| end == b"\r\n\r\n").expect("it answers with headers");
    let head = String::from_utf8_lossy(output.get(..end).unwrap_or_default()).into_owned();
    let mut answer = Response::builder();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        answer = match name {
            "Status" => answer.status(value.get(..3).unwrap_or_default()),
            _ => answer.header(name, value),
        };
    }
    answer.body(Body::from(output.get(end + 4..).unwrap_or_default().to_vec())).expect("an answer can be made")
}

/// Those of some words that stand on a command line of this machine right now.
fn on_command_lines(words: &[String]) -> BTreeSet<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let lines: Vec<String> = lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect();
    words.iter().filter(|word| lines.iter().any(|line| line.contains(word.as_str()))).cloned().collect()
}
