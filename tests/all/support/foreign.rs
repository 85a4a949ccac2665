//! A gateway that does not say that it is a sandbox: what a sandbox answers, without its mark, with a clock
//! of its own, and with logs that may stand still; on this machine, or by a name and behind TLS.

use std::collections::HashSet;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sendform::wire::SANDBOX_HEADER;
use serde_json::Value;

use super::http;
use super::named::{NAME, Named};
use super::sandbox::Sandbox;

/// The way to a sandbox that hides that it is one.
#[derive(Debug)]
pub(crate) struct Foreign {
    url: String,
    address: SocketAddr,
    way: Arc<Way>,
}

/// What a request passes through.
#[derive(Debug)]
struct Way {
    target: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    face: Mutex<Face>,
    /// How many requests are on it.
    visitors: Mutex<usize>,
    left: Condvar,
}

/// What is different.
#[derive(Debug, Default)]
struct Face {
    /// How far its clock is ahead of the sandbox's.
    ahead: SignedDuration,
    dates: Dates,
    /// Whether it says that it is a sandbox after all.
    is_marked: bool,
    /// The messages that its logs have, if they stand still.
    shown: Option<HashSet<String>>,
}

/// How answers tell the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Dates {
    /// As they should.
    #[default]
    One,
    Missing,
    Doubled,
    /// As if a cache had kept them for a minute.
    Cached,
}

impl Foreign {
    /// Stands before a sandbox, on this machine.
    pub(crate) fn before(sandbox: &Sandbox) -> Self {
        Self::at(sandbox.address(), "127.0.0.1:0", None)
    }

    /// Stands before a sandbox, with a name and behind TLS.
    pub(crate) fn named(sandbox: &Sandbox, named: &Named) -> Self {
        Self::at(sandbox.address(), "127.0.0.1:0", Some(named.server()))
    }

    /// Stands before the sandbox that is, or will be, at an address.
    pub(crate) fn at(target: SocketAddr, listen: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(listen).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let url =
            if tls.is_some() { format!("https://{NAME}:{}", address.port()) } else { format!("http://{address}") };
        let way = Way { target, tls, face: Mutex::default(), visitors: Mutex::default(), left: Condvar::new() };
        let way = Arc::new(way);
        let mine = Arc::clone(&way);
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let way = Arc::clone(&mine);
                *way.visitors() += 1;
                thread::spawn(move || {
                    // Whoever hangs up in the middle gets no answer.
                    drop(way.take(visitor));
                    *way.visitors() -= 1;
                    way.left.notify_all();
                });
            }
        });
        Self { url, address, way }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets its clock: so far ahead of the sandbox's.
    pub(crate) fn set_clock(&self, ahead: SignedDuration) {
        self.way.face().ahead = ahead;
    }

    /// Has its answers tell the time in this way.
    pub(crate) fn tell_dates(&self, dates: Dates) {
        self.way.face().dates = dates;
    }

    /// Has it say that it is a sandbox.
    pub(crate) fn mark(&self) {
        self.way.face().is_marked = true;
    }

    /// Has its logs stand still: they have what is there now, and nothing more.
    pub(crate) fn freeze_logs(&self, sandbox: &Sandbox) {
        let books = sandbox.messages();
        let messages = books["messages"].as_array().expect("messages are a list");
        let ids = messages.iter().filter_map(|message| message["messageId"].as_str());
        self.way.face().shown = Some(ids.map(str::to_owned).collect());
    }

    /// Has its logs go on.
    pub(crate) fn thaw_logs(&self) {
        self.way.face().shown = None;
    }

    /// Waits until nothing is on the way any more that was sent until now.
    pub(crate) fn wait_empty(&self) {
        // Visitors are taken in the order of their coming: this is the last one.
        let mut last = TcpStream::connect(self.address).expect("it listens");
        last.shutdown(Shutdown::Write).expect("a connection can be closed");
        drop(last.read(&mut [0]));
        drop(self.way.left.wait_while(self.way.visitors(), |visitors| *visitors > 0));
    }
}

impl Way {
    fn face(&self) -> MutexGuard<'_, Face> {
        self.face.lock().expect("nobody has panicked")
    }

    fn visitors(&self) -> MutexGuard<'_, usize> {
        self.visitors.lock().expect("nobody has panicked")
    }

    fn take(&self, mut visitor: TcpStream) -> io::Result<()> {
        let Some(tls) = &self.tls else { return self.serve(&mut visitor) };
        let connection = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
        let mut visitor = StreamOwned::new(connection, visitor);
        self.serve(&mut visitor)?;
        visitor.conn.send_close_notify();
        visitor.flush()
    }

    fn serve(&self, visitor: &mut (impl Read + Write)) -> io::Result<()> {
        let mut reader = BufReader::new(&mut *visitor);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            let ends = line == "\r\n";
            head.push_str(if ends { "Connection: close\r\n\r\n" } else { &line });
            if ends {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut gateway = TcpStream::connect(self.target)?;
        gateway.write_all(head.as_bytes())?;
        gateway.write_all(&body)?;
        let mut answer = Vec::new();
        gateway.read_to_end(&mut answer)?;
        visitor.write_all(&self.face().put_on(answer, head.starts_with("GET ")))?;
        visitor.flush()
    }
}

impl Face {
    /// Makes a sandbox's answer this gateway's.
    fn put_on(&self, answer: Vec<u8>, is_of_logs: bool) -> Vec<u8> {
        let answer = match &self.shown {
            Some(shown) if is_of_logs => only(&answer, shown).unwrap_or(answer),
            _ => answer,
        };
        let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return answer };
        let (head, body) = answer.split_at(end + 4);
        let mut lines = String::new();
        for line in String::from_utf8_lossy(head).lines().filter(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            let line = match name.as_str() {
                "date" => self.dated(line),
                SANDBOX_HEADER if !self.is_marked => String::new(),
                _ => format!("{line}\r\n"),
            };
            lines.push_str(&line);
        }
        [lines.as_bytes(), b"\r\n", body].concat()
    }

    /// The lines that tell the time, instead of a sandbox's.
    fn dated(&self, line: &str) -> String {
        let text = line.split_once(':').map(|(_, text)| text.trim()).unwrap_or_default();
        let theirs = httpdate::parse_http_date(text).expect("a sandbox has a date");
        let line = format!("Date: {}\r\n", httpdate::fmt_http_date(moved(theirs, self.ahead)));
        match self.dates {
            Dates::One => line,
            Dates::Missing => String::new(),
            Dates::Doubled => line.repeat(2),
            Dates::Cached => format!("{line}Age: 60\r\n"),
        }
    }
}

fn moved(time: SystemTime, ahead: SignedDuration) -> SystemTime {
    let by = Duration::try_from(ahead.abs()).expect("it has no sign any more");
    if ahead.is_negative() { time - by } else { time + by }
}

/// The same answer with those rows only that are of these messages, if it has rows.
fn only(answer: &[u8], shown: &HashSet<String>) -> Option<Vec<u8>> {
    let text = str::from_utf8(answer).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let mut logs: Value = serde_json::from_str(&http::parse(text)?.body).ok()?;
    logs["results"].as_array_mut()?.retain(|row| row["messageId"].as_str().is_some_and(|id| shown.contains(id)));
    let is_of_body = |line: &&str| {
        let line = line.to_ascii_lowercase();
        line.starts_with("content-length:") || line.starts_with("transfer-encoding:")
    };
    let body = logs.to_string();
    let mut lines: Vec<String> = head.lines().filter(|line| !is_of_body(line)).map(str::to_owned).collect();
    lines.push(format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    Some(lines.join("\r\n").into_bytes())
}
