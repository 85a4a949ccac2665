//! How long one message takes to be taken in durably: alone, and beside readers who ask for everything, without a
//! pause. Each sample is one request, so the slowest of 500 bounds the 99th percentile from above.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use divan::Bencher;
use sendform::sandbox::options::Options;
use sendform::sandbox::{self, Running};

use super::exchange::{exchange, get, request, runtime};

/// How many bulks of a thousand messages are there to be read.
const BULKS_KEPT: u64 = 200;
/// What each reader asks for: all messages of the last 48 hours, and all that were accepted.
const READ: [&str; 2] = ["/instagram/1/logs?limit=1000", "/sandbox/messages?limit=1000"];

/// Measures one message, in front of books that are not empty.
fn measure(bencher: Bencher<'_, '_>, readers: &[&str]) {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let options = Options { logs_per_minute: None, ..Options::new(folder.path().join("books.sqlite")) };
    let running: Running = runtime.block_on(sandbox::start(options)).unwrap();
    let address: SocketAddr = running.base_url.strip_prefix("http://").unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let bulk = request(address, 1_000);
    for _ in 0..BULKS_KEPT {
        exchange(&mut stream, &bulk);
    }
    let (message, is_over) = (request(address, 1), AtomicBool::new(false));
    thread::scope(|scope| {
        for path in readers {
            let is_over = &is_over;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                let question = get(address, path);
                while !is_over.load(Ordering::Relaxed) {
                    exchange(&mut stream, &question);
                }
            });
        }
        bencher.bench_local(|| exchange(&mut stream, &message));
        is_over.store(true, Ordering::Relaxed);
    });
    runtime.block_on(running.stop()).unwrap();
}

#[divan::bench(sample_count = 500, sample_size = 1)]
fn a_send_alone(bencher: Bencher<'_, '_>) {
    measure(bencher, &[]);
}

#[divan::bench(sample_count = 500, sample_size = 1)]
fn a_send_beside_readers(bencher: Bencher<'_, '_>) {
    measure(bencher, &READ);
}
