//! A receiver of webhooks that answers when the test wants it to, and what it wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long the next post may take.
const POST_TIME_MAX: Duration = Duration::from_secs(60);

/// A receiver on a port of its own.
#[derive(Debug)]
pub(crate) struct Receiver {
    address: SocketAddr,
    posts: mpsc::Receiver<Post>,
}

/// What was posted; it waits for its answer.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
    pub(crate) body: String,
    stream: TcpStream,
}

impl Receiver {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let (sender, posts) = mpsc::channel();
        thread::spawn(move || {
            // Whoever dies before it is let in, or while it posts, has posted nothing.
            for stream in listener.incoming().filter_map(Result::ok) {
                let Some(post) = read(stream) else { continue };
                if sender.send(post).is_err() {
                    return;
                }
            }
        });
        Self { address, posts }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/dlr", self.address)
    }

    /// Waits for the next post.
    #[track_caller]
    pub(crate) fn next(&self) -> Post {
        self.posts.recv_timeout(POST_TIME_MAX).expect("something is posted")
    }

    /// Whether nothing was posted that was not looked at.
    pub(crate) fn is_quiet(&self) -> bool {
        self.posts.try_recv().is_err()
    }
}

impl Post {
    /// Its body, which is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Answers it. Whoever posted may be gone.
    pub(crate) fn answer(mut self, status: u16) {
        let head = format!("HTTP/1.1 {status} Answered\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        drop(self.stream.write_all(head.as_bytes()));
    }
}

fn read(stream: TcpStream) -> Option<Post> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut lines, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
        lines.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    Some(Post { path, body: String::from_utf8(body).ok()?, stream })
}
