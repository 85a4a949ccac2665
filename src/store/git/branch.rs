//! Which branch holds a ledger, and the files of a checkout that go with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::diagnostic::shell_word;
use crate::store::error::StoreError;
use crate::store::paths::Paths;
use crate::store::regular;

use super::credentials::ForgeToken;

/// How long a command may take that needs the network, unless something else is asked for.
pub(super) const NETWORK_TIME_MAX: Duration = Duration::from_mins(2);

/// Where a ledger is on a branch: of which remote, seen from which folder.
#[derive(Debug, Clone)]
pub struct Branch {
    /// The project's folder, in a clone of its repository.
    pub folder: PathBuf,
    /// The remote's name in that clone.
    pub remote: String,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// How many bulks a run claims at most before their requests.
    pub bulks_ahead: usize,
    /// How long a command may take that needs the network.
    pub network_time_max: Duration,
    /// The token of the job that this is run by, if it has one: for remotes on its forge.
    pub token: Option<ForgeToken>,
}

impl Branch {
    /// A branch of a remote, seen from a project's folder.
    #[must_use]
    pub fn new(folder: &Path, remote: &str, branch: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            remote: remote.to_owned(),
            branch: branch.to_owned(),
            bulks_ahead: 256,
            network_time_max: NETWORK_TIME_MAX,
            token: None,
        }
    }

    /// The remote and the branch, for people.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}/{}", self.remote, self.branch)
    }

    /// Where a newer ledger may be than the one on this branch, for people.
    pub(in crate::store) fn newer_words(&self) -> String {
        format!(
            "was {} set back? in the clone that has sent, `sendform status` says so, and names the push that brings it \
             back; is the newer ledger on another branch? take it in: `sendform ledger copy --from git --remote {} \
             --branch OTHER`",
            self.place(),
            shell_word(&self.remote)
        )
    }

    /// The branch of the stops of this ledger, beside its own: whoever may push there may stop what is sent.
    pub(in crate::store) fn of_stops(&self) -> Self {
        Self { branch: format!("{}-stops", self.branch), ..self.clone() }
    }

    /// The branch on the remote.
    pub(super) fn on_remote(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// The ref of this clone that has the last tip that was seen and could be trusted.
    pub(super) fn seen(&self) -> String {
        format!("refs/sendform/seen/{}/{}", self.remote, self.branch)
    }

    /// The ref of this clone into which the branch is fetched.
    pub(super) fn fetched(&self) -> String {
        format!("refs/sendform/fetched/{}/{}", self.remote, self.branch)
    }

    /// The command that makes a branch that is gone from the last tip that was seen. It is refused if
    /// somebody has brought back more meanwhile.
    pub(super) fn bring_back(&self) -> String {
        format!("git push {} {}:{}", self.remote, self.seen(), self.on_remote())
    }

    /// The command that puts the last tip that was seen in the place of whatever is there.
    pub(super) fn restore(&self) -> String {
        format!("git push --force {} {}:{}", self.remote, self.seen(), self.on_remote())
    }

    /// The folders and the guard of this checkout: one run at a time has it.
    pub(super) fn paths(&self) -> Paths {
        Paths::of_project(&self.folder)
    }

    /// The outcomes that are not pushed yet.
    pub(super) fn pending(&self) -> PathBuf {
        self.folder.join(".sendform").join("pending.jsonl")
    }

    /// The note of when the branch was fetched last.
    pub(super) fn fetched_at(&self) -> PathBuf {
        self.folder.join(".sendform").join("fetched")
    }

    /// Notes that the branch was fetched now.
    ///
    /// # Errors
    /// If that cannot be written.
    pub(super) fn note_fetched(&self) -> Result<(), StoreError> {
        self.paths().make_folders()?;
        let path = self.fetched_at();
        regular::write(&path, &format!("{:.0}\n", Timestamp::now())).map_err(StoreError::io("write", &path))
    }
}
