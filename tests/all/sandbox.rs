//! The sandbox in a process of its own: what it showed before it was killed stands after it.

mod doors;
mod kills;
mod rows;

use jiff::Timestamp;
use serde_json::Value;

use crate::support::Sandbox;

fn now(answer: &Value) -> Timestamp {
    let text = answer["now"].as_str().expect("the sandbox says its time");
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).unwrap().to_timestamp().unwrap()
}

#[test]
fn a_clock_that_is_killed_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books.sqlite");
    let mut shown: Option<Timestamp> = None;
    for speed in ["1", "60", "86400", "1000000", "1"] {
        let arguments = ["--books", books.to_str().unwrap(), "--now", "2026-11-30T12:00:00Z", "--speed", speed];
        let sandbox = Sandbox::start_at("127.0.0.1:0", &arguments);
        for look in 0..20 {
            let now = now(&sandbox.state());
            assert!(shown.is_none_or(|shown| shown <= now), "look {look} at speed {speed}: {now} is before {shown:?}");
            shown = Some(now);
        }
        // A jump is as durable as what passes by itself.
        sandbox.set_clock(&shown.map(|shown| shown + jiff::SignedDuration::from_hours(1000)).unwrap().to_string());
        shown = Some(now(&sandbox.state()));
        // Dropped, its process is killed.
    }
}
