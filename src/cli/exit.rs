//! The exit codes, and which one wins.

use std::process::ExitCode;

use crate::report::failure_code::FailureCode;

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

impl From<FailureCode> for Exit {
    fn from(code: FailureCode) -> Self {
        use FailureCode as Code;
        match code {
            Code::Bug => Self::Bug,
            Code::Usage | Code::MessageUnknown => Self::Usage,
            Code::Files | Code::ProjectMissing | Code::BaseUrlMissing => Self::Files,
            Code::Ledger
            | Code::LedgerMissing
            | Code::LedgerExists
            | Code::LedgerDamaged
            | Code::LedgerHeld
            | Code::LedgerNotAuthenticated
            | Code::LedgerTakenBack
            | Code::LedgerMoved
            | Code::OtherProject
            | Code::OtherGateway
            | Code::CloneBehind
            | Code::LockfileLeftBehind
            | Code::RunsUnclosed
            | Code::LedgerLacks
            | Code::TimeBeforeLedger
            | Code::AcceptedTwice
            | Code::LedgerKeyMissing
            | Code::KeyUnknown
            | Code::KeyOrder => Self::Ledger,
            Code::Credentials
            | Code::KeyMissing
            | Code::KeyUnusable
            | Code::ApiKeyMissing
            | Code::CredentialsRefused
            | Code::DatabaseCredentials => Self::Credentials,
            Code::Mismatch | Code::DigestDiffers | Code::PlanTooOld => Self::Mismatch,
            Code::SafetyLimit | Code::LockfileInCi => Self::SafetyLimit,
            Code::Doubt => Self::Doubt,
            Code::Rejected | Code::Throttled => Self::Rejected,
            Code::Environment
            | Code::GatewayUnreachable
            | Code::LogsUnreadable
            | Code::ClocksDiffer
            | Code::StoreFailed
            | Code::OutputUnwritable => Self::Environment,
            Code::Declined | Code::NoTerminal | Code::Interrupted | Code::Stopped => Self::Declined,
        }
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
    use crate::report::failure_code::FailureCode;

    #[test]
    fn the_codes_of_failures_stand_in_the_guide_with_their_exit_codes() {
        let guide = include_str!("../../schema/README.md");
        let (_, table) = guide.split_once("| code | exit code | what failed |\n| --- | --- | --- |\n").unwrap();
        let row = |code: &FailureCode| {
            let name = serde_json::to_value(code).unwrap();
            format!("| `{}` | {} | {} |\n", name.as_str().unwrap(), Exit::from(*code).code(), code.description())
        };
        let expected: String = FailureCode::ALL.iter().map(row).collect();
        let table: String = table.split_inclusive('\n').take_while(|line| line.starts_with('|')).collect();
        assert_eq!(table, expected, "\n{expected}");
    }

    #[test]
    fn the_stronger_code_wins() {
        let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(codes, [70, 64, 3, 8, 9, 5, 4, 6, 7, 1, 10, 2, 0]);
        assert_eq!(Exit::Done.or(Exit::Doubt), Exit::Doubt);
        assert_eq!(Exit::Doubt.or(Exit::Ledger), Exit::Ledger);
    }
}
