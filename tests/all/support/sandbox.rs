//! A sandbox in a process of its own, and its admin routes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::http;
use super::named::NAME;
use super::process::{Process, command};
use super::project::NOW;

/// How long the sandbox may take to listen.
const START_TIME_MAX: Duration = Duration::from_secs(30);

/// A running sandbox on a port of its own; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    address: SocketAddr,
    // Dropped in this order: first the process, then the folder it works in.
    process: Process,
    _folder: TempDir,
}

impl Sandbox {
    /// Starts a sandbox whose clock begins at [`NOW`], and waits until it listens.
    pub(crate) fn start<const N: usize>(arguments: [&str; N]) -> Self {
        Self::start_at("127.0.0.1:0", &[["--now", NOW].as_slice(), &arguments].concat())
    }

    /// Starts a sandbox at an address, and waits until it listens.
    pub(crate) fn start_at(listen: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = command(folder.path(), &BTreeMap::new());
        // Tests reach it by a name as well.
        command.args(["sandbox", "--listen", listen, "--host", NAME]).args(arguments);
        let mut process = Process::start(command);
        let address = listening_address(&mut process);
        Self { address, process, _folder: folder }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends its process a signal, such as `STOP`.
    pub(crate) fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    /// Asks for faults, for example `500-after@3`.
    pub(crate) fn faults(&self, faults: &[&str]) {
        self.ask("POST", "/sandbox/faults", Some(&json!({ "faults": faults })));
    }

    /// Moves its clock forward.
    pub(crate) fn set_clock(&self, now: &str) {
        self.ask("POST", "/sandbox/clock", Some(&json!({ "now": now })));
    }

    /// Changes its clock as its door says: `{"speed": 60}`, say.
    pub(crate) fn change_clock(&self, change: &Value) {
        self.ask("POST", "/sandbox/clock", Some(change));
    }

    /// Sets how its channel behaves from now on.
    pub(crate) fn set_rules(&self, rules: &Value) {
        self.ask("PUT", "/sandbox/rules", Some(rules));
    }

    /// Asks one of its doors for something.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, Some(body))
    }

    /// Waits until something has come to pass, such as `webhooks=1`.
    pub(crate) fn wait(&self, condition: &str) {
        self.ask("GET", &format!("/sandbox/wait?{condition}"), None);
    }

    /// Lets go of all requests that are held.
    pub(crate) fn release(&self) {
        self.ask("POST", "/sandbox/release", None);
    }

    /// Waits until so many requests are held.
    pub(crate) fn wait_held(&self, count: usize) {
        self.ask("GET", &format!("/sandbox/wait?held={count}"), None);
    }

    /// Waits until it has seen so many sends.
    pub(crate) fn wait_requests(&self, count: u64) {
        self.ask("GET", &format!("/sandbox/wait?requests={count}"), None);
    }

    /// Waits until its logs were asked so many times.
    pub(crate) fn wait_queries(&self, count: u64) {
        self.ask("GET", &format!("/sandbox/wait?queries={count}"), None);
    }

    /// Asks for an answer when something has come to pass, such as `held=1`, and goes on: it can be read
    /// from then on.
    pub(crate) fn answer_when(&self, condition: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("the sandbox listens");
        write!(stream, "GET /sandbox/wait?{condition} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)
            .expect("it can be asked");
        stream
    }

    /// How many sends it has seen, whatever became of them.
    pub(crate) fn requests(&self) -> u64 {
        self.state()["requests"].as_u64().expect("requests are counted")
    }

    /// How often it accepted a message for each [`customer`](super::customer), in the order of their
    /// numbers, from the first to the last who got any.
    pub(crate) fn accepted(&self) -> Vec<u64> {
        let books = self.messages();
        let mut counts = Vec::new();
        for message in books["messages"].as_array().expect("messages are a list") {
            let number = message["to"].as_str().and_then(|to| to.strip_prefix("1784140000")?.parse::<usize>().ok());
            let number = number.expect("a message goes to a customer");
            if message["status"] != "REJECTED" {
                counts.resize(counts.len().max(number), 0);
                counts[number - 1] += 1;
            }
        }
        counts
    }

    /// All messages that it has accepted, page by page.
    pub(crate) fn messages(&self) -> Value {
        let mut all = Vec::new();
        let mut path = "/sandbox/messages".to_owned();
        loop {
            let mut page = self.ask("GET", &path, None);
            all.append(page["messages"].as_array_mut().expect("messages are a list"));
            let Some(cursor) = page["nextCursor"].as_str() else { return json!({ "messages": all }) };
            path = format!("/sandbox/messages?cursor={cursor}");
        }
    }

    /// All that it can say about itself.
    pub(crate) fn state(&self) -> Value {
        self.ask("GET", "/sandbox/state", None)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string);
        let answer = http::request(self.address, method, path, body.as_deref())
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        if answer.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{method} {path}: {error}: {answer:?}"))
    }
}

/// Reads the address from the first line that the sandbox writes, and everything after it in the
/// background, so that the sandbox never waits for a reader.
fn listening_address(process: &mut Process) -> SocketAddr {
    let stdout = process.child().stdout.take().expect("the output is caught");
    let stderr = process.child().stderr.take().expect("the output is caught");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
    });
    let complaints = thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).collect::<Vec<_>>());
    let Ok(line) = receiver.recv_timeout(START_TIME_MAX) else {
        drop(process.child().kill());
        panic!("the sandbox does not listen:\n{}", complaints.join().unwrap_or_default().join("\n"));
    };
    let address = line.strip_prefix("listening on http://").and_then(|address| address.trim().parse().ok());
    address.unwrap_or_else(|| panic!("the sandbox does not say where it listens: {line}"))
}
