//! Why a pipeline runs, in the words of events: GitLab tells it by variables.

use crate::forge::event::{ForgeEvent, PushEvent};
use crate::forge::gitlab_runner::GitLabRunner;

/// Why a pipeline is none that an apply is for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It is for a merge request.
    #[error("`sendform ci apply` is for after the merge, and this pipeline is for before it")]
    BeforeMerge,
    /// It is for something else.
    #[error("the pipeline source `{name}` is none that an apply is for")]
    Other {
        /// What `CI_PIPELINE_SOURCE` says.
        name: String,
    },
}

impl SourceError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        "let the job run in pipelines whose `CI_PIPELINE_SOURCE` is `push`, `schedule` or `web`, on the default branch"
    }
}

impl GitLabRunner {
    /// Why it runs, after a merge.
    ///
    /// # Errors
    /// If it is none of the reasons for which something is applied.
    pub fn event(&self) -> Result<ForgeEvent, SourceError> {
        let default_branch = self.default_branch.clone();
        match self.source.as_str() {
            "push" => Ok(ForgeEvent::Push(PushEvent {
                before: self.before.clone().filter(|before| !before.is_none()),
                after: Some(self.commit.clone()),
                branch: self.branch.clone(),
                default_branch,
            })),
            "schedule" => Ok(ForgeEvent::Schedule { default_branch }),
            // Somebody started it, with a digest that the job hands over.
            "web" | "api" | "trigger" => {
                Ok(ForgeEvent::Dispatch { digest: None, branch: self.branch.clone(), default_branch })
            }
            "merge_request_event" => Err(SourceError::BeforeMerge),
            name => Err(SourceError::Other { name: name.chars().take(100).collect() }),
        }
    }
}
