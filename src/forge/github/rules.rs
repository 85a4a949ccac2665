//! What keeps a token from pushing to a branch, as far as the forge tells that to whoever may only read.

use crate::forge::error::ForgeError;
use crate::forge::fields::{FieldError, FieldReader};

use super::client::GitHub;

/// Every token has it.
const READ: &str = "metadata: read";
/// The rules that a commit which is pushed as it is cannot keep.
const AGAINST_PUSHES: [&str; 6] =
    ["update", "pull_request", "required_status_checks", "required_signatures", "required_deployments", "merge_queue"];

impl GitHub {
    /// The rules of a branch that whoever has this token may not go around, by their names, and that keep it from being
    /// pushed to: those of rulesets. None for a branch that is not there, and on a forge without rulesets.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn rules_against_pushes(&self, branch: &str) -> Result<Vec<String>, ForgeError> {
        let wish = format!("say which rules the branch `{branch}` has");
        let path: Vec<&str> = ["rules", "branches"].into_iter().chain(branch.split('/')).collect();
        let call = self.call(wish, READ, &path);
        let rules = match self.items(&call, None, rule).await {
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            rules => rules?,
        };
        let mut names = Vec::new();
        for (name, ruleset) in rules {
            let counts = AGAINST_PUSHES.contains(&name.as_str()) && !names.contains(&name);
            if counts && !self.may_go_around(ruleset).await? {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Whether a branch is protected in the older way, of which only administrators are told more.
    ///
    /// # Errors
    /// If the forge does not say so.
    pub async fn is_protected(&self, branch: &str) -> Result<bool, ForgeError> {
        let path: Vec<&str> = ["branches"].into_iter().chain(branch.split('/')).collect();
        let call = self.call(format!("say whether the branch `{branch}` is protected"), "contents: read", &path);
        let Some(answer) = self.http.find(&call).await? else { return Ok(false) };
        let is_protected =
            FieldReader::of(&answer).path(&["protection", "enabled"]).and_then(|enabled| enabled.is_true());
        // Where it is not told, there is nothing to say.
        Ok(is_protected.unwrap_or_default())
    }

    async fn may_go_around(&self, ruleset: u64) -> Result<bool, ForgeError> {
        let number = ruleset.to_string();
        let call = self.call("say whether this token may go around a ruleset", READ, &["rulesets", &number]);
        let Some(answer) = self.http.find(&call).await? else { return Ok(false) };
        let ruleset = FieldReader::of(&answer);
        let may = ruleset.find("current_user_can_bypass").and_then(|may| may.map(|may| may.text()).transpose());
        let may = may.map_err(|error| call.unreadable(&error))?;
        Ok(matches!(may, Some("always" | "exempt")))
    }
}

fn rule(rule: &FieldReader<'_>) -> Result<(String, u64), FieldError> {
    Ok((rule.at("type")?.text()?.to_owned(), rule.at("ruleset_id")?.number()?))
}
