//! Branches, and who may push to them.

use crate::forge::error::ForgeError;
use crate::forge::fields::FieldReader;

use super::client::{GitLab, READ};

impl GitLab {
    /// Whether a branch is protected, and developers may not push to it. One that is not there is not.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn is_closed(&self, branch: &str) -> Result<bool, ForgeError> {
        let wish = format!("say whether the branch `{branch}` is protected");
        let call = self.call(wish, READ, &["repository", "branches", branch]);
        let Some(answer) = self.http.find(&call).await? else { return Ok(false) };
        let branch = FieldReader::of(&answer);
        let told = |name: &str| branch.at(name).and_then(|told| told.is_true());
        let is_protected = told("protected").map_err(|error| call.unreadable(&error))?;
        let is_open = told("developers_can_push").map_err(|error| call.unreadable(&error))?;
        Ok(is_protected && !is_open)
    }
}
