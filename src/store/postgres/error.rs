//! What can go wrong with a database, without any of its secrets.

use std::time::Duration;

use jiff::SignedDuration;
use tokio_postgres::error::SqlState;

use crate::store::backend_error::BackendError;
use crate::timing;

/// Why a database cannot be used. No value of it holds the URL, which has the password in it.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Nobody says where the database is.
    #[error("the database's URL is missing: set SENDFORM_DATABASE_URL")]
    NoUrl,
    /// The URL cannot be read.
    #[error("`SENDFORM_DATABASE_URL` cannot be used: {0}")]
    Url(
        /// Why, in words of our own.
        &'static str,
    ),
    /// The file with the certificates of authorities cannot be used, or TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(
        /// Why.
        String,
    ),
    /// The server cannot be reached, does not let us in, or the connection broke.
    #[error("the database cannot be reached: {0}")]
    Unreachable(
        /// Why.
        String,
    ),
    /// The server did not answer in time.
    #[error("the database did not answer within {} seconds", .0.as_secs())]
    Timeout(
        /// How long it was given.
        Duration,
    ),
    /// The server refused a statement.
    #[error("the database refused a statement: {message} ({code})")]
    Refused {
        /// SQL's code of the error.
        code: String,
        /// The server's words, without the details, which may repeat values.
        message: String,
    },
    /// The server does not keep what it confirms.
    #[error("the server runs with `{setting} = {value}`: what it confirms may be lost, and then sent again")]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
    },
    /// The server is a replica.
    #[error("the server is a replica in recovery: it takes no claims, and may lag behind")]
    Replica,
    /// The clocks differ.
    #[error("this machine's clock is {} the database's", off(*.0))]
    ClockOff(
        /// How far ahead this machine's is; behind, if negative.
        SignedDuration,
    ),
    /// A later version of sendform has changed the tables.
    #[error("the tables have version {found}, made by a newer sendform: this one knows version {known}")]
    Newer {
        /// Their version.
        found: i32,
        /// The last version that is known.
        known: i32,
    },
    /// The server is another one, or was promoted or restored, or the database is another one on it, since the
    /// ledger was last confirmed.
    #[error(
        "the server is not the one that held this ledger last: it was restored, another was promoted, or the database \
         was made as a copy of another one"
    )]
    Changed,
    /// The server's log ends before where this machine has seen it end.
    #[error(
        "the server's log ends before where this machine has seen it end: the server was set back to an earlier state"
    )]
    SetBack,
    /// Nobody knows whether rows of the ledger were put back from a copy.
    #[error("nothing shows that the ledger's tables, with {claims} {}, are no old copy",
        if *.claims == 1 { "claim" } else { "claims" })]
    Unmarked {
        /// How many claims have no mark.
        claims: u64,
    },
    /// Rows of the ledger were put back from a copy.
    #[error("rows of this ledger were put back from a copy, with {claims} {} among them: whatever was sent after it was \
        made is missing", if *.claims == 1 { "claim" } else { "claims" })]
    Reloaded {
        /// How many claims are among them.
        claims: u64,
    },
    /// The ledger was bound anew, or moved, while this run had it open.
    #[error("the ledger was bound anew, or moved, while this run was sending from it")]
    Rebound,
    /// Somebody has stopped sending.
    #[error("somebody has stopped sending")]
    StopStands,
    /// The server lets nobody in by this name and password.
    #[error("the database refused the login: {0}")]
    Login(
        /// The server's words.
        String,
    ),
    /// A server that keeps what it is to itself: a failover would not be noticed.
    #[error("the server does not tell which one it is, so nobody would notice if another took its place")]
    Unidentified,
    /// A table holds what sendform did not write.
    #[error("the table `{0}` holds what sendform has not written")]
    Foreign(
        /// The table.
        &'static str,
    ),
}

/// How far a clock is off, in words.
fn off(ahead: SignedDuration) -> String {
    let direction = if ahead.is_negative() { "behind" } else { "ahead of" };
    format!("{} {direction}", timing::duration(ahead.abs()))
}

/// What may help against an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The same again on the same connection: two transactions were in each other's way.
    Again,
    /// The same again on a new connection.
    Reconnect,
    /// Nothing.
    None,
}

impl DatabaseError {
    /// Says what may help.
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable(_) | Self::Timeout(_) | Self::Replica => Remedy::Reconnect,
            Self::Refused { code, .. } => match SqlState::from_code(code) {
                SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Remedy::Again,
                // What an old primary says after a failover.
                SqlState::READ_ONLY_SQL_TRANSACTION => Remedy::Reconnect,
                _ => Remedy::None,
            },
            Self::NoUrl
            | Self::Url(_)
            | Self::Tls(_)
            | Self::NotDurable { .. }
            | Self::ClockOff(_)
            | Self::Newer { .. }
            | Self::Changed
            | Self::SetBack
            | Self::Unmarked { .. }
            | Self::Reloaded { .. }
            | Self::Rebound
            | Self::StopStands
            | Self::Login(_)
            | Self::Unidentified
            | Self::Foreign(_) => Remedy::None,
        }
    }

    /// Whether the server refused a statement with this code.
    pub(super) fn has_code(&self, wanted: &SqlState) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted.code())
    }
}

impl BackendError for DatabaseError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoUrl | Self::Url(_) => "its form is postgres://USER:PASSWORD@HOST:5432/DATABASE",
            Self::Tls(_) => "SENDFORM_DATABASE_CA names a PEM file with the certificates of a private authority",
            Self::NotDurable { .. } => "switch it on for the whole server; nothing is sent before",
            Self::Replica => "name the primary, or add `target_session_attrs=read-write` to the URL with all hosts",
            Self::ClockOff(_) => "have both clocks kept by NTP",
            Self::Newer { .. } => "use the version of sendform that changed them, or a later one",
            Self::Changed | Self::SetBack => {
                "claims of its last moments may be missing: `sendform ledger recover` writes down what the gateway's \
                 logs still know; or compare the last hours with the gateway's portal, then `sendform reconcile \
                 --accept restored=1`"
            }
            Self::Unmarked { .. } => {
                "an older sendform has made them: with `state: { in: postgres }`, `sendform ledger recover` compares \
                 them with the gateway's logs first"
            }
            Self::Reloaded { .. } => {
                "end all runs first; `sendform ledger recover` writes down what the gateway's logs still know; if nothing \
                 was sent since the copy was made, `sendform apply --accept reloaded=N` with exactly this number of claims"
            }
            Self::Rebound => "run the same command again, which reads what the ledger is bound to now",
            Self::StopStands => "`sendform resume` ends the stop; `sendform status` shows it",
            Self::Login(_) => "the name and the password are in SENDFORM_DATABASE_URL",
            Self::Unidentified => "let its user run `pg_control_system()` and `pg_walfile_name(pg_lsn)`",
            Self::Refused { .. } if self.has_code(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                "its user needs USAGE of the schema, and SELECT, INSERT, UPDATE and DELETE of all of its tables; who owns \
                 them makes them, and brings them up to date after a new version: `sendform ledger verify` is enough"
            }
            Self::Unreachable(_) | Self::Timeout(_) | Self::Refused { .. } | Self::Foreign(_) => return None,
        };
        Some(hint.to_owned())
    }

    fn is_environment(&self) -> bool {
        match self {
            Self::Url(_)
            | Self::Tls(_)
            | Self::Unreachable(_)
            | Self::Timeout(_)
            | Self::Refused { .. }
            | Self::ClockOff(_) => true,
            Self::NoUrl
            | Self::NotDurable { .. }
            | Self::Replica
            | Self::Newer { .. }
            | Self::Changed
            | Self::SetBack
            | Self::Unmarked { .. }
            | Self::Reloaded { .. }
            | Self::Rebound
            | Self::StopStands
            | Self::Login(_)
            | Self::Unidentified
            | Self::Foreign(_) => false,
        }
    }

    fn needs_credentials(&self) -> bool {
        matches!(self, Self::NoUrl | Self::Url(_) | Self::Login(_))
    }

    fn is_put_back(&self) -> bool {
        matches!(self, Self::Reloaded { .. })
    }

    fn is_taken_back(&self) -> bool {
        matches!(self, Self::Changed | Self::SetBack | Self::Unmarked { .. } | Self::Reloaded { .. })
    }

    fn is_damage(&self) -> bool {
        matches!(self, Self::Foreign(_))
    }

    fn is_stop(&self) -> bool {
        matches!(self, Self::StopStands)
    }

    /// A ledger that is bound anew, was put back, or is stopped takes nothing, and neither does a table that may not be
    /// used, or is not there.
    fn is_surely_not_written(&self) -> bool {
        let codes = [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::UNDEFINED_COLUMN, SqlState::UNDEFINED_TABLE];
        matches!(self, Self::Rebound | Self::StopStands | Self::Reloaded { .. })
            || codes.iter().any(|code| self.has_code(code))
    }
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(refusal) = error.as_db_error() else {
            let cause = std::error::Error::source(&error);
            return Self::Unreachable(cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")));
        };
        let code = refusal.code().code();
        let message = refusal.message().to_owned();
        if [SqlState::INVALID_AUTHORIZATION_SPECIFICATION, SqlState::INVALID_PASSWORD].contains(refusal.code()) {
            return Self::Login(message);
        }
        // Classes of errors that are about the connection or the server's life, and no statement's fault.
        if code.starts_with("08") || code.starts_with("57P") || code.starts_with("53") {
            return Self::Unreachable(message);
        }
        Self::Refused { code: code.to_owned(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |code: &SqlState| DatabaseError::Refused { code: code.code().to_owned(), message: String::new() };
        assert_eq!(refused(&SqlState::T_R_SERIALIZATION_FAILURE).remedy(), Remedy::Again);
        assert_eq!(refused(&SqlState::T_R_DEADLOCK_DETECTED).remedy(), Remedy::Again);
        assert_eq!(refused(&SqlState::READ_ONLY_SQL_TRANSACTION).remedy(), Remedy::Reconnect);
        assert_eq!(refused(&SqlState::UNDEFINED_TABLE).remedy(), Remedy::None);
        assert_eq!(DatabaseError::Timeout(Duration::from_secs(30)).remedy(), Remedy::Reconnect);
        assert_eq!(DatabaseError::Changed.remedy(), Remedy::None);
    }
}
