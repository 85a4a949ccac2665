//! A gateway that does not say that it is a sandbox: what a sandbox answers, without its mark, with a clock
//! of its own, and with logs that may stand still.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::http;
use super::sandbox::Sandbox;

/// The way to a sandbox that hides that it is one.
#[derive(Debug)]
pub(crate) struct Foreign {
    address: SocketAddr,
    face: Arc<Mutex<Face>>,
}

/// What is different.
#[derive(Debug, Default)]
struct Face {
    /// How far its clock is ahead of this machine's.
    ahead: SignedDuration,
    /// The messages that its logs have, if they stand still.
    shown: Option<HashSet<String>>,
}

impl Foreign {
    /// Stands before a sandbox.
    pub(crate) fn before(sandbox: &Sandbox) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (face, target) = (Arc::<Mutex<Face>>::default(), sandbox.address());
        let mine = Arc::clone(&face);
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let face = Arc::clone(&mine);
                // Whoever hangs up in the middle gets no answer.
                thread::spawn(move || drop(serve(visitor, target, &face)));
            }
        });
        Self { address, face }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets its clock: so far ahead of this machine's.
    pub(crate) fn set_clock(&self, ahead: SignedDuration) {
        self.face().ahead = ahead;
    }

    /// Has its logs stand still: they have what is there now, and nothing more.
    pub(crate) fn freeze_logs(&self, sandbox: &Sandbox) {
        let books = sandbox.messages();
        let messages = books["messages"].as_array().expect("messages are a list");
        let ids = messages.iter().filter_map(|message| message["messageId"].as_str());
        self.face().shown = Some(ids.map(str::to_owned).collect());
    }

    /// Has its logs go on.
    pub(crate) fn thaw_logs(&self) {
        self.face().shown = None;
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.face.lock().expect("nobody has panicked")
    }
}

fn serve(visitor: TcpStream, target: SocketAddr, face: &Mutex<Face>) -> std::io::Result<()> {
    let mut reader = BufReader::new(visitor.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
        let ends = line == "\r\n";
        head.push_str(if ends { "Connection: close\r\n\r\n" } else { &line });
        if ends {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut gateway = TcpStream::connect(target)?;
    gateway.write_all(head.as_bytes())?;
    gateway.write_all(&body)?;
    let mut text = String::new();
    gateway.read_to_string(&mut text)?;
    let Some(answer) = http::parse(&text) else { return Ok(()) };
    let (ahead, shown) = {
        let face = face.lock().expect("nobody has panicked");
        let asks_logs = head.starts_with("GET ");
        (face.ahead, face.shown.clone().filter(|_| asks_logs))
    };
    let body = match shown {
        Some(shown) => only(&answer.body, &shown),
        None => answer.body,
    };
    let date = (Timestamp::now() + ahead).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut visitor = visitor;
    write!(
        visitor,
        "HTTP/1.1 {} X\r\nDate: {date}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        answer.status,
        body.len()
    )
}

/// The rows of an answer that are of these messages.
fn only(body: &str, shown: &HashSet<String>) -> String {
    let Ok(mut logs) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    if let Some(rows) = logs["results"].as_array_mut() {
        rows.retain(|row| row["messageId"].as_str().is_some_and(|id| shown.contains(id)));
    }
    logs.to_string()
}
