//! Requests as bytes, and their answers, over a connection that stays open: the client costs as little as it can.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A request that sends a bulk of some messages.
pub(super) fn request(address: SocketAddr, messages: u64) -> Vec<u8> {
    let message = |number: u64| {
        json!({
            "sender": "shop",
            "destinations": [{
                "to": format!("178414{number:011}"),
                "messageId": format!("spring-sale.announce.r1.{number:016x}"),
            }],
            "content": { "type": "TEXT", "text": format!("Hi Ana {number}, the spring sale is on in Zagreb! {}", "x".repeat(120)) },
            "options": { "campaignReferenceId": "spring-sale" },
        })
    };
    let messages: Vec<Value> = (0..messages).map(message).collect();
    let body = json!({ "messages": messages, "options": { "schedule": { "bulkId": "b" } } }).to_string();
    let length = body.len();
    format!(
        "POST /instagram/1/messages HTTP/1.1\r\nHost: {address}\r\nAuthorization: App k\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A request that reads.
pub(super) fn get(address: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: App k\r\n\r\n").into_bytes()
}

/// Sends a request and reads its answer to the end.
pub(super) fn exchange(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
    let (mut answer, mut part) = (Vec::new(), [0_u8; 65_536]);
    let mut whole = None;
    while whole.is_none_or(|whole| answer.len() < whole) {
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "the server closed the connection");
        answer.extend_from_slice(part.get(..count).unwrap());
        if whole.is_none() {
            whole = whole_length(&answer);
        }
    }
}

/// How long an answer is with its head; `None` while its head is not there.
fn whole_length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(answer.get(..head).unwrap()).to_ascii_lowercase();
    assert!(text.starts_with("http/1.1 200 "), "{text}");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    Some(head + 4 + length.unwrap())
}

/// What the servers run on.
pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}
