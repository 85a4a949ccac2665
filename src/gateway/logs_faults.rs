//! The logs against a server that fails in every way a server can, and against the sandbox.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::{Client, ClientLimits};
use crate::apply::evidence::{By, LogQuery, Logs as _, LogsAnswer, LogsFailure};
use crate::apply::{Clock, GatewayTime};

const KEY: &str = "003026bb-canary-key";
const EMPTY: &str = r#"{"results":[],"cursor":{"limit":1000}}"#;
const SANDBOX: &str = "x-sendform-sandbox: 1\r\n";

/// A clock that does not wait, and remembers for how long it should have.
#[derive(Clone, Default)]
struct Hasty(Arc<Mutex<Vec<Duration>>>);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().iter().sum()
    }

    async fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

/// A server that gives one answer after the other, the last one again and again, and keeps the first
/// line of each request. An empty answer is a connection that is closed.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn answering(answers: &[String]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, mut answers) = (Arc::clone(&requests), VecDeque::from(answers.to_vec()));
        drop(tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = Vec::new();
                while !bytes.ends_with(b"\r\n\r\n") {
                    assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a whole request");
                }
                let head = String::from_utf8(bytes).unwrap();
                assert!(head.to_lowercase().contains(&format!("authorization: app {KEY}")), "{head}");
                seen.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
                let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
                drop(stream.write_all(answer.unwrap_or_default().as_bytes()).await);
            }
        }));
        Self { address, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn http(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn page(ids: &[&str], next: Option<&str>) -> String {
    let rows: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"messageId":"{id}","bulkId":"b","status":{{"groupId":3,"id":5}}}}"#))
        .collect();
    let next = next.map(|next| format!(r#","nextCursor":"{next}""#)).unwrap_or_default();
    http("200 OK", SANDBOX, &format!(r#"{{"results":[{}],"cursor":{{"limit":1000{next}}}}}"#, rows.join(",")))
}

/// Asks, and says how long it waited.
async fn ask(address: SocketAddr, by: By, ids: &[&str]) -> (LogsAnswer, Vec<u64>) {
    let clock = Hasty::default();
    let limits = ClientLimits { answer_bytes_max: 4096, total: Duration::from_secs(5), ..ClientLimits::default() };
    let url = Url::parse(&format!("http://{address}")).unwrap();
    let client = Client::new(&url, &SecretString::from(KEY), limits, clock.clone(), GatewayTime::new(true)).unwrap();
    let (question, _) = LogQuery::packed(by, ids.iter().map(ToString::to_string), [&[], &[]]);
    let found = client.find(&question).await;
    let waits = clock.0.lock().unwrap().iter().map(|wait| u64::try_from(wait.as_millis()).unwrap()).collect();
    (found, waits)
}

fn ids(found: &LogsAnswer) -> Vec<&str> {
    found.rows.iter().map(|row| row.message_id.as_str()).collect()
}

#[tokio::test]
async fn all_pages_are_read() {
    let pages = [page(&["a", "b"], Some("x y&z=1")), page(&["c"], Some("2")), page(&["d"], None)];
    let server = Server::answering(&pages).await;
    let (found, waits) = ask(server.address, By::Message, &["a", "b", "c", "d"]).await;
    assert_eq!((ids(&found), &found.failure, found.from_sandbox), (vec!["a", "b", "c", "d"], &None, true));
    assert!(waits.is_empty());
    assert_eq!(
        server.requests(),
        [
            "GET /instagram/1/logs?messageId=a,b,c,d&limit=1000&useCursor=true HTTP/1.1",
            "GET /instagram/1/logs?messageId=a,b,c,d&limit=1000&useCursor=true&cursor=x+y%26z%3D1 HTTP/1.1",
            "GET /instagram/1/logs?messageId=a,b,c,d&limit=1000&useCursor=true&cursor=2 HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn bulks_are_asked_for_by_their_ids() {
    let server = Server::answering(&[http("200 OK", "", EMPTY)]).await;
    let (found, _) = ask(server.address, By::Bulk, &["x"]).await;
    assert_eq!((ids(&found).len(), found.failure, found.from_sandbox), (0, None, false));
    assert_eq!(server.requests(), ["GET /instagram/1/logs?bulkId=x&limit=1000&useCursor=true HTTP/1.1"]);
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_what_was_read_is_kept() {
    let broken = [
        String::new(),
        http("500 Internal Server Error", SANDBOX, ""),
        http("503 Service Unavailable", SANDBOX, "<html>"),
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"results\":[".to_owned(),
    ];
    for answer in broken {
        let server = Server::answering(&[page(&["a"], Some("1")), answer.clone(), page(&["b"], None)]).await;
        let (found, waits) = ask(server.address, By::Message, &["a", "b"]).await;
        assert_eq!((ids(&found), &found.failure, waits), (vec!["a", "b"], &None, vec![500]), "{answer}");
        let server = Server::answering(&[page(&["a"], Some("1")), answer.clone()]).await;
        let (found, waits) = ask(server.address, By::Message, &["a"]).await;
        assert_eq!((ids(&found), waits), (vec!["a"], vec![500, 1000, 2000]), "{answer}");
        assert!(found.failure.is_some(), "{answer}");
        assert_eq!(server.requests().len(), 5);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (found, waits) = ask(address, By::Message, &["a"]).await;
    let Some(LogsFailure::Unreachable(why)) = found.failure else { panic!("unreachable") };
    assert_eq!(why, "the connection was refused");
    assert_eq!((waits, found.from_sandbox), (vec![500, 1000, 2000], false));
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_they_are_told() {
    let too_many = |after: &str| http("429 Too Many Requests", &format!("{SANDBOX}{after}"), "");
    let server = Server::answering(&[
        too_many(""),
        too_many("retry-after: 59\r\n"),
        too_many("retry-after: 999999\r\n"),
        page(&["a"], None),
    ])
    .await;
    let (found, waits) = ask(server.address, By::Message, &["a"]).await;
    assert_eq!((ids(&found), &found.failure, waits), (vec!["a"], &None, vec![500, 59_000, 120_000]));
    let server = Server::answering(&[too_many("retry-after: 0\r\n")]).await;
    let (found, waits) = ask(server.address, By::Message, &["a"]).await;
    assert_eq!((found.failure, waits), (Some(LogsFailure::Throttled), vec![500, 1000, 2000]));
}

#[tokio::test]
async fn what_no_repetition_cures_is_not_repeated() {
    let large = http("200 OK", "", &format!(r#"{{"results":[],"x":"{}"}}"#, "y".repeat(5000)));
    let answers = [
        (http("401 Unauthorized", "", ""), LogsFailure::Unauthorized, 1),
        (http("403 Forbidden", "", ""), LogsFailure::Forbidden, 1),
        (http("404 Not Found", "", ""), LogsFailure::NotFound, 1),
        (http("400 Bad Request", "", ""), LogsFailure::Answered { status: 400, code: None }, 1),
        (
            http("302 Found", "location: http://127.0.0.1:1/\r\n", ""),
            LogsFailure::Answered { status: 302, code: None },
            1,
        ),
        (large, LogsFailure::Unreadable("it is larger than 4096 bytes".to_owned()), 4),
    ];
    for (answer, failure, requests) in answers {
        let server = Server::answering(&[answer]).await;
        let (found, _) = ask(server.address, By::Message, &["a"]).await;
        assert_eq!((found.failure, server.requests().len()), (Some(failure), requests));
    }
}

#[tokio::test]
async fn cursors_that_go_round_are_no_end() {
    let server = Server::answering(&[page(&["a"], Some("1")), page(&["b"], Some("2")), page(&["c"], Some("1"))]).await;
    let (found, _) = ask(server.address, By::Message, &["a", "b", "c"]).await;
    assert_eq!(found.failure, Some(LogsFailure::Unreadable("its cursors go round in a circle".to_owned())));
    assert_eq!(ids(&found), ["a", "b", "c"]);
}

#[tokio::test]
async fn one_page_that_does_not_say_so_makes_the_whole_answer_no_sandbox_s() {
    let server = Server::answering(&[page(&["a"], Some("1")), page(&["b"], None).replace(SANDBOX, "")]).await;
    let (found, _) = ask(server.address, By::Message, &["a"]).await;
    assert_eq!((found.failure, found.from_sandbox), (None, false));
}

#[tokio::test]
async fn no_minute_has_more_than_120_requests() {
    let server = Server::answering(&[http("200 OK", "", EMPTY)]).await;
    let clock = Hasty::default();
    let url = Url::parse(&format!("http://{}", server.address)).unwrap();
    let client =
        Client::new(&url, &SecretString::from(KEY), ClientLimits::default(), clock.clone(), GatewayTime::new(true))
            .unwrap();
    let (question, _) = LogQuery::packed(By::Bulk, ["x".to_owned()].into_iter(), [&[], &[]]);
    for _ in 0..121 {
        assert_eq!(client.find(&question).await.failure, None);
    }
    assert_eq!(*clock.0.lock().unwrap(), [Duration::from_secs(61)]);
}

/// A server whose pages never end: the answer to every request, given its number.
async fn endless(answer: impl Fn(usize) -> String + Send + 'static) -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(0));
    let count = Arc::clone(&requests);
    drop(tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            while !bytes.ends_with(b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a whole request");
            }
            let number = {
                let mut count = count.lock().unwrap();
                *count += 1;
                *count
            };
            drop(stream.write_all(answer(number).as_bytes()).await);
        }
    }));
    (address, requests)
}

#[tokio::test]
async fn logs_without_an_end_are_read_to_an_end() {
    let next = |number: usize| number.to_string();
    let strangers = move |number: usize| page(&["x", "y", "z"], Some(&next(number)));
    let (address, requests) = endless(strangers).await;
    let (found, _) = ask(address, By::Message, &["a"]).await;
    let why = "page after page holds nothing that was asked for";
    assert_eq!(found.failure, Some(LogsFailure::Unreadable(why.to_owned())));
    assert_eq!((*requests.lock().unwrap(), ids(&found).len()), (10, 0));

    let (address, requests) = endless(move |number| page(&["a", "a"], Some(&next(number)))).await;
    let (found, _) = ask(address, By::Message, &["a"]).await;
    assert_eq!(found.failure, Some(LogsFailure::Unreadable("it has no end".to_owned())));
    assert_eq!((*requests.lock().unwrap(), ids(&found).len()), (300, 100));

    // Every page is throttled once, for as long as may be asked.
    let (address, requests) = endless(move |number| match number % 2 {
        1 => http("429 Too Many Requests", "retry-after: 120\r\n", ""),
        _ => page(&["a"], Some(&next(number))),
    })
    .await;
    let (found, waits) = ask(address, By::Message, &["a"]).await;
    assert_eq!(found.failure, Some(LogsFailure::Unreadable("it takes more than 10 minutes".to_owned())));
    assert_eq!((*requests.lock().unwrap(), waits), (9, vec![120_000; 5]));
}
