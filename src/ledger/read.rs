//! The text of a ledger, or several texts, to a ledger.
//!
//! A text may end inside a line that a run was just appending: that *tear* is dropped, because
//! nothing is sent before its claim is whole. Everything else that is not as it was written is
//! damage. Lines may come in any order, and more than once: git merges lockfiles by uniting their
//! lines.

use std::collections::BTreeMap;

use super::book::Ledger;
use super::closing::Closing;
use super::damage::{Damage, Reason};
use super::entry::{BoundHeader, ClaimEntry, RecordEntry};
use super::facts::Facts;
use super::line::{Outcome, RunId};
use super::parse::{self, LedgerLine};
use super::seal::Signature;
use super::seals::Seals;
use super::unknown_fields::UnknownFields;
use super::{raw, seal};

/// A ledger that was read.
#[derive(Debug, Clone)]
pub struct ReadLedger {
    /// The ledger.
    pub ledger: Ledger,
    /// If the text ended inside a line: how many bytes stand before that line.
    pub torn: Option<usize>,
    /// Who has written it, as far as that is known.
    pub authenticity: Authenticity,
}

/// What is known of who has written the lines of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authenticity {
    /// Every line is signed by somebody who has a key of the ledger.
    Signed,
    /// Every line is signed, but there is no key to check that with.
    Unchecked,
    /// No line is signed: an older version of sendform has written it, or anybody.
    Unsigned,
}

impl Ledger {
    /// Reads a text, and checks its signatures with the keys that there are.
    ///
    /// # Errors
    /// If anything but a torn end is not as it was written; if there is no header; if entries of a run that
    /// has ended are missing; if a newer version has written it.
    pub fn read(text: &[u8], seals: &Seals) -> Result<ReadLedger, Damage> {
        if text.is_empty() {
            return Err(Damage { line: 1, reason: Reason::Empty });
        }
        let mut lines = SortedLines::new(seals);
        let torn = lines.take(text)?;
        let bound = lines.bound.take().ok_or(Damage { line: 1, reason: Reason::NoHeader })?;
        let authenticity = lines.authenticity(&bound)?;
        let of_runs: Vec<(usize, RunId)> = lines.runs.iter().map(|(line, run, _)| (*line, *run)).collect();
        let ledger = lines.add_to(Self::bound(bound))?;
        ledger.check_runs().map_err(|lack| {
            let line = of_runs.iter().find(|(_, run)| *run == lack.told_by()).map_or(1, |(line, _)| *line);
            Damage { line, reason: Reason::Lacks(lack) }
        })?;
        Ok(ReadLedger { ledger, torn, authenticity })
    }

    /// A run that has ended by the lines of another version of this ledger, and of which this one does not know.
    /// Whatever else is in the text does not matter, and nothing is lost from another ledger.
    #[must_use]
    pub fn run_lost_from(&self, text: &[u8], seals: &Seals) -> Option<RunId> {
        let lines = text.split(|byte| *byte == b'\n').filter_map(|line| {
            let is_wanted = [raw::HEADER, raw::RUN].iter().any(|kind| line.starts_with(kind.as_bytes()));
            is_wanted.then(|| parse::line(line).ok()).flatten()
        });
        let (mut is_kin, mut lost) = (false, None);
        // Anybody can write a line: only those count that are signed with a key at hand.
        let is_genuine = |signature: &Option<Signature<'_>>| {
            let signer = signature.as_ref().and_then(|signature| Some((signature, seals.get(signature.key)?)));
            signer.is_some_and(|(signature, signer)| signature.is_by(signer))
        };
        for (line, _) in lines.filter(|(_, signature)| is_genuine(signature)) {
            match line {
                LedgerLine::Header(bound) => is_kin |= bound.facts.iter().any(|fact| self.bound.facts.has(fact)),
                LedgerLine::Run(run, _) if !self.runs.contains_key(&run) => lost = lost.or(Some(run)),
                LedgerLine::Run(..) | LedgerLine::Message(_) | LedgerLine::Claim(_) | LedgerLine::Outcome(..) => {}
            }
        }
        lost.filter(|_| is_kin)
    }

    /// Joins the lines of a text in. It needs no header, and may hold outcomes of claims that only
    /// this ledger has.
    ///
    /// # Errors
    /// As [`Ledger::read`], and if the text has the header of another project or gateway, or is not signed
    /// as this ledger is; a torn end is damage here. After an error the ledger is as it was.
    pub fn absorb(&mut self, text: &[u8], seals: &Seals) -> Result<(), Damage> {
        let mut lines = SortedLines { bound: Some(self.bound.clone()), ..SortedLines::new(seals) };
        if let Some(kept) = lines.take(text)? {
            let whole = text.get(..kept).unwrap_or_default();
            return Err(Damage { line: whole.split(|byte| *byte == b'\n').count(), reason: Reason::Cut });
        }
        let mut joined = self.clone();
        joined.bound = lines.bound.take().unwrap_or(joined.bound);
        let authenticity = lines.authenticity(&joined.bound)?;
        if authenticity == Authenticity::Unsigned && !self.bound.facts.is_empty() {
            return Err(Damage { line: 1, reason: Reason::Unsigned });
        }
        let joined = lines.add_to(joined)?;
        joined.check_runs().map_err(|lack| Damage { line: 1, reason: Reason::Lacks(lack) })?;
        *self = joined;
        Ok(())
    }
}

/// The lines of a text, sorted by kind, each with its number.
pub(super) struct SortedLines<'a> {
    seals: &'a Seals,
    pub(super) bound: Option<BoundHeader>,
    pub(super) records: Vec<RecordEntry>,
    pub(super) claims: Vec<(usize, ClaimEntry)>,
    pub(super) outcomes: Vec<(usize, Outcome, Facts, UnknownFields)>,
    pub(super) runs: Vec<(usize, RunId, Closing)>,
    /// The first line that is not signed.
    unsigned: Option<usize>,
    /// The keys that lines are signed with, each with its first line.
    signed: BTreeMap<String, usize>,
    /// The first line whose signature is not right, and its key.
    wrong: Option<(usize, String)>,
    /// Whether a signature was not checked, for want of its key.
    pub(super) is_unchecked: bool,
}

impl<'a> SortedLines<'a> {
    /// Begins without any.
    pub(super) fn new(seals: &'a Seals) -> Self {
        Self {
            seals,
            bound: None,
            records: Vec::new(),
            claims: Vec::new(),
            outcomes: Vec::new(),
            runs: Vec::new(),
            unsigned: None,
            signed: BTreeMap::new(),
            wrong: None,
            is_unchecked: false,
        }
    }

    /// Takes the lines of a text, and says how much of it stands before a torn end.
    ///
    /// # Errors
    /// If anything but a torn end is not as it was written.
    pub(super) fn take(&mut self, text: &[u8]) -> Result<Option<usize>, Damage> {
        let kept = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let (whole, tail) = text.split_at_checked(kept).unwrap_or((text, &[]));
        let mut number = 0;
        for bytes in whole.split_inclusive(|byte| *byte == b'\n') {
            number += 1;
            self.take_line(number, bytes.strip_suffix(b"\n").unwrap_or(bytes))?;
        }
        number += 1;
        if tail.is_empty() {
            Ok(None)
        } else if seal::is_sealed(tail) {
            // An editor has dropped the last line's end: the line itself is whole.
            self.take_line(number, tail)?;
            Ok(None)
        } else {
            check_tear(tail).map_err(|reason| Damage { line: number, reason })?;
            Ok(Some(kept))
        }
    }

    fn take_line(&mut self, line: usize, bytes: &[u8]) -> Result<(), Damage> {
        let damage = |reason| Damage { line, reason };
        let (content, signature) = parse::line(bytes).map_err(damage)?;
        match signature {
            None => drop(self.unsigned.get_or_insert(line)),
            Some(signature) => {
                match self.seals.get(signature.key) {
                    None => self.is_unchecked = true,
                    Some(signer) if signature.is_by(signer) => {}
                    Some(_) => drop(self.wrong.get_or_insert_with(|| (line, signature.key.to_owned()))),
                }
                if !self.signed.contains_key(signature.key) {
                    self.signed.insert(signature.key.to_owned(), line);
                }
            }
        }
        match content {
            LedgerLine::Message(record) => self.records.push(record),
            LedgerLine::Claim(entry) => self.claims.push((line, *entry)),
            LedgerLine::Outcome(outcome, facts, extra) => self.outcomes.push((line, outcome, facts, extra)),
            LedgerLine::Run(run, closing) => self.runs.push((line, run, closing)),
            LedgerLine::Header(bound) => match &mut self.bound {
                None => self.bound = Some(bound),
                Some(known) => known.join(&bound).map_err(|error| damage(Reason::Foreign(error)))?,
            },
        }
        Ok(())
    }

    /// Finds who has written the lines, all of which have to be signed by keys of the ledger, or none.
    ///
    /// # Errors
    /// If only some are signed, or one by a key that the ledger does not name.
    pub(super) fn authenticity(&self, bound: &BoundHeader) -> Result<Authenticity, Damage> {
        if !self.is_signed()? {
            return Ok(Authenticity::Unsigned);
        }
        if !self.seals.are_of(&bound.header.project) {
            // Whoever reads it sees that it is another project's, and does not have that one's keys.
            return Ok(Authenticity::Unchecked);
        }
        self.check_signatures()?;
        let is_stranger = |key: &str| bound.header.keys.iter().all(|named| named.as_str() != key);
        if let Some((key, line)) = self.signed.iter().find(|(key, _)| is_stranger(key)) {
            return Err(Damage { line: *line, reason: Reason::Stranger(key.clone()) });
        }
        Ok(if self.is_unchecked { Authenticity::Unchecked } else { Authenticity::Signed })
    }

    /// Whether the lines are signed.
    ///
    /// # Errors
    /// If only some are.
    pub(super) fn is_signed(&self) -> Result<bool, Damage> {
        match self.unsigned {
            Some(line) if !self.signed.is_empty() => Err(Damage { line, reason: Reason::Unsigned }),
            _ => Ok(!self.signed.is_empty()),
        }
    }

    /// Makes sure that all signatures are right that can be checked.
    ///
    /// # Errors
    /// If one is not.
    pub(super) fn check_signatures(&self) -> Result<(), Damage> {
        match self.wrong.clone() {
            Some((line, key)) => Err(Damage { line, reason: Reason::Signature(key) }),
            None => Ok(()),
        }
    }

    /// Adds everything to a ledger: claims before their outcomes.
    fn add_to(self, mut ledger: Ledger) -> Result<Ledger, Damage> {
        let damage = |line| move |error| Damage { line, reason: Reason::Entry(error) };
        for record in self.records {
            ledger.put_record(record);
        }
        for (line, entry) in self.claims {
            ledger.insert(entry).map_err(damage(line))?;
        }
        for (line, outcome, facts, extra) in self.outcomes {
            ledger.settle(outcome, &facts, &extra).map_err(damage(line))?;
        }
        for (_, run, closing) in self.runs {
            ledger.put_closing(run, closing);
        }
        ledger.index_anew();
        Ok(ledger)
    }
}

/// Whether an unterminated end of a text can be what a run was appending when it died: the
/// beginning of a message's record, a claim or an outcome. A header, the end of a run, or a claim that is not
/// just claimed, is never appended; those come from rewriting, which leaves no torn ends.
fn check_tear(tail: &[u8]) -> Result<(), Reason> {
    let begins = |line: &str| {
        let (line, length) = (line.as_bytes(), tail.len().min(line.len()));
        line.get(..length) == tail.get(..length)
    };
    let appended = [raw::MESSAGE, raw::CLAIM, raw::OUTCOME].into_iter().any(begins);
    let unwritten = tail.iter().all(|byte| *byte == 0);
    if (begins(raw::HEADER) || begins(raw::RUN)) && tail.len() > 2 {
        return Err(Reason::Cut);
    }
    if !(appended || unwritten) {
        return Err(parse::unsealed(tail));
    }
    if seal::runs_on(tail) {
        return Err(Reason::Checksum);
    }
    let folded = || {
        let state = tail.windows(raw::STATE.len()).position(|window| window == raw::STATE.as_bytes())?;
        let word = tail.get(state + raw::STATE.len()..)?;
        let length = word.len().min(raw::CLAIMED.len());
        Some(word.get(..length) != raw::CLAIMED.as_bytes().get(..length))
    };
    if begins(raw::CLAIM) && folded() == Some(true) {
        return Err(Reason::Cut);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Standing, View, sample};

    fn error(text: &str) -> String {
        Ledger::read(text.as_bytes(), &Seals::none())
            .map_or_else(|damage| damage.to_string(), |read| format!("{:?}", read.torn))
    }

    #[test]
    fn what_is_not_a_ledger_is_named() {
        let header = sample::header_line(&sample::header());
        let claim = sample::claim_line(&sample::claim("announce", &[1, 2], 1, 7));
        let other_gateway =
            sample::header_line(&crate::ledger::Header { gateway: "elsewhere".to_owned(), ..sample::header() });
        let stranger =
            sample::outcome(&sample::claim("announce", &[9], 1, 7), crate::ledger::PersonState::Refused, &[]);
        let sealed = |object: &str| seal::seal(object.to_owned());
        let until = |text: &str, end: &str| text.split_once(end).map(|(head, _)| format!("{head}{end}")).unwrap();
        let edited = |from: &str, to: &str| {
            assert!(claim.contains(from));
            sealed(&format!("{}}}", claim.replace(from, to).split(",\"sum\"").next().unwrap()))
        };
        let found = [
            String::new(),
            "\n".to_owned(),
            claim.clone(),
            format!("{header}\n"),
            format!("{header}<<<<<<< HEAD\n{claim}"),
            format!("{header}{claim}>>>>>>> theirs"),
            header.replace('\n', "\r\n"),
            "{\"sendform\":\"lock\",\"version\":3,\"seal\":\"another\"}\n".to_owned(),
            sealed(r#"{"sendform":"lock","version":3}"#),
            sealed(r#"{"sendform":"plan","version":1}"#),
            format!("{header}{}", sealed(r#"{"ticket":"x"}"#)),
            format!("{header}{}", edited("claimed", "paused")),
            format!("{header}{}", sealed(r#"{"claim":"x"}"#)),
            format!("{header}{}", edited("\"count\":2", "\"count\":3")),
            format!("{header}{}", edited("announce.r1", "announce.r0")),
            format!("{header}{claim}{}", edited("\"until\"", "\"then\"")),
            format!("{header}{other_gateway}"),
            format!("{header}{}", sample::outcome_line(&stranger)),
            format!("{header}{claim}x"),
            format!("{header}{}x", claim.trim_end()),
            until(&header, "version"),
            format!("{header}{}", until(&claim.replace("claimed", "accepted"), "accepted")),
        ];
        let found: Vec<String> = found.iter().map(|text| error(text)).collect();
        insta::assert_snapshot!(found.join("\n"), @r#"
        line 1: the ledger is empty: it has not even a header
        line 1: the checksum does not match
        line 1: the ledger has no header
        line 2: the checksum does not match
        line 2: a conflict marker of a merge that was not finished
        line 3: a conflict marker of a merge that was not finished
        line 1: the line ends with CRLF, but a ledger's lines end with LF alone
        line 1: written by a newer sendform: the ledger's version
        line 1: written by a newer sendform: the ledger's version
        line 1: not a ledger of sendform
        line 2: written by a newer sendform: a line of an unknown kind
        line 2: written by a newer sendform: a state of an unknown name
        line 2: not an entry of a ledger (column 38)
        line 2: the value of `count` cannot be
        line 2: the value of `claim` cannot be
        line 3: two different claims of `spring-sale.announce.r1.121585a186fdee86` are both called attempt 1 of one run
        line 2: the ledgers belong to two gateways, `sandbox` and `elsewhere`
        line 2: an outcome of `spring-sale.announce.r1.af43556c6f489c27`, attempt 1, which nobody has claimed
        line 3: the checksum does not match
        line 2: the checksum does not match
        line 1: the text is cut off inside this line
        line 2: the text is cut off inside this line
        "#);
    }

    #[test]
    fn an_unfinished_line_is_dropped_and_said_so() {
        let whole = sample::header_line(&sample::header());
        let claim = sample::claim_line(&sample::claim("announce", &[1, 2], 1, 7));
        for tail in ["{", "{\"cl", claim.trim_end_matches("}\n"), "\0\0\0"] {
            assert_eq!(error(&format!("{whole}{tail}")), format!("Some({})", whole.len()), "{tail}");
        }
        let read = Ledger::read(format!("{whole}{}", claim.trim_end()).as_bytes(), &Seals::none()).unwrap();
        assert_eq!((read.torn, read.ledger.claims().len()), (None, 1), "only the end of the line is lost");
    }

    #[test]
    fn unknown_fields_survive() {
        let add = |line: String| {
            let (body, _) = line.split_once(",\"sum\"").unwrap();
            seal::seal(format!("{body},\"count2\":[1,{{\"b\":null}}],\"zone\":\"x\"}}"))
        };
        let claim = sample::claim("announce", &[1], 1, 7);
        let outcome = sample::outcome(&claim, crate::ledger::PersonState::Accepted, &[]);
        let record = sample::record("announce", "Hi", 0);
        let lines = [
            sample::header_line(&sample::header()),
            sample::message_line(&record),
            sample::claim_line(&claim),
            sample::outcome_line(&outcome),
        ];
        let ledger = Ledger::read(lines.map(add).concat().as_bytes(), &Seals::none()).unwrap().ledger;
        let written = String::from_utf8(ledger.write(&Seals::none())).unwrap();
        insta::assert_snapshot!(written, @r#"
        {"sendform":"lock","version":1,"project":"acme-shop","gateway":"sandbox","keys":["b5c6a100"],"count2":[1,{"b":null}],"zone":"x","sum":"4cc613eb9a26ead0"}
        {"message":"spring-sale.announce","revision":1,"sender":"official","text":"Hi","audience":3,"at":"2026-12-01T00:00:00Z","count2":[1,{"b":null}],"zone":"x","sum":"6d0e15cddfdf299e"}
        {"claim":"spring-sale.announce.r1.825b354ccdfb00a3","run":"0000000000000007","attempt":1,"state":"accepted","count":1,"time":"at 2026-12-01T01:00:00Z","sendAt":"2026-12-01T01:00:00Z","until":"2026-12-01T02:00:01Z","startBy":"2026-12-01T00:10:00Z","at":"2026-12-01T00:00:01Z","settled":"2026-12-01T00:01:00Z","outcomeFields":{"count2":[1,{"b":null}],"zone":"x"},"people":"AAAAAAAAAAE=","count2":[1,{"b":null}],"zone":"x","sum":"0bb3a0084c9a5875"}
        "#);
        assert_eq!(
            Ledger::read(written.as_bytes(), &Seals::none()).unwrap().ledger.write(&Seals::none()),
            written.as_bytes()
        );
    }

    #[test]
    fn lines_without_a_header_are_absorbed_whole_or_not_at_all() {
        let claim = sample::claim("announce", &[1], 1, 7);
        let outcome = sample::outcome_line(&sample::outcome(&claim, crate::ledger::PersonState::Accepted, &[]));
        let mut ledger = Ledger::new(sample::header());
        let standing = |ledger: &Ledger| {
            ledger.standing(&sample::message("announce"), sample::revision(), claim.people[0], View::Exclusive)
        };
        assert!(ledger.absorb(outcome.as_bytes(), &Seals::none()).is_err());
        let torn = format!("{}{{\"out", sample::claim_line(&claim));
        assert_eq!(ledger.absorb(torn.as_bytes(), &Seals::none()), Err(Damage { line: 2, reason: Reason::Cut }));
        assert_eq!(standing(&ledger), Standing::Free);
        ledger.add_claim(claim.clone()).unwrap();
        ledger.absorb(outcome.as_bytes(), &Seals::none()).unwrap();
        assert_eq!(standing(&ledger), Standing::Accepted);
    }
}
