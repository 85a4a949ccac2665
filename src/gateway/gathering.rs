//! The answer to one question, page by page: what was asked for is kept, and whatever the gateway sends
//! has an end.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::page::Page;
use crate::apply::evidence::{By, LogQuery, LogRow, LogsAnswer, LogsFailure};
use crate::wire::limits::{LOGS_PAGE_MAX, LOGS_REQUESTS_PER_MINUTE, MESSAGE_ID_CHARS_MAX};

/// How many pages an answer may have: more than any question can fill.
const PAGES_MAX: usize = 300;
/// How many pages in a row may hold nothing that was asked for.
const FRUITLESS_PAGES_MAX: usize = 10;
/// How large all pages of an answer may be together, in bytes.
const BYTES_MAX: usize = 256 * 1024 * 1024;
/// How long an answer may take, the waits between its requests among it.
const TIME_MAX: Duration = Duration::from_mins(10);
/// How many rows of one messageId are kept; more prove nothing more.
const ROWS_EACH_MAX: u32 = 100;
/// How large a page is at most on average, where very many are wanted.
const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// How much of a name or description is kept, in characters.
const WORDS_CHARS_MAX: usize = 200;

/// What is wanted of an answer.
enum WantedRows {
    /// The rows of these ids, in small letters: an id in another case is not what was asked for, but it is
    /// worth being seen.
    Ids(By, HashSet<String>),
    /// All rows of so many pages.
    Pages(usize),
}

/// What was gathered so far.
pub(super) struct Gathering {
    /// Whether every answer so far said that it comes from a sandbox.
    pub(super) from_sandbox: bool,
    /// Until when a sandbox's channel may keep back some of what was asked for.
    pub(super) channel_until: Option<Timestamp>,
    /// The size of all bodies so far.
    pub(super) bytes: usize,
    /// How long nobody should ask, if there is no room for questions in passing.
    pub(super) later: Option<Duration>,
    /// Whether it is asked for in passing.
    pub(super) is_in_passing: bool,
    wanted: WantedRows,
    /// When its pages can have been made at the earliest; absent if that is not known of all of them.
    now: Option<Timestamp>,
    /// How many rows had no messageId.
    nameless: usize,
    /// Whether there is more than was wanted.
    is_cut: bool,
    rows: Vec<LogRow>,
    each: HashMap<String, u32>,
    cursors: HashSet<String>,
    pages: usize,
    fruitless: usize,
    begin: Duration,
}

impl Gathering {
    /// Begins an answer to a question, at a time on the clock of [`crate::apply::Clock::elapsed`].
    pub(super) fn of(question: &LogQuery, begin: Duration) -> Self {
        let ids = question.ids().split(',').map(str::to_ascii_lowercase).collect();
        Self::new(WantedRows::Ids(question.by(), ids), begin)
    }

    /// Begins an answer of which everything is kept, up to so many pages.
    pub(super) fn of_all(pages_max: usize, begin: Duration) -> Self {
        Self::new(WantedRows::Pages(pages_max), begin)
    }

    /// The same, but only as long as nobody else wants to ask.
    pub(super) fn in_passing(self) -> Self {
        Self { is_in_passing: true, ..self }
    }

    fn new(wanted: WantedRows, begin: Duration) -> Self {
        Self {
            from_sandbox: true,
            channel_until: None,
            bytes: 0,
            later: None,
            is_in_passing: false,
            wanted,
            now: Some(Timestamp::MAX),
            nameless: 0,
            is_cut: false,
            rows: Vec::new(),
            each: HashMap::new(),
            cursors: HashSet::new(),
            pages: 0,
            fruitless: 0,
            begin,
        }
    }

    /// Takes in when a page can have been made at the earliest, if that is known.
    pub(super) fn made(&mut self, now: Option<Timestamp>) {
        self.now = self.now.zip(now).map(|(before, now)| before.min(now));
    }

    /// Takes a page, and says with which cursor the next one is asked for, if there is one.
    pub(super) fn take(&mut self, Page { rows, nameless, next }: Page) -> Result<Option<String>, LogsFailure> {
        self.nameless += nameless;
        let before = self.rows.len();
        let mut met = 0_usize;
        for row in rows {
            if self.was_asked_for(&row) {
                met += 1;
                self.keep(row);
            }
        }
        self.pages += 1;
        self.fruitless = if met == 0 { self.fruitless + 1 } else { 0 };
        debug_assert!(self.rows.len() - before <= met, "nothing else is kept");
        let Some(next) = next else { return Ok(None) };
        if let WantedRows::Pages(max) = self.wanted
            && self.pages >= max
        {
            self.is_cut = true;
            return Ok(None);
        }
        if self.fruitless >= FRUITLESS_PAGES_MAX {
            return Err(unreadable("page after page holds nothing that was asked for"));
        }
        let pages_max = self.pages_max();
        let bytes_max = match self.wanted {
            WantedRows::Ids(..) => BYTES_MAX,
            WantedRows::Pages(max) => BYTES_MAX.max(max.saturating_mul(PAGE_BYTES_MAX)),
        };
        if self.pages >= pages_max || self.bytes >= bytes_max {
            return Err(unreadable("it has no end"));
        }
        if !self.cursors.insert(next.clone()) {
            return Err(unreadable("its cursors go round in a circle"));
        }
        Ok(Some(next))
    }

    /// Whether there is still time to ask.
    pub(super) fn is_in_time(&self, elapsed: Duration) -> Result<(), LogsFailure> {
        let asking = Duration::from_mins(self.pages_max() as u64 / u64::from(LOGS_REQUESTS_PER_MINUTE));
        let time_max = TIME_MAX.max(asking.saturating_mul(2));
        if elapsed.saturating_sub(self.begin) < time_max {
            return Ok(());
        }
        Err(unreadable(&format!("it takes more than {} minutes", time_max.as_secs() / 60)))
    }

    /// What was gathered, and why there may be more.
    pub(super) fn found(self, failure: Option<LogsFailure>) -> LogsAnswer {
        let Self { rows, nameless, from_sandbox, channel_until, is_cut, now, later, .. } = self;
        LogsAnswer { rows, failure, nameless, from_sandbox, channel_until, is_cut, now, later }
    }

    fn pages_max(&self) -> usize {
        match self.wanted {
            WantedRows::Ids(..) => PAGES_MAX,
            WantedRows::Pages(max) => max,
        }
    }

    fn was_asked_for(&self, row: &LogRow) -> bool {
        let (id, ids) = match &self.wanted {
            WantedRows::Pages(_) => return true,
            WantedRows::Ids(By::Bulk, ids) => (row.bulk_id.as_deref(), ids),
            WantedRows::Ids(By::Message, ids) => (Some(row.message_id.as_str()), ids),
        };
        id.is_some_and(|id| ids.contains(&id.to_ascii_lowercase()))
    }

    fn keep(&mut self, mut row: LogRow) {
        let rows_max = self.pages_max().saturating_mul(LOGS_PAGE_MAX as usize);
        if row.message_id.chars().count() > MESSAGE_ID_CHARS_MAX || self.rows.len() >= rows_max {
            return;
        }
        let count = self.each.entry(row.message_id.clone()).or_default();
        *count = count.saturating_add(1);
        if *count > ROWS_EACH_MAX {
            return;
        }
        row.to = row.to.filter(|to| to.id().len() <= WORDS_CHARS_MAX);
        let status = &mut row.status;
        for words in [&mut status.group_name, &mut status.name, &mut status.description] {
            cut(words);
        }
        status.action.as_mut().into_iter().for_each(cut);
        row.bulk_id.as_mut().into_iter().for_each(cut);
        self.rows.push(row);
    }
}

fn unreadable(why: &str) -> LogsFailure {
    LogsFailure::Unreadable(why.to_owned())
}

/// Cuts words to a length at which nobody stores a book in them.
fn cut(words: &mut String) {
    if let Some((at, _)) = words.char_indices().nth(WORDS_CHARS_MAX) {
        words.truncate(at);
        words.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::response::Status;

    fn gathering(by: By, ids: &[&str]) -> Gathering {
        let (question, _) = LogQuery::packed(by, ids.iter().map(ToString::to_string), [&[], &[]]);
        Gathering::of(&question, Duration::ZERO)
    }

    fn row(message: &str, bulk: Option<&str>) -> LogRow {
        LogRow {
            message_id: message.to_owned(),
            to: None,
            bulk_id: bulk.map(str::to_owned),
            sent_at: None,
            status: Status::default(),
            error: None,
        }
    }

    fn page(rows: Vec<LogRow>, next: Option<String>) -> Page {
        Page { rows, nameless: 0, next }
    }

    fn ids(gathering: Gathering) -> Vec<String> {
        gathering.found(None).rows.into_iter().map(|row| row.message_id).collect()
    }

    #[test]
    fn only_what_was_asked_for_is_kept() {
        let mut gathered = gathering(By::Message, &["a.b.r1.1", "a.b.r1.2"]);
        let rows = vec![row("a.b.r1.1", None), row("x", Some("a.b.r1.1")), row("A.B.R1.2", None)];
        assert_eq!(gathered.take(page(rows, None)), Ok(None));
        assert_eq!(ids(gathered), ["a.b.r1.1", "A.B.R1.2"]);
        let mut gathered = gathering(By::Bulk, &["b"]);
        let rows = vec![row("a", Some("b")), row("b", None), row("c", Some("d")), row(&"x".repeat(300), Some("b"))];
        assert_eq!(gathered.take(page(rows, None)), Ok(None));
        assert_eq!(ids(gathered), ["a"]);
    }

    #[test]
    fn rows_of_one_message_have_an_end() {
        let mut gathered = gathering(By::Message, &["a"]);
        let long = Status { description: "é".repeat(1_000_000), ..Status::default() };
        let rows = (0..500).map(|_| LogRow { status: long.clone(), ..row("a", None) }).collect();
        assert_eq!(gathered.take(page(rows, None)), Ok(None));
        let found = gathered.found(None);
        assert_eq!(found.rows.len(), 100);
        assert!(found.rows.iter().all(|row| row.status.description.len() == 400));
    }

    #[test]
    fn an_answer_has_an_end() {
        let end = |mut gathered: Gathering, rows: &[LogRow], bytes: usize| {
            let mut pages = 0;
            loop {
                pages += 1;
                gathered.bytes += bytes;
                if let Err(failure) = gathered.take(page(rows.to_vec(), Some(pages.to_string()))) {
                    return (pages, failure.to_string());
                }
            }
        };
        let asked = || gathering(By::Message, &["a"]);
        let unreadable = |why: &str| format!("an answer of the logs cannot be read: {why}");
        assert_eq!(end(asked(), &[row("a", None)], 1000), (300, unreadable("it has no end")));
        assert_eq!(end(asked(), &[row("a", None)], 16 << 20), (16, unreadable("it has no end")));
        let why = unreadable("page after page holds nothing that was asked for");
        assert_eq!(end(asked(), &[row("b", None)], 1000), (10, why));
        let late = asked().is_in_time(Duration::from_mins(10)).unwrap_err();
        assert_eq!(late.to_string(), unreadable("it takes more than 10 minutes"));
        assert_eq!(asked().is_in_time(Duration::from_mins(9)), Ok(()));
    }
}
