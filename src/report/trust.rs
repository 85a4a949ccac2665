//! What makes a ledger doubtful whose lines are all as they were written, in words.

use crate::ledger::{Authenticity, Trust, Unclosed};
use crate::timing;

use super::ledger::delta::DeltaView;
use super::words::plural;

/// What can be said of a ledger although nothing is wrong with it: that nothing shows who has written it, and
/// that not all of its history could be looked at.
pub fn harmless_doubts(trust: &Trust) -> impl Iterator<Item = &'static str> {
    let authenticity = match trust.authenticity {
        Some(Authenticity::Unchecked) => Some(
            "not authenticated: no key is set, so that nobody notices a line that somebody else has written; set \
             SENDFORM_KEY or SENDFORM_KEY_FILE to have all lines checked",
        ),
        Some(Authenticity::Unsigned) => Some(
            "not authenticated: no line is signed, as an older sendform leaves them; the next apply signs them, \
             but only if this machine knows them all, or somebody takes them for genuine",
        ),
        Some(Authenticity::Signed) | None => None,
    };
    let history = trust.is_history_cut.then_some(
        "not all of git's history of this ledger could be looked at, as in a shallow clone: a merge that threw \
         one side of it away may not be noticed",
    );
    authenticity.into_iter().chain(history)
}

/// Says that the end of a run may be missing.
#[must_use]
pub fn not_ended(unclosed: &Unclosed) -> String {
    let Unclosed { run, entries, last, .. } = unclosed;
    let last = last.map(|last| format!(", the last of {}", timing::utc(last))).unwrap_or_default();
    let entries = plural(*entries as u64, "entry");
    format!(
        "run {run} has {entries} here{last}, and did not end as runs do: its end may be missing, which `sendform ledger recover` finds out"
    )
}

/// All that is said of a ledger before it is used.
#[must_use]
pub fn doubts(trust: &Trust) -> Vec<String> {
    let mut doubts: Vec<String> = harmless_doubts(trust).map(str::to_owned).collect();
    let restored = DeltaView::from(trust.restored);
    if !restored.is_empty() {
        doubts.push(format!(
            "the lockfile had lost {}, which its shadow under `.sendform` has kept: that counts, and an apply writes it \
             back",
            restored.more()
        ));
    }
    if let [first, others @ ..] = trust.unclosed.as_slice() {
        let others = match others.len() {
            0 => String::new(),
            count => format!(" (so may those of {})", plural(count as u64, "more run")),
        };
        doubts.push(format!("{}{others}; an apply asks the gateway's logs before it sends", not_ended(first)));
    }
    if let Some(claims) = trust.unmarked {
        doubts.push(format!(
            "nothing shows that the database's tables, with {}, are no old copy; an apply asks the gateway's logs \
             before it sends, and `sendform ledger recover` compares all of them",
            plural(claims, "claim")
        ));
    }
    doubts
}
