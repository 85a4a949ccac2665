//! Whether what a merge train would merge is what was reviewed: the plan of the train, and the one that the merge request's
//! own pipeline has left, have one digest.

use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::forge::{BindError, GitLab};
use crate::identity::ProjectId;

/// A plan of a merge train.
pub(super) struct TrainPlan<'a> {
    /// The merge request that it is for.
    pub(super) pull: u64,
    /// The project.
    pub(super) project: &'a ProjectId,
    /// Its digest.
    pub(super) digest: &'a str,
    /// The job that plans merge requests.
    pub(super) planner: &'a str,
}

/// Compares it; says why, if it is something else or nobody can tell.
pub(super) async fn compare(gitlab: &GitLab, plan: &TrainPlan<'_>, output: &Output) -> Exit {
    let TrainPlan { pull, project, digest, planner } = *plan;
    let reviewed = async {
        let request = gitlab.pull(pull).await?;
        gitlab.planned(&request, planner, project).await
    };
    let reviewed = match Box::pin(reviewed).await {
        Ok(bound) => bound.name.digest.to_string(),
        Err(error) => {
            let hints = match &error {
                BindError::Forge(error) => error.hints(),
                BindError::Unbound(_) => {
                    vec![format!("a job `{planner}` plans each merge request before it is in a train")]
                }
            };
            let hints: String = hints.iter().map(|hint| format!("  {hint}\n")).collect();
            output.tell(&format!("! nobody can tell whether this train merges what was reviewed: {error}\n{hints}"));
            return Exit::Mismatch;
        }
    };
    if reviewed == digest {
        output.note(&format!("the train merges what was reviewed in merge request {pull}\n"));
        return Exit::Done;
    }
    output.tell(&format!(
        "! the train does not merge what was reviewed in merge request {pull}: {reviewed} there, {digest} here\n  what is \
         merged before it changes who gets what: once that is merged, run a new pipeline for the merge request, and \
         review its plan\n"
    ));
    Exit::Mismatch
}
