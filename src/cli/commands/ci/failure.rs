//! What forges and runs of CI fail with, in words and exit codes.

use crate::cli::failure::Failure;
use crate::forge::event::EventError;
use crate::forge::runner::RunnerError;
use crate::forge::{ForgeClientError, ForgeError, ForgeKind, SourceError, Unbound, UnpackError};
use crate::report::failure_code::FailureCode;

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        let code = if error.is_of_the_token() { FailureCode::Credentials } else { FailureCode::Environment };
        error.hints().into_iter().fold(Self::new(code, error.to_string()), Self::hint)
    }
}

/// Why nothing is applied, in the words of a forge.
pub(super) fn refusal(unbound: &Unbound, forge: ForgeKind) -> Failure {
    let is_limit = matches!(unbound, Unbound::TooFewApprovals { .. } | Unbound::NoPlanOfDigest { .. });
    let code = if is_limit { FailureCode::SafetyLimit } else { FailureCode::Mismatch };
    in_words(unbound.hints(forge).into_iter().fold(Failure::new(code, unbound.to_string()), Failure::hint), forge)
}

/// A failure in the words of a forge.
pub(super) fn in_words(failure: Failure, forge: ForgeKind) -> Failure {
    let said = |texts: &[String]| texts.iter().map(|text| forge.words(text)).collect();
    let (causes, hints) = (said(&failure.causes), said(&failure.hints));
    Failure { message: forge.words(&failure.message), causes, hints, ..failure }
}

impl From<ForgeClientError> for Failure {
    fn from(error: ForgeClientError) -> Self {
        let code =
            if matches!(error, ForgeClientError::Token) { FailureCode::Credentials } else { FailureCode::Environment };
        Self::new(code, "the forge's client cannot be made").because(&error)
    }
}

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        let hint = match error {
            RunnerError::None => "`sendform plan` and `sendform apply` are for everywhere else",
            RunnerError::Unusable { .. } => "forges set these variables themselves: pass them on as they are",
        };
        Self::new(FailureCode::Usage, error.to_string()).hint(hint)
    }
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Self {
        Self::new(FailureCode::Usage, error.to_string()).hint(error.hint())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::new(FailureCode::Usage, error.to_string()).hint(error.hint())
    }
}

impl From<UnpackError> for Failure {
    fn from(error: UnpackError) -> Self {
        let code = match error {
            UnpackError::Io { .. } => FailureCode::Environment,
            UnpackError::Archive { .. } => FailureCode::Mismatch,
        };
        Self::new(code, "the plan that was reviewed cannot be used").because(&error)
    }
}
