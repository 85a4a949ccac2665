//! The client against a server that fails in every way a server can.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::{Client, ClientError, ClientLimits, SystemClock};
use crate::apply::{Agreement, Clock, GatewayTime, Outgoing, Refusal, SendOutcome, Sender as _, Ticket};
use crate::identity::{BulkId, BulkTime, MessageKey, Revision};
use crate::ledger::{ClaimId, DEADLINE_MAX, RunId};
use crate::wire::address::AddressError;

const KEY: &str = "003026bb-canary-key";
const ANSWER: &str = r#"{"bulkId":"b","messages":[]}"#;
const LARGE: usize = 8 * 1024 * 1024;

/// A server that treats every connection in one way, and counts them.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start<F: Future<Output = ()> + Send>(treat: impl Fn(TcpStream) -> F + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let server = async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                treat(stream).await;
            }
        };
        drop(tokio::spawn(async move {
            let _: Infallible = server.await;
        }));
        Self { address, connections }
    }

    /// Reads the request, and answers with these bytes.
    async fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(move |mut stream| {
            let answer = answer.clone();
            async move {
                read_request(&mut stream).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        })
        .await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn url(&self) -> Url {
        Url::parse(&format!("http://{}", self.address)).unwrap()
    }
}

/// Reads a whole request, and gives back its head and the length of its body.
async fn read_request(stream: &mut TcpStream) -> (String, usize) {
    let mut bytes = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a whole request");
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let length: usize =
            head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
        while bytes.len() < end + 4 + length {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a whole body");
        }
        return (head, length);
    }
}

fn limits() -> ClientLimits {
    ClientLimits { answer_bytes_max: 4096, ..ClientLimits::default() }
}

fn request(size: usize) -> (Outgoing, ClaimId) {
    let message = MessageKey::parse("spring-sale.announce").unwrap();
    let bulk = BulkId::new(&message, Revision::new(1).unwrap(), BulkTime::Start(0), &[]);
    (Outgoing::of(bulk.clone(), vec![b' '; size]), ClaimId { bulk, attempt: 1, run: RunId(1) })
}

async fn send_to(url: &Url, size: usize, limits: ClientLimits) -> SendOutcome {
    send_with(url, size, limits).await.1
}

async fn send_with(url: &Url, size: usize, limits: ClientLimits) -> (Client<SystemClock>, SendOutcome) {
    let client =
        Client::new(url, &SecretString::from(KEY), limits, SystemClock::start(), GatewayTime::new(true)).unwrap();
    let (request, claim) = request(size);
    let sent = client.send(&request, &Ticket::without_claim(claim, Duration::from_mins(2))).await;
    (client, sent)
}

/// Sends once, and asserts that there was exactly one connection.
async fn send(server: &Server, size: usize) -> SendOutcome {
    let sent = send_to(&server.url(), size, limits()).await;
    assert_eq!(server.connections(), 1, "sent once, by nobody twice");
    sent
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn unknown(sent: &SendOutcome) -> &str {
    match sent {
        SendOutcome::Unknown(why) => {
            assert!(!why.contains(KEY));
            why
        }
        other @ (SendOutcome::Answered(_) | SendOutcome::Refused(_)) => panic!("in doubt, not {other:?}"),
    }
}

fn unreachable(sent: &SendOutcome) -> &str {
    match sent {
        SendOutcome::Refused(Refusal::Unreachable(why)) => why,
        other @ (SendOutcome::Answered(_) | SendOutcome::Refused(_) | SendOutcome::Unknown(_)) => {
            panic!("not sent, not {other:?}")
        }
    }
}

#[test]
fn no_request_lasts_longer_than_its_claim_is_taken_to_live() {
    let ClientLimits { connect, total, .. } = ClientLimits::default();
    assert!(connect + total <= Duration::try_from(DEADLINE_MAX).unwrap());
}

#[tokio::test]
async fn a_good_answer_is_read_and_its_date_taken_in() {
    let server = Server::answering(http("200 OK", "date: Mon, 30 Nov 2026 12:00:00 GMT\r\nx: y\r\n", ANSWER)).await;
    let (client, sent) = send_with(&server.url(), 100, limits()).await;
    let SendOutcome::Answered(response) = sent else { panic!("answered") };
    assert_eq!(response.bulk_id.as_deref(), Some("b"));
    assert_eq!(client.time().last(), Some("2026-11-30T12:00:00Z".parse::<Timestamp>().unwrap()));
    // It is in the past or in the future of whoever runs this, and loopback alone excuses nothing.
    let (now, elapsed) = (client.clock.now(), client.clock.elapsed());
    assert!(matches!(client.time().agreement(now, elapsed), Agreement::Off(_)));
}

#[tokio::test]
async fn the_request_is_what_the_api_wants() {
    let server = Server::start(|mut stream| async move {
        let (head, length) = read_request(&mut stream).await;
        let good = head.starts_with("post /instagram/1/messages http/1.1\r\n")
            && head.contains(&format!("authorization: app {KEY}"))
            && head.contains("content-type: application/json")
            && head.contains("accept: application/json")
            && head.contains(concat!("user-agent: sendform/", env!("CARGO_PKG_VERSION")))
            && !head.contains("transfer-encoding")
            && !head.contains("accept-encoding")
            && length == LARGE;
        let answer = http(if good { "200 OK" } else { "500 no" }, "", ANSWER);
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let client = Client::new(
        &server.url(),
        &SecretString::from(KEY),
        ClientLimits::default(),
        SystemClock::start(),
        GatewayTime::new(true),
    )
    .unwrap();
    let (request, claim) = request(LARGE);
    let sent = client.send(&request, &Ticket::without_claim(claim, Duration::from_mins(2))).await;
    assert!(matches!(sent, SendOutcome::Answered(_)), "{sent:?}");
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let sent = send_to(&url, 100, limits()).await;
    assert_eq!(unreachable(&sent), "the connection was refused");
}

#[tokio::test]
async fn no_tls_behind_the_port() {
    let server = Server::start(|mut stream| async move {
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
    })
    .await;
    let mut url = server.url();
    url.set_scheme("https").unwrap();
    let sent = send_to(&url, 100, limits()).await;
    assert!(unreachable(&sent).starts_with("there is no secure connection: "), "{sent:?}");
    assert!(!unreachable(&sent).contains(KEY));
}

#[tokio::test]
async fn lost_connections_are_doubts() {
    for size in [100, LARGE] {
        let closes = Server::start(|stream| async move { drop(stream) }).await;
        let resets = Server::start(|mut stream| async move {
            drop(stream.read(&mut [0; 100]).await);
            stream.set_zero_linger().unwrap();
        })
        .await;
        let reads_and_closes = Server::start(|mut stream| async move {
            read_request(&mut stream).await;
        })
        .await;
        for server in [closes, resets, reads_and_closes] {
            let sent = send(&server, size).await;
            assert!(unknown(&sent).starts_with("the connection was "), "{sent:?}");
        }
    }
}

#[tokio::test]
async fn silence_is_a_doubt() {
    let hangs = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    });
    let hangs_in_the_body = Server::start(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
        std::future::pending::<()>().await;
    });
    let limits = ClientLimits { total: Duration::from_millis(200), ..limits() };
    for server in [hangs.await.url(), hangs_in_the_body.await.url()] {
        let sent = send_to(&server, 100, limits).await;
        assert!(unknown(&sent).contains("no whole answer within 200ms"), "{sent:?}");
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_doubts() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"messages\":[".to_owned();
    let large = http("200 OK", "", &format!("{{\"messages\":[],\"x\":\"{}\"}}", "y".repeat(5000)));
    let redirect = http("307 Temporary Redirect", "location: http://127.0.0.1:1/\r\n", "");
    let answers = [
        (cut, "body cannot be read"),
        (large, "larger than 4096 bytes"),
        (http("200 OK", "", "<html>"), "not what the API says"),
        (http("200 OK", "", "{}"), "not what the API says"),
        ("220 smtp.example.com ESMTP\r\n".to_owned(), "cannot be understood: invalid HTTP version"),
        (redirect, "307"),
        (http("503 Service Unavailable", "retry-after: 1\r\n", ""), "503"),
        (http("500 Internal Server Error", "", ANSWER), "500"),
        (http("418 Teapot", "", ""), "418"),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), "204"),
        (http("202 Accepted", "", ANSWER), "202"),
    ];
    for (answer, why) in answers {
        let sent = send(&Server::answering(answer).await, 100).await;
        assert!(unknown(&sent).contains(why), "{why}: {sent:?}");
    }
}

#[tokio::test]
async fn refusals_are_proofs_whatever_their_bodies() {
    let answers = [
        ("401 Unauthorized", Refusal::Unauthorized),
        ("403 Forbidden", Refusal::Forbidden),
        ("404 Not Found", Refusal::NotFound),
        ("413 Payload Too Large", Refusal::TooLarge),
        ("429 Too Many Requests", Refusal::TooMany { retry_after: None }),
        ("400 Bad Request", Refusal::Invalid { status: 400, error: None }),
        ("422 Unprocessable Content", Refusal::Invalid { status: 422, error: None }),
    ];
    for (status, refusal) in answers {
        for body in [http(status, "", "<html>"), format!("HTTP/1.1 {status}\r\ncontent-length: 9\r\n\r\n{{")] {
            match send(&Server::answering(body).await, 100).await {
                SendOutcome::Refused(got) => assert_eq!(got, refusal),
                other @ (SendOutcome::Answered(_) | SendOutcome::Unknown(_)) => {
                    panic!("{status} is a refusal, not {other:?}")
                }
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Server::answering(http("200 OK", "", ANSWER)).await;
    let location = format!("location: {}\r\n", other.url());
    let server = Server::answering(http("308 Permanent Redirect", &location, "")).await;
    unknown(&send(&server, 100).await);
    assert_eq!(other.connections(), 0, "the key went nowhere else");
}

/// A clock of which every look takes an hour.
#[derive(Clone)]
struct Hours(Arc<AtomicU64>);

impl Clock for Hours {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::from_hours(self.0.fetch_add(1, Ordering::SeqCst))
    }

    async fn sleep(&self, _: Duration) {}
}

#[tokio::test]
async fn a_ticket_that_is_too_old_sends_no_byte() {
    let received = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&received);
    let (done, mut over) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |mut stream| {
        let (counted, done) = (Arc::clone(&counted), done.clone());
        async move {
            let mut bytes = Vec::new();
            drop(stream.read_to_end(&mut bytes).await);
            counted.fetch_add(bytes.len(), Ordering::SeqCst);
            done.send(()).unwrap();
        }
    })
    .await;
    // Too old before connecting, and then too old after it.
    for (start_by, connections) in [(Duration::ZERO, 0), (Duration::from_mins(30), 1)] {
        let clock = Hours(Arc::default());
        let client =
            Client::new(&server.url(), &SecretString::from(KEY), limits(), clock, GatewayTime::new(true)).unwrap();
        let (request, claim) = request(100);
        let sent = client.send(&request, &Ticket::without_claim(claim, start_by)).await;
        assert!(matches!(sent, SendOutcome::Refused(Refusal::NotStarted)), "{sent:?}");
        assert_eq!(server.connections(), connections);
    }
    over.recv().await.unwrap();
    assert_eq!(received.load(Ordering::SeqCst), 0);
}

#[test]
fn only_safe_addresses_get_the_key() {
    let check = |url: &str| match Client::new(
        &Url::parse(url).unwrap(),
        &SecretString::from(KEY),
        ClientLimits::default(),
        SystemClock::start(),
        GatewayTime::new(true),
    ) {
        Ok(client) => {
            let shown = format!("{client:?}");
            assert!(!shown.contains(KEY), "{shown}");
            "good".to_owned()
        }
        Err(error) => error.to_string(),
    };
    for good in ["https://xxxxx.api.infobip.com", "http://127.0.0.1:8080/", "http://[::1]:80", "http://localhost:1"] {
        assert_eq!(check(good), "good", "{good}");
    }
    for insecure in ["http://xxxxx.api.infobip.com", "http://10.0.0.1", "ftp://localhost", "http://localhost.evil.com"]
    {
        assert_eq!(check(insecure), AddressError::Insecure.to_string(), "{insecure}");
    }
    for odd in ["https://user@host", "https://user:pass@host", "https://host/?x=y", "https://host/#x"] {
        assert_eq!(check(odd), AddressError::NotPlain.to_string(), "{odd}");
    }
}

#[test]
fn a_key_that_is_no_header_is_refused_without_a_word_of_it() {
    let url = Url::parse("https://host").unwrap();
    for key in ["", "  ", "canary\nx: y", "canary\u{0}"] {
        let error = Client::new(
            &url,
            &SecretString::from(key),
            ClientLimits::default(),
            SystemClock::start(),
            GatewayTime::new(true),
        )
        .unwrap_err();
        assert!(matches!(error, ClientError::Key));
        assert!(!format!("{error:?} {error}").contains("canary"));
    }
}
