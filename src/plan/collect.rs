//! Streams the rows of a message through its checks, and keeps what is needed of those who may be
//! sent to. Of a person that is a few dozen bytes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::Timestamp;

use crate::audience::{AudienceReader, Row, RowAt, TimeForms};
use crate::diagnostic::Diagnostics;
use crate::identity::{ContentDigest, Person, PersonMap};
use crate::render::{Branches, Renderer};

use super::bulk::Recipient;
use super::gate::{Counts, Gate};
use super::handed::Placed;
use super::ids::{IdForm, IdForms};
use super::parallel;
use super::plan_file::{Change, Dropped};
use super::row_checks::{Candidate, Fate, Leftover, RowChecks, RowResult, RowVerdict};
use super::row_issue::RowIssues;
use super::times::{SlotTime, ZoneSlot};

/// How many rows a worker gets at a time.
const CHUNK_ROWS: usize = 1024;
/// How many lines of rows are named.
const LINES_MAX: usize = 20;
/// Marks, in the index of a person who is no candidate, that its lowest byte is their gate, and the
/// one above that the number of their part of it.
const NO_CANDIDATE: u32 = 0xFFFF_0000;
/// The part of those who are too late whom nothing else keeps from being sent to.
pub(super) const LATE: u8 = 1;
/// In place of a part's number: a row of the person cannot be read, so that nothing can agree with it.
const ILLEGIBLE: u8 = u8::MAX;

/// What came of the rows of one message.
#[derive(Default)]
pub(super) struct Collected {
    /// How many rows end at each gate; candidates are counted as to send.
    pub counts: Counts,
    /// Those who may be sent to, in the audience's order.
    pub recipients: Vec<Recipient>,
    /// Their slots, if there is more than one.
    pub slots: Vec<ZoneSlot>,
    /// When their conversation windows close, if the audience says so.
    pub closes_at: Vec<Timestamp>,
    /// Why the template skipped people, and how many.
    pub skipped: BTreeMap<String, u64>,
    /// Rows that cannot be read.
    pub unreadable: RowIssues,
    /// How many of them have a word for nothing in the place of the id.
    pub nothing: u64,
    /// Rows for which something failed.
    pub failed: RowIssues,
    /// What cells leave behind in texts, by column: the line of the first row, and how many rows.
    pub leftovers: BTreeMap<(usize, Leftover), (u64, u64)>,
    /// How the times of conversation windows are written.
    pub forms: TimeForms,
    /// What the ids look like.
    pub ids: IdForms,
    /// The last row, if the file ends in it without a line end: its line, and its id if it has one.
    pub unterminated: Option<(u64, Option<IdForm>)>,
    /// How many people end at a part of a gate: at that of a list, by its number, or at that of those who are too late
    /// and for no other reason ([`LATE`]).
    pub parts: BTreeMap<(Gate, u8), u64>,
    /// Lines of rows that contradict another row: the first ones.
    pub contradicting: Vec<u64>,
    /// How many texts have more bytes than the channel takes.
    pub too_many_bytes: u64,
    /// How many people's time was past; they are sent to by consent.
    pub late: u64,
    /// The most bytes of a text and its callbackData.
    pub bytes_max: u32,
    /// The people of the frozen plan who are not sent to any more.
    pub fallen: Dropped,
    /// Why others of its people cannot be sent to as planned.
    pub unfit: Vec<Change>,
    /// Rows worth a look.
    pub samples: SampleRows,
    /// Where those end who are handed over.
    pub placed: Placed,
}

/// The rows whose texts are worth a look.
#[derive(Debug, Clone, Default)]
pub(super) struct SampleRows {
    /// The shortest text.
    pub shortest: Option<(u32, RowAt)>,
    /// The longest.
    pub longest: Option<(u32, RowAt)>,
    /// One between, chosen by its content.
    pub between: Option<(ContentDigest, RowAt)>,
    /// The first row for each branch of the text, as far as its rendering tells.
    pub branching: Vec<RowAt>,
    /// The branches that those take.
    branches: Branches,
}

#[derive(Clone, Copy)]
struct SeenPeople {
    used: u32,
    index: u32,
}

impl SeenPeople {
    /// The part of the gate at which the person ends.
    fn part(self) -> u8 {
        self.index.to_le_bytes()[1]
    }
}

/// Why somebody of a frozen plan cannot be sent to as planned.
#[derive(Clone, Copy)]
enum Unfit {
    /// Their row, on this line, comes to another content.
    Differs(u64),
    /// This was their time.
    Expired(Timestamp),
}

struct Collector {
    collected: Collected,
    seen: PersonMap<SeenPeople>,
    unfit: PersonMap<Unfit>,
    removed: Vec<u32>,
    several_slots: bool,
    windows: bool,
}

/// Streams all rows.
///
/// # Errors
/// If the audience cannot be read to its end.
pub(super) fn collect(
    checks: &RowChecks<'_>,
    mut reader: AudienceReader,
    workers: NonZeroUsize,
) -> Result<Collected, Diagnostics> {
    let mut collector = Collector {
        collected: Collected::default(),
        seen: PersonMap::default(),
        unfit: PersonMap::default(),
        removed: Vec::new(),
        several_slots: checks.compiled.time_zone.is_some(),
        windows: checks.compiled.window.is_some(),
    };
    let header = &checks.compiled.selected.header;
    // Rows that were looked at are filled again.
    let spare: RefCell<Vec<Vec<Row>>> = RefCell::default();
    parallel::ordered::<_, _, _, Diagnostics>(
        workers,
        || Renderer::new(Arc::clone(header)),
        |renderer, rows: Vec<Row>| {
            let judged: Vec<RowResult> = rows.iter().map(|row| checks.judge(renderer, row)).collect();
            (judged, rows)
        },
        || {
            let mut rows = spare.borrow_mut().pop().unwrap_or_default();
            let count = reader.read(&mut rows, CHUNK_ROWS)?;
            Ok((count > 0).then_some(rows))
        },
        |(judged, rows)| {
            spare.borrow_mut().push(rows);
            for judged in judged {
                collector.take(judged);
            }
            Ok(())
        },
    )?;
    let gate = |person: Person| collector.seen.get(&person).map(|seen| gate_of(seen.index));
    let is_suppressed = |person| checks.suppressed.iter().any(|list| list.people.contains(&person));
    collector.collected.placed = checks.handed.place(gate, is_suppressed);
    let mut collected = collector.finish(checks.hold.people());
    collected.late = collected.late(checks);
    Ok(collected)
}

impl Collected {
    /// Counts those who may be sent to although their time is past.
    fn late(&self, checks: &RowChecks<'_>) -> u64 {
        if !checks.times.has_past() {
            return 0;
        }
        let is_late = |index: &usize| {
            let closes_at = self.closes_at.get(*index).copied();
            matches!(checks.times.when(self.slot(*index)), SlotTime::Past(_)) && checks.is_open(closes_at)
        };
        (0..self.recipients.len()).filter(is_late).count() as u64
    }

    /// Somebody's slot.
    #[must_use]
    pub(super) fn slot(&self, index: usize) -> ZoneSlot {
        self.slots.get(index).copied().unwrap_or(ZoneSlot(0))
    }
}

impl Collector {
    fn take(&mut self, judged: RowResult) {
        let line = judged.line;
        let (person, id, used, fate) = match judged.verdict {
            RowVerdict::Blank => return self.collected.counts.add(Gate::Blank),
            RowVerdict::NoAddress => return self.collected.counts.add(Gate::NoAddress),
            RowVerdict::Unreadable { issue, people, is_nothing } => {
                self.collected.nothing += u64::from(is_nothing);
                if judged.unterminated {
                    self.collected.unterminated = Some((line, None));
                }
                self.collected.counts.add(Gate::Unreadable);
                self.collected.unreadable.add(line, issue);
                for person in people {
                    self.illegible(person, line);
                }
                return;
            }
            RowVerdict::Person { person, id, used, fate } => (person, id, used, fate),
        };
        if let Some(seen) = self.seen.get(&person).copied() {
            self.again(person, seen, used, line);
            return;
        }
        self.collected.ids.add(id, line);
        if judged.unterminated {
            self.collected.unterminated = Some((line, Some(id)));
        }
        let index = match fate {
            Fate::Candidate(candidate, leftovers) => {
                for leftover in leftovers {
                    self.collected.leftovers.entry(leftover).or_insert((line, 0)).1 += 1;
                }
                self.candidate(person, judged.at, &candidate)
            }
            Fate::Stopped(gate) => self.stopped(gate),
            Fate::Protected(gate, list) => self.stopped_at(gate, list),
            Fate::Late => self.stopped_at(Gate::TooLate, LATE),
            Fate::Unreadable(issue) => {
                self.collected.unreadable.add(line, issue);
                self.stopped(Gate::Unreadable)
            }
            Fate::Skipped(reason) => {
                *self.collected.skipped.entry(reason).or_default() += 1;
                self.stopped(Gate::Skipped)
            }
            Fate::Failed(issue) => {
                self.collected.failed.add(line, issue);
                self.stopped(Gate::Failed)
            }
            Fate::Differs => {
                self.unfit.insert(person, Unfit::Differs(line));
                self.stopped(Gate::Differs)
            }
            Fate::Expired(instant) => {
                self.unfit.insert(person, Unfit::Expired(instant));
                self.stopped(Gate::TooLate)
            }
        };
        self.seen.insert(person, SeenPeople { used, index });
    }

    /// A row that cannot be read, but shows whom it is about: it may forbid what another one of theirs
    /// allows, so that nobody is sent from that either.
    fn illegible(&mut self, person: Person, line: u64) {
        let index = NO_CANDIDATE | gate_byte(Gate::Unreadable) | (u32::from(ILLEGIBLE) << 8);
        match self.seen.get(&person).copied() {
            Some(seen) if matches!(gate_of(seen.index), Gate::Contradicting | Gate::Unreadable) => {}
            Some(seen) => {
                self.contradict(person, seen, line);
            }
            None => {
                self.seen.insert(person, SeenPeople { used: 0, index });
            }
        }
    }

    /// A further row of a person.
    fn again(&mut self, person: Person, seen: SeenPeople, used: u32, line: u64) {
        let gate = gate_of(seen.index);
        let illegible = gate == Gate::Unreadable && seen.part() == ILLEGIBLE;
        if gate == Gate::Contradicting || illegible {
            self.collected.counts.add(Gate::Contradicting);
            push_few(&mut self.collected.contradicting, line);
        } else if seen.used == used {
            self.collected.counts.add(Gate::Duplicate);
        } else {
            self.contradict(person, seen, line);
            self.collected.counts.add(Gate::Contradicting);
        }
    }

    /// Takes back what was decided about a person: another row of theirs, on this line, says otherwise.
    fn contradict(&mut self, person: Person, seen: SeenPeople, line: u64) {
        let gate = gate_of(seen.index);
        if gate == Gate::ToSend {
            self.removed.push(seen.index);
        }
        if let Some(count) = self.collected.parts.get_mut(&(gate, seen.part())) {
            *count = count.saturating_sub(1);
        }
        self.unfit.remove(&person);
        self.collected.counts.shift(gate, Gate::Contradicting);
        push_few(&mut self.collected.contradicting, line);
        self.seen.insert(person, SeenPeople { used: seen.used, index: NO_CANDIDATE | gate_byte(Gate::Contradicting) });
    }

    /// Looks for the people of a frozen plan: counts those who are not sent to any more.
    fn fallen(&self, planned: &[(Person, ContentDigest)]) -> Dropped {
        let mut fallen = Dropped::default();
        for (person, _) in planned {
            match self.seen.get(person).map(|seen| gate_of(seen.index)) {
                None => fallen.gone += 1,
                Some(Gate::ToSend) => {}
                Some(gate) if !self.unfit.contains_key(person) => fallen.counts.add(gate),
                Some(_) => {}
            }
        }
        fallen
    }

    fn stopped(&mut self, gate: Gate) -> u32 {
        self.collected.counts.add(gate);
        NO_CANDIDATE | gate_byte(gate)
    }

    /// Counts somebody at a part of a gate as well.
    fn stopped_at(&mut self, gate: Gate, part: u8) -> u32 {
        *self.collected.parts.entry((gate, part)).or_default() += 1;
        self.stopped(gate) | (u32::from(part) << 8)
    }

    fn candidate(&mut self, person: Person, at: RowAt, candidate: &Candidate) -> u32 {
        let collected = &mut self.collected;
        let index = u32::try_from(collected.recipients.len()).unwrap_or(NO_CANDIDATE);
        if index >= NO_CANDIDATE {
            // Four thousand million people are more than one message can have.
            return self.stopped(Gate::Unreadable);
        }
        collected.counts.add(Gate::ToSend);
        candidate.form.into_iter().for_each(|form| collected.forms.add(form));
        collected.recipients.push(Recipient { person, content: candidate.content, row: at });
        if self.several_slots {
            collected.slots.push(candidate.slot);
        }
        if self.windows {
            collected.closes_at.push(candidate.closes_at.unwrap_or(Timestamp::MAX));
        }
        collected.too_many_bytes += u64::from(candidate.too_many_bytes);
        collected.bytes_max = collected.bytes_max.max(candidate.bytes);
        collected.samples.see(candidate, at);
        index
    }

    /// Takes out those whose rows contradict each other; looks for the people of a frozen plan.
    fn finish(mut self, planned: &[(Person, ContentDigest)]) -> Collected {
        self.collected.fallen = self.fallen(planned);
        self.collected.unfit = changes(&self.unfit);
        self.removed.sort_unstable();
        drop(self.seen);
        retain(&mut self.collected.recipients, &self.removed);
        retain(&mut self.collected.slots, &self.removed);
        retain(&mut self.collected.closes_at, &self.removed);
        self.collected
    }
}

/// Puts into words for how many people, and why, what was planned cannot be sent.
fn changes(unfit: &PersonMap<Unfit>) -> Vec<Change> {
    let mut lines: Vec<u64> = Vec::new();
    let (mut expired, mut at) = (0, None);
    for reason in unfit.values() {
        match reason {
            Unfit::Differs(line) => lines.push(*line),
            Unfit::Expired(instant) => {
                expired += 1;
                at = at.max(Some(*instant));
            }
        }
    }
    lines.sort_unstable();
    let differing = lines.len() as u64;
    lines.truncate(LINES_MAX);
    let contents = (differing > 0).then_some(Change::Contents { people: differing, lines });
    contents.into_iter().chain((expired > 0).then_some(Change::Expired { people: expired, at })).collect()
}

impl SampleRows {
    fn see(&mut self, candidate: &Candidate, at: RowAt) {
        if !candidate.branches.without(self.branches).is_empty() {
            self.branches = self.branches.with(candidate.branches);
            self.branching.push(at);
        }
        if self.shortest.is_none_or(|(bytes, _)| candidate.bytes < bytes) {
            self.shortest = Some((candidate.bytes, at));
        }
        if self.longest.is_none_or(|(bytes, _)| candidate.bytes > bytes) {
            self.longest = Some((candidate.bytes, at));
        }
        if self.between.is_none_or(|(content, _)| candidate.content < content) {
            self.between = Some((candidate.content, at));
        }
    }

    /// The rows, each once: the shortest, one between, the longest.
    #[must_use]
    pub(super) fn rows(&self) -> Vec<(&'static str, RowAt)> {
        let mut rows: Vec<(&'static str, RowAt)> = Vec::new();
        let spots = [
            ("shortest", self.shortest.map(|(_, at)| at)),
            ("longest", self.longest.map(|(_, at)| at)),
            ("between", self.between.map(|(_, at)| at)),
        ];
        for (name, at) in spots {
            if let Some(at) = at.filter(|at| rows.iter().all(|(_, other)| other != at)) {
                rows.push((name, at));
            }
        }
        rows
    }
}

/// Keeps the items whose index is not in the sorted list.
fn retain<T>(items: &mut Vec<T>, removed: &[u32]) {
    if removed.is_empty() {
        return;
    }
    let mut index = 0_u32;
    items.retain(|_| {
        let keep = removed.binary_search(&index).is_err();
        index += 1;
        keep
    });
}

fn push_few<T>(list: &mut Vec<T>, item: T) {
    if list.len() < LINES_MAX {
        list.push(item);
    }
}

fn gate_byte(gate: Gate) -> u32 {
    gate as u32
}

fn gate_of(index: u32) -> Gate {
    if index < NO_CANDIDATE {
        return Gate::ToSend;
    }
    let byte = usize::try_from(index & 0xFF).unwrap_or_default();
    Gate::ALL.get(byte).copied().unwrap_or(Gate::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::{NO_CANDIDATE, gate_byte, gate_of, retain};
    use crate::plan::Gate;

    #[test]
    fn a_gate_survives_in_an_index() {
        for gate in Gate::ALL {
            let index = NO_CANDIDATE | gate_byte(gate);
            assert_eq!(gate_of(index), gate);
        }
        assert_eq!(gate_of(7), Gate::ToSend);
    }

    #[test]
    fn removed_indices_are_taken_out() {
        let mut items = vec!['a', 'b', 'c', 'd'];
        retain(&mut items, &[0, 2]);
        assert_eq!(items, ['b', 'd']);
    }
}
