//! The client of one project on GitLab.

use std::fs::File;
use std::sync::Mutex;

use secrecy::SecretString;

use crate::forge::error::{ForgeError, Permission};
use crate::forge::fields::FieldReader;
use crate::forge::gitlab_runner::GitLabRunner;
use crate::forge::http::{Call, ForgeClientError, ForgeHttp};
use crate::gateway::ClientLimits;

/// What reading merge requests, pipelines, commits and members needs.
pub(in crate::forge) const READ: Permission = Permission::GitLab { scope: "read_api", role: "Reporter" };
/// What reading the files that jobs left needs, where only developers may.
pub(super) const READ_ARTIFACTS: Permission = Permission::GitLab { scope: "read_api", role: "Developer" };
/// What writing notes needs.
pub(super) const WRITE: Permission = Permission::GitLab { scope: "api", role: "Reporter" };

/// Calls GitLab for one project with one token.
#[derive(Debug)]
pub struct GitLab {
    pub(super) http: ForgeHttp,
    pub(super) project: u64,
    /// What the job left that was looked at last, and whose it is: what is in it is taken from there, and not fetched
    /// again.
    pub(super) archive: Mutex<Option<(u64, File)>>,
}

impl GitLab {
    /// Makes a client for the project of a job. The token is sent to the API's own host only.
    ///
    /// # Errors
    /// If the token cannot be in a header; if the API is neither behind https nor on this machine; if the system's
    /// certificates cannot be used.
    pub fn new(runner: &GitLabRunner, token: &SecretString, limits: ClientLimits) -> Result<Self, ForgeClientError> {
        let http = ForgeHttp::with_bearer(&runner.api, token, limits)?;
        Ok(Self { http, project: runner.project_id, archive: Mutex::default() })
    }

    /// A call below the project's own path.
    pub(super) fn call(&self, wish: impl Into<String>, permission: Permission, path: &[&str]) -> Call {
        let project = self.project.to_string();
        let own = ["projects", &project];
        Call::new(wish, permission, own.into_iter().chain(path.iter().copied()))
    }

    /// The name that notes of this token are written under.
    ///
    /// # Errors
    /// If the forge cannot be reached, or refuses the token.
    pub async fn login(&self) -> Result<String, ForgeError> {
        let call = Call::new("say whose the token is", READ, ["user"]);
        let answer = self.http.get(&call).await?;
        let login = FieldReader::of(&answer).at("username").and_then(|login| login.text().map(str::to_owned));
        login.map_err(|error| call.unreadable(&error))
    }
}
