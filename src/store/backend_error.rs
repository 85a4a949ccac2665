//! What every back end's own error can be asked, so that nobody else has to know its cases.

use std::error::Error;

/// An error of one back end: of git, or of a database. A new back end brings its own, and whoever gets it asks
/// these questions instead of naming its cases.
pub trait BackendError: Error + Send + Sync + 'static {
    /// Says what can be done about it.
    fn hint(&self) -> Option<String>;

    /// Whether the world around the ledger has failed, not the ledger.
    fn is_environment(&self) -> bool;

    /// Whether there is no ledger.
    fn is_missing(&self) -> bool {
        false
    }

    /// Whether the address, the name or the password is missing, or was refused.
    fn needs_credentials(&self) -> bool {
        false
    }

    /// Whether an old copy was put in the ledger's place, so that no word for its server counts.
    fn is_put_back(&self) -> bool {
        false
    }

    /// Whether an older copy is in the ledger's place, or a part of it is gone: of all ways, with those of
    /// [`BackendError::is_put_back`].
    fn is_taken_back(&self) -> bool {
        false
    }

    /// Whether there is something that sendform did not write.
    fn is_damage(&self) -> bool {
        false
    }

    /// Whether a claim was refused because somebody has stopped sending.
    fn is_stop(&self) -> bool {
        false
    }

    /// Whether what failed has surely written nothing. If not, nobody knows: it may be written, or still
    /// be written later.
    fn is_surely_not_written(&self) -> bool {
        false
    }
}

impl Error for Box<dyn BackendError> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        (**self).source()
    }
}
