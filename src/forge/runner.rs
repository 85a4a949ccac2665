//! What the environment says of a run of CI. The variables come as values: nothing is read here. All that are missing
//! or odd are named at once.

use std::path::{Path, PathBuf};

use url::Url;

use crate::wire::address::{is_loopback, parse_base_url};

use super::commit_id::CommitId;
use super::kind::ForgeKind;
use super::repository_name::RepositoryName;

/// The variables that say on which forge this is, each `true` on its own.
const FORGES: [&str; 2] = ["GITHUB_ACTIONS", "GITLAB_CI"];

/// A run of CI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// Of GitHub, or of GitHub Enterprise Server.
    GitHub(Box<GitHubRunner>),
    /// Of GitLab.
    GitLab(Box<GitLabRunner>),
}

impl Runner {
    /// Which forge it is on.
    #[must_use]
    pub const fn kind(&self) -> ForgeKind {
        match self {
            Self::GitHub(_) => ForgeKind::GitHub,
            Self::GitLab(_) => ForgeKind::GitLab,
        }
    }

    /// The repository's number, which never changes.
    #[must_use]
    pub const fn repository(&self) -> u64 {
        match self {
            Self::GitHub(runner) => runner.repository_id,
            Self::GitLab(runner) => runner.project_id,
        }
    }

    /// What plans in this run: the workflow's file, or the job's name.
    #[must_use]
    pub fn planner(&self) -> &str {
        match self {
            Self::GitHub(runner) => &runner.workflow,
            Self::GitLab(runner) => &runner.job,
        }
    }

    /// The top of the checkout.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        match self {
            Self::GitHub(runner) => &runner.workspace,
            Self::GitLab(runner) => &runner.workspace,
        }
    }
}

/// A run of GitHub Actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubRunner {
    /// The event for which it runs: `GITHUB_EVENT_NAME`.
    pub event_name: String,
    /// The file that has the event: `GITHUB_EVENT_PATH`.
    pub event_file: PathBuf,
    /// Where the API is, without a slash at its end: `GITHUB_API_URL`. Its host is the server's own.
    pub api: Url,
    /// Where the GraphQL API is: `GITHUB_GRAPHQL_URL`. Its host is the server's own.
    pub graphql: Url,
    /// Where people look: `GITHUB_SERVER_URL`.
    pub server: Url,
    /// The repository: `GITHUB_REPOSITORY`.
    pub repository: RepositoryName,
    /// Its number, which never changes: `GITHUB_REPOSITORY_ID`.
    pub repository_id: u64,
    /// The commit that is checked out: `GITHUB_SHA`. Of a pull request it is a merge that is in no branch.
    pub commit: CommitId,
    /// What it runs on, such as `refs/heads/main`: `GITHUB_REF`.
    pub reference: String,
    /// The run: `GITHUB_RUN_ID`.
    pub run_id: u64,
    /// How often it was started, from 1: `GITHUB_RUN_ATTEMPT`.
    pub attempt: u64,
    /// The workflow's file in the repository, such as `.github/workflows/campaigns.yml`: from `GITHUB_WORKFLOW_REF`.
    pub workflow: String,
    /// The top of the checkout: `GITHUB_WORKSPACE`.
    pub workspace: PathBuf,
    /// The file that becomes the job's summary: `GITHUB_STEP_SUMMARY`.
    pub summary: Option<PathBuf>,
    /// The file that takes the step's outputs: `GITHUB_OUTPUT`.
    pub output: Option<PathBuf>,
}

impl GitHubRunner {
    /// The branch that it runs on, if it is one.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }

    /// The page of the run, for people.
    #[must_use]
    pub fn run_page(&self) -> String {
        let server = self.server.as_str().trim_end_matches('/');
        format!("{server}/{}/actions/runs/{}", self.repository, self.run_id)
    }
}

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

/// Why the environment is none of a run of CI that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunnerError {
    /// Nothing says that this is CI.
    #[error("this is no run of CI on GitHub or GitLab: neither {} is `true`", names(&FORGES, " nor "))]
    None,
    /// It is, and some variables cannot be used.
    #[error("the environment of this run of {forge} cannot be used: {}", told(problems))]
    Unusable {
        /// The forge's name.
        forge: &'static str,
        /// Which variables, and why; at least one.
        problems: Vec<VariableProblem>,
    },
}

/// Why a variable cannot be used. What it holds is not repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableProblem {
    /// Its name.
    pub name: &'static str,
    /// Why: `is missing`, `is not a number`.
    pub why: String,
}

fn names(names: &[&str], between: &str) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

fn told(problems: &[VariableProblem]) -> String {
    let told: Vec<String> = problems.iter().map(|problem| format!("`{}` {}", problem.name, problem.why)).collect();
    told.join(", ")
}

impl Runner {
    /// Takes what the variables say.
    ///
    /// # Errors
    /// If this is no run of CI, or some variables cannot be used; all of them are named.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, RunnerError> {
        let is_on = |name: &str| variable(name).is_some_and(|value| value == "true");
        let [github, gitlab] = FORGES.map(is_on);
        let mut variables = Variables { get: &variable, problems: Vec::new() };
        let (forge, runner) = if github {
            ("GitHub", variables.github().map(|runner| Self::GitHub(Box::new(runner))))
        } else if gitlab {
            ("GitLab", variables.gitlab().map(|runner| Self::GitLab(Box::new(runner))))
        } else {
            return Err(RunnerError::None);
        };
        match runner {
            Some(runner) if variables.problems.is_empty() => Ok(runner),
            _ => Err(RunnerError::Unusable { forge, problems: variables.problems }),
        }
    }
}

/// The variables, and what is wrong with those that were looked at.
struct Variables<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<VariableProblem>,
}

impl Variables<'_> {
    fn wrong<T>(&mut self, name: &'static str, why: impl Into<String>) -> Option<T> {
        self.problems.push(VariableProblem { name, why: why.into() });
        None
    }

    fn find(&self, name: &str) -> Option<String> {
        (self.get)(name).filter(|value| !value.trim().is_empty())
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        self.find(name).or_else(|| self.wrong(name, "is missing"))
    }

    fn parsed<T>(&mut self, name: &'static str, is: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).or_else(|| self.wrong(name, format!("is not {is}")))
    }

    fn number(&mut self, name: &'static str) -> Option<u64> {
        self.parsed(name, "a number", |text| text.parse().ok())
    }

    fn commit(&mut self, name: &'static str) -> Option<CommitId> {
        self.parsed(name, "the id of a commit", CommitId::parse)
    }

    fn server(&mut self, name: &'static str) -> Option<Url> {
        let text = self.text(name)?;
        parse_base_url(&text).map_or_else(|_| self.wrong(name, "is no address that begins with `https://`"), Some)
    }

    /// An API of the forge: where it is the token goes, so it has to be on the forge's own host.
    fn api(&mut self, name: &'static str, server: Option<&Url>) -> Option<Url> {
        let url = self.server(name)?;
        let own = server.is_none_or(|server| is_of(&url, server));
        if own { Some(url) } else { self.wrong(name, "is not on the forge's own host, and only that gets the token") }
    }

    fn github(&mut self) -> Option<GitHubRunner> {
        let server = self.server("GITHUB_SERVER_URL");
        let api = self.api("GITHUB_API_URL", server.as_ref());
        let graphql = self.api("GITHUB_GRAPHQL_URL", server.as_ref());
        let event_name = self.text("GITHUB_EVENT_NAME");
        let event_file = self.text("GITHUB_EVENT_PATH").map(PathBuf::from);
        let repository = self.parsed("GITHUB_REPOSITORY", "`owner/name`", RepositoryName::parse);
        let repository_id = self.number("GITHUB_REPOSITORY_ID");
        let commit = self.commit("GITHUB_SHA");
        let reference = self.text("GITHUB_REF");
        let run_id = self.number("GITHUB_RUN_ID");
        let attempt = self.number("GITHUB_RUN_ATTEMPT");
        let workflow = self.parsed("GITHUB_WORKFLOW_REF", "`owner/name/file@ref`", workflow);
        let workspace = self.text("GITHUB_WORKSPACE").map(PathBuf::from);
        Some(GitHubRunner {
            event_name: event_name?,
            event_file: event_file?,
            api: api?,
            graphql: graphql?,
            server: server?,
            repository: repository?,
            repository_id: repository_id?,
            commit: commit?,
            reference: reference?,
            run_id: run_id?,
            attempt: attempt?,
            workflow: workflow?,
            workspace: workspace?,
            summary: self.find("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            output: self.find("GITHUB_OUTPUT").map(PathBuf::from),
        })
    }

    fn gitlab(&mut self) -> Option<GitLabRunner> {
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

/// Whether an API is on the forge's own host: the server's, or `api.` before it. On this machine the port is anybody's.
fn is_of(api: &Url, server: &Url) -> bool {
    if is_loopback(api) || is_loopback(server) {
        return is_loopback(api) && is_loopback(server);
    }
    let (Some(api_host), Some(host)) = (api.host_str(), server.host_str()) else { return false };
    let is_own = api_host == host || api_host.strip_prefix("api.") == Some(host);
    is_own && api.port_or_known_default() == server.port_or_known_default()
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

/// The file of a workflow: what stands between the repository and the reference in
/// `acme/shop/.github/workflows/campaigns.yml@refs/heads/main`.
fn workflow(text: &str) -> Option<String> {
    let (file, _) = text.split_once('@')?;
    let (_, file) = file.split_once('/')?;
    let (_, file) = file.split_once('/')?;
    (!file.is_empty()).then(|| file.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{PlannedCommit, Runner, RunnerError};

    const SHA: &str = "1111111111111111111111111111111111111111";

    fn github() -> BTreeMap<&'static str, &'static str> {
        [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_EVENT_PATH", "/home/runner/event.json"),
            ("GITHUB_API_URL", "https://api.github.com"),
            ("GITHUB_GRAPHQL_URL", "https://api.github.com/graphql"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_REPOSITORY_ID", "42"),
            ("GITHUB_SHA", SHA),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_RUN_ATTEMPT", "2"),
            ("GITHUB_WORKFLOW_REF", "acme/shop/.github/workflows/campaigns.yml@refs/heads/main"),
            ("GITHUB_WORKSPACE", "/home/runner/work"),
        ]
        .into()
    }

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

    fn with(name: &'static str, value: &'static str) -> Result<Runner, String> {
        let mut variables = github();
        variables.insert(name, value);
        read(&variables).map_err(|error| error.to_string())
    }

    #[test]
    fn a_run_of_github_is_read_whole() {
        let Ok(Runner::GitHub(runner)) = read(&github()) else { panic!("a run") };
        assert_eq!(runner.workflow, ".github/workflows/campaigns.yml");
        assert_eq!((runner.branch(), runner.attempt, runner.repository_id), (Some("main"), 2, 42));
        assert_eq!(runner.run_page(), "https://github.com/acme/shop/actions/runs/7");
        assert_eq!((runner.summary, runner.output), (None, None));
    }

    #[test]
    fn every_variable_that_is_missing_or_odd_is_named() {
        let optional = ["GITHUB_ACTIONS"];
        for name in github().keys().filter(|name| !optional.contains(name)) {
            let mut variables = github();
            variables.remove(name);
            let told = read(&variables).unwrap_err().to_string();
            assert!(told.ends_with(&format!("`{name}` is missing")), "{told}");
        }
        let told = with("GITHUB_SHA", "main; reboot").unwrap_err();
        assert_eq!(
            told,
            "the environment of this run of GitHub cannot be used: `GITHUB_SHA` is not the id of a commit"
        );
        let mut variables = github();
        for (name, value) in
            [("GITHUB_REPOSITORY", "acme/../x"), ("GITHUB_RUN_ID", "-1"), ("GITHUB_WORKFLOW_REF", "x@y")]
        {
            variables.insert(name, value);
        }
        assert_eq!(
            read(&variables).unwrap_err().to_string(),
            "the environment of this run of GitHub cannot be used: `GITHUB_REPOSITORY` is not `owner/name`, \
             `GITHUB_RUN_ID` is not a number, `GITHUB_WORKFLOW_REF` is not `owner/name/file@ref`"
        );
        assert_eq!(
            read(&BTreeMap::new()).unwrap_err().to_string(),
            "this is no run of CI on GitHub or GitLab: neither `GITHUB_ACTIONS` nor `GITLAB_CI` is `true`"
        );
    }

    #[test]
    fn the_token_goes_to_the_forges_own_host_only() {
        let check = |server: &'static str, api: &'static str, is_own: bool| {
            let mut variables = github();
            variables.insert("GITHUB_SERVER_URL", server);
            variables.insert("GITHUB_API_URL", api);
            variables.insert("GITHUB_GRAPHQL_URL", api);
            assert_eq!(read(&variables).is_ok(), is_own, "{server} {api}");
        };
        check("https://github.com", "https://api.github.com", true);
        check("https://ghe.example.com", "https://ghe.example.com/api/v3", true);
        check("https://acme.ghe.com", "https://api.acme.ghe.com", true);
        check("https://ghe.example.com:8443", "https://ghe.example.com:8443/api/v3", true);
        check("http://127.0.0.1:1", "http://127.0.0.1:2/api/v3", true);
        check("https://github.com", "https://api.github.com.evil.com", false);
        check("https://github.com", "https://evil.com", false);
        check("https://github.com", "https://xapi.github.com", false);
        check("https://github.com", "http://api.github.com", false);
        check("https://github.com", "http://127.0.0.1:1", false);
        check("http://127.0.0.1:1", "https://api.github.com", false);
        check("https://ghe.example.com", "https://ghe.example.com:8443/api/v3", false);
        check("https://github.com", "https://u:p@api.github.com", false);
        let told = with("GITHUB_API_URL", "https://evil.com").unwrap_err();
        assert!(
            told.ends_with("`GITHUB_API_URL` is not on the forge's own host, and only that gets the token"),
            "{told}"
        );
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
