//! A client of HTTP/1.1, one request a connection: so small that it cannot hide anything.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take. The sandbox answers a wait when the thing has come to pass.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Sends a request and reads the whole answer.
pub(crate) fn request(address: SocketAddr, method: &str, path: &str, body: Option<&str>) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
    let body = body.unwrap_or_default();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    parse(&text).ok_or_else(|| std::io::Error::other(format!("not an HTTP answer: {text:?}")))
}

pub(super) fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Some(Answer { status, body: if chunked { dechunk(body)? } else { body.to_owned() } })
}

fn dechunk(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, tail) = rest.split_once("\r\n")?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let (chunk, tail) = tail.split_at_checked(length)?;
        body.push_str(chunk);
        rest = tail.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_request_gets_its_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                reader.read_line(&mut head).unwrap();
            }
            let mut body = [0; 2];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\ndone").unwrap();
            (head, body)
        });
        let answer = request(address, "POST", "/sandbox/release", Some("{}")).unwrap();
        let (head, body) = server.join().unwrap();
        assert!(head.starts_with("POST /sandbox/release HTTP/1.1\r\n"), "{head}");
        assert_eq!((answer.status, answer.body.as_str(), &body), (202, "done", b"{}"));
    }

    #[test]
    fn answers_in_chunks_are_put_together() {
        let answer =
            parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n");
        assert_eq!(answer.unwrap().body, "abc0123456789");
        assert!(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc\r\n0\r\n\r\n").is_none());
        assert!(parse("no answer").is_none());
    }
}
