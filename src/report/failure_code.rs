//! What exactly failed, by a stable name: the closed list of the codes of failures.

use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::Stopped;
use crate::apply::evidence::LogsFailure;

macro_rules! codes {
    ($($name:ident: $description:literal,)*) => {
        /// What failed. Those that are named as exit codes are for whatever has no code of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum FailureCode {
            $(#[doc = $description] $name,)*
        }

        impl FailureCode {
            /// All codes, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name, in the words that it is made of, joined by hyphens: `ledger-missing`.
            #[must_use]
            pub fn hyphenated(self) -> String {
                let name = match self { $(Self::$name => stringify!($name),)* };
                let mut out = String::new();
                for letter in name.chars() {
                    if letter.is_ascii_uppercase() && !out.is_empty() {
                        out.push('-');
                    }
                    out.push(letter.to_ascii_lowercase());
                }
                out
            }

            /// One sentence on what the code means.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }
        }
    };
}

codes! {
    Bug: "A bug.",
    Usage: "The command line is wrong.",
    MessageUnknown: "No campaign or message has the name that was typed.",
    Files: "The files have errors.",
    ProjectMissing: "There is no project file.",
    BaseUrlMissing: "No base URL of a gateway is named.",
    Ledger: "The ledger is not as it has to be.",
    LedgerMissing: "There is no ledger: nobody knows what was sent.",
    LedgerExists: "There is a ledger where one was to be made.",
    LedgerDamaged: "The ledger, or what lies beside it, is not as it was written.",
    LedgerHeld: "Another run holds the ledger.",
    LedgerNotAuthenticated: "Nothing shows that the ledger, or lines of it, are genuine.",
    LedgerTakenBack: "An older copy is in the ledger's place, or a part of it is gone.",
    LedgerMoved: "The ledger was moved to another home.",
    OtherProject: "The ledger belongs to another project.",
    OtherGateway: "The ledger belongs to another gateway.",
    CloneBehind: "Another clone has sent what this one does not know of.",
    LockfileLeftBehind: "A lockfile has claims that the ledger in its new home lacks.",
    RunsUnclosed: "Runs have not ended as runs do, and their ends may be missing.",
    LedgerLacks: "The gateway has messages that the ledger does not know.",
    TimeBeforeLedger: "A sandbox's time is before what the ledger has already.",
    AcceptedTwice: "People got their message more than once.",
    LedgerKeyMissing: "A key that the ledger names was not supplied: its people are not recognised.",
    KeyUnknown: "The ledger does not know a key that was supplied, or people have their message under such a key.",
    KeyOrder: "Another key than the ledger's first one was supplied first.",
    Credentials: "Credentials are missing, or were refused.",
    KeyMissing: "No key is set.",
    KeyUnusable: "What is set as the key cannot be used here.",
    ApiKeyMissing: "The gateway's API key is missing.",
    CredentialsRefused: "The gateway refused the credentials (401), or they do not allow what was asked (403).",
    DatabaseCredentials: "The address or the login of the ledger's database is missing, or was refused.",
    Mismatch: "The plan file or the digest does not match.",
    DigestDiffers: "The plan's digest is not the one that was expected.",
    PlanTooOld: "Times of the plan file are past.",
    SafetyLimit: "A limit or an expectation refused.",
    LockfileInCi: "A lockfile on a CI runner dies with its disk.",
    Doubt: "Something is in doubt, or still in flight.",
    Rejected: "The gateway refused requests.",
    Throttled: "The gateway keeps answering that there are too many requests (429).",
    Environment: "The environment failed: files, store, network.",
    GatewayUnreachable: "The gateway cannot be reached.",
    LogsUnreadable: "The gateway's logs cannot be read.",
    ClocksDiffer: "The clocks of this machine and of the gateway do not go together.",
    StoreFailed: "What holds the ledger cannot be reached, or cannot be written.",
    OutputUnwritable: "A file of the output, or standard output, cannot be written.",
    Declined: "Somebody was asked, and has not said yes.",
    NoTerminal: "There is no terminal to ask on.",
    Interrupted: "The run was interrupted.",
    Stopped: "Somebody has stopped sending.",
}

impl From<&Stopped> for FailureCode {
    fn from(stopped: &Stopped) -> Self {
        match stopped {
            Stopped::Unauthorized | Stopped::Forbidden => Self::CredentialsRefused,
            Stopped::NotFound | Stopped::Request(_) => Self::Rejected,
            Stopped::Unreachable(_) => Self::GatewayUnreachable,
            Stopped::Throttled => Self::Throttled,
            Stopped::TooSlow => Self::Environment,
            Stopped::Store(_) | Stopped::StopsUnread(_) => Self::StoreFailed,
            Stopped::Prepare(_) => Self::Mismatch,
            Stopped::Files(_) | Stopped::OptOuts(_) => Self::Files,
            Stopped::Interrupted => Self::Interrupted,
            Stopped::ByOrder(_) | Stopped::StopEnded => Self::Stopped,
            Stopped::ClockOff => Self::ClocksDiffer,
            Stopped::LedgerLacks { .. } => Self::LedgerLacks,
            Stopped::OtherKeys { .. } => Self::KeyUnknown,
            Stopped::Unwitnessed(failure) => Self::from(failure),
            Stopped::Bug(_) => Self::Bug,
        }
    }
}

impl From<&LogsFailure> for FailureCode {
    fn from(failure: &LogsFailure) -> Self {
        match failure {
            LogsFailure::Unauthorized | LogsFailure::Forbidden => Self::CredentialsRefused,
            // Logs may be asked as often as it takes, so a throttle of theirs is no word about requests.
            LogsFailure::NotFound
            | LogsFailure::Throttled
            | LogsFailure::Answered { .. }
            | LogsFailure::Unreadable(_)
            | LogsFailure::Interrupted => Self::LogsUnreadable,
            LogsFailure::Unreachable(_) => Self::GatewayUnreachable,
        }
    }
}
