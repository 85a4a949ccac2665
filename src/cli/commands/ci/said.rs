//! What a plan in CI says in other places than the job's log, made of what the plan has shown.

use crate::cli::shown::{ShownReport, ShownReports};
use crate::report::annotation::{Annotation, ToSend};
use crate::report::markdown::budget::{Limit, MarkdownDocument};

/// What is said where no secret is at hand.
pub(super) const OF_A_FORK: &str = "This pull request comes from a fork, whose runs get no secrets. So only the \
     structure was planned: nobody's rows were read, nobody was recognised, and there is no digest. Somebody who may \
     has to bring the branch into this repository before it is planned whole.";

/// The same of a merge request.
pub(super) const OF_A_FORK_ON_GITLAB: &str = "This merge request comes from a fork, and gets no secrets. So only the \
     structure was planned: nobody's rows were read, nobody was recognised, and there is no digest. Somebody who may \
     has to bring the branch into this project before it is planned whole.";

/// What is said where GitLab plans what a merge would give.
pub(super) const OF_A_MERGED_RESULT: &str = "Planned is what the merge would give now, and not the head alone.";

/// What a plan has shown.
pub(super) struct PlanSaid {
    reports: Vec<ShownReport>,
    own_words: Option<&'static str>,
}

impl PlanSaid {
    /// Takes what was shown, and what is to be said before it.
    pub(super) fn new(shown: &ShownReports, own_words: Option<&'static str>) -> Self {
        Self { reports: shown.all(), own_words }
    }

    /// The same, and this report before all others.
    pub(super) fn behind(&self, first: Option<ShownReport>) -> Self {
        let reports = first.into_iter().chain(self.reports.iter().cloned()).collect();
        Self { reports, own_words: self.own_words }
    }

    /// What would be sent; nothing if it did not come to a plan.
    pub(super) fn to_send(&self) -> Option<&ToSend> {
        self.reports.iter().find_map(|report| report.to_send.as_ref())
    }

    /// How many messages would be sent, now or later.
    pub(super) fn people(&self) -> u64 {
        self.to_send().map_or(0, |to_send| to_send.now + to_send.later)
    }

    /// The plan's digest, if it has one.
    pub(super) fn digest(&self) -> Option<&str> {
        self.to_send()?.digest.as_deref()
    }

    /// All that there is to say one by one, the most important first.
    pub(super) fn annotations(&self) -> Vec<Annotation> {
        let mut all: Vec<Annotation> =
            self.reports.iter().flat_map(|report| report.annotations.iter().cloned()).collect();
        all.sort_by_key(|annotation| (annotation.level, annotation.kind));
        all
    }

    /// As Markdown behind a first line, so that all of it fits.
    pub(super) fn markdown(&self, first_line: &str, limit: Limit) -> String {
        let own = self.own_words.map(MarkdownDocument::of_own_words);
        let reports = self.reports.iter().map(|report| report.markdown.clone());
        own.into_iter()
            .chain(reports)
            .fold(MarkdownDocument::default(), MarkdownDocument::and)
            .within(first_line, limit)
    }
}
