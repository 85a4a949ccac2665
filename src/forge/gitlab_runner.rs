//! What the environment says of a job of GitLab CI, and of the merge request that its pipeline is for.

use std::path::PathBuf;

use url::Url;

use super::commit_id::CommitId;
use super::variables::Variables;

/// A job of GitLab CI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitLabRunner {
    /// Where the API is: `CI_API_V4_URL`. Its host is the server's own.
    pub api: Url,
    /// Where people look: `CI_SERVER_URL`.
    pub server: Url,
    /// The project on GitLab: `CI_PROJECT_ID`.
    pub project_id: u64,
    /// The commit that is checked out: `CI_COMMIT_SHA`.
    pub commit: CommitId,
    /// The branch's commit before it, in a branch's pipeline; all zeros if it had none: `CI_COMMIT_BEFORE_SHA`.
    pub before: Option<CommitId>,
    /// The branch, unless it is a merge request's pipeline: `CI_COMMIT_BRANCH`.
    pub branch: Option<String>,
    /// The default branch: `CI_DEFAULT_BRANCH`.
    pub default_branch: Option<String>,
    /// Why the pipeline runs: `CI_PIPELINE_SOURCE`.
    pub source: String,
    /// The pipeline: `CI_PIPELINE_ID`.
    pub pipeline_id: u64,
    /// The job's name: `CI_JOB_NAME`.
    pub job: String,
    /// The job's page, for people: `CI_JOB_URL`.
    pub job_page: String,
    /// The merge request, in its pipeline.
    pub merge_request: Option<MergeRequestVariables>,
    /// The top of the checkout: `CI_PROJECT_DIR`.
    pub workspace: PathBuf,
}

/// What the variables of a merge request's pipeline say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRequestVariables {
    /// Its number in the project: `CI_MERGE_REQUEST_IID`.
    pub number: u64,
    /// The newest commit of its branch: `CI_MERGE_REQUEST_SOURCE_BRANCH_SHA` in a pipeline of the merged result, else
    /// `CI_COMMIT_SHA`.
    pub head: CommitId,
    /// Whether it runs on the merge request alone, on what its merge would give, or in a train of several:
    /// `CI_MERGE_REQUEST_EVENT_TYPE`.
    pub planned: PlannedCommit,
    /// The project that the branch is in: `CI_MERGE_REQUEST_SOURCE_PROJECT_ID`.
    pub source_project: u64,
    /// The project that it wants to go to: `CI_MERGE_REQUEST_PROJECT_ID`.
    pub target_project: u64,
    /// The branch that it wants to go to: `CI_MERGE_REQUEST_TARGET_BRANCH_NAME`.
    pub base_branch: String,
}

/// Which commit of a merge request a pipeline runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedCommit {
    /// Its head.
    Head,
    /// What its merge would give now.
    MergedResult,
    /// What its merge would give after those before it in a merge train.
    Train,
}

impl GitLabRunner {
    /// Whether its merge request's branch is in another project, whose people are strangers here. A fork's pipeline runs
    /// in the fork, unless somebody of the project has started it.
    #[must_use]
    pub fn is_from_fork(&self) -> bool {
        let of_stranger = |request: &MergeRequestVariables| {
            request.source_project != request.target_project || request.target_project != self.project_id
        };
        self.merge_request.as_ref().is_some_and(of_stranger)
    }
}

impl Variables<'_> {
    /// Reads what a job of GitLab is told.
    pub(super) fn gitlab(&mut self) -> Option<GitLabRunner> {
        let server = self.server("CI_SERVER_URL");
        let api = self.api("CI_API_V4_URL", server.as_ref());
        let project_id = self.number("CI_PROJECT_ID");
        let commit = self.commit("CI_COMMIT_SHA");
        let source = self.text("CI_PIPELINE_SOURCE");
        let pipeline_id = self.number("CI_PIPELINE_ID");
        let (job, job_page) = (self.text("CI_JOB_NAME"), self.text("CI_JOB_URL"));
        let has_before = self.find("CI_COMMIT_BEFORE_SHA").is_some();
        let before = if has_before { self.commit("CI_COMMIT_BEFORE_SHA") } else { None };
        let workspace = self.text("CI_PROJECT_DIR").map(PathBuf::from);
        let has_request = self.find("CI_MERGE_REQUEST_IID").is_some();
        let request = if has_request { self.merge_request() } else { None };
        Some(GitLabRunner {
            api: api?,
            server: server?,
            project_id: project_id?,
            commit: commit?,
            before: if has_before { Some(before?) } else { None },
            branch: self.find("CI_COMMIT_BRANCH"),
            default_branch: self.find("CI_DEFAULT_BRANCH"),
            source: source?,
            pipeline_id: pipeline_id?,
            job: job?,
            job_page: job_page?,
            merge_request: if has_request { Some(request?) } else { None },
            workspace: workspace?,
        })
    }

    fn merge_request(&mut self) -> Option<MergeRequestVariables> {
        let number = self.number("CI_MERGE_REQUEST_IID");
        let source_project = self.number("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
        let target_project = self.number("CI_MERGE_REQUEST_PROJECT_ID");
        let base_branch = self.text("CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
        let planned =
            self.parsed("CI_MERGE_REQUEST_EVENT_TYPE", "`detached`, `merged_result` or `merge_train`", planned);
        let head = self.commit(match planned {
            Some(PlannedCommit::MergedResult | PlannedCommit::Train) => "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
            Some(PlannedCommit::Head) | None => "CI_COMMIT_SHA",
        });
        Some(MergeRequestVariables {
            number: number?,
            head: head?,
            planned: planned?,
            source_project: source_project?,
            target_project: target_project?,
            base_branch: base_branch?,
        })
    }
}

/// Which commit `CI_MERGE_REQUEST_EVENT_TYPE` names.
fn planned(text: &str) -> Option<PlannedCommit> {
    match text {
        "detached" => Some(PlannedCommit::Head),
        "merged_result" => Some(PlannedCommit::MergedResult),
        "merge_train" => Some(PlannedCommit::Train),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::PlannedCommit;
    use crate::forge::runner::{Runner, RunnerError};

    const SHA: &str = "1111111111111111111111111111111111111111";

    fn gitlab() -> BTreeMap<&'static str, &'static str> {
        [
            ("GITLAB_CI", "true"),
            ("CI_SERVER_URL", "https://gitlab.example.com"),
            ("CI_API_V4_URL", "https://gitlab.example.com/api/v4"),
            ("CI_PROJECT_ID", "42"),
            ("CI_COMMIT_SHA", SHA),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_PIPELINE_ID", "9"),
            ("CI_JOB_NAME", "sendform plan"),
            ("CI_JOB_URL", "https://gitlab.example.com/acme/shop/-/jobs/90"),
            ("CI_PROJECT_DIR", "/builds/acme/shop"),
        ]
        .into()
    }

    /// A job of the pipeline of a merge request.
    fn of_merge_request() -> BTreeMap<&'static str, &'static str> {
        let mut variables = gitlab();
        variables.extend([
            ("CI_MERGE_REQUEST_IID", "12"),
            ("CI_MERGE_REQUEST_EVENT_TYPE", "detached"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "42"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ]);
        variables
    }

    fn read(variables: &BTreeMap<&str, &str>) -> Result<Runner, RunnerError> {
        Runner::read(|name| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn a_job_of_gitlab_is_read_with_and_without_a_merge_request() {
        let Ok(Runner::GitLab(runner)) = read(&gitlab()) else { panic!("a job") };
        assert_eq!((runner.branch.as_deref(), &runner.merge_request), (Some("main"), &None));
        let Ok(Runner::GitLab(runner)) = read(&of_merge_request()) else { panic!("a job") };
        let request = runner.merge_request.unwrap();
        assert_eq!((request.number, request.source_project, request.head.as_str()), (12, 42, SHA));
    }

    #[test]
    fn every_variable_of_a_merge_request_that_is_missing_is_named() {
        let optional = ["GITLAB_CI", "CI_COMMIT_BRANCH", "CI_DEFAULT_BRANCH", "CI_MERGE_REQUEST_IID"];
        for name in of_merge_request().keys().filter(|name| !optional.contains(name)) {
            let mut variables = of_merge_request();
            variables.remove(name);
            let told = read(&variables).unwrap_err().to_string();
            assert!(told.contains(&format!("`{name}` is missing")), "{told}");
        }
    }

    #[test]
    fn what_is_reviewed_is_the_head_whatever_commit_is_planned() {
        const HEAD: &str = "2222222222222222222222222222222222222222";
        let check = |kind: &'static str, expect: Result<(PlannedCommit, &str), &str>| {
            let mut variables = of_merge_request();
            variables.insert("CI_MERGE_REQUEST_EVENT_TYPE", kind);
            if kind != "detached" {
                variables.insert("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", HEAD);
            }
            match (read(&variables), expect) {
                (Ok(Runner::GitLab(runner)), Ok(expect)) => {
                    let request = runner.merge_request.unwrap();
                    assert_eq!((request.planned, request.head.as_str()), expect);
                    assert_eq!(runner.commit.as_str(), SHA);
                }
                (Err(error), Err(expect)) => assert!(error.to_string().ends_with(expect), "{error}"),
                (read, _) => panic!("{kind}: {read:?}"),
            }
        };
        check("detached", Ok((PlannedCommit::Head, SHA)));
        check("merged_result", Ok((PlannedCommit::MergedResult, HEAD)));
        check("merge_train", Ok((PlannedCommit::Train, HEAD)));
        check("other", Err("`CI_MERGE_REQUEST_EVENT_TYPE` is not `detached`, `merged_result` or `merge_train`"));
    }

    #[test]
    fn a_fork_is_known_in_its_own_project_and_in_this_one() {
        let is_fork = |project: &'static str, source: &'static str, target: &'static str| {
            let mut variables = of_merge_request();
            variables.insert("CI_PROJECT_ID", project);
            variables.insert("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", source);
            variables.insert("CI_MERGE_REQUEST_PROJECT_ID", target);
            let Ok(Runner::GitLab(runner)) = read(&variables) else { panic!("a job") };
            runner.is_from_fork()
        };
        assert!(!is_fork("42", "42", "42"));
        // Its pipeline runs in the fork, or in this project, where somebody has started it.
        assert!(is_fork("43", "43", "42") && is_fork("42", "43", "42"));
        // A merge request within the fork.
        assert!(!is_fork("43", "43", "43"));
    }
}
