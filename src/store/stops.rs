//! Stops of a ledger that is not open: whoever stops a send, or lets it go on, has neither its key nor its lock.

use std::path::PathBuf;

use crate::identity::ProjectId;
use crate::ledger::Stops;

use super::error::StoreError;
use super::git;
use super::location::LedgerLocation;
use super::paths::place;
use super::stops_file;
use super::waiting::waiting;

impl LedgerLocation {
    /// Where the stops are, for people.
    #[must_use]
    pub fn stops_place(&self) -> String {
        match self {
            Self::Lockfile(paths) => place(&paths.stops()),
            Self::Git(branch) => branch.of_stops().place(),
            Self::Postgres(database) => database.place(),
        }
    }

    /// Reads the stops of the ledger. It needs no key.
    ///
    /// # Errors
    /// If they cannot be read, or are damaged: that is never the same as none.
    pub async fn stops(&self, project: &ProjectId) -> Result<Stops, StoreError> {
        match self {
            Self::Lockfile(paths) => stops_file::read(paths),
            Self::Git(branch) => {
                let branch = branch.clone();
                waiting(move || git::read_stops(&branch)).await
            }
            Self::Postgres(database) => database.stops(project).await,
        }
    }

    /// Reads the stops as they were fetched last, without the network.
    ///
    /// # Errors
    /// As [`LedgerLocation::stops`].
    pub async fn stops_here(&self, project: &ProjectId) -> Result<Stops, StoreError> {
        match self {
            Self::Git(branch) => {
                let branch = branch.clone();
                waiting(move || git::read_stops_here(&branch)).await
            }
            Self::Lockfile(_) | Self::Postgres(_) => self.stops(project).await,
        }
    }

    /// Adds stops and resumes: durable, for all runs, when this returns. It needs no key and no lock of a run.
    ///
    /// # Errors
    /// If there is no ledger; if they cannot be written; if what is there cannot be read.
    pub async fn add_stops(&self, project: &ProjectId, news: Stops) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => {
                // The sandbox has a ledger as soon as something is sent to it.
                // A lockfile that a checkout took away is no reason to let a run go on: its shadow tells of it.
                let is_there = |path: &PathBuf| path.try_exists().unwrap_or(true);
                if paths.shadow.as_ref().is_some_and(|shadow| !is_there(shadow) && !is_there(&paths.lockfile)) {
                    return Err(StoreError::Missing {
                        place: place(&paths.lockfile),
                        shadow: None,
                        commit: None,
                        refusal: None,
                    });
                }
                stops_file::add(paths, &news)
            }
            Self::Git(branch) => {
                let branch = branch.clone();
                let add = move || {
                    if !git::has_ledger(&branch)? {
                        return Err(StoreError::Missing {
                            place: branch.place(),
                            shadow: None,
                            commit: None,
                            refusal: None,
                        });
                    }
                    git::add_stops(&branch, &news)
                };
                waiting(add).await
            }
            Self::Postgres(database) => database.add_stops(project, &news).await,
        }
    }
}
