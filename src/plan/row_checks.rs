//! What one row comes to, as far as that can be told from the row alone: the gates from
//! *unreadable* to *skipped by the template*. Runs on the workers.

use std::sync::Arc;

use jiff::Timestamp;

use crate::audience::{CellInstant, Row, RowAt, TimeForm, masked_time, time_cure, used_digest};
use crate::campaign::{IfPast, Message};
use crate::diagnostic::Code;
use crate::diagnostic::words::number;
use crate::identity::{CanonicalTo, ContentDigest, Fingerprint, IdRule, Person, ToError, meant};
use crate::ledger::{Standing, Standings, View};
use crate::render::{
    Branches, Renderer, Rendering, TextProblem, check_text, leftover_mark, looks_like_mojibake, word_for_nothing,
};
use crate::timing;
use crate::wire::content::{Content, TextSlot};
use crate::wire::visible::is_blank;

use super::compiled::{Compiled, WindowColumn};
use super::content::ContentMaker;
use super::gate::Gate;
use super::handed::{KeptClaims, SeveralKeys};
use super::ids::IdForm;
use super::lists::ProtectiveList;
use super::plan_file::{PlanConstraint, PlannedPerson};
use super::row_issue::RowIssue;
use super::times::{SendTimes, SlotTime, ZoneFound, ZoneSlot};
use super::values;

/// All that the rows of one message are held against.
pub(super) struct RowChecks<'a> {
    /// The message.
    pub message: &'a Message,
    /// Its templates and columns.
    pub compiled: &'a Compiled,
    /// Its instants.
    pub times: &'a SendTimes,
    /// Makes persons, one maker a key; the first makes the persons of new claims.
    pub fingerprints: &'a [Fingerprint],
    /// Makes contents.
    pub contents: &'a ContentMaker,
    /// People who never get anything.
    pub suppressed: &'a [Arc<ProtectiveList>],
    /// People whom the audience excludes.
    pub excluded: &'a [Arc<ProtectiveList>],
    /// What the ledger knows of the message.
    pub standings: Option<Standings<'a>>,
    /// Whether open claims may belong to another run.
    pub view: View,
    /// What the gateway has of it already.
    pub handed: &'a KeptClaims<'a>,
    /// Who has it under more than one key.
    pub several_keys: &'a SeveralKeys<'a>,
    /// The instant of planning.
    pub now: Timestamp,
    /// Whether a bare number in a column of times is one.
    pub numbers_are_times: bool,
    /// What a frozen plan holds it to.
    pub hold: &'a PlanConstraint<'a>,
    /// Whether people who were rejected are free again.
    pub retry_rejected: bool,
    /// Whether people whose time is past are sent to now.
    pub send_late: bool,
    /// Whether more bytes than the channel takes are an error.
    pub long_texts_are_errors: bool,
}

/// What a row comes to.
#[derive(Debug)]
pub(super) struct RowResult {
    /// Where the row is.
    pub at: RowAt,
    /// Its line in the file.
    pub line: u64,
    /// Whether the file ends in it without a line end.
    pub unterminated: bool,
    /// What it comes to.
    pub verdict: RowVerdict,
}

/// What a row comes to.
#[derive(Debug)]
pub(super) enum RowVerdict {
    /// Nothing stands in it.
    Blank,
    /// It has no id.
    NoAddress,
    /// It cannot be read.
    Unreadable {
        /// Why.
        issue: RowIssue,
        /// Whom it may be about, as far as it shows that.
        people: Vec<Person>,
        /// Whether a word for nothing stands in the place of the id: then nobody is forgotten, and nothing
        /// is damaged.
        is_nothing: bool,
    },
    /// It is about a person.
    Person {
        /// Who.
        person: Person,
        /// What their id looks like.
        id: IdForm,
        /// A digest of the values that make a difference.
        used: u32,
        /// What becomes of them.
        fate: Fate,
    },
}

/// What becomes of a person, if this is their only row.
#[derive(Debug)]
pub(super) enum Fate {
    /// A gate stops them.
    Stopped(Gate),
    /// They are too late, and nothing else keeps them from being sent to.
    Late,
    /// A list of people stops them, the first of those at this gate that has them.
    Protected(Gate, u8),
    /// A cell that is needed for them cannot be read.
    Unreadable(RowIssue),
    /// The template skips them, for this reason.
    Skipped(String),
    /// The row is wrong.
    Failed(RowIssue),
    /// They would get something else than what the frozen plan has for them.
    Differs,
    /// The time that the frozen plan has for them is past.
    Expired(Timestamp),
    /// They may be sent to; what their row leaves behind in the text is worth a look.
    Candidate(Candidate, Vec<(usize, Leftover)>),
}

/// When somebody is sent to, and until when that may be.
#[derive(Debug, Clone, Copy)]
struct Window {
    slot: ZoneSlot,
    closes_at: Option<Timestamp>,
    form: Option<TimeForm>,
}

/// What stands in a cell of somebody who may be sent to, though it is likely not meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Leftover {
    /// A program's word for nothing.
    Word(&'static str),
    /// Characters that were read in the wrong encoding.
    Mojibake,
    /// Something of the program that the cell comes from.
    Mark(&'static str),
    /// A zone that is likely not meant.
    Zone(&'static str),
}

/// Somebody who may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What they get.
    pub content: ContentDigest,
    /// When.
    pub slot: ZoneSlot,
    /// When their conversation window closes.
    pub closes_at: Option<Timestamp>,
    /// How that is written.
    pub form: Option<TimeForm>,
    /// How long their text is, in bytes.
    pub bytes: u32,
    /// Whether the text is longer than the channel takes, in a project that only warns.
    pub too_many_bytes: bool,
    /// The branches that their text takes, as far as its rendering tells.
    pub branches: Branches,
}

impl RowChecks<'_> {
    /// Judges a row.
    pub(super) fn judge(&self, renderer: &mut Renderer, row: &Row) -> RowResult {
        let verdict = match &row.cells {
            Ok(cells) => self.verdict(renderer, cells),
            Err(problem) => {
                let people = problem.to.as_deref().map(|to| self.meant(to)).unwrap_or_default();
                RowVerdict::Unreadable { issue: problem.into(), people, is_nothing: false }
            }
        };
        RowResult { at: row.at, line: row.line, unterminated: row.unterminated, verdict }
    }

    /// Looks at somebody in a row, whom the ledger may know under an older key.
    fn see(&self, to: &CanonicalTo<'_>, person: Person) {
        self.handed.see(self.fingerprints, to, person);
        self.several_keys.see(self.fingerprints, to, person);
    }

    fn ids(&self) -> IdRule {
        self.compiled.selected.audience.ids
    }

    /// The people whom a text in the place of an id may be about.
    fn meant(&self, text: &str) -> Vec<Person> {
        let Some(first) = self.fingerprints.first() else { return Vec::new() };
        let ids = meant(text, self.ids());
        let ids = ids.iter().filter_map(|id| CanonicalTo::parse(id, self.ids()).ok());
        ids.map(|to| {
            let person = first.person(&to);
            self.see(&to, person);
            person
        })
        .collect()
    }

    fn verdict(&self, renderer: &mut Renderer, cells: &csv::StringRecord) -> RowVerdict {
        let cell = cells.get(self.compiled.selected.to).unwrap_or_default();
        let to = match CanonicalTo::parse(cell, self.ids()) {
            Ok(to) => to,
            Err(ToError::Empty) if cells.iter().all(is_blank) => return RowVerdict::Blank,
            Err(ToError::Empty) => return RowVerdict::NoAddress,
            Err(error) => {
                let column = &self.compiled.selected.audience.columns.to;
                let issue = RowIssue::new(Code::BadRecipient, error.to_string(), Some(column)).help(error.help());
                let is_nothing = error == ToError::Nothing;
                return RowVerdict::Unreadable { issue, people: self.meant(cell), is_nothing };
            }
        };
        let Some(first) = self.fingerprints.first() else {
            let issue = RowIssue::new(Code::BadRecipient, "there is no key", None);
            return RowVerdict::Unreadable { issue, people: Vec::new(), is_nothing: false };
        };
        let person = first.person(&to);
        self.see(&to, person);
        let used = used_digest(cells, &self.compiled.used);
        let used = u32::try_from(used >> 32).unwrap_or_default();
        let fate = self.fate(renderer, cells, &to, person);
        RowVerdict::Person { person, id: IdForm::of(&to), used, fate }
    }

    fn slot(&self, cells: &csv::StringRecord) -> Result<ZoneSlot, RowIssue> {
        let cell = self.compiled.time_zone.and_then(|position| cells.get(position));
        let (code, problem) = match self.times.slot(cell) {
            ZoneFound::Slot(slot) => return Ok(slot),
            ZoneFound::Missing => (Code::UnreadableRow, "the time zone is empty, and there is no fallback"),
            ZoneFound::Unknown => (Code::BadZone, "there is no such time zone in the IANA database"),
        };
        let column = self.compiled.selected.audience.columns.time_zone.as_deref();
        let issue = RowIssue::new(code, problem, column);
        Err(match cell.and_then(showable) {
            Some(value) => issue.value(value),
            None => issue,
        })
    }

    fn closes_at(&self, cells: &csv::StringRecord) -> Result<Option<(Timestamp, Option<TimeForm>)>, RowIssue> {
        let Some(window) = self.compiled.window else { return Ok(None) };
        let cell = cells.get(window.position()).unwrap_or_default().trim();
        if cell.is_empty() {
            // Nobody knows of an open window, so there is none.
            return Ok(Some((Timestamp::MIN, None)));
        }
        let header = &self.compiled.selected.header;
        let column = header.names().get(window.position()).map(String::as_str);
        let wrong = |message: &str, help: &str| {
            RowIssue::new(Code::UnreadableRow, message, column).value(masked_time(cell)).help(help)
        };
        let moment = CellInstant::parse(cell)
            .ok_or_else(|| wrong("the time is not a date and time with an offset", time_cure(cell)))?;
        if moment.form != TimeForm::Written && !self.numbers_are_times {
            let message = "the time is a bare number, and other rows of the column have another form";
            return Err(wrong(message, "write all times of the column in one form, such as `2026-12-01T09:00:00Z`"));
        }
        if matches!(window, WindowColumn::LastMessageAt(_)) && moment.is_to_come(self.now) {
            let ahead = timing::duration(moment.instant.duration_since(self.now));
            let issue = wrong("the person's last message is still to come", "look which clock the times are on");
            return Err(issue.value(format!("in {ahead}")));
        }
        Ok(Some((window.closes_at(moment.instant), Some(moment.form))))
    }

    /// The first list that has a person.
    fn protected(gate: Gate, lists: &[Arc<ProtectiveList>], person: &Person) -> Option<Fate> {
        let number = lists.iter().position(|list| list.people.contains(person))?;
        Some(Fate::Protected(gate, u8::try_from(number).unwrap_or(u8::MAX)))
    }

    fn fate(&self, renderer: &mut Renderer, cells: &csv::StringRecord, to: &CanonicalTo<'_>, person: Person) -> Fate {
        let mut filled = false;
        if self.compiled.selected.condition.is_some() {
            renderer.fill(cells);
            filled = true;
            match self.compiled.selected.matches(renderer, cells) {
                Ok(true) => {}
                Ok(false) => return Fate::Stopped(Gate::Filtered),
                Err(issue) => return Fate::Failed(issue),
            }
        }
        let (slot, window) = match self.slot(cells).and_then(|slot| Ok((slot, self.closes_at(cells)?))) {
            Ok(found) => found,
            Err(issue) => return Fate::Unreadable(issue),
        };
        let suppressed = Self::protected(Gate::Suppressed, self.suppressed, &person);
        if let Some(fate) = suppressed.or_else(|| Self::protected(Gate::Excluded, self.excluded, &person)) {
            return fate;
        }
        if let Some(gate) = self.known(to, person) {
            return Fate::Stopped(gate);
        }
        let planned = self.hold.planned(person);
        match planned {
            PlannedPerson::Nothing => return self.not_in_plan(renderer, cells, slot),
            PlannedPerson::Other => return Fate::Stopped(Gate::Differs),
            PlannedPerson::Anything | PlannedPerson::This(_) => {}
        }
        if self.message.paused {
            return Fate::Stopped(Gate::Paused);
        }
        let is_too_late = match self.times.when(slot) {
            SlotTime::Now | SlotTime::At(_) => false,
            SlotTime::Past(_) if self.send_late => false,
            SlotTime::Expired(instant) => return Fate::Expired(*instant),
            // Whom a frozen plan has were not too late when it was made.
            SlotTime::Past(instant) if planned != PlannedPerson::Anything => return Fate::Expired(*instant),
            SlotTime::Past(_) if self.message.schedule.if_past == IfPast::TooLate => {
                return Fate::Stopped(Gate::TooLate);
            }
            SlotTime::Past(_) => true,
            SlotTime::Ambiguous(zone) => {
                let message = format!("a change of the clock skips or repeats the time in {zone}; say `ifAmbiguous`");
                return Fate::Failed(RowIssue::new(Code::AmbiguousTime, message, None));
            }
        };
        if !filled {
            renderer.fill(cells);
        }
        let (closes_at, form) = window.map_or((None, None), |(closes_at, form)| (Some(closes_at), form));
        let fate = self.render(renderer, cells, planned, Window { slot, closes_at, form });
        if is_too_late { self.too_late(&fate) } else { fate }
    }

    /// Where somebody ends whom the frozen plan has not got: whom the template skips, or who is too late, would not be
    /// sent to by the next plan either.
    fn not_in_plan(&self, renderer: &mut Renderer, cells: &csv::StringRecord, slot: ZoneSlot) -> Fate {
        if self.message.paused {
            return Fate::Stopped(Gate::NotInPlan);
        }
        if matches!(self.times.when(slot), SlotTime::Past(_)) && !self.send_late {
            return Fate::Stopped(Gate::TooLate);
        }
        renderer.fill(cells);
        match self.rendering(renderer) {
            Ok(Rendered::Skipped(reason)) => Fate::Skipped(reason),
            Ok(Rendered::Content { .. }) | Err(_) => Fate::Stopped(Gate::NotInPlan),
        }
    }

    /// What becomes of somebody who is too late, given what would become of them if they were not: whom anything else
    /// stops nobody can send to all the same.
    fn too_late(&self, fate: &Fate) -> Fate {
        match fate {
            Fate::Candidate(candidate, _) if self.is_open(candidate.closes_at) => Fate::Late,
            Fate::Candidate(..)
            | Fate::Stopped(_)
            | Fate::Late
            | Fate::Protected(..)
            | Fate::Unreadable(_)
            | Fate::Skipped(_)
            | Fate::Failed(_)
            | Fate::Differs
            | Fate::Expired(_) => Fate::Stopped(Gate::TooLate),
        }
    }

    /// Whether a conversation window is open now.
    pub(super) fn is_open(&self, closes_at: Option<Timestamp>) -> bool {
        closes_at.is_none_or(|closes_at| closes_at > self.now)
    }

    /// The gate at which the ledger stops a person, under whichever key it knows them.
    fn known(&self, to: &CanonicalTo<'_>, person: Person) -> Option<Gate> {
        let standings = self.standings.as_ref()?;
        let older = self.fingerprints.iter().skip(1).map(|fingerprint| fingerprint.person(to));
        let standing = std::iter::once(person).chain(older).map(|person| standings.get(person, self.view)).max()?;
        match standing {
            Standing::Free => None,
            Standing::Rejected(_) if self.retry_rejected && !self.hold.was_rejected_since(person) => None,
            Standing::Rejected(_) => Some(Gate::RejectedEarlier),
            Standing::Abandoned => Some(Gate::GivenUp),
            Standing::InFlight => Some(Gate::InFlight),
            Standing::InDoubt => Some(Gate::InDoubt),
            Standing::Accepted => Some(Gate::AlreadySent),
        }
    }

    fn render(
        &self,
        renderer: &mut Renderer,
        cells: &csv::StringRecord,
        planned: PlannedPerson,
        window: Window,
    ) -> Fate {
        let (texts, callback_data, too_many_bytes, branches) = match self.rendering(renderer) {
            Ok(Rendered::Skipped(reason)) => return Fate::Skipped(reason),
            Ok(Rendered::Content { content, callback_data, too_many_bytes, branches }) => {
                (content, callback_data, too_many_bytes, branches)
            }
            Err(issue) => return Fate::Failed(issue),
        };
        let content = self.contents.content(&texts, callback_data.as_deref());
        if !planned.allows(content) {
            return Fate::Differs;
        }
        let bytes = u32::try_from(texts.bytes() + callback_data.map_or(0, |data| data.len())).unwrap_or(u32::MAX);
        let Window { slot, closes_at, form } = window;
        let candidate = Candidate { content, slot, closes_at, form, bytes, too_many_bytes, branches };
        Fate::Candidate(candidate, self.leftovers(cells))
    }

    /// What the cells that the text shows leave behind in it, and a zone that is likely not meant.
    fn leftovers(&self, cells: &csv::StringRecord) -> Vec<(usize, Leftover)> {
        let mut found = Vec::new();
        if let Some(position) = self.compiled.time_zone
            && let Some(zone) = cells.get(position).and_then(|cell| self.times.doubtful(cell))
        {
            found.push((position, Leftover::Zone(zone)));
        }
        for position in &self.compiled.shown {
            let cell = cells.get(*position).unwrap_or_default();
            if let Some(word) = word_for_nothing(cell) {
                found.push((*position, Leftover::Word(word)));
            } else if looks_like_mojibake(cell) {
                found.push((*position, Leftover::Mojibake));
            } else if let Some(mark) = leftover_mark(cell) {
                found.push((*position, Leftover::Mark(mark)));
            }
        }
        found
    }

    /// Renders the row that the renderer holds.
    ///
    /// # Errors
    /// If a template fails, or a text is longer or shorter than the API takes.
    pub(super) fn rendering(&self, renderer: &mut Renderer) -> Result<Rendered, RowIssue> {
        render_row(self.compiled, renderer, self.long_texts_are_errors)
    }
}

/// What a person gets.
pub(super) enum Rendered {
    /// Nothing, for this reason.
    Skipped(String),
    /// This.
    Content {
        /// What it says.
        content: Content<String>,
        /// The callbackData.
        callback_data: Option<String>,
        /// Whether a text has more bytes than the channel takes.
        too_many_bytes: bool,
        /// The branches that the texts take, as far as their rendering tells.
        branches: Branches,
    },
}

/// Why a row has no texts.
enum NoContent {
    Skipped(String),
    Wrong(RowIssue),
}

/// Renders the row that a renderer holds, and checks what comes out.
///
/// # Errors
/// If a template fails, or a text is longer or shorter than the API takes.
pub(super) fn render_row(
    compiled: &Compiled,
    renderer: &mut Renderer,
    long_texts_are_errors: bool,
) -> Result<Rendered, RowIssue> {
    let mut too_many_bytes = false;
    let mut branches = Branches::default();
    let content = compiled.content.as_ref().try_map(|slot, template| {
        let text = match renderer.render(template).map_err(|error| NoContent::Wrong(error.into()))? {
            Rendering::Skipped(reason) => return Err(NoContent::Skipped(reason)),
            Rendering::Text(text) => text,
        };
        too_many_bytes |= check_slot(slot, &text, long_texts_are_errors).map_err(NoContent::Wrong)?;
        branches = branches.behind(template.ways()).with(renderer.branches());
        Ok(text)
    });
    let content = match content {
        Ok(content) => content,
        Err(NoContent::Skipped(reason)) => return Ok(Rendered::Skipped(reason)),
        Err(NoContent::Wrong(issue)) => return Err(issue),
    };
    let callback_data = match &compiled.callback_data {
        None => None,
        Some(template) => match renderer.render(template)? {
            Rendering::Skipped(reason) => return Ok(Rendered::Skipped(reason)),
            Rendering::Text(data) => Some(data),
        },
    };
    let length = callback_data.as_ref().map_or(0, |data| data.chars().count());
    if length > crate::wire::limits::CALLBACK_DATA_CHARS_MAX {
        let message = format!("the callbackData has {length} characters, but 4,000 are allowed");
        return Err(RowIssue::new(Code::TextTooLong, message, None));
    }
    Ok(Rendered::Content { content, callback_data, too_many_bytes, branches })
}

/// Checks a text by the rules of its slot; gives whether it has more bytes than the channel takes.
fn check_slot(slot: TextSlot, text: &str, long_texts_are_errors: bool) -> Result<bool, RowIssue> {
    let mut too_many_bytes = false;
    for problem in check_text(slot, text) {
        match problem {
            TextProblem::TooManyBytes { .. } if !long_texts_are_errors => too_many_bytes = true,
            TextProblem::Empty
            | TextProblem::TooLong { .. }
            | TextProblem::TooManyBytes { .. }
            | TextProblem::BracesLeft => return Err(text_issue(&problem)),
        }
    }
    Ok(too_many_bytes)
}

fn text_issue(problem: &TextProblem) -> RowIssue {
    match problem {
        TextProblem::Empty => RowIssue::new(Code::TextEmpty, "the text is empty", None),
        TextProblem::TooLong { chars, max } => {
            let message = format!("the text has {chars} characters, but {} are allowed", number(*max as u64));
            RowIssue::new(Code::TextTooLong, message, None)
        }
        TextProblem::TooManyBytes { bytes, max } => {
            let message = format!("the text has {bytes} bytes, but the channel takes {}", number(*max as u64));
            RowIssue::new(Code::TextTooManyBytes, message, None)
        }
        TextProblem::BracesLeft => RowIssue::new(Code::BracesLeft, "template braces are left in the text", None),
    }
}

/// A cell of the column of zones that may be shown: what is meant as a zone, and so is nobody's name, number or
/// address; of what is not, its form.
fn showable(cell: &str) -> Option<String> {
    let cell = cell.trim();
    let shown = if timing::is_meant_as_zone(cell) { cell.to_owned() } else { values::form(cell) };
    (!cell.is_empty()).then_some(shown)
}
