//! The books over a real file.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Audited, BodiesWanted, BookCount, BulkFilter, MessageStore, NewBulk, Receipt, RequestSearch, audit};
use crate::sandbox::clock::{ClockSetting, ClockStart, SandboxClock, Speed};
use crate::sandbox::error::SandboxError;
use crate::sandbox::journal::entry::{KeptBodies, RequestEntry, RequestOutcome};
use crate::sandbox::model::bulk::{AcceptedBulk, BulkHeader, LogSpan};
use crate::sandbox::model::message::{MessageTable, ReceivedMessage, SendTiming, SharedOptions};
use crate::sandbox::model::progress::MessageProgress;
use crate::sandbox::model::query::Query;
use crate::sandbox::model::rules::ChannelRules;
use crate::sandbox::model::status::Ending;
use crate::wire::channel::ValidityFrom;
use crate::wire::choices::{Duplicates, UnsentInLogs};
use crate::wire::content::Content;
use crate::wire::options::{SendingSpeedLimit, SpeedUnit};
use crate::wire::response::Log;

const NOW: &str = "2026-11-30T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A bulk with these messageIds, of which some positions are rejected.
fn bulk(bulk_id: &str, message_ids: &[&str], rejected: &[usize]) -> AcceptedBulk<'static> {
    let message = |message_id: &&str| ReceivedMessage {
        terms: 0,
        to: format!("to {message_id}").into(),
        message_id: (*message_id).to_owned().into(),
        content: Content::Text { text: "Hi \"there\"\n🎈".into() },
        callback_data: None,
    };
    let terms = SharedOptions {
        sender: "shop".into(),
        platform: None,
        validity_period: None,
        delivery_time_window: None,
        campaign_reference_id: None,
        delivery: None,
        content_type: None,
    };
    let count = u64::try_from(message_ids.len()).unwrap();
    AcceptedBulk {
        header: BulkHeader {
            number: 0,
            bulk_id: bulk_id.to_owned(),
            accepted_at: now(),
            pace: SendTiming::default(),
            count,
            logged: LogSpan { first: now(), last: now() },
        },
        table: MessageTable { terms: vec![terms], messages: message_ids.iter().map(message).collect() },
        rejected: rejected.iter().map(|position| (*position, 14)).collect(),
    }
}

/// The body in which such a bulk comes.
fn body(bulk: &AcceptedBulk<'_>) -> String {
    let messages = bulk.table.messages.iter().map(|message| {
        json!({
            "sender": "shop",
            "destinations": [{ "to": message.to, "messageId": message.message_id }],
            "content": message.content,
        })
    });
    json!({ "messages": messages.collect::<Vec<_>>() }).to_string()
}

async fn accept(books: &MessageStore, bulk: &AcceptedBulk<'_>, duplicates: Duplicates) -> Receipt {
    let inputs = books.inputs();
    books.accept(NewBulk::new(bulk, &inputs, (body(bulk).as_bytes(), 0), memory(duplicates))).await.unwrap()
}

fn counts(path: &Path) -> Vec<(String, u64)> {
    audit(path).unwrap().into_iter().map(|Audited { message_id, count, .. }| (message_id, count)).collect()
}

/// Whoever else opens them looks for that before it removes what was not taken over into the file yet.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn open_books_are_locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    let inode = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(&path).unwrap());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    assert!(locks.lines().any(|lock| lock.contains(&format!(":{inode} "))), "{inode}:\n{locks}");
    books.close().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_judged_leaves_nothing_open() {
    let folder = tempfile::tempdir().unwrap();
    let books = MessageStore::open(&folder.path().join("books.db")).unwrap();
    let path = books.path.clone();
    // As if the first read had failed after the beginning.
    books.read(|database| database.wrap(database.connection.execute_batch("BEGIN"))).await.unwrap();
    assert!(books.judge(|_, _| Ok(())).await.is_err());
    let failed = books.judge(move |_, _| Err::<(), _>(SandboxError::Closed { path })).await;
    assert!(matches!(failed, Err(SandboxError::Closed { .. })), "{failed:?}");
    assert!(books.judge(|_, _| Ok(())).await.is_ok());
}

/// A reader that is slow would else hold a bulk against rules that had been replaced when it came.
#[tokio::test]
async fn nothing_is_judged_that_came_after_the_inputs_were_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let books = MessageStore::open(&folder.path().join("books.db")).unwrap();
    books.keep(Arc::new(SandboxClock::start(ClockStart::Fixed(now()), Speed::REAL, None))).await.unwrap();
    accept(&books, &bulk("one", &["a"], &[]), Duplicates::Accept).await;
    let (looked, is_looking) = tokio::sync::oneshot::channel();
    let (go_on, goes_on) = std::sync::mpsc::channel();
    let judging = books.judge(move |database, inputs| {
        looked.send(inputs.latest_rules().latency_ms).unwrap();
        goes_on.recv().unwrap();
        let mut seen = Vec::new();
        database.each(&BulkFilter::default(), |bulk| seen.push(bulk.header.bulk_id))?;
        Ok(seen)
    });
    let coming = async {
        let before = is_looking.await.unwrap();
        books.set_rules(ChannelRules { latency_ms: before + 1, ..ChannelRules::default() }).await.unwrap();
        accept(&books, &bulk("two", &["b"], &[]), Duplicates::Accept).await;
        go_on.send(()).unwrap();
    };
    let (seen, ()) = tokio::join!(judging, coming);
    assert_eq!(seen.unwrap(), ["one"]);
    assert_eq!(books.bulks(BulkFilter::default()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    let first = bulk("one", &["a", "b"], &[1]);
    accept(&books, &first, Duplicates::Accept).await;
    // A crash: the first books are still open, and nothing of them was written out.
    let again = MessageStore::open(&path).unwrap();
    assert_eq!(again.counted(), BookCount { bulks: 1, accepted: 1 });
    let kept = again.bulks(BulkFilter { bulk_id: Some("one".to_owned()), ..BulkFilter::default() }).await.unwrap();
    assert_eq!(kept, [AcceptedBulk { header: BulkHeader { number: 1, ..first.header }, ..first }]);
}

#[tokio::test]
async fn rules_that_come_between_a_check_and_its_bulk_hold_for_where_it_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let books = MessageStore::open(&folder.path().join("books.db")).unwrap();
    books.keep(Arc::new(SandboxClock::start(ClockStart::Fixed(now()), Speed::REAL, None))).await.unwrap();
    let ids: Vec<_> = (0..60).map(|number| number.to_string()).collect();
    let mut paced = bulk("paced", &ids.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    paced.header.pace.speed = Some(SendingSpeedLimit { amount: 1, time_unit: SpeedUnit::Hour });
    let entry = NewBulk::new(&paced, &books.inputs(), (body(&paced).as_bytes(), 0), None);
    // By the rules until now none of them would leave after 48 hours.
    let rules = ChannelRules { validity_from: ValidityFrom::Turn, ..ChannelRules::default() };
    books.set_rules(rules).await.unwrap();
    books.accept(entry).await.unwrap();
    let later = now() + SignedDuration::from_hours(100);
    let (logs, _) = books.logs(Query::default(), later, UnsentInLogs::Hide).await.unwrap();
    assert_eq!(logs.results.len(), 8, "those that left after 52 to 59 hours");
}

/// When each message that is in the logs left, in seconds from now, by its id.
async fn left(books: &MessageStore) -> Vec<(String, i64)> {
    let later = now() + SignedDuration::from_hours(1);
    let (logs, _) = books.logs(Query { limit: 100, ..Query::default() }, later, UnsentInLogs::Hide).await.unwrap();
    let left = |log: Log| (log.message_id.unwrap(), log.sent_at.unwrap().duration_since(now()).as_secs());
    let mut left: Vec<_> = logs.results.into_iter().map(left).collect();
    left.sort_unstable();
    left
}

#[tokio::test]
async fn a_channel_that_takes_few_messages_takes_them_one_bulk_after_the_other_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    books.keep(Arc::new(SandboxClock::start(ClockStart::Fixed(now()), Speed::REAL, None))).await.unwrap();
    accept(&books, &bulk("free", &["a", "b"], &[]), Duplicates::Accept).await;
    let rules = ChannelRules { channel_rate: Some("1/s".parse().unwrap()), ..ChannelRules::default() };
    let entry = |id: &str, ids: &[&str], books: &MessageStore| {
        let bulk = bulk(id, ids, &[]);
        NewBulk::new(&bulk, &books.inputs(), (body(&bulk).as_bytes(), 0), None)
    };
    // Rules may come between its check and its number.
    let first = entry("first", &["c", "d", "e"], &books);
    books.set_rules(rules).await.unwrap();
    books.accept(first).await.unwrap();
    // Whoever is turned down has no turn.
    accept(&books, &bulk("second", &["f", "g", "h"], &[1]), Duplicates::Accept).await;
    let expect: Vec<_> = [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 2), ("f", 3), ("g", 0), ("h", 4)]
        .map(|(id, second)| (id.to_owned(), second))
        .to_vec();
    assert_eq!(left(&books).await, expect);
    books.close().await.unwrap();
    let again = MessageStore::open(&path).unwrap();
    assert_eq!(left(&again).await, expect);
    // Two that come together may have been shown times the wrong way round: nothing that is past is free.
    again.keep(Arc::new(SandboxClock::start(ClockStart::Fixed(now()), Speed::REAL, None))).await.unwrap();
    for (id, second) in [("i", 9), ("j", 20), ("k", 0)] {
        let mut bulk = bulk(id, &[id], &[]);
        bulk.header.accepted_at = now() + SignedDuration::from_secs(second);
        accept(&again, &bulk, Duplicates::Accept).await;
    }
    let left = left(&again).await;
    assert_eq!(left[8..], [("i".to_owned(), 9), ("j".to_owned(), 20), ("k".to_owned(), 10)]);
    again.set_rules(ChannelRules::default()).await.unwrap();
    assert_eq!(again.bulks(BulkFilter::default()).await.unwrap()[0].header.pace, SendTiming::default());
}

#[tokio::test]
async fn requests_that_come_together_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    let accepts = (0..100).map(|number| {
        let books = books.clone();
        async move {
            let ids = [format!("{number}.a"), format!("{number}.b")];
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            accept(&books, &bulk(&number.to_string(), &ids, &[]), Duplicates::Accept).await.number
        }
    });
    let mut numbers = futures_util::future::join_all(accepts).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    books.close().await.unwrap();
    assert_eq!(counts(&path).len(), 200);
}

#[tokio::test]
async fn the_audit_counts_acceptances() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    accept(&books, &bulk("one", &["a", "b", "c"], &[2]), Duplicates::Accept).await;
    let again = accept(&books, &bulk("one", &["b", "c", "b"], &[]), Duplicates::Accept).await;
    assert_eq!(again, Receipt { number: 2, rejected: vec![] });
    let expected = [("a", 1), ("b", 3), ("c", 1)].map(|(id, count)| (id.to_owned(), count));
    assert_eq!(counts(&path), expected);
}

#[tokio::test]
async fn the_clock_can_be_read_while_an_input_waits_for_the_books() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    let clock = Arc::new(SandboxClock::start(ClockStart::Fixed(now()), Speed::REAL, None));
    books.keep(Arc::clone(&clock)).await.unwrap();
    accept(&books, &bulk("one", &["a"], &[]), Duplicates::Accept).await;
    let mut other = rusqlite::Connection::open(&path).unwrap();
    for is_rule in [true, false] {
        // Somebody else writes into the books.
        let writing = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        let books = books.clone();
        let noting = tokio::spawn(async move {
            if is_rule {
                return books.set_rules(ChannelRules::default()).await;
            }
            let ending = Ending { status: 9, error: 7_002 };
            Ok(books.tell_outcome("a".to_owned(), ending).await?.unwrap())
        });
        while !clock.is_held() {
            tokio::task::yield_now().await;
        }
        assert_eq!((clock.now(), clock.is_held()), (now(), true));
        writing.rollback().unwrap();
        assert_eq!(noting.await.unwrap().unwrap(), now());
        assert!(!clock.is_held());
    }
}

#[tokio::test]
async fn known_ids_are_rejected_if_that_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    accept(&books, &bulk("one", &["a", "b", "c"], &[2]), Duplicates::Accept).await;
    drop(books);
    let books = MessageStore::open(&path).unwrap();
    // `a` is known, `c` was rejected and may come again, `d` comes twice in one request.
    let receipt = accept(&books, &bulk("two", &["d", "a", "c", "d", "x"], &[4]), Duplicates::Reject).await;
    assert_eq!(receipt.rejected, [(1, 23), (3, 23), (4, 14)]);
    let receipt = accept(&books, &bulk("three", &["c", "x"], &[]), Duplicates::Reject).await;
    assert_eq!(receipt.rejected, [(0, 23)]);
    assert!(counts(&path).iter().all(|(_, count)| *count == 1));
}

#[tokio::test]
async fn logs_find_messages_of_all_bulks_by_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let books = MessageStore::open(&folder.path().join("books.db")).unwrap();
    let find = async |query| {
        let (logs, _) = books.logs(query, now(), UnsentInLogs::Hide).await.unwrap();
        let found = logs.results.into_iter().map(|log| (log.bulk_id.unwrap(), log.message_id.unwrap()));
        found.map(|(bulk, message)| format!("{bulk}/{message}")).collect::<Vec<_>>().join(" ")
    };
    let by_message =
        |ids: &[&str]| Query { message_ids: ids.iter().map(|id| (*id).into()).collect(), ..Query::default() };
    accept(&books, &bulk("one", &["a", "b"], &[]), Duplicates::Accept).await;
    assert_eq!(find(by_message(&["a", "x"])).await, "one/a");
    accept(&books, &bulk("two", &["a", "c"], &[]), Duplicates::Accept).await;
    accept(&books, &bulk("one", &["a"], &[]), Duplicates::Accept).await;
    assert_eq!(find(by_message(&["a", "c"])).await, "one/a two/c two/a one/a");
    assert_eq!(find(by_message(&["x"])).await, "");
    assert_eq!(find(Query { bulk_ids: vec!["one".to_owned()], ..Query::default() }).await, "one/a one/b one/a");
    assert_eq!(find(Query::default()).await, "one/a two/c two/a one/b one/a");
}

#[tokio::test]
async fn the_bound_of_the_clock_outlives_a_crash_and_is_no_matter_after_an_orderly_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let start = |start, books: &MessageStore| Arc::new(SandboxClock::start(start, Speed::REAL, books.opened().bound));
    let books = MessageStore::open(&path).unwrap();
    assert_eq!(books.opened().bound, None);
    let clock = start(ClockStart::At(now()), &books);
    books.keep(Arc::clone(&clock)).await.unwrap();
    let moved = books.change(ClockSetting::to("2026-12-24T00:00:00Z".parse().unwrap())).await.unwrap().unwrap();
    let shown = clock.now();
    assert!(shown >= moved.to && moved.to.to_string() == "2026-12-24T00:00:00Z");
    // A crash: the first books are still open, and what they showed is behind the bound.
    let again = MessageStore::open(&path).unwrap();
    let bound = again.opened().bound.unwrap();
    assert!(bound > shown && bound.duration_since(shown).as_secs() <= 1);
    assert_eq!(start(ClockStart::Fixed(now()), &again).now(), bound);
    drop(again);
    books.close().await.unwrap();
    assert_eq!(MessageStore::open(&path).unwrap().opened().bound, Some(clock.now()));
    assert!(matches!(books.change(ClockSetting::default()).await, Err(SandboxError::Closed { .. })));
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "not a database, but long enough to look like the beginning of one".repeat(99)).unwrap();
    let database = folder.path().join("database");
    rusqlite::Connection::open(&database).unwrap().execute_batch("CREATE TABLE other (x)").unwrap();
    let mut others = vec![text, database];
    // SQLite takes less than a page of anything for nothing.
    for (name, bytes) in [("a", &b"\n"[..]), ("b", b"a note\n"), ("c", &[0; 71]), ("d", &[0; 511]), ("e", &[0; 512])] {
        others.push(folder.path().join(name));
        std::fs::write(others.last().unwrap(), bytes).unwrap();
    }
    for path in others {
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(MessageStore::open(&path), Err(SandboxError::Foreign { .. })), "{}", path.display());
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    drop(MessageStore::open(&empty).unwrap());
    let deep = folder.path().join("not/there/books.db");
    let error = MessageStore::open(&deep).err().map(|error| error.to_string()).unwrap();
    assert!(error.contains("there is no folder") && !folder.path().join("not").exists(), "{error}");
    assert!(matches!(audit(&folder.path().join("none")), Err(SandboxError::Open { .. })));
}

#[tokio::test]
async fn a_damaged_bulk_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    accept(&books, &bulk("one", &["a"], &[]), Duplicates::Accept).await;
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute("UPDATE bulk SET body = x'00'", []).unwrap();
    let error = books.bulks(BulkFilter::default()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("bulk number 1 in the sandbox's books `{}` is damaged", path.display()));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_books() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let _books = MessageStore::open(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

/// How long repeated ids are remembered, where they are turned down.
fn memory(duplicates: Duplicates) -> Option<SignedDuration> {
    (duplicates == Duplicates::Reject).then_some(SignedDuration::from_hours(48))
}

fn entry(path: &str, status: u16) -> RequestEntry {
    RequestEntry {
        at: now(),
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: None,
        status: Some(status),
        outcome: if status == 200 { RequestOutcome::Answered } else { RequestOutcome::Refused },
        refused_by: None,
        violations: Vec::new(),
        violation_count: 0,
        faults: Vec::new(),
        bulk: None,
        body_bytes: 0,
        ms: 0,
    }
}

#[tokio::test]
async fn the_journal_keeps_the_newest_requests_and_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    for number in 0..2_500_u32 {
        books.journal(entry(&format!("/{number}"), if number % 2 == 0 { 200 } else { 404 }), KeptBodies::default());
    }
    let all = RequestSearch { limit: 3, ..RequestSearch::default() };
    assert_eq!(books.count_requests(all.clone()).await.unwrap(), 2_000);
    books.journal(entry("/last", 429), KeptBodies { body: b"what it said".to_vec(), answer: None });
    books.close().await.unwrap();
    let books = MessageStore::open(&path).unwrap();
    let found = books
        .requests(RequestSearch { bodies: Some(BodiesWanted { body: 4, answer: 4 }), ..all.clone() })
        .await
        .unwrap();
    let shown: Vec<_> = found.iter().map(|kept| (kept.number, &*kept.entry.path, kept.body.as_deref())).collect();
    assert_eq!(shown, [(2_501, "/last", Some("what")), (2_500, "/2499", Some("")), (2_499, "/2498", Some(""))]);
    let refused = RequestSearch { status: Some((400, 499)), before: Some(2_500), ..all };
    let found = books.requests(refused.clone()).await.unwrap();
    assert_eq!(found.iter().map(|kept| kept.number).collect::<Vec<_>>(), [2_498, 2_496, 2_494]);
    assert_eq!(books.count_requests(refused).await.unwrap(), 1_001);
}

#[tokio::test]
async fn a_message_id_is_remembered_for_so_long() {
    let folder = tempfile::tempdir().unwrap();
    let books = MessageStore::open(&folder.path().join("books.db")).unwrap();
    let accept_at = async |hours: i64, ids: &[&str], rejected: &[usize]| {
        let mut bulk = bulk("b", ids, rejected);
        bulk.header.accepted_at = now() + SignedDuration::from_hours(hours);
        let receipt = accept(&books, &bulk, Duplicates::Reject).await;
        receipt
            .rejected
            .into_iter()
            .filter(|(_, status)| *status == 23)
            .map(|(position, _)| position)
            .collect::<Vec<_>>()
    };
    assert_eq!(accept_at(0, &["a", "b", "a", "c"], &[3]).await, [2]);
    // What was rejected was never accepted.
    assert_eq!(accept_at(1, &["c", "b"], &[]).await, [1]);
    assert_eq!(accept_at(47, &["a", "c"], &[]).await, [0, 1]);
    assert_eq!(accept_at(48, &["a", "c"], &[]).await, [1]);
    assert_eq!(accept_at(49, &["a", "c", "d"], &[]).await, [0]);
}

#[tokio::test]
async fn whoever_waits_reads_only_what_may_have_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    books.keep(Arc::new(SandboxClock::start(ClockStart::Fixed(now()), Speed::REAL, None))).await.unwrap();
    let progress = async |books: &MessageStore, seconds: i64| {
        let at = now() + SignedDuration::from_secs(seconds);
        let seen = books.progress(at, MessageProgress { sent: 4, ended: 4 }).await.unwrap();
        (seen.counted.sent, seen.counted.ended, seen.when.map(|when| when.duration_since(now()).as_secs()))
    };
    let damage = |number: i64| {
        let database = rusqlite::Connection::open(&path).unwrap();
        database.execute("UPDATE bulk SET body = x'00' WHERE number = ?", [number]).unwrap();
    };
    assert_eq!(progress(&books, 0).await, (0, 0, None));
    accept(&books, &bulk("one", &["a", "b"], &[1]), Duplicates::Accept).await;
    assert_eq!(progress(&books, 0).await, (1, 0, None));
    // What was counted is not read again: nobody would notice if it were gone.
    damage(1);
    accept(&books, &bulk("two", &["c", "d", "e"], &[]), Duplicates::Accept).await;
    assert_eq!(progress(&books, 0).await, (4, 0, Some(1)));
    assert_eq!(progress(&books, 1).await, (4, 4, Some(1)));
    // Nor if the inputs change, once it has ended.
    damage(2);
    let mut later = bulk("three", &["f"], &[]);
    later.header.pace.send_at = Some(now() + SignedDuration::from_secs(60));
    accept(&books, &later, Duplicates::Accept).await;
    assert_eq!(progress(&books, 2).await, (4, 4, Some(2)));
    let rules = r#"{ "rules": [{ "outcome": "silent", "prefixes": ["to "] }] }"#;
    books.set_rules(serde_json::from_str(rules).unwrap()).await.unwrap();
    assert_eq!(progress(&books, 62).await, (5, 4, Some(62)), "it is silent now");
    // One that is open is.
    damage(3);
    books.set_rules(ChannelRules::default()).await.unwrap();
    let at = now() + SignedDuration::from_secs(62);
    assert!(matches!(
        books.progress(at, MessageProgress::default()).await,
        Err(SandboxError::Damaged { number: 3, .. })
    ));
    books.reset(None).await.unwrap();
    assert_eq!(progress(&books, 70).await, (0, 0, None));
    accept(&books, &bulk("one", &["a"], &[]), Duplicates::Accept).await;
    assert_eq!(progress(&books, 71).await, (1, 1, None));
}

/// Keeps a bulk whose messageIds all have one hash, and gives the positions that are turned down as repeated.
async fn accept_colliding(books: &MessageStore, hours: i64, ids: &[&str], rejected: &[usize]) -> Vec<usize> {
    let mut bulk = bulk("b", ids, rejected);
    bulk.header.accepted_at = now() + SignedDuration::from_hours(hours);
    let inputs = books.inputs();
    let mut entry = NewBulk::new(&bulk, &inputs, (body(&bulk).as_bytes(), 0), memory(Duplicates::Reject));
    entry.hashes = 7_u64.to_le_bytes().repeat(ids.len());
    let receipt = books.accept(entry).await.unwrap();
    let repeated = receipt.rejected.into_iter().filter(|(_, status)| *status == 23);
    repeated.map(|(position, _)| position).collect()
}

#[tokio::test]
async fn nobody_is_turned_down_for_the_id_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let books = MessageStore::open(&folder.path().join("books.db")).unwrap();
    assert_eq!(accept_colliding(&books, 0, &["a", "b", "a", "c"], &[3]).await, [2]);
    assert_eq!(accept_colliding(&books, 1, &["d", "e"], &[]).await, [0; 0]);
    // The text decides, in whichever bulk it is; what was turned down was never accepted.
    assert_eq!(accept_colliding(&books, 2, &["f", "b", "e", "c", "x"], &[4]).await, [1, 2]);
    assert_eq!(accept_colliding(&books, 2, &["x", "c", "f"], &[]).await, [1, 2]);
    // Each is remembered for as long as any other.
    assert_eq!(accept_colliding(&books, 48, &["a", "d", "f"], &[]).await, [1, 2]);
    assert_eq!(accept_colliding(&books, 49, &["b", "d", "a", "f"], &[]).await, [2, 3]);
}

#[tokio::test]
async fn a_repeated_bulk_is_held_against_the_one_that_was_accepted_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let books = MessageStore::open(&path).unwrap();
    assert_eq!(accept_colliding(&books, 0, &["a", "b"], &[]).await, [0; 0]);
    for _ in 0..3 {
        assert_eq!(accept_colliding(&books, 1, &["a", "b"], &[]).await, [0, 1]);
        // Nobody reads those that were turned down.
        let database = rusqlite::Connection::open(&path).unwrap();
        database.execute("UPDATE bulk SET body = x'00' WHERE number > 1", []).unwrap();
    }
}
