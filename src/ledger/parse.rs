//! Lines of a ledger to entries.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::closing::Closing;
use super::damage::Reason;
use super::edition_id::EditionId;
use super::entry::{BoundHeader, ClaimEntry, Note, RecordEntry, Settled};
use super::facts::Facts;
use super::line::{
    Claim, ClaimId, Dated, Edition, FirstKey, Header, KnownTwice, MessageRecord, Outcome, PersonState, Proof, RunId,
    Terms,
};
use super::seal::{self, SealKind, Signature};
use super::unknown_fields::UnknownFields;
use super::{people, raw};
use crate::identity::{BulkId, BulkTime, MessageKey, Person, ProjectId, Revision, SenderId};

/// One line.
pub(super) enum LedgerLine {
    Header(BoundHeader),
    Message(RecordEntry),
    Claim(Box<ClaimEntry>),
    Outcome(Outcome, Facts, UnknownFields),
    Run(RunId, Closing),
}

/// Reads one line, without its end, and finds its signature, if it has one.
///
/// # Errors
/// If its checksum is not right, or it is not an entry that this version knows.
pub(super) fn line(bytes: &[u8]) -> Result<(LedgerLine, Option<Signature<'_>>), Reason> {
    let signature = seal::signature(bytes).ok_or_else(|| unsealed(bytes))?;
    Ok((content(bytes)?, signature))
}

fn content(bytes: &[u8]) -> Result<LedgerLine, Reason> {
    if bytes.starts_with(raw::CLAIM.as_bytes()) {
        claim(json(bytes)?).map(|entry| LedgerLine::Claim(Box::new(entry)))
    } else if bytes.starts_with(raw::OUTCOME.as_bytes()) {
        outcome(json(bytes)?)
    } else if bytes.starts_with(raw::MESSAGE.as_bytes()) {
        message(json(bytes)?).map(LedgerLine::Message)
    } else if bytes.starts_with(raw::RUN.as_bytes()) {
        run(json(bytes)?)
    } else if bytes.starts_with(raw::HEADER.as_bytes()) {
        kind(bytes)?;
        header(json(bytes)?).map(LedgerLine::Header)
    } else {
        Err(Reason::Newer("a line of an unknown kind"))
    }
}

/// Says what is wrong with a line that has no right checksum.
pub(super) fn unsealed(bytes: &[u8]) -> Reason {
    let markers: [&[u8]; 4] = [b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>"];
    if markers.iter().any(|marker| bytes.starts_with(marker)) {
        return Reason::Conflict;
    }
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe"];
    if marks.iter().any(|mark| bytes.starts_with(mark)) {
        return Reason::ByteOrderMark;
    }
    if bytes.strip_suffix(b"\r").is_some_and(seal::is_sealed) {
        return Reason::LineEnding;
    }
    match kind(bytes) {
        Err(reason @ (Reason::Newer(_) | Reason::NotALedger)) => reason,
        _ => Reason::Checksum,
    }
}

/// Checks what every version's header begins with.
fn kind(bytes: &[u8]) -> Result<(), Reason> {
    let kind: SealKind<'_> = json(bytes)?;
    if kind.sendform != "lock" {
        return Err(Reason::NotALedger);
    }
    match kind.version {
        raw::UNSIGNED | raw::SIGNED => Ok(()),
        0 => Err(Reason::Value("version")),
        _ => Err(Reason::Newer("the ledger's version")),
    }
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Reason> {
    serde_json::from_slice(bytes).map_err(|error| Reason::Form(error.column()))
}

fn value<T>(value: Option<T>, field: &'static str) -> Result<T, Reason> {
    value.ok_or(Reason::Value(field))
}

fn header(raw: raw::Header<'_>) -> Result<BoundHeader, Reason> {
    let project = value(ProjectId::parse(&raw.project), "project")?;
    let first_key = raw.first_key.map(|raw::FirstKey { id, change }| FirstKey { change, id });
    let header = Header { project, gateway: raw.gateway.into_owned(), keys: raw.keys, first_key };
    Ok(BoundHeader::new(header, raw.facts, raw.extra.without_end()))
}

fn message(raw: raw::RawMessage<'_>) -> Result<RecordEntry, Reason> {
    let record = MessageRecord {
        message: value(MessageKey::parse(&raw.message), "message")?,
        revision: value(Revision::new(raw.revision), "revision")?,
        sender: value(SenderId::parse(&raw.sender), "sender")?,
        text: raw.text.into_owned(),
        audience: raw.audience,
        at: raw.at,
        terms: raw.terms.map(terms).transpose()?,
        earlier: raw.earlier.into_iter().map(edition).collect::<Result<_, Reason>>()?,
    };
    Ok(RecordEntry { record: record.normalized(), facts: raw.facts, extra: raw.extra.without_end() })
}

fn terms(raw::Terms { since, after, values }: raw::Terms) -> Result<Terms, Reason> {
    Ok(Terms { since, after: runs(&after)?, values })
}

fn edition(raw::Edition { since, after, text, values }: raw::Edition) -> Result<Edition, Reason> {
    Ok(Edition { since, after: runs(&after)?, text, values })
}

fn runs(names: &[String]) -> Result<BTreeSet<RunId>, Reason> {
    names.iter().map(|name| value(RunId::parse(name), "after")).collect()
}

fn claim(raw: raw::Claim<'_>) -> Result<ClaimEntry, Reason> {
    let claim = Claim {
        id: id(&raw.claim, "claim", &raw.run, raw.attempt)?,
        time: value(BulkTime::parse(&raw.time), "time")?,
        send_at: raw.send_at,
        until: raw.until,
        leaves_by: raw.leaves_by,
        start_by: raw.start_by,
        at: raw.at,
        machine_at: raw.machine_at,
        dated: match raw.dated {
            None => Dated::Unwritten,
            Some(None) => Dated::Never,
            Some(Some(date)) => Dated::At(date),
        },
        is_recovered: raw.recovered,
        by: raw.by,
        edition: raw.edition.map(EditionId::written),
        people: value(people::decode(&raw.people), "people")?,
    };
    if claim.people.len() != raw.count {
        return Err(Reason::Value("count"));
    }
    let mut entry = ClaimEntry::new(claim).map_err(Reason::Entry)?;
    let (common, others) = states(raw.states)?;
    entry.states = entry.states_of(common, &others).map_err(Reason::Entry)?;
    let notes = raw.notes.into_iter().map(|raw| {
        let state = state(&raw.state, raw.status)?;
        let proof = proof(raw.left, raw.found, raw.twice)?;
        Ok(Note { at: raw.at, by: raw.by, why: raw.why, state, proof, known: known(raw.known)? })
    });
    entry.notes = notes.collect::<Result<_, Reason>>()?;
    entry.answered = some_people(raw.answered, "answered")?.unwrap_or_default();
    entry.settled = raw.settled.map(|at| Settled { at, why: raw.why });
    entry.facts = raw.facts;
    entry.extra = raw.extra.without_end();
    entry.outcome_extra = raw.outcome_fields;
    Ok(entry)
}

fn outcome(raw: raw::Outcome<'_>) -> Result<LedgerLine, Reason> {
    let claim = id(&raw.outcome, "outcome", &raw.run, raw.attempt)?;
    let (state, others) = states(raw.states)?;
    let proof = proof(raw.left, raw.found, raw.twice)?;
    let known = known(raw.known)?;
    let outcome = Outcome { claim, state, others, at: raw.at, by: raw.by, why: raw.why, proof, known };
    Ok(LedgerLine::Outcome(outcome, raw.facts, raw.extra.without_end()))
}

fn run(raw: raw::RawRun<'_>) -> Result<LedgerLine, Reason> {
    let run = |text: &str, field| value(RunId::parse(text), field);
    let after = raw.after.iter().map(|after| run(after, "after")).collect::<Result<_, Reason>>()?;
    let (entries, skipped, at) = (raw.entries, raw.skipped, raw.at);
    if skipped.last().is_some_and(|last| *last >= entries) {
        return Err(Reason::Value("skipped"));
    }
    Ok(LedgerLine::Run(run(&raw.run, "run")?, Closing { entries, skipped, after, at, extra: raw.extra.without_end() }))
}

fn proof(left: Option<[Timestamp; 2]>, found: Option<String>, twice: Option<String>) -> Result<Option<Proof>, Reason> {
    let Some(left) = left else { return Ok(None) };
    let (people, twice) = (some_people(found, "found")?, some_people(twice, "twice")?);
    Ok(Some(Proof { left, people, twice: twice.unwrap_or_default() }))
}

fn known(raw: Option<raw::Known>) -> Result<Option<KnownTwice>, Reason> {
    let Some(raw::Known { people, beside }) = raw else { return Ok(None) };
    let other = |other: raw::OtherClaim| id(&other.claim, "beside", &other.run, other.attempt);
    let beside = beside.into_iter().map(other).collect::<Result<_, Reason>>()?;
    Ok(Some(KnownTwice { people: value(people::decode(&people), "known")?, beside }))
}

fn some_people(text: Option<String>, field: &'static str) -> Result<Option<Vec<Person>>, Reason> {
    text.map(|text| value(people::decode(&text), field)).transpose()
}

fn id(bulk: &str, field: &'static str, run: &str, attempt: u32) -> Result<ClaimId, Reason> {
    Ok(ClaimId { bulk: value(BulkId::parse(bulk), field)?, attempt, run: value(RunId::parse(run), "run")? })
}

/// Reads the common state, and everybody who has another; nobody may be in two lists.
fn states(raw: raw::States) -> Result<(PersonState, Vec<(Person, PersonState)>), Reason> {
    let common = state(&raw.state, raw.status)?;
    let mut others = Vec::new();
    for rejected in raw.rejected {
        let person = value(Person::parse(&rejected.person), "rejected")?;
        others.push((person, PersonState::Rejected(rejected.status)));
    }
    let lists = [
        ("open", raw.open, PersonState::Claimed),
        ("refused", raw.refused, PersonState::Refused),
        ("abandoned", raw.abandoned, PersonState::Abandoned),
        ("accepted", raw.accepted, PersonState::Accepted),
    ];
    for (field, list, state) in lists {
        let people = some_people(list, field)?;
        others.extend(people.into_iter().flatten().map(|person| (person, state)));
    }
    others.sort_unstable();
    let once = others.is_sorted_by(|(one, _), (next, _)| one < next);
    once.then_some((common, others)).ok_or(Reason::Value("state"))
}

fn state(word: &str, status: Option<u16>) -> Result<PersonState, Reason> {
    match (word, status) {
        ("rejected", Some(status)) => Ok(PersonState::Rejected(status)),
        ("rejected", None) => Err(Reason::Value("status")),
        ("claimed", None) => Ok(PersonState::Claimed),
        ("refused", None) => Ok(PersonState::Refused),
        ("abandoned", None) => Ok(PersonState::Abandoned),
        ("accepted", None) => Ok(PersonState::Accepted),
        (_, Some(_)) => Err(Reason::Value("status")),
        (_, None) => Err(Reason::Newer("a state of an unknown name")),
    }
}
