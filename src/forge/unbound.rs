//! Why a commit has no plan that was reviewed, and what to do about it.

use crate::diagnostic::words::{list, plural};

use super::kind::ForgeKind;

/// A review that does not count as an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncounted {
    /// Whose it is.
    pub who: String,
    /// Why it does not count.
    pub why: UncountedWhy,
}

/// Why a review does not count as an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UncountedWhy {
    /// It approves a head that is not the newest.
    OlderHead,
    /// Nobody knows which head it approves.
    UnknownHead,
    /// The pull request is theirs.
    Author,
    /// It is a program's.
    Bot,
    /// Somebody took it back.
    Dismissed,
    /// It asks for changes.
    ChangesRequested,
    /// They may not write to the repository.
    NoWriteAccess,
}

impl UncountedWhy {
    /// In words, behind a name.
    const fn words(self) -> &'static str {
        match self {
            Self::OlderHead => "approved an older head",
            Self::UnknownHead => "approved, and nobody knows which head",
            Self::Author => "is the author",
            Self::Bot => "is a bot",
            Self::Dismissed => "approved, and was dismissed",
            Self::ChangesRequested => "asks for changes",
            Self::NoWriteAccess => "approved, and may not write to the repository",
        }
    }
}

/// Why a commit has no plan that was reviewed. Commits stand here as people read them, with their first digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbound {
    /// It came without a pull request.
    #[error("the commit `{commit}` came to `{branch}` without a pull request: nobody has reviewed a plan of it")]
    DirectPush {
        /// The commit.
        commit: String,
        /// Where it came to.
        branch: String,
    },
    /// It came with several.
    #[error("the commit `{commit}` came with several pull requests, {}: nobody knows whose plan is meant", list(&numbers(pulls)))]
    SeveralPulls {
        /// The commit.
        commit: String,
        /// Their numbers.
        pulls: Vec<u64>,
    },
    /// Its pull request went to another branch.
    #[error("pull request {pull} went to `{base}`, and this run is for `{branch}`")]
    OtherBase {
        /// Its number.
        pull: u64,
        /// The branch that it went to.
        base: String,
        /// The branch of this run.
        branch: String,
    },
    /// Its pull request is from another repository.
    #[error("pull request {pull} is from a fork: its runs have no key, so nobody has reviewed a plan with a digest")]
    Fork {
        /// Its number.
        pull: u64,
    },
    /// Nothing planned the head.
    #[error("no run of `{workflow}` planned the head `{head}` of pull request {pull}{}", elsewhere(others))]
    NoRun {
        /// The pull request's number.
        pull: u64,
        /// Its head.
        head: String,
        /// The workflow that plans.
        workflow: String,
        /// The workflows that ran for it.
        others: Vec<String>,
    },
    /// Another pull request has the same head, and what was planned for that one may be taken for this one's.
    #[error("the head `{head}` of pull request {pull} is that of {} as well: nobody knows whose plan was reviewed", list(&numbers(others)))]
    SharedHead {
        /// The pull request's number.
        pull: u64,
        /// Its head.
        head: String,
        /// The others.
        others: Vec<u64>,
    },
    /// The head was planned when it was merged already.
    #[error("pull request {pull} was merged before its head was planned: nobody can have reviewed {page}")]
    PlannedTooLate {
        /// The pull request's number.
        pull: u64,
        /// The run's page.
        page: String,
    },
    /// The run that planned it was started again after the merge.
    #[error("the run that planned pull request {pull} was started again after the merge: {page}")]
    PlannedAgain {
        /// The pull request's number.
        pull: u64,
        /// The run's page.
        page: String,
    },
    /// The run that planned it is not over.
    #[error("the newest run that plans pull request {pull} is not over: {page}")]
    NotOver {
        /// The pull request's number.
        pull: u64,
        /// The run's page.
        page: String,
    },
    /// The run that planned it failed.
    #[error("the newest run that planned pull request {pull} ended as `{conclusion}`: {page}")]
    NotSuccessful {
        /// The pull request's number.
        pull: u64,
        /// How it ended.
        conclusion: String,
        /// The run's page.
        page: String,
    },
    /// The run left no plan of this project.
    #[error("the run that planned pull request {pull} left no plan of `{project}`: {page}")]
    NoPlan {
        /// The pull request's number.
        pull: u64,
        /// The project.
        project: String,
        /// The run's page.
        page: String,
    },
    /// It left several at once.
    #[error("the run that planned pull request {pull} left several plans at once: {}", list(&in_code(names)))]
    SeveralPlans {
        /// The pull request's number.
        pull: u64,
        /// Their names.
        names: Vec<String>,
    },
    /// The forge has thrown the plan away.
    #[error("the plan of pull request {pull} is too old: the forge has thrown `{name}` away")]
    Expired {
        /// The pull request's number.
        pull: u64,
        /// Its name.
        name: String,
    },
    /// Somebody changed the campaigns after the commit of a run that is started again.
    #[error(
        "`{branch}` has moved on: the commit `{newest}` changed `{dir}` after `{commit}`, for which this run is started again"
    )]
    Moved {
        /// The branch.
        branch: String,
        /// The newest commit of it that touched the project.
        newest: String,
        /// The project's folder.
        dir: String,
        /// The commit of this run.
        commit: String,
    },
    /// No plan has the digest that somebody named.
    #[error("no run of a pull request left a plan with the digest `{digest}`, so it cannot have been approved")]
    NoPlanOfDigest {
        /// The digest.
        digest: String,
    },
    /// Too few people have approved it.
    #[error(
        "pull request {pull} has {} of {wanted} for its head `{head}`{}",
        plural(u64::try_from(counted.len()).unwrap_or(u64::MAX), "approval"),
        left_out(uncounted)
    )]
    TooFewApprovals {
        /// The pull request's number.
        pull: u64,
        /// Its head.
        head: String,
        /// How many it needs.
        wanted: u32,
        /// Whose approvals count.
        counted: Vec<String>,
        /// The reviews that do not.
        uncounted: Vec<Uncounted>,
    },
}

fn numbers(numbers: &[u64]) -> Vec<String> {
    numbers.iter().map(ToString::to_string).collect()
}

fn in_code(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

fn elsewhere(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!("; there are runs of {}", list(&in_code(others))) }
}

fn left_out(uncounted: &[Uncounted]) -> String {
    let told: Vec<String> = uncounted.iter().map(|review| format!("`{}` {}", review.who, review.why.words())).collect();
    if told.is_empty() { String::new() } else { format!(": {}", list(&told)) }
}

const BY_DIGEST: &str =
    "or start the workflow by hand, with the digest that `sendform plan` shows now and somebody has reviewed";
const ANOTHER: &str = "open a pull request that plans what is left, and merge it when its plan is there";

impl Unbound {
    /// What to do where a plan that was reviewed is not what would be sent now.
    pub const WAYS_ON: [&str; 2] = [ANOTHER, BY_DIGEST];

    /// The pull request that it is about, if it is about one.
    #[must_use]
    pub const fn pull(&self) -> Option<u64> {
        match self {
            Self::DirectPush { .. } | Self::SeveralPulls { .. } | Self::Moved { .. } | Self::NoPlanOfDigest { .. } => {
                None
            }
            Self::OtherBase { pull, .. }
            | Self::Fork { pull }
            | Self::SharedHead { pull, .. }
            | Self::NoRun { pull, .. }
            | Self::PlannedTooLate { pull, .. }
            | Self::PlannedAgain { pull, .. }
            | Self::NotOver { pull, .. }
            | Self::NotSuccessful { pull, .. }
            | Self::NoPlan { pull, .. }
            | Self::SeveralPlans { pull, .. }
            | Self::Expired { pull, .. }
            | Self::TooFewApprovals { pull, .. } => Some(*pull),
        }
    }

    /// What to do about it, on a forge.
    #[must_use]
    pub fn hints(&self, forge: ForgeKind) -> Vec<String> {
        let without = "`sendform ci apply --require-review false` applies what the files want now, without a review";
        let hints: &[&str] = match self {
            Self::DirectPush { .. } => &[
                "let changes of the campaigns come by pull requests: whoever protects the branch makes sure of it",
                BY_DIGEST,
                without,
            ],
            Self::Fork { .. } => {
                &["push its branch to this repository, and merge a pull request from there", BY_DIGEST, without]
            }
            Self::SharedHead { .. } => &[BY_DIGEST, ANOTHER],
            Self::NoRun { .. } => &[
                "another workflow that plans is named by `--plan-workflow NAME`",
                "let the merge wait for the plan: make its check a required one",
                BY_DIGEST,
                without,
            ],
            Self::PlannedTooLate { .. } | Self::PlannedAgain { .. } => {
                &["let the merge wait for the plan: make its check a required one", ANOTHER, BY_DIGEST]
            }
            Self::NotOver { .. } => &["let the merge wait for the plan: make its check a required one", ANOTHER],
            Self::NotSuccessful { .. } => &["its log says what is wrong", ANOTHER],
            Self::NoPlan { .. } => &[
                match forge {
                    ForgeKind::GitHub => {
                        "let the job that runs `sendform ci plan` upload the file that its output `plan` names, with \
                         `actions/upload-artifact`"
                    }
                    ForgeKind::GitLab => {
                        "let the job that runs `sendform ci plan` keep `sendform-*.plan` among its `artifacts: paths`"
                    }
                },
                ANOTHER,
                BY_DIGEST,
            ],
            Self::SeveralPlans { .. } => &["let one job plan a project", BY_DIGEST],
            Self::SeveralPulls { .. } => &["start the workflow by hand, with the digest that was reviewed"],
            Self::OtherBase { .. } => &["let the workflow run on the branch that pull requests go to"],
            Self::Expired { .. } => &[ANOTHER, BY_DIGEST],
            Self::Moved { .. } => &["what is left of it is in the plan of the next pull request", ANOTHER, BY_DIGEST],
            Self::NoPlanOfDigest { .. } => {
                &["`approvals` in sendform.yaml counts reviews of pull requests only", ANOTHER]
            }
            Self::TooFewApprovals { .. } => &["once more people have approved exactly this head, run the job again"],
        };
        hints.iter().map(|hint| forge.words(hint)).collect()
    }

    /// Whether it only says that there was no review: whoever wants none may go on.
    #[must_use]
    pub const fn is_no_review(&self) -> bool {
        matches!(self, Self::DirectPush { .. } | Self::Fork { .. } | Self::NoRun { .. })
    }
}
