//! Which forge it is, and what it calls things: what is told is written in GitHub's words, once, and said in the words of
//! the forge that it is said on.

/// A forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgeKind {
    /// GitHub, or GitHub Enterprise Server.
    GitHub,
    /// GitLab, on gitlab.com or of one's own.
    GitLab,
}

/// What GitLab calls otherwise; the longer ones first.
const ON_GITLAB: [(&str, &str); 8] = [
    ("make its check a required one", "turn on `Pipelines must succeed` in the project's settings"),
    ("start the workflow", "start a pipeline"),
    ("the input `digest`", "the variable `DIGEST`"),
    ("merge group", "merge train"),
    ("queue", "train"),
    ("pull request", "merge request"),
    ("Pull request", "Merge request"),
    ("workflow", "job"),
];

impl ForgeKind {
    /// Says it in this forge's words. Values, which stand between backticks, stay as they are.
    #[must_use]
    pub fn words(self, text: &str) -> String {
        match self {
            Self::GitHub => text.to_owned(),
            Self::GitLab => {
                let whole = ON_GITLAB.iter().filter(|(theirs, _)| theirs.contains('`'));
                let text = whole.fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours));
                let parts = text.split('`').enumerate();
                let said = parts.map(|(at, part)| if at % 2 == 0 { of_gitlab(part) } else { part.to_owned() });
                said.collect::<Vec<_>>().join("`")
            }
        }
    }

    /// How a pull request is referred to there: `#7`, `!7`.
    #[must_use]
    pub fn reference(self, pull: u64) -> String {
        match self {
            Self::GitHub => format!("#{pull}"),
            Self::GitLab => format!("!{pull}"),
        }
    }

    /// How long a comment may be there, in characters; they are counted as UTF-16 does, which is never less than any
    /// other way to count characters.
    #[must_use]
    pub const fn comment_max(self) -> usize {
        match self {
            Self::GitHub => 65_536,
            Self::GitLab => 1_000_000,
        }
    }
}

fn of_gitlab(text: &str) -> String {
    ON_GITLAB.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

#[cfg(test)]
mod tests {
    use super::ForgeKind;

    #[test]
    fn each_forge_says_it_in_its_own_words() {
        let text =
            "pull request 7 went to `pull request`: start the workflow by hand, or type it into the input `digest`";
        assert_eq!(ForgeKind::GitHub.words(text), text);
        assert_eq!(
            ForgeKind::GitLab.words(text),
            "merge request 7 went to `pull request`: start a pipeline by hand, or type it into the variable `DIGEST`"
        );
        let group = "the merge group of the queue, take the pull request out of the queue";
        let train = "the merge train of the train, take the merge request out of the train";
        assert_eq!(ForgeKind::GitLab.words(group), train);
        assert_eq!(ForgeKind::GitLab.words("a workflow of pull requests"), "a job of merge requests");
        assert_eq!([ForgeKind::GitHub, ForgeKind::GitLab].map(|forge| forge.reference(7)), ["#7", "!7"]);
    }
}
