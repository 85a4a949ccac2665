//! One request as it arrives at a gateway.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use serde_json::Value;

/// A gateway that reads one message, and fails; its logs are empty.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    body: JoinHandle<Value>,
}

impl Listener {
    /// Starts it.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let body = thread::spawn(move || {
            loop {
                let (stream, _) = listener.accept().expect("a request comes");
                if let Some(body) = read(stream) {
                    break body;
                }
            }
        });
        Self { address, body }
    }

    /// Its base URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The body of the request.
    pub(super) fn body(self) -> Value {
        self.body.join().expect("the request can be read")
    }
}

/// The body of a message; nothing, of a question to the logs.
fn read(stream: TcpStream) -> Option<Value> {
    let mut stream = BufReader::new(stream);
    let (mut length, mut is_question) = (0, false);
    let mut line = String::new();
    while stream.read_line(&mut line).expect("a head can be read") > 2 {
        is_question |= line.starts_with("GET ");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length is a number");
        }
        line.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body can be read");
    let answer: &[u8] = if is_question {
        b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"results\":[]}"
    } else {
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
    };
    stream.get_mut().write_all(answer).expect("an answer can be written");
    (!is_question).then(|| serde_json::from_slice(&body).expect("the body is JSON"))
}

/// Every value that is neither an object nor a list of objects, by its path: `a.b[].c`.
pub(super) fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect(String::new(), value, &mut found);
    found
}

fn collect(path: String, value: &Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            let point = if path.is_empty() { "" } else { "." };
            object.iter().for_each(|(key, value)| collect(format!("{path}{point}{key}"), value, found));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().for_each(|item| collect(format!("{path}[]"), item, found));
        }
        Value::Array(_) => drop(found.insert(path + "[]", value.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            drop(found.insert(path, value.clone()));
        }
    }
}
