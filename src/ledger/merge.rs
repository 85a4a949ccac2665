//! The merge of two versions of a lockfile, as git asks for it.

use std::collections::BTreeSet;

use super::book::Ledger;
use super::damage::{Damage, JoinError, Reason};
use super::raw;
use super::read::{Authenticity, ReadLedger};
use super::seals::Seals;
use crate::identity::ProjectId;

/// One of the three texts of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The version that both come from.
    Ancestor,
    /// The version of the branch that is merged into.
    Ours,
    /// The version of the branch that is merged.
    Theirs,
}

/// Why lockfiles cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A text is not as it was written.
    #[error(transparent)]
    Damage(
        /// What is wrong with it.
        Damage,
    ),
    /// The ledgers do not go together.
    #[error(transparent)]
    Join(
        /// Why.
        JoinError,
    ),
}

/// Merges two lockfiles: whatever either of them, or the ancestor, knows stays known. An empty
/// ancestor is none; a torn end is damage here, because git keeps what a merge gives for good. `keys` makes
/// the keys of a project's ledger; without them signed lines are united as they are, and the next run
/// folds them.
///
/// # Errors
/// If a text is damaged or cut, or the ledgers belong to two projects or gateways. Each comes with
/// the text that it is about.
pub fn merge(
    [ancestor, ours, theirs]: [&[u8]; 3],
    keys: impl Fn(&ProjectId) -> Seals,
) -> Result<Vec<u8>, (Side, MergeError)> {
    let seals = project(ours).map_or_else(Seals::none, |project| keys(&project));
    let mut merged = whole(ours, &seals).map_err(|error| (Side::Ours, error))?;
    let mut others = vec![(Side::Theirs, theirs)];
    if !ancestor.is_empty() {
        others.push((Side::Ancestor, ancestor));
    }
    let is_signed = |read: &ReadLedger| read.authenticity != Authenticity::Unsigned;
    let mut is_checked = true;
    let mut texts = vec![ours];
    for (side, text) in others {
        let other = whole(text, &seals).map_err(|error| (side, error))?;
        if side == Side::Ancestor && is_signed(&merged) && !is_signed(&other) {
            // Both sides were signed since.
            continue;
        }
        if is_signed(&other) != is_signed(&merged) {
            let side = if is_signed(&merged) { side } else { Side::Ours };
            return Err((side, MergeError::Damage(Damage { line: 1, reason: Reason::Unsigned })));
        }
        merged.ledger.join(&other.ledger).map_err(|error| (side, MergeError::Join(error)))?;
        is_checked &= other.authenticity == Authenticity::Signed;
        texts.push(text);
    }
    let text = match merged.authenticity {
        Authenticity::Unsigned => merged.ledger.write(&Seals::none()),
        Authenticity::Signed if is_checked => merged.ledger.write(&seals),
        Authenticity::Signed | Authenticity::Unchecked => united(texts.into_iter()),
    };
    // git keeps what is given back for good.
    whole(&text, &seals).map_err(|error| (Side::Ours, error))?;
    Ok(text)
}

/// The project of a ledger's text, as its header says without being checked.
fn project(text: &[u8]) -> Option<ProjectId> {
    Ledger::read(text, &Seals::none()).ok().map(|read| read.ledger.header().project.clone())
}

/// All lines of texts, each once: headers first, then the records, claims, outcomes and ends of runs.
fn united<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let lines: BTreeSet<(usize, &[u8])> = texts
        .flat_map(|text| text.split(|byte| *byte == b'\n'))
        .filter(|line| !line.is_empty())
        .map(|line| (rank(line), line))
        .collect();
    lines.into_iter().flat_map(|(_, line)| line.iter().chain(b"\n")).copied().collect()
}

fn rank(line: &[u8]) -> usize {
    let kinds = [raw::HEADER, raw::MESSAGE, raw::CLAIM, raw::OUTCOME, raw::RUN];
    kinds.iter().position(|kind| line.starts_with(kind.as_bytes())).unwrap_or(kinds.len())
}

fn whole(text: &[u8], seals: &Seals) -> Result<ReadLedger, MergeError> {
    let read = Ledger::read(text, seals).map_err(MergeError::Damage)?;
    let Some(kept) = read.torn else { return Ok(read) };
    let line = text.get(..kept).unwrap_or_default().split(|byte| *byte == b'\n').count();
    Err(MergeError::Damage(Damage { line, reason: Reason::Cut }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Fact, Header, PersonState, RunId, sample};

    fn joined(texts: [&[u8]; 3]) -> Result<Vec<u8>, (Side, MergeError)> {
        merge(texts, |_| Seals::none())
    }

    #[test]
    fn both_sides_stay_known_whichever_way_and_whatever_was_taken_back() {
        let base = sample::ledger();
        let [mut ours, mut theirs] = [base.clone(), base.clone()];
        ours.add_claim(sample::claim("announce", &[7], 1, 8)).unwrap();
        let open = sample::claim("announce", &[6], 1, 7);
        theirs.add_outcome(sample::outcome(&open, PersonState::Accepted, &[])).unwrap();
        let [base, ours, theirs] = [base, ours, theirs].map(|ledger| ledger.write(&Seals::none()));
        let merged = joined([&base, &ours, &theirs]).unwrap();
        assert_eq!(joined([&base, &theirs, &ours]).unwrap(), merged);
        assert_eq!(joined([b"", &theirs, &ours]).unwrap(), merged, "two clones have no common version");
        assert_eq!(joined([&merged, &base, &base]).unwrap(), merged, "what both took back stays");
        // What git does without the driver is the same ledger, if not the same text.
        let united = [ours, theirs].concat();
        assert_eq!(Ledger::read(&united, &Seals::none()).unwrap().ledger.write(&Seals::none()), merged);
    }

    #[test]
    fn two_sides_that_were_signed_since_need_no_ancestor() {
        let seals = sample::seals();
        let base = sample::ledger();
        let mut signed = base.clone();
        let mut next = 0;
        signed.adopt(|| {
            next += 1;
            Fact { run: RunId(1), number: next - 1 }
        });
        signed.close(RunId(1), next, BTreeSet::new(), BTreeSet::new(), sample::at(0));
        let (base, signed) = (base.write(&Seals::none()), signed.write(&seals));
        let merge = |texts| merge(texts, |_| seals.clone());
        assert_eq!(merge([&base, &signed, &signed]).unwrap(), signed);
        assert_eq!(joined([&base, &signed, &signed]).unwrap(), signed, "without the key");
        for (texts, side) in [([&base, &base, &signed], Side::Ours), ([&base, &signed, &base], Side::Theirs)] {
            let (found, error) = merge(texts.map(Vec::as_slice)).unwrap_err();
            assert_eq!(found, side);
            assert!(matches!(error, MergeError::Damage(Damage { reason: Reason::Unsigned, .. })), "{error}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let good = sample::ledger().write(&Seals::none());
        let elsewhere =
            Ledger::new(Header { gateway: "elsewhere".to_owned(), ..sample::header() }).write(&Seals::none());
        let torn =
            [&good[..], sample::claim_line(&sample::claim("announce", &[9], 1, 8)).split_at(30).0.as_bytes()].concat();
        let marked = [&good[..], b"=======\n"].concat();
        for bad in [&b"{"[..], &elsewhere, &torn, &marked] {
            assert_eq!(joined([&good, bad, &good]).unwrap_err().0 == Side::Ours, *bad != *elsewhere);
            assert_eq!(joined([&good, &good, bad]).unwrap_err().0, Side::Theirs);
            assert_eq!(joined([bad, &good, &good]).unwrap_err().0, Side::Ancestor);
        }
        let error = joined([&good, &good, &torn]).unwrap_err().1.to_string();
        assert_eq!(error, "line 6: the text is cut off inside this line");
        assert_eq!(joined([&good, b"", &good]).unwrap_err().0, Side::Ours);
    }
}
