//! How many messages a second are taken in over four connections, in bulks of a thousand: by the sandbox, and by
//! a bare server that reads the same bodies and writes the same answers and does nothing else.

use std::net::{SocketAddr, TcpStream};
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use divan::Bencher;
use divan::counter::ItemsCount;
use sendform::sandbox::options::Options;
use sendform::sandbox::{self, Running};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::exchange::{exchange, request, runtime};

const MESSAGES: u64 = 1_000;
const CONNECTIONS: u64 = 4;
/// How many bulks each connection sends in one sample.
const BULKS: u64 = 25;

fn send(address: SocketAddr) {
    let request = request(address, MESSAGES);
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                for _ in 0..BULKS {
                    exchange(&mut stream, &request);
                }
            });
        }
    });
}

fn measure(bencher: Bencher<'_, '_>, address: SocketAddr) {
    let messages = ItemsCount::new(MESSAGES * CONNECTIONS * BULKS);
    bencher.counter(messages).bench_local(|| send(address));
}

#[derive(Deserialize)]
struct BareBody<'a> {
    #[serde(borrow)]
    messages: Vec<BareMessage<'a>>,
}

#[derive(Deserialize)]
struct BareMessage<'a> {
    #[serde(borrow)]
    destinations: Vec<BareDestination<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BareDestination<'a> {
    to: &'a str,
    message_id: &'a str,
}

/// Reads a body and answers it.
async fn answer(body: Bytes) -> String {
    let body: BareBody<'_> = serde_json::from_slice(&body).unwrap();
    let mut text = String::from(r#"{"bulkId":"b","messages":["#);
    for (number, destination) in body.messages.iter().flat_map(|message| &message.destinations).enumerate() {
        let comma = if number == 0 { "" } else { "," };
        text.push_str(comma);
        text.push_str(r#"{"messageId":""#);
        text.push_str(destination.message_id);
        text.push_str(r#"","status":{"groupId":1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED","description":"Message sent to next instance"},"destination":""#);
        text.push_str(destination.to);
        text.push_str(r#""}"#);
    }
    text.push_str("]}");
    text
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn a_bare_server(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let router =
        Router::new().route("/instagram/1/messages", post(answer)).layer(axum::extract::DefaultBodyLimit::disable());
    runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
    measure(bencher, address);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn the_sandbox(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(folder.path().join("books.sqlite"));
    let running: Running = runtime.block_on(sandbox::start(options)).unwrap();
    let address = running.base_url.strip_prefix("http://").unwrap().parse().unwrap();
    measure(bencher, address);
    runtime.block_on(running.stop()).unwrap();
}
