//! Who has approved a merge request, and which head: GitLab keeps who approves it, also across new heads unless a project
//! wants it otherwise. So each approval counts for the head that there was when it was given.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::forge::approvals::Approvals;
use crate::forge::client::BindError;
use crate::forge::commit_id::CommitId;
use crate::forge::error::ForgeError;
use crate::forge::facts::{Pull, PullReview, ReviewState};
use crate::forge::fields::{FieldError, FieldReader};
use crate::forge::http::Call;

use super::client::{GitLab, READ};
use super::merge_requests::Version;
use super::notes::MergeRequestNote;

/// The access from which on somebody may push: that of a developer.
const DEVELOPER: u64 = 30;

/// Somebody who approves now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Approver {
    id: u64,
    login: String,
    /// When, if GitLab says so by itself; older ones do not.
    at: Option<Timestamp>,
}

impl GitLab {
    /// Makes sure that so many people have approved exactly the head of a merge request, and gives their names.
    ///
    /// # Errors
    /// If they are too few, or the forge does not say who they are and what they may do.
    pub async fn approved(&self, pull: &Pull, wanted: u32) -> Result<Vec<String>, BindError> {
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let approvers = self.approvers(pull.number).await?;
        let (notes, versions) = (self.notes(pull.number).await?, self.versions(pull.number).await?);
        let mut reviews = reviews(&approvers, &notes, &versions);
        for review in &mut reviews {
            if let Some(approver) = approvers.iter().find(|approver| approver.login == review.author) {
                review.is_bot = self.is_bot(approver).await?;
            }
        }
        let approvals = Approvals::of(pull, &reviews);
        let mut writers = Vec::new();
        for approver in approvers.iter().filter(|approver| approvals.candidates.contains(&approver.login)) {
            if self.may_write(approver).await? {
                writers.push(approver.login.as_str());
            }
        }
        Ok(approvals.enough(pull, wanted, |who| writers.contains(&who))?)
    }

    /// Who approves a merge request now.
    async fn approvers(&self, pull: u64) -> Result<Vec<Approver>, ForgeError> {
        let number = pull.to_string();
        let wish = format!("say who has approved merge request {pull}");
        let call = self.call(wish, READ, &["merge_requests", &number, "approvals"]);
        let answer = self.http.get(&call).await?;
        let read = FieldReader::of(&answer).at("approved_by").and_then(|by| by.items());
        let read = read.and_then(|by| by.iter().map(approver).collect::<Result<_, FieldError>>());
        read.map_err(|error| call.unreadable(&error))
    }

    /// Whether somebody is a program.
    async fn is_bot(&self, approver: &Approver) -> Result<bool, ForgeError> {
        let wish = format!("say who `{}` is", approver.login);
        let call = Call::new(wish, READ, ["users".to_owned(), approver.id.to_string()]);
        let answer = self.http.get(&call).await?;
        let bot = FieldReader::of(&answer).find("bot").and_then(|bot| bot.map(|bot| bot.is_true()).transpose());
        Ok(bot.map_err(|error| call.unreadable(&error))?.unwrap_or(false))
    }

    /// Whether somebody may push to the project. Somebody who is no member of it, nor of what it is in, may not.
    async fn may_write(&self, approver: &Approver) -> Result<bool, ForgeError> {
        let number = approver.id.to_string();
        let wish = format!("say what `{}` may do in the project", approver.login);
        let call = self.call(wish, READ, &["members", "all", &number]);
        let Some(answer) = self.http.find(&call).await? else { return Ok(false) };
        let member = FieldReader::of(&answer);
        let access = member.at("access_level").and_then(|level| level.number());
        let state = member.find("state").and_then(|state| state.map(|state| state.text()).transpose());
        let unreadable = |error| call.unreadable(&error);
        let is_active = state.map_err(unreadable)?.is_none_or(|state| state == "active");
        Ok(is_active && access.map_err(|error| call.unreadable(&error))? >= DEVELOPER)
    }
}

/// What people have said of a merge request, the oldest first, each of the head that it was about. Whoever GitLab does
/// not count any more has taken it back, or somebody has.
fn reviews(approvers: &[Approver], notes: &[MergeRequestNote], versions: &[Version]) -> Vec<PullReview> {
    let mut last: BTreeMap<&str, (Timestamp, ReviewState)> = BTreeMap::new();
    for note in notes.iter().filter(|note| note.is_of_system) {
        let state = match note.comment.body.trim().to_lowercase().as_str() {
            "approved this merge request" => ReviewState::Approved,
            "unapproved this merge request" => ReviewState::Dismissed,
            "requested changes" => ReviewState::ChangesRequested,
            _ => continue,
        };
        last.insert(&note.comment.author, (note.at, state));
    }
    let said_before = last.iter().filter(|(login, _)| approvers.iter().all(|approver| approver.login != **login));
    let mut reviews: Vec<PullReview> = said_before
        .map(|(login, (_, state))| PullReview {
            author: (*login).to_owned(),
            is_bot: false,
            state: if *state == ReviewState::ChangesRequested { state.clone() } else { ReviewState::Dismissed },
            commit: None,
        })
        .collect();
    for approver in approvers {
        let said = last.get(approver.login.as_str());
        let changes = said.is_some_and(|(_, state)| *state == ReviewState::ChangesRequested);
        let noted = said.filter(|(_, state)| *state == ReviewState::Approved).map(|(at, _)| *at);
        let at = approver.at.or(noted);
        reviews.push(PullReview {
            author: approver.login.clone(),
            is_bot: false,
            state: if changes { ReviewState::ChangesRequested } else { ReviewState::Approved },
            commit: at.and_then(|at| head_at(versions, at)),
        });
    }
    reviews
}

/// The head that there was at some time.
fn head_at(versions: &[Version], at: Timestamp) -> Option<CommitId> {
    versions.iter().rfind(|version| version.since <= at).map(|version| version.head.clone())
}

fn approver(by: &FieldReader<'_>) -> Result<Approver, FieldError> {
    Ok(Approver {
        id: by.path(&["user", "id"])?.number()?,
        login: by.path(&["user", "username"])?.text()?.to_owned(),
        at: by.find("approved_at")?.map(|time| time.time()).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::facts::ForgeComment;
    use crate::forge::fixture::{at, commit, pull};

    fn approver(login: &str, time: Option<&str>) -> Approver {
        Approver { id: 1, login: login.to_owned(), at: time.map(at) }
    }

    fn note(login: &str, body: &str, time: &str) -> MergeRequestNote {
        let comment = ForgeComment { id: 1, author: login.to_owned(), body: body.to_owned() };
        MergeRequestNote { comment, is_of_system: true, at: at(time) }
    }

    /// The head was pushed at ten, another one before it at nine.
    fn count(approvers: &[Approver], notes: &[MergeRequestNote]) -> Result<Vec<String>, String> {
        let versions = [("2", "09:00"), ("1", "10:00")];
        let versions = versions.map(|(head, since)| Version { head: commit(head), since: at(since) });
        let pull = pull();
        let approvals = Approvals::of(&pull, &reviews(approvers, notes, &versions));
        approvals.enough(&pull, 1, |_| true).map_err(|error| error.to_string())
    }

    #[test]
    fn an_approval_is_of_the_head_that_there_was_when_it_was_given() {
        let ben = || Ok(vec!["ben".to_owned()]);
        let few = |why: &str| Err(format!("pull request 7 has 0 approvals of 1 for its head `11111111`{why}"));
        let approved = |time: &str| note("ben", "approved this merge request", time);
        assert_eq!(count(&[approver("ben", Some("10:00"))], &[]), ben());
        assert_eq!(count(&[approver("ben", Some("09:59"))], &[]), few(": `ben` approved an older head"));
        assert_eq!(count(&[approver("ben", None)], &[approved("10:01")]), ben());
        assert_eq!(count(&[approver("ben", None)], &[approved("09:01"), approved("10:01")]), ben());
        assert_eq!(count(&[approver("ben", None)], &[approved("09:01")]), few(": `ben` approved an older head"));
        // Nobody knows when: nobody knows what.
        let unknown = few(": `ben` approved, and nobody knows which head");
        assert_eq!(count(&[approver("ben", None)], &[]), unknown);
        assert_eq!(count(&[approver("ben", Some("08:00"))], &[]), unknown);
        // Anybody may write what GitLab writes.
        let mut forged = approved("10:01");
        forged.is_of_system = false;
        assert_eq!(count(&[approver("ben", None)], &[forged]), unknown);
    }

    #[test]
    fn whoever_has_taken_it_back_does_not_count() {
        let approved = || note("ben", "approved this merge request", "10:01");
        let few = |why: &str| Err(format!("pull request 7 has 0 approvals of 1 for its head `11111111`{why}"));
        assert_eq!(count(&[], &[approved()]), few(": `ben` approved, and was dismissed"));
        let taken_back = note("ben", "unapproved this merge request", "10:02");
        assert_eq!(count(&[], &[approved(), taken_back]), few(": `ben` approved, and was dismissed"));
        let changes = note("ben", "requested changes", "10:02");
        assert_eq!(count(&[approver("ben", None)], &[approved(), changes.clone()]), few(": `ben` asks for changes"));
        assert_eq!(count(&[], &[changes]), few(": `ben` asks for changes"));
        assert_eq!(count(&[approver("ana", Some("10:01"))], &[]), few(": `ana` is the author"));
    }
}
