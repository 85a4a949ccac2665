//! A frozen plan from its file: whole, or not at all.

use std::io::{BufRead, Read as _};

use data_encoding::{BASE64, HEXLOWER};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::identity::{ContentDigest, MessageKey, Person, ProjectId, Revision, SenderId};
use crate::ledger::seal::{SealKind, digits, is_sealed};
use crate::plan::definition::Definition;
use crate::plan::digest::{self, MessageDigest, PlanDigest};
use crate::plan::safety_limits::Accepted;
use crate::plan::selection::Selection;

use super::{Frozen, FrozenError, FrozenMessage, raw};

/// How long a line is at most, in bytes: a template's source is far below it.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl Frozen {
    /// Reads it, line by line.
    ///
    /// # Errors
    /// If it is not a plan, of another version, cut, or altered in whatever way.
    pub fn read(reader: impl BufRead) -> Result<Self, FrozenError> {
        let mut lines = CheckedLines { reader, line: Vec::new(), sums: Sha256::new(), count: 0 };
        let mut frozen = lines.head()?;
        let mut wanted = 0;
        loop {
            lines.next()?;
            let CheckedLines { line, count, sums, .. } = &mut lines;
            let altered = FrozenError::Altered { line: *count };
            let result = if line.starts_with(raw::PEOPLE) {
                people(line, frozen.messages.last_mut(), wanted)
            } else if frozen.messages.last().is_some_and(|message| message.people.len() != wanted) {
                return Err(FrozenError::Moved);
            } else if line.starts_with(raw::MESSAGE) {
                message(line, &mut frozen).map(|count| wanted = count)
            } else if line.starts_with(raw::OTHER) {
                other(line, &mut frozen)
            } else if line.starts_with(raw::END) {
                return if ends(line, &frozen, *count, sums).ok_or(altered)? {
                    lines.finish(frozen)
                } else {
                    Err(FrozenError::Moved)
                };
            } else {
                None
            };
            result.ok_or(altered)?;
            sums.update(digits(line).unwrap_or_default());
        }
    }
}

/// The lines of a file, with the checksum over theirs.
struct CheckedLines<R> {
    reader: R,
    line: Vec<u8>,
    sums: Sha256,
    count: u64,
}

impl<R: BufRead> CheckedLines<R> {
    /// Reads a line without its end; says whether it has one.
    fn raw(&mut self) -> Result<bool, FrozenError> {
        self.line.clear();
        (&mut self.reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line)?;
        Ok(self.line.pop_if(|last| *last == b'\n').is_some())
    }

    /// Reads the next sealed line.
    fn next(&mut self) -> Result<(), FrozenError> {
        if !self.raw()? {
            return Err(FrozenError::Cut { lines: self.count });
        }
        self.count += 1;
        if is_sealed(&self.line) { Ok(()) } else { Err(FrozenError::Altered { line: self.count }) }
    }

    fn head(&mut self) -> Result<Frozen, FrozenError> {
        let whole = self.raw()?;
        if !self.line.starts_with(raw::HEAD) {
            let cut = raw::HEAD.starts_with(&self.line) && !self.line.is_empty();
            return Err(if cut { FrozenError::Cut { lines: 0 } } else { FrozenError::NotAPlan });
        }
        if !whole {
            return Err(FrozenError::Cut { lines: 0 });
        }
        self.count = 1;
        let altered = || FrozenError::Altered { line: 1 };
        let kind: SealKind<'_> = json(&self.line).ok_or_else(altered)?;
        match (kind.sendform.as_ref(), kind.version) {
            ("plan", raw::VERSION) => {}
            ("plan", version) if version > raw::VERSION => return Err(FrozenError::Newer),
            ("plan", _) => return Err(altered()),
            _ => return Err(FrozenError::NotAPlan),
        }
        if !is_sealed(&self.line) {
            return Err(altered());
        }
        self.sums.update(digits(&self.line).unwrap_or_default());
        head(&self.line).ok_or_else(altered)
    }

    /// Nothing may follow the end, and the digest must be that of the contents.
    fn finish(mut self, frozen: Frozen) -> Result<Frozen, FrozenError> {
        if self.raw()? || !self.line.is_empty() {
            return Err(FrozenError::Altered { line: self.count + 1 });
        }
        let messages = frozen
            .messages
            .iter()
            .map(|message| (message.definition.key.clone(), digest::of_message(&message.definition, &message.people)))
            .chain(frozen.others.iter().cloned());
        let found = digest::of_plan(&frozen.project, &frozen.gateway, messages);
        if found == frozen.digest { Ok(frozen) } else { Err(FrozenError::Digest) }
    }
}

fn json<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}

fn head(line: &[u8]) -> Option<Frozen> {
    let head: raw::PlanFileHead<'_> = json(line)?;
    let mut selection = Selection::default();
    head.only.iter().try_for_each(|name| selection.add(name)).ok()?;
    let mut accepted = Accepted::default();
    head.accepted.iter().try_for_each(|(name, number)| accepted.add(&format!("{name}={number}"))).ok()?;
    let retry_rejected = head.retry_rejected.iter().map(|key| MessageKey::parse(key)).collect::<Option<_>>()?;
    Some(Frozen {
        project: ProjectId::parse(&head.project)?,
        gateway: head.gateway.into_owned(),
        keys: head.keys,
        digest: PlanDigest::parse(&head.digest)?,
        at: head.at,
        tool: head.tool.into_owned(),
        selection,
        accepted,
        retry_rejected,
        messages: Vec::new(),
        others: Vec::new(),
    })
}

/// Takes a message; gives how many people it has.
fn message(line: &[u8], frozen: &mut Frozen) -> Option<usize> {
    let message: raw::PlanFileMessage<'_> = json(line)?;
    let definition = Definition {
        key: MessageKey::parse(&message.message)?,
        revision: Revision::new(message.revision)?,
        sender: SenderId::parse(&message.sender)?,
        terms: message.terms.into_owned(),
    };
    let ascending = frozen.messages.last().is_none_or(|last| last.definition.key < definition.key);
    frozen.messages.push(FrozenMessage {
        definition,
        options: message.options.into_owned(),
        text: message.text.into_owned(),
        people: Vec::new(),
    });
    ascending.then_some(message.count)
}

/// Takes some of a message's people.
fn people(line: &[u8], message: Option<&mut FrozenMessage>, wanted: usize) -> Option<()> {
    let people = &mut message?.people;
    let bytes = BASE64.decode(json::<raw::People<'_>>(line)?.people.as_bytes()).ok()?;
    let (numbers, rest) = bytes.as_chunks::<8>();
    let (pairs, odd) = numbers.as_chunks::<2>();
    let before = people.len();
    people.extend(
        pairs.iter().map(|[person, content]| {
            (Person(u64::from_be_bytes(*person)), ContentDigest(u64::from_be_bytes(*content)))
        }),
    );
    let new = people.get(before.saturating_sub(1)..)?;
    let ascending = new.is_sorted_by(|(one, _), (next, _)| one < next);
    (rest.is_empty() && odd.is_empty() && ascending && people.len() <= wanted).then_some(())
}

fn other(line: &[u8], frozen: &mut Frozen) -> Option<()> {
    let other: raw::PlanFileOther<'_> = json(line)?;
    let digest: [u8; 32] = HEXLOWER.decode(other.digest.as_bytes()).ok()?.try_into().ok()?;
    frozen.others.push((MessageKey::parse(&other.not_selected)?, MessageDigest(digest)));
    Some(())
}

/// Whether the end fits what was read.
fn ends(line: &[u8], frozen: &Frozen, count: u64, sums: &Sha256) -> Option<bool> {
    let end: raw::PlanFileEnd<'_> = json(line)?;
    let sums = HEXLOWER.encode(&sums.clone().finalize());
    let totals = (end.end, end.messages, end.people) == (count, frozen.messages.len(), frozen.people());
    Some(totals && end.lines == sums)
}
