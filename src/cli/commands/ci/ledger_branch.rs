//! Whether the branch that holds the ledger takes what an apply writes: said with the plan, before anybody merges.

use crate::campaign::{Project, State};
use crate::cli::output::Output;
use crate::forge::{ForgeClient, ForgeError, ForgeKind, GitHub};
use crate::report::words::list;

use super::outcome::untold;

/// The remote that a checkout has.
const CHECKED_OUT: &str = "origin";

/// Says what would keep an apply from recording what it sends. It would end before it sends anything.
pub(super) async fn look(forge: &ForgeClient, project: &Project, output: &Output) {
    let State::Git { remote, branch, .. } = &project.state else { return };
    if remote != CHECKED_OUT {
        return;
    }
    let obstacle = match forge {
        ForgeClient::GitHub(github) => obstacle(github, branch).await,
        ForgeClient::GitLab(gitlab) => gitlab.is_closed(branch).await.map(|is_closed| is_closed.then(closed)),
    };
    let token = match forge.kind() {
        ForgeKind::GitHub => "GITHUB_TOKEN",
        ForgeKind::GitLab => "GITLAB_TOKEN",
    };
    match obstacle {
        Ok(None) => {}
        Ok(Some(obstacle)) => output.tell(&format!(
            "! the ledger's branch `{branch}` {obstacle}\n  \
             leave it out of what protects branches, or name a token that may push to it in `{token}`\n"
        )),
        Err(error) => untold(output, "nobody can tell whether an apply may push to the ledger's branch", &error),
    }
}

fn closed() -> String {
    "is protected, and developers may not push to it: if whoever merges may not either, an apply sends nothing"
        .to_owned()
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
