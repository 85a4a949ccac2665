//! GitHub's event file: why a workflow runs, as a checked type. FieldReader that nobody here needs are not looked at; one
//! that is needed and missing is named by its path.

use serde_json::Value;

use super::commit_id::CommitId;
use super::fields::{FieldError, FieldReader};

/// The largest event file that is read, in bytes: GitHub keeps payloads below 25 MB.
pub const EVENT_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// How every branch begins among git's references.
const HEADS: &str = "refs/heads/";

/// Why a workflow runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgeEvent {
    /// Something happened to a pull request: its head is to be planned.
    PullRequest(Box<PullRequestEvent>),
    /// A merge queue wants to know whether a group of pull requests may be merged.
    MergeGroup(MergeGroupEvent),
    /// Commits came to a branch.
    Push(PushEvent),
    /// It is time.
    Schedule {
        /// The default branch, on which schedules run; the event of GitHub Enterprise Server may not name it.
        default_branch: Option<String>,
    },
    /// Somebody started it by hand.
    Dispatch {
        /// The digest that they typed, as they typed it.
        digest: Option<String>,
        /// The branch that they chose.
        branch: Option<String>,
        /// The repository's default branch.
        default_branch: Option<String>,
    },
}

/// What an event says of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestEvent {
    /// Its number.
    pub number: u64,
    /// What happened: `opened`, `synchronize`, …
    pub action: String,
    /// The newest commit of its branch: what people review.
    pub head: CommitId,
    /// The branch, as its author has called it: it may hold anything that git allows.
    pub head_branch: String,
    /// The repository that the branch is in; `None` if that was deleted.
    pub head_repository: Option<u64>,
    /// The branch that it wants to go to.
    pub base_branch: String,
    /// That branch's commit that the event knows of.
    pub base: CommitId,
    /// The repository that the pull request is in.
    pub repository: u64,
    /// Whose it is.
    pub author: String,
}

impl PullRequestEvent {
    /// Whether its branch is in another repository, whose runs get neither secrets nor a token that may write.
    #[must_use]
    pub fn is_from_fork(&self) -> bool {
        self.head_repository != Some(self.repository)
    }
}

/// What an event says of a group in a merge queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeGroupEvent {
    /// The commit that would become the branch's.
    pub head: CommitId,
    /// The name of the group's own branch.
    pub head_ref: String,
    /// The commit before it.
    pub base: CommitId,
    /// The branch that it wants to go to.
    pub base_branch: String,
}

impl MergeGroupEvent {
    /// The number of the last pull request of the group, which its branch's name holds:
    /// `gh-readonly-queue/main/pr-12-<commit>`.
    #[must_use]
    pub fn pull_number(&self) -> Option<u64> {
        let (_, name) = self.head_ref.rsplit_once("/pr-")?;
        name.split('-').next()?.parse().ok()
    }
}

/// What an event says of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushEvent {
    /// The branch's commit before it; `None` if the branch is new.
    pub before: Option<CommitId>,
    /// The branch's commit after it; `None` if the branch was deleted.
    pub after: Option<CommitId>,
    /// The branch; `None` if it was a tag.
    pub branch: Option<String>,
    /// The repository's default branch.
    pub default_branch: Option<String>,
}

/// Why an event is not one that anything can be done for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// It runs with secrets and a token that may write, for code that anybody may have sent.
    #[error("the event `{name}` gives the repository's secrets to a run that is for somebody else's branch")]
    Dangerous {
        /// Its name.
        name: String,
    },
    /// Nothing is planned or applied for it.
    #[error("the event `{name}` is none that a plan or an apply is for")]
    Other {
        /// Its name.
        name: String,
    },
    /// The file is not what GitHub writes.
    #[error("the event file is not JSON, at line {line} column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A field of it is missing or odd.
    #[error("in the event file {0}")]
    Field(#[from] FieldError),
}

impl EventError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Dangerous { .. } => {
                "let the workflow run `on: pull_request`: a fork's pull request is planned without secrets"
            }
            Self::Other { .. } => {
                "let the workflow run on `pull_request` and `merge_group` to plan, and on `push`, `schedule` and \
                 `workflow_dispatch` to apply"
            }
            Self::NotJson { .. } | Self::Field(_) => {
                "`GITHUB_EVENT_PATH` must name the file that GitHub wrote for this run, as it was written"
            }
        }
    }
}

impl ForgeEvent {
    /// Reads an event file, given the event's name.
    ///
    /// # Errors
    /// If it is no event for which anything is done, or a field of it is missing or odd.
    pub fn read(name: &str, file: &[u8]) -> Result<Self, EventError> {
        if matches!(name, "pull_request_target" | "workflow_run") {
            return Err(EventError::Dangerous { name: name.to_owned() });
        }
        let read = match name {
            "pull_request" => pull_request,
            "merge_group" => merge_group,
            "push" => push,
            "schedule" => schedule,
            "workflow_dispatch" => dispatch,
            _ => return Err(EventError::Other { name: name.chars().take(100).collect() }),
        };
        let document: Value = serde_json::from_slice(file)
            .map_err(|error| EventError::NotJson { line: error.line(), column: error.column() })?;
        read(&FieldReader::of(&document)).map_err(EventError::from)
    }
}

fn pull_request(event: &FieldReader<'_>) -> Result<ForgeEvent, FieldError> {
    let pull = event.at("pull_request")?;
    let (head, base) = (pull.at("head")?, pull.at("base")?);
    let head_repository = head.find("repo")?.map(|repository| repository.at("id")?.number()).transpose()?;
    Ok(ForgeEvent::PullRequest(Box::new(PullRequestEvent {
        number: pull.at("number")?.number()?,
        action: event.at("action")?.text()?.to_owned(),
        head: head.at("sha")?.commit()?,
        head_branch: head.at("ref")?.text()?.to_owned(),
        head_repository,
        base_branch: base.at("ref")?.text()?.to_owned(),
        base: base.at("sha")?.commit()?,
        repository: event.path(&["repository", "id"])?.number()?,
        author: pull.path(&["user", "login"])?.text()?.to_owned(),
    })))
}

fn merge_group(event: &FieldReader<'_>) -> Result<ForgeEvent, FieldError> {
    let group = event.at("merge_group")?;
    Ok(ForgeEvent::MergeGroup(MergeGroupEvent {
        head: group.at("head_sha")?.commit()?,
        head_ref: group.at("head_ref")?.text()?.to_owned(),
        base: group.at("base_sha")?.commit()?,
        base_branch: branch(group.at("base_ref")?.text()?),
    }))
}

fn push(event: &FieldReader<'_>) -> Result<ForgeEvent, FieldError> {
    let commit = |name| event.at(name)?.commit().map(|commit| (!commit.is_none()).then_some(commit));
    let reference = event.at("ref")?.text()?;
    Ok(ForgeEvent::Push(PushEvent {
        before: commit("before")?,
        after: commit("after")?,
        branch: reference.strip_prefix(HEADS).map(str::to_owned),
        default_branch: default_branch(event)?,
    }))
}

fn schedule(event: &FieldReader<'_>) -> Result<ForgeEvent, FieldError> {
    Ok(ForgeEvent::Schedule { default_branch: default_branch(event)? })
}

fn dispatch(event: &FieldReader<'_>) -> Result<ForgeEvent, FieldError> {
    let digest = match event.find("inputs")? {
        None => None,
        Some(inputs) => inputs.find("digest")?.map(|digest| digest.text()).transpose()?,
    };
    let branch = event.find("ref")?.map(|reference| reference.text()).transpose()?;
    Ok(ForgeEvent::Dispatch {
        digest: digest.map(|digest| digest.trim().to_owned()).filter(|digest| !digest.is_empty()),
        branch: branch.and_then(|branch| branch.strip_prefix(HEADS)).map(str::to_owned),
        default_branch: default_branch(event)?,
    })
}

fn default_branch(event: &FieldReader<'_>) -> Result<Option<String>, FieldError> {
    let Some(repository) = event.find("repository")? else { return Ok(None) };
    let branch = repository.find("default_branch")?;
    branch.map(|branch| branch.text().map(str::to_owned)).transpose()
}

/// A branch's name, with or without what git has before it.
fn branch(reference: &str) -> String {
    reference.strip_prefix(HEADS).unwrap_or(reference).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{EventError, ForgeEvent};

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";
    const NONE: &str = "0000000000000000000000000000000000000000";

    fn read(name: &str, event: &Value) -> Result<ForgeEvent, EventError> {
        ForgeEvent::read(name, event.to_string().as_bytes())
    }

    fn pull() -> Value {
        json!({
            "action": "synchronize", "number": 7, "sender": { "login": "x" },
            "repository": { "id": 1, "default_branch": "main" },
            "pull_request": {
                "number": 7, "user": { "login": "ana" }, "title": "`$(reboot)`",
                "head": { "sha": ONE, "ref": "$(reboot);'\"`x`", "repo": { "id": 1 } },
                "base": { "sha": TWO, "ref": "main", "repo": { "id": 1 } },
            },
        })
    }

    #[test]
    fn a_pull_request_is_read_and_a_fork_is_known() {
        let fork = |repository: Value| {
            let mut event = pull();
            event["pull_request"]["head"]["repo"] = repository;
            let Ok(ForgeEvent::PullRequest(pull)) = read("pull_request", &event) else { panic!("a pull request") };
            assert_eq!((pull.number, pull.head.as_str(), pull.base.as_str()), (7, ONE, TWO));
            assert_eq!((pull.head_branch.as_str(), pull.author.as_str()), ("$(reboot);'\"`x`", "ana"));
            pull.is_from_fork()
        };
        assert!(!fork(json!({ "id": 1 })));
        assert!(fork(json!({ "id": 2 })) && fork(Value::Null));
    }

    #[test]
    fn every_missing_field_is_named() {
        let check = |path: &[&str], expect: &str| {
            let mut event = pull();
            let (last, way) = path.split_last().unwrap();
            let parent = way.iter().fold(&mut event, |value, name| &mut value[*name]);
            parent.as_object_mut().unwrap().remove(*last);
            assert_eq!(read("pull_request", &event).unwrap_err().to_string(), format!("in the event file {expect}"));
        };
        check(&["pull_request"], "`pull_request` is missing");
        check(&["pull_request", "number"], "`pull_request.number` is missing");
        check(&["pull_request", "head", "sha"], "`pull_request.head.sha` is missing");
        check(&["pull_request", "base", "ref"], "`pull_request.base.ref` is missing");
        check(&["pull_request", "user", "login"], "`pull_request.user.login` is missing");
        check(&["repository", "id"], "`repository.id` is missing");
        let mut event = pull();
        event["pull_request"]["head"]["sha"] = json!("main");
        let error = read("pull_request", &event).unwrap_err();
        assert_eq!(error.to_string(), "in the event file `pull_request.head.sha` is not the id of a commit");
    }

    #[test]
    fn other_events_are_read_with_what_they_have() {
        let event = json!({ "ref": "refs/heads/main", "before": NONE, "after": ONE, "repository": { "default_branch": "main" } });
        let Ok(ForgeEvent::Push(push)) = read("push", &event) else { panic!("a push") };
        assert_eq!(
            (push.before, push.after.unwrap().to_string(), push.branch),
            (None, ONE.to_owned(), Some("main".to_owned()))
        );
        let event = json!({ "ref": "refs/tags/v1", "before": ONE, "after": NONE });
        let Ok(ForgeEvent::Push(push)) = read("push", &event) else { panic!("a push") };
        assert_eq!((push.after, push.branch, push.default_branch), (None, None, None));
        let group = json!({ "merge_group": {
            "head_sha": ONE, "base_sha": TWO, "base_ref": "refs/heads/main",
            "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-12-{TWO}"),
        } });
        let Ok(ForgeEvent::MergeGroup(group)) = read("merge_group", &group) else { panic!("a group") };
        assert_eq!((group.base_branch.as_str(), group.pull_number()), ("main", Some(12)));
        assert_eq!(
            read("schedule", &json!({ "schedule": "0 * * * *" })),
            Ok(ForgeEvent::Schedule { default_branch: None })
        );
        let dispatch =
            |inputs: Value| read("workflow_dispatch", &json!({ "ref": "refs/heads/main", "inputs": inputs }));
        let digest = |digest: Option<&str>| {
            Ok(ForgeEvent::Dispatch {
                digest: digest.map(str::to_owned),
                branch: Some("main".to_owned()),
                default_branch: None,
            })
        };
        assert_eq!(dispatch(json!({ "digest": " plan/v1:x " })), digest(Some("plan/v1:x")));
        assert_eq!(dispatch(Value::Null), digest(None));
        assert_eq!(dispatch(json!({ "digest": "" })), digest(None));
        let wrong = dispatch(json!({ "digest": 1 })).unwrap_err().to_string();
        assert_eq!(wrong, "in the event file `inputs.digest` is not a text");
    }

    #[test]
    fn events_with_secrets_for_strangers_are_refused_by_their_name() {
        for name in ["pull_request_target", "workflow_run"] {
            assert!(matches!(read(name, &pull()), Err(EventError::Dangerous { .. })), "{name}");
        }
        assert!(matches!(read("issues", &pull()), Err(EventError::Other { .. })));
        let error = ForgeEvent::read("push", b"{\n<html>").unwrap_err();
        assert_eq!(error.to_string(), "the event file is not JSON, at line 2 column 1");
    }

    proptest! {
        #[test]
        fn no_event_file_is_a_panic(name in "(pull_request|merge_group|push|schedule|workflow_dispatch)", bytes in ".{0,60}") {
            drop(ForgeEvent::read(&name, bytes.as_bytes()));
        }
    }
}
