//! The client of one repository on GitHub.

use secrecy::SecretString;
use serde_json::json;
use url::Url;

use crate::forge::error::{ForgeError, Permission};
use crate::forge::fields::{FieldError, FieldReader};
use crate::forge::http::{Call, ForgeClientError, ForgeHttp, Method};
use crate::forge::repository_name::RepositoryName;
use crate::forge::runner::GitHubRunner;
use crate::gateway::ClientLimits;

/// Who a job's own token writes as.
const JOB_LOGIN: &str = "github-actions[bot]";

/// Calls GitHub for one repository with one token.
#[derive(Debug)]
pub struct GitHub {
    pub(super) http: ForgeHttp,
    pub(super) graphql: ForgeHttp,
    repository: RepositoryName,
}

impl GitHub {
    /// Makes a client for the repository of a run. The token is sent to the API's own host only.
    ///
    /// # Errors
    /// If the token cannot be in a header; if the API is neither behind https nor on this machine; if the system's
    /// certificates cannot be used.
    pub fn new(runner: &GitHubRunner, token: &SecretString, limits: ClientLimits) -> Result<Self, ForgeClientError> {
        let http = |api: &Url| ForgeHttp::with_bearer(api, token, limits);
        Ok(Self { http: http(&runner.api)?, graphql: http(&runner.graphql)?, repository: runner.repository.clone() })
    }

    /// A call below the repository's own path.
    pub(super) fn call(&self, wish: impl Into<String>, permission: &'static str, path: &[&str]) -> Call {
        let own = ["repos", self.repository.owner(), self.repository.name()];
        Call::new(wish, Permission::GitHub(permission), own.into_iter().chain(path.iter().copied()))
    }

    /// The name that comments of this token are written under.
    ///
    /// GraphQL knows it for every token, a job's own too, which REST does not let ask for itself. Where there is no
    /// GraphQL, or it says nothing, it is the one of a job's own token.
    ///
    /// # Errors
    /// If the forge cannot be reached, or refuses the token.
    pub async fn login(&self) -> Result<String, ForgeError> {
        let call = Call::new("say whose the token is", Permission::GitHub("contents: read"), [""; 0]);
        let question = json!({ "query": "query { viewer { login } }" });
        let answer = match self.graphql.send(&call, Method::Ask, &question).await {
            Ok(answer) => answer,
            Err(error) if error.is_missing() => return Ok(JOB_LOGIN.to_owned()),
            Err(error) => return Err(error),
        };
        let login = FieldReader::of(&answer).path(&["data", "viewer", "login"]).and_then(|login| login.text());
        Ok(login.map_or_else(|_| JOB_LOGIN.to_owned(), str::to_owned))
    }

    /// All pages of a list, each item read.
    pub(super) async fn items<T>(
        &self,
        call: &Call,
        field: Option<&str>,
        read: impl Fn(&FieldReader<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, ForgeError> {
        self.http.items(call, field, read).await
    }
}
