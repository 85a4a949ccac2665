//! What can be wrong with a ledger's text, or with an entry.

use super::closing::Lack;
use super::line::ClaimId;

/// A place in a ledger's text that cannot be trusted. Nothing is guessed: a damaged ledger is not
/// read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Damage {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

impl Damage {
    /// Says what can be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match &self.reason {
            Reason::Conflict => Some("keep all lines of both sides and delete the markers, in any order"),
            Reason::LineEnding => Some("have git leave the file alone: `sendform.lock -text` in .gitattributes"),
            Reason::Newer(_) => Some("use the version of sendform that wrote it, or a later one"),
            Reason::Empty | Reason::NoHeader | Reason::ByteOrderMark | Reason::Checksum | Reason::Cut => {
                Some("take the last good version of it, from git or a backup")
            }
            Reason::Lacks(_) => Some(
                "put a whole version in its place, the newest in git or of a backup; what other clones and branches \
                 have besides is joined in afterwards: `sendform ledger import FILE`",
            ),
            Reason::Unsigned => Some(
                "an older sendform has written it, or a branch from before was merged: take the signed version, and \
                 join the other in with `sendform ledger import`",
            ),
            Reason::Signature(_) | Reason::Stranger(_) => {
                Some("see in git who has changed the file, and bring back the last good version")
            }
            Reason::NotALedger | Reason::Form(_) | Reason::Value(_) | Reason::Foreign(_) | Reason::Entry(_) => None,
        }
    }
}

/// Why a line of a ledger cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The text is empty.
    #[error("the ledger is empty: it has not even a header")]
    Empty,
    /// No line is a header.
    #[error("the ledger has no header")]
    NoHeader,
    /// What git leaves in a file that it could not merge.
    #[error("a conflict marker of a merge that was not finished")]
    Conflict,
    /// The ends of lines were changed on the way.
    #[error("the line ends with CRLF, but a ledger's lines end with LF alone")]
    LineEnding,
    /// What an editor puts before a text.
    #[error("the file begins with a byte order mark: a program has written it anew in another encoding")]
    ByteOrderMark,
    /// The checksum is absent or another one.
    #[error("the checksum does not match")]
    Checksum,
    /// A line of a signed ledger that is not signed.
    #[error("the line is not signed, as the lines of this ledger are")]
    Unsigned,
    /// A signature that is not the key's: whoever wrote or changed the line does not have the key.
    #[error("the signature is not right: the line was written or changed without the key {0}")]
    Signature(
        /// The key's name.
        String,
    ),
    /// A signature by a key that the ledger does not name.
    #[error("the line is signed with the key {0}, which the ledger does not name")]
    Stranger(
        /// The key's name.
        String,
    ),
    /// Something was taken away, or taken back.
    #[error("{0}")]
    Lacks(
        /// What.
        Lack,
    ),
    /// The text ends inside a line that no run leaves unfinished.
    #[error("the text is cut off inside this line")]
    Cut,
    /// A later version of sendform has written what this one does not know.
    #[error("written by a newer sendform: {0}")]
    Newer(
        /// What is not known.
        &'static str,
    ),
    /// A file of sendform, but not a ledger.
    #[error("not a ledger of sendform")]
    NotALedger,
    /// A good checksum over something that is no entry.
    #[error("not an entry of a ledger (column {0})")]
    Form(
        /// The column in which reading stopped, from 1.
        usize,
    ),
    /// A field whose value cannot be.
    #[error("the value of `{0}` cannot be")]
    Value(
        /// The field.
        &'static str,
    ),
    /// A second header of another project or gateway.
    #[error("{0}")]
    Foreign(
        /// What differs.
        JoinError,
    ),
    /// An entry that does not go with the others.
    #[error("{0}")]
    Entry(
        /// Why.
        EntryError,
    ),
}

/// Why two ledgers cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// They belong to two projects.
    #[error("the ledgers belong to two projects, `{0}` and `{1}`")]
    Project(
        /// The project of the one.
        String,
        /// The project of the other.
        String,
    ),
    /// They belong to two gateways.
    #[error("the ledgers belong to two gateways, `{0}` and `{1}`")]
    Gateway(
        /// The gateway of the one.
        String,
        /// The gateway of the other.
        String,
    ),
    /// They contradict each other about a claim.
    #[error("{0}")]
    Entry(
        /// Why.
        EntryError,
    ),
}

/// Why an entry cannot be added to a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// An outcome of a claim that the ledger does not have.
    #[error("an outcome of `{}`, attempt {}, which nobody has claimed", .0.bulk, .0.attempt)]
    UnknownClaim(
        /// The claim.
        ClaimId,
    ),
    /// An outcome that names somebody who is not in the claim.
    #[error("an outcome of `{}`, attempt {}, names somebody who is not in that claim", .0.bulk, .0.attempt)]
    UnknownPerson(
        /// The claim.
        ClaimId,
    ),
    /// Two claims under one identity that differ in more than their state.
    #[error("two different claims of `{}` are both called attempt {} of one run", .0.bulk, .0.attempt)]
    Contradiction(
        /// The claim.
        ClaimId,
    ),
    /// A claim of nobody, or of people who are not in ascending order, or of somebody twice.
    #[error("the people of the claim of `{}` are none, out of order, or repeated", .0.bulk)]
    People(
        /// The claim.
        ClaimId,
    ),
    /// A claim that was to be granted is in the ledger already.
    #[error("attempt {} of `{}` was claimed before by the same run", .0.attempt, .0.bulk)]
    Repeated(
        /// The claim.
        ClaimId,
    ),
}
