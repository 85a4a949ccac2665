//! The gateway: its true books, and what of them its logs show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use super::logs::Pipeline;
use super::world::human;
use crate::apply::evidence::LogRow;
use crate::identity::{MessageId, Person};
use crate::ledger::RunId;
use crate::wire::response::Status;

/// How far the logs go back.
const LOGS_BACK: Duration = Duration::from_hours(48);

/// A message that the gateway took, or rejected.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) run: RunId,
    pub(super) id: MessageId,
    /// The true time at which it is sent.
    pub(super) sent_at: Duration,
    pub(super) row: LogRow,
    pub(super) is_accepted: bool,
}

/// What the gateway knows.
pub(super) struct Gateway {
    pub(super) lines: Mutex<Vec<Line>>,
    pub(super) pipeline: Mutex<Pipeline>,
}

impl Gateway {
    pub(super) fn new(pipeline: Pipeline) -> Self {
        Self { lines: Mutex::default(), pipeline: Mutex::new(pipeline) }
    }

    pub(super) fn take(&self, line: Line) {
        self.lines.lock().unwrap().push(line);
    }

    /// What the logs show now, the oldest first.
    pub(super) fn shown(&self, now: Duration) -> Vec<Line> {
        let lines = self.lines.lock().unwrap();
        let mut pipeline = self.pipeline.lock().unwrap();
        let mut shown: Vec<Line> = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            if now.saturating_sub(line.sent_at) < LOGS_BACK && pipeline.shows(now, number, line.sent_at) {
                shown.push(line.clone());
            }
        }
        shown.sort_by_key(|line| line.sent_at);
        shown
    }

    /// The runs by which each human was accepted, in order.
    pub(super) fn accepted(&self) -> BTreeMap<u64, Vec<RunId>> {
        let mut accepted: BTreeMap<u64, Vec<RunId>> = BTreeMap::new();
        for line in self.lines.lock().unwrap().iter().filter(|line| line.is_accepted) {
            accepted.entry(human(line.id.person)).or_default().push(line.run);
        }
        accepted
    }
}

/// Those of whom lines say that they were accepted.
pub(super) fn accepted(lines: &[Line]) -> BTreeSet<Person> {
    lines.iter().filter(|line| line.is_accepted).map(|line| line.id.person).collect()
}

/// A status of the gateway's.
pub(super) fn status(is_accepted: bool) -> Status {
    let (group_id, id) = if is_accepted { (3, 5) } else { (5, 14) };
    Status { group_id, id, ..Status::default() }
}
