//! Where a ledger is: a schema of a database, and the way there.

use std::path::PathBuf;

use secrecy::SecretString;

use super::config::Access;
use super::error::DatabaseError;
use super::session::Session;

/// Where a ledger is: a schema of a database.
#[derive(Debug, Clone)]
pub struct Database {
    /// The URL, with a password in it. Absent if nobody has named one.
    pub url: Option<SecretString>,
    /// A PEM file with the certificates of authorities that are trusted besides the machine's own.
    pub authorities: Option<PathBuf>,
    /// The schema that holds the tables.
    pub schema: String,
    /// The file in which this machine keeps how far the server's log was written.
    pub seen: Option<PathBuf>,
}

impl Database {
    /// Says where it is, without a name or password.
    #[must_use]
    pub fn place(&self) -> String {
        let place = self.access().map(|access| access.place());
        format!("{} in {}", self.schema, place.unwrap_or_else(|_| "PostgreSQL".to_owned()))
    }

    fn access(&self) -> Result<Access, DatabaseError> {
        let url = self.url.as_ref().ok_or(DatabaseError::NoUrl)?;
        Access::read(url, self.authorities.as_deref())
    }

    /// Connects to it.
    ///
    /// # Errors
    /// If it cannot be reached, or the server cannot be used.
    pub(super) async fn connect(&self) -> Result<Session, DatabaseError> {
        Session::connect(&self.access()?, &self.schema).await
    }
}
