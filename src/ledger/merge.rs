//! The merge of two versions of a lockfile, as git asks for it.

use super::book::Ledger;
use super::damage::{Damage, JoinError, Reason};
use super::read::Read;

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
/// ancestor is none; a torn end is damage here, because git keeps what a merge gives for good.
///
/// # Errors
/// If a text is damaged or cut, or the ledgers belong to two projects or gateways. Each comes with
/// the text that it is about.
pub fn merge(ancestor: &[u8], ours: &[u8], theirs: &[u8]) -> Result<Vec<u8>, (Side, MergeError)> {
    let mut merged = whole(ours).map_err(|error| (Side::Ours, error))?;
    let mut others = vec![(Side::Theirs, theirs)];
    if !ancestor.is_empty() {
        others.push((Side::Ancestor, ancestor));
    }
    for (side, text) in others {
        let other = whole(text).map_err(|error| (side, error))?;
        merged.join(&other).map_err(|error| (side, MergeError::Join(error)))?;
    }
    Ok(merged.write())
}

fn whole(text: &[u8]) -> Result<Ledger, MergeError> {
    let Read { ledger, torn } = Ledger::read(text).map_err(MergeError::Damage)?;
    let Some(kept) = torn else { return Ok(ledger) };
    let line = text.get(..kept).unwrap_or_default().split(|byte| *byte == b'\n').count();
    Err(MergeError::Damage(Damage { line, reason: Reason::Cut }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Header, PersonState, sample, text};

    #[test]
    fn both_sides_stay_known_whichever_way_and_whatever_was_taken_back() {
        let base = sample::ledger();
        let [mut ours, mut theirs] = [base.clone(), base.clone()];
        ours.add_claim(sample::claim("announce", &[7], 1, 8)).unwrap();
        let open = sample::claim("announce", &[6], 1, 7);
        theirs.add_outcome(sample::outcome(&open, PersonState::Accepted, &[])).unwrap();
        let [base, ours, theirs] = [base, ours, theirs].map(|ledger| ledger.write());
        let merged = merge(&base, &ours, &theirs).unwrap();
        assert_eq!(merge(&base, &theirs, &ours).unwrap(), merged);
        assert_eq!(merge(b"", &theirs, &ours).unwrap(), merged, "two clones have no common version");
        assert_eq!(merge(&merged, &base, &base).unwrap(), merged, "what both took back stays");
        // What git does without the driver is the same ledger, if not the same text.
        let united = [ours, theirs].concat();
        assert_eq!(Ledger::read(&united).unwrap().ledger.write(), merged);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let good = sample::ledger().write();
        let elsewhere = Ledger::new(Header { gateway: "elsewhere".to_owned(), ..sample::header() }).write();
        let torn =
            [&good[..], text::claim_line(&sample::claim("announce", &[9], 1, 8)).split_at(30).0.as_bytes()].concat();
        let marked = [&good[..], b"=======\n"].concat();
        for bad in [&b"{"[..], &elsewhere, &torn, &marked] {
            assert_eq!(merge(&good, bad, &good).unwrap_err().0 == Side::Ours, *bad != *elsewhere);
            assert_eq!(merge(&good, &good, bad).unwrap_err().0, Side::Theirs);
            assert_eq!(merge(bad, &good, &good).unwrap_err().0, Side::Ancestor);
        }
        let error = merge(&good, &good, &torn).unwrap_err().1.to_string();
        assert_eq!(error, "line 6: the text is cut off inside this line");
        assert_eq!(merge(&good, b"", &good).unwrap_err().0, Side::Ours);
    }
}
