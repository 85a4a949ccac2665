//! The exit codes, and which one wins.

use std::process::ExitCode;

/// Why a command ends as it does. The order is the order in which they win, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// A bug.
    Bug,
    /// The command line is wrong.
    Usage,
    /// The campaign files have errors.
    Files,
    /// The ledger is missing, damaged, held by another run, or not this project's.
    Ledger,
    /// The key or the credentials are missing or were refused.
    Credentials,
    /// The plan file or digest does not match, or is too old.
    Mismatch,
    /// A limit or an expectation refused.
    SafetyLimit,
    /// Something is in doubt; nothing was resent.
    Doubt,
    /// The gateway refused a bulk or rejected messages.
    Rejected,
    /// The environment failed: files, store, network.
    Environment,
    /// Declined, interrupted, or stopped.
    Declined,
    /// There is something to send, now or later.
    Pending,
    /// Done, or nothing to do.
    Done,
}

impl Exit {
    /// All of them, the strongest first.
    pub const ALL: [Self; 13] = [
        Self::Bug,
        Self::Usage,
        Self::Files,
        Self::Ledger,
        Self::Credentials,
        Self::Mismatch,
        Self::SafetyLimit,
        Self::Doubt,
        Self::Rejected,
        Self::Environment,
        Self::Declined,
        Self::Pending,
        Self::Done,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Environment => 1,
            Self::Pending => 2,
            Self::Files => 3,
            Self::SafetyLimit => 4,
            Self::Mismatch => 5,
            Self::Doubt => 6,
            Self::Rejected => 7,
            Self::Ledger => 8,
            Self::Credentials => 9,
            Self::Declined => 10,
            Self::Usage => 64,
            Self::Bug => 70,
        }
    }

    /// Its stable name, in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Environment => "environment",
            Self::Pending => "pending",
            Self::Files => "files",
            Self::SafetyLimit => "safetyLimit",
            Self::Mismatch => "mismatch",
            Self::Doubt => "doubt",
            Self::Rejected => "rejected",
            Self::Ledger => "ledger",
            Self::Credentials => "credentials",
            Self::Declined => "declined",
            Self::Usage => "usage",
            Self::Bug => "bug",
        }
    }

    /// When a command ends with it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "Done, or nothing to do.",
            Self::Environment => "The environment failed: files, store, network.",
            Self::Pending => "There is something to send, now or later.",
            Self::Files => "The campaign files have errors.",
            Self::SafetyLimit => "A limit or an expectation refused.",
            Self::Mismatch => "The plan file or digest does not match, or is too old.",
            Self::Doubt => "Something is in doubt; nothing was resent.",
            Self::Rejected => "The gateway refused a bulk or rejected messages.",
            Self::Ledger => "The ledger is missing, damaged, held by another run, or not this project's.",
            Self::Credentials => "The key or the credentials are missing or were refused.",
            Self::Declined => "Declined, interrupted, or stopped.",
            Self::Usage => "The command line is wrong.",
            Self::Bug => "A bug.",
        }
    }

    /// The stronger one of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.min(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_stronger_code_wins() {
        let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(codes, [70, 64, 3, 8, 9, 5, 4, 6, 7, 1, 10, 2, 0]);
        assert_eq!(Exit::Done.or(Exit::Doubt), Exit::Doubt);
        assert_eq!(Exit::Doubt.or(Exit::Ledger), Exit::Ledger);
    }
}
