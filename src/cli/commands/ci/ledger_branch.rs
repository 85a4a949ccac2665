//! Whether the branch that holds the ledger takes what an apply writes: said with the plan, before anybody merges.

use crate::campaign::{Project, State};
use crate::cli::output::Output;
use crate::forge::{ForgeError, GitHub};
use crate::report::words::list;

use super::outcome::untold;

/// The remote that a checkout has.
const CHECKED_OUT: &str = "origin";

/// Says what would keep an apply from recording what it sends. It would end before it sends anything.
pub(super) async fn look(forge: &GitHub, project: &Project, output: &Output) {
    let State::Git { remote, branch, .. } = &project.state else { return };
    if remote != CHECKED_OUT {
        return;
    }
    match obstacle(forge, branch).await {
        Ok(None) => {}
        Ok(Some(obstacle)) => output.tell(&format!(
            "! the ledger's branch `{branch}` {obstacle}\n  \
             leave it out of what protects branches, or name a token that may push to it in `GITHUB_TOKEN`\n"
        )),
        Err(error) => untold(output, "nobody can tell whether an apply may push to the ledger's branch", &error),
    }
}

async fn obstacle(forge: &GitHub, branch: &str) -> Result<Option<String>, ForgeError> {
    let rules = forge.rules_against_pushes(branch).await?;
    if !rules.is_empty() {
        let rules: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
        let of = if rules.len() == 1 { "the rule" } else { "the rules" };
        let rules = list(&rules);
        return Ok(Some(format!(
            "is under {of} {rules}, which a job's token may not go around: an apply would send nothing"
        )));
    }
    let protected =
        "is protected, and only administrators see how: if a job's token may not push to it, an apply sends nothing";
    Ok(forge.is_protected(branch).await?.then(|| protected.to_owned()))
}
