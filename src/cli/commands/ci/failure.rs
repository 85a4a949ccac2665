//! What forges and runs of CI fail with, in words and exit codes.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::forge::event::EventError;
use crate::forge::runner::RunnerError;
use crate::forge::{BindError, ForgeClientError, ForgeError, Unbound, UnpackError};

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        let exit = if error.is_of_the_token() { Exit::Credentials } else { Exit::Environment };
        error.hints().into_iter().fold(Self::new(exit, error.to_string()), Self::hint)
    }
}

impl From<Unbound> for Failure {
    fn from(unbound: Unbound) -> Self {
        let is_limit = matches!(unbound, Unbound::TooFewApprovals { .. } | Unbound::NoPlanOfDigest { .. });
        let exit = if is_limit { Exit::SafetyLimit } else { Exit::Mismatch };
        unbound.hints().into_iter().fold(Self::new(exit, unbound.to_string()), Self::hint)
    }
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Forge(error) => error.into(),
            BindError::Unbound(unbound) => unbound.into(),
        }
    }
}

impl From<ForgeClientError> for Failure {
    fn from(error: ForgeClientError) -> Self {
        let exit = if matches!(error, ForgeClientError::Token) { Exit::Credentials } else { Exit::Environment };
        Self::new(exit, "the forge's client cannot be made").because(&error)
    }
}

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        let hint = match error {
            RunnerError::None => "`sendform plan` and `sendform apply` are for everywhere else",
            RunnerError::Unusable { .. } => "forges set these variables themselves: pass them on as they are",
        };
        Self::new(Exit::Usage, error.to_string()).hint(hint)
    }
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Self {
        Self::new(Exit::Usage, error.to_string()).hint(error.hint())
    }
}

impl From<UnpackError> for Failure {
    fn from(error: UnpackError) -> Self {
        let exit = match error {
            UnpackError::Io { .. } => Exit::Environment,
            UnpackError::Archive { .. } => Exit::Mismatch,
        };
        Self::new(exit, "the plan that was reviewed cannot be used").because(&error)
    }
}
