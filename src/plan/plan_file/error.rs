//! Why a file is not a frozen plan that this sendform can read.

use std::io;

/// Why a frozen plan cannot be read. Nothing is guessed: a plan is read whole or not at all.
#[derive(Debug, thiserror::Error)]
pub enum FrozenError {
    /// The file cannot be read.
    #[error("it cannot be read")]
    Io(
        /// Why.
        #[from]
        io::Error,
    ),
    /// It is something else.
    #[error("it is not a plan of sendform")]
    NotAPlan,
    /// A later version wrote it.
    #[error("it was written by a later version of sendform")]
    Newer,
    /// Its end is missing.
    #[error("it was cut off after line {lines}")]
    Cut {
        /// How many whole lines there are.
        lines: u64,
    },
    /// A line is not as it was written.
    #[error("line {line} of it was altered")]
    Altered {
        /// The line's number, from 1.
        line: u64,
    },
    /// Each line is as it was written, but they are not all there, or not in their order.
    #[error("lines of it are missing, or were moved")]
    Moved,
    /// Its people and contents are not those of its digest.
    #[error("its digest is not that of its contents")]
    Digest,
}

impl FrozenError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Io(_) => "name the file that `sendform plan --out FILE` wrote",
            Self::NotAPlan => "a plan is what `sendform plan --out FILE` writes; the ledger, or its JSON, is none",
            Self::Newer => "apply it with the version that planned it, or plan anew",
            Self::Cut { .. } => "copy it again from where it was made, or plan anew: `sendform plan --out FILE`",
            Self::Altered { .. } | Self::Moved | Self::Digest => {
                "nothing of it is sent: copy it again, byte by byte, or plan anew: `sendform plan --out FILE`"
            }
        }
    }
}
