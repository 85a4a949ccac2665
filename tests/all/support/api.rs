//! A client of the sandbox's API that sees all of an answer, and says it when there is none.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::http;

/// How long an answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// Somebody who asks with a credential.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Reply {
    /// Its body.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Api {
    /// Asks a sandbox with any credential, and sends JSON.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let headers = [("Authorization", "App any"), ("Content-Type", "application/json")];
        Self { address, headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec() }
    }

    /// The same with another header, or without one if it is empty.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut headers: Vec<_> = self.headers.iter().filter(|(known, _)| known != name).cloned().collect();
        headers.extend((!value.is_empty()).then(|| (name.to_owned(), value.to_owned())));
        Self { address: self.address, headers }
    }

    /// Asks, if there is somebody to ask.
    pub(crate) fn try_call(&self, method: &str, path: &str, body: &str) -> io::Result<Reply> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = if headers.contains("Host: ") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{headers}Content-Length: {length}");
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let answer = http::parse(&text).filter(|answer| !is_cut(&text, &answer.body));
        let answer = answer.ok_or_else(|| io::Error::other(format!("not a whole answer: {text:?}")))?;
        let (head, _) = text.split_once("\r\n\r\n").unwrap_or_default();
        Ok(Reply { status: answer.status, head: head.to_owned(), body: answer.body })
    }

    /// Asks.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        self.try_call(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends messages.
    #[track_caller]
    pub(crate) fn send(&self, body: &Value) -> Reply {
        self.call("POST", "/instagram/1/messages", &body.to_string())
    }

    /// Asks for something.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "")
    }

    /// Asks for something that there must be.
    #[track_caller]
    pub(crate) fn got(&self, path: &str) -> Value {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// Tells a door of the sandbox something, which it takes.
    #[track_caller]
    pub(crate) fn tell(&self, method: &str, door: &str, body: &Value) -> Value {
        let reply = self.call(method, door, &body.to_string());
        assert_eq!(reply.status, 200, "{door} {body}: {reply:?}");
        reply.json()
    }
}

/// Whether an answer ended before it was whole.
fn is_cut(text: &str, body: &str) -> bool {
    let length = text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_some_and(|length: usize| body.len() < length)
}
