//! Who has approved a pull request: people with write access, other than its author, for exactly its head.

use std::collections::BTreeMap;

use super::facts::{Pull, PullReview, ReviewState};
use super::unbound::{Unbound, Uncounted, UncountedWhy};

/// The last word of each reviewer, and why it does not count if that is known already. The forge is asked about the
/// access of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// Who approves the head, if they may write.
    pub candidates: Vec<String>,
    /// The others.
    uncounted: Vec<Uncounted>,
}

impl Approvals {
    /// Takes the reviews of a pull request, the oldest first. A remark changes nothing of what somebody said before.
    #[must_use]
    pub fn of(pull: &Pull, reviews: &[PullReview]) -> Self {
        let mut last: BTreeMap<String, &PullReview> = BTreeMap::new();
        for review in reviews.iter().filter(|review| review.state != ReviewState::Remark) {
            last.insert(review.author.to_lowercase(), review);
        }
        let mut approvals = Self { candidates: Vec::new(), uncounted: Vec::new() };
        for review in last.into_values() {
            let why = match review.state {
                ReviewState::Remark => continue,
                _ if review.author.eq_ignore_ascii_case(&pull.author) => Some(UncountedWhy::Author),
                _ if review.is_bot => Some(UncountedWhy::Bot),
                ReviewState::ChangesRequested => Some(UncountedWhy::ChangesRequested),
                ReviewState::Dismissed => Some(UncountedWhy::Dismissed),
                ReviewState::Approved => match &review.commit {
                    None => Some(UncountedWhy::UnknownHead),
                    Some(commit) if *commit != pull.head => Some(UncountedWhy::OlderHead),
                    Some(_) => None,
                },
            };
            let who = review.author.clone();
            match why {
                None => approvals.candidates.push(who),
                Some(why) => approvals.uncounted.push(Uncounted { who, why }),
            }
        }
        approvals
    }

    /// Counts those who may write, and gives their names.
    ///
    /// # Errors
    /// If they are too few.
    pub fn enough(
        mut self,
        pull: &Pull,
        wanted: u32,
        may_write: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Unbound> {
        let (counted, others): (Vec<String>, Vec<String>) = self.candidates.into_iter().partition(|who| may_write(who));
        self.uncounted.extend(others.into_iter().map(|who| Uncounted { who, why: UncountedWhy::NoWriteAccess }));
        if u32::try_from(counted.len()).is_ok_and(|count| count < wanted) {
            let (number, head) = (pull.number, pull.head.short().to_owned());
            return Err(Unbound::TooFewApprovals { pull: number, head, wanted, counted, uncounted: self.uncounted });
        }
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::fixture::{commit, pull};

    fn review(author: &str, state: ReviewState, head: &str) -> PullReview {
        PullReview { author: author.to_owned(), is_bot: author.ends_with("[bot]"), state, commit: Some(commit(head)) }
    }

    fn count(wanted: u32, reviews: &[PullReview]) -> Result<Vec<String>, String> {
        let pull = pull();
        let approvals = Approvals::of(&pull, reviews);
        approvals.enough(&pull, wanted, |who| who != "dan").map_err(|error| error.to_string())
    }

    #[test]
    fn only_others_with_access_who_approve_this_head_count() {
        use ReviewState::{Approved, ChangesRequested, Dismissed, Remark};
        let all = [
            review("Ana", Approved, "1"),
            review("ben", Approved, "1"),
            review("cleo", Approved, "2"),
            review("dan", Approved, "1"),
            review("eve", ChangesRequested, "1"),
            review("fay", Dismissed, "1"),
            review("gus[bot]", Approved, "1"),
            review("hal", Remark, "1"),
        ];
        assert_eq!(count(1, &all), Ok(vec!["ben".to_owned()]));
        insta::assert_snapshot!(count(2, &all).unwrap_err(), @"pull request 7 has 1 approval of 2 for its head `11111111`: `Ana` is the author, `cleo` approved an older head, `eve` asks for changes, `fay` approved, and was dismissed, `gus[bot]` is a bot and `dan` approved, and may not write to the repository");
        assert_eq!(count(1, &[]).unwrap_err(), "pull request 7 has 0 approvals of 1 for its head `11111111`");
        assert_eq!(count(0, &[]), Ok(vec![]));
    }

    #[test]
    fn the_last_word_of_each_counts_and_nobody_counts_twice() {
        use ReviewState::{Approved, ChangesRequested, Remark};
        let ben = || Ok(vec!["ben".to_owned()]);
        let turns = |states: &[(ReviewState, &str)]| {
            count(1, &states.iter().map(|(state, head)| review("ben", state.clone(), head)).collect::<Vec<_>>())
        };
        assert_eq!(turns(&[(Approved, "2"), (Approved, "1")]), ben());
        assert_eq!(turns(&[(ChangesRequested, "1"), (Approved, "1"), (Remark, "1")]), ben());
        assert!(turns(&[(Approved, "1"), (ChangesRequested, "1")]).is_err());
        let twice = [review("ben", Approved, "1"), review("Ben", Approved, "1")];
        assert!(count(2, &twice).is_err());
        let mut unknown = review("ben", Approved, "1");
        unknown.commit = None;
        assert!(count(1, &[unknown]).is_err());
    }
}
