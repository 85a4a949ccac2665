//! What the environment says of a run of CI. The variables come as values: nothing is read here. All that are missing
//! or odd are named at once.

use std::path::{Path, PathBuf};

use url::Url;

use super::commit_id::CommitId;
use super::gitlab_runner::GitLabRunner;
use super::kind::ForgeKind;
use super::repository_name::RepositoryName;
use super::variables::{VariableProblem, Variables};

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
        let mut variables = Variables::new(&variable);
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

impl Variables<'_> {
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

    use super::{Runner, RunnerError};

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
}
