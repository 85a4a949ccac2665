//! How a call to the forge fails: what was wanted, why it was not to be had, and which permission it needs.

use jiff::Timestamp;

/// What a token has to have for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// On GitHub a permission of the workflow's job, such as `pull-requests: write`.
    GitHub(&'static str),
    /// On GitLab a scope of the token, and the least role that it has in the project.
    GitLab {
        /// The scope: `read_api`, `api`.
        scope: &'static str,
        /// The role: `Reporter`, `Developer`.
        role: &'static str,
    },
}

impl Permission {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GitHub(name) | Self::GitLab { scope: name, .. } => name,
        }
    }

    /// How a token gets it.
    fn hint(self) -> String {
        match self {
            Self::GitHub(name) => {
                format!("add `{name}` to the job's `permissions:`, or name a token that has it in `GITHUB_TOKEN`")
            }
            Self::GitLab { scope, role } => format!(
                "name a token of this project with the scope `{scope}` and at least the role {role} in \
                 `SENDFORM_GITLAB_TOKEN`"
            ),
        }
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the forge did not {wish}: {kind}")]
pub struct ForgeError {
    /// What was wanted, as what the forge did not do: `list the comments of pull request 7`.
    pub wish: String,
    /// What the call needs.
    pub permission: Permission,
    /// Why.
    pub kind: ForgeErrorKind,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeErrorKind {
    /// There was no whole answer.
    #[error("{0}")]
    Unreachable(String),
    /// The token is none of this forge, or is too old.
    #[error("it does not know the token")]
    Unauthorized,
    /// The token may not.
    #[error("the token may not do that")]
    Forbidden,
    /// There is nothing of that name, or the token may not see it.
    #[error("it finds nothing there, or does not show it to this token")]
    NotFound,
    /// It was there once.
    #[error("it is gone")]
    Gone,
    /// The request was not accepted.
    #[error("it answered {status}{}", quoted(said))]
    Invalid {
        /// The status.
        status: u16,
        /// What the forge said.
        said: String,
    },
    /// Too many requests.
    #[error("too many requests were made with this token")]
    RateLimited {
        /// When it takes some again, if it said so.
        until: Option<Timestamp>,
    },
    /// The forge has a problem.
    #[error("it answered {status}")]
    Server {
        /// The status.
        status: u16,
    },
    /// The answer is not what the forge's documentation says.
    #[error("its answer cannot be read: {0}")]
    Unreadable(String),
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(", `{}`", said.replace('`', "'")) }
}

impl ForgeError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match &self.kind {
            ForgeErrorKind::Forbidden | ForgeErrorKind::NotFound => vec![self.permission.hint()],
            ForgeErrorKind::Unauthorized => {
                vec![format!("name a token of this forge that has `{}`", self.permission.name())]
            }
            ForgeErrorKind::RateLimited { until: Some(until) } => {
                vec![format!("it takes some again at {until}: run the job again then")]
            }
            ForgeErrorKind::RateLimited { until: None }
            | ForgeErrorKind::Server { .. }
            | ForgeErrorKind::Unreachable(_) => {
                vec!["run the job again".to_owned()]
            }
            ForgeErrorKind::Unreadable(_) => {
                vec![
                    "run the job again; if it stays so, something between here and the forge changes its answers"
                        .to_owned(),
                ]
            }
            ForgeErrorKind::Gone => {
                vec!["what the forge has thrown away is made anew: plan it in a new pull request".to_owned()]
            }
            ForgeErrorKind::Invalid { .. } => Vec::new(),
        }
    }

    /// Whether there is nothing of that kind on this forge, as far as this token may see.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self.kind, ForgeErrorKind::NotFound | ForgeErrorKind::Forbidden | ForgeErrorKind::Gone)
    }

    /// Whether the token is what is wrong.
    #[must_use]
    pub const fn is_of_the_token(&self) -> bool {
        matches!(self.kind, ForgeErrorKind::Forbidden | ForgeErrorKind::Unauthorized)
    }
}
