//! Who would get something else from a merge group than what was reviewed, and what. People are told by their
//! fingerprints, as in the ledger.

use crate::plan::{MessageDifference, PeopleNamed, Presence};
use crate::report::mark::Mark;
use crate::report::merge_group::{GroupNames, MergeGroupReport};
use crate::report::plan_file::ChangeView;
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::{number, plural};

use super::{TextForm, plan_file};

/// How many messages are shown.
pub(in crate::report) const MESSAGES_SHOWN_MAX: usize = 30;

/// What to do about it.
pub(in crate::report) fn way_on(report: &MergeGroupReport) -> String {
    let GroupNames { pull, queue, .. } = &report.names;
    format!(
        "what was merged meanwhile has changed who gets what: take the {pull} out of the {queue}, bring its branch up to \
         date, and review its new plan"
    )
}

impl TextForm for MergeGroupReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut sheet = Sheet::default();
        line(&mut sheet, &Mark::Wrong.before(&verdict(self), paint));
        grounds(&mut sheet, self, "  ", paint);
        for difference in self.difference.messages.iter().take(MESSAGES_SHOWN_MAX) {
            message(&mut sheet, difference, "  ", paint);
        }
        let rest = self.difference.messages.len().saturating_sub(MESSAGES_SHOWN_MAX);
        if rest > 0 {
            line(&mut sheet, &format!("  … and {}", plural(rest as u64, "more message")));
        }
        line(&mut sheet, &format!("  {}", digests(self)));
        line(&mut sheet, &format!("  {}", way_on(self)));
        sheet
    }
}

/// What is wrong, in one line.
pub(in crate::report) fn verdict(report: &MergeGroupReport) -> String {
    let MergeGroupReport { names, pull, reviewed, group, .. } = report;
    format!(
        "the {} is not what was reviewed in {} {pull}: {} there, {} here",
        names.group,
        names.pull,
        plural(reviewed.people, "message"),
        number(group.people),
    )
}

/// The digests of both.
pub(in crate::report) fn digests(report: &MergeGroupReport) -> String {
    format!("digest `{}` there, `{}` here", report.reviewed.digest, report.group.digest)
}

/// What differs in all messages at once.
pub(in crate::report) fn grounds(out: &mut Sheet, report: &MergeGroupReport, indent: &str, paint: Paint) {
    if let Some((there, here)) = &report.difference.gateways {
        line(
            out,
            &format!("{indent}{}", Mark::Look.before(&format!("gateway: `{there}` there, `{here}` here"), paint)),
        );
    }
    if report.difference.has_other_key {
        let words = "the key is another one, so that nobody is the same person: give both jobs the same `SENDFORM_KEY`";
        line(out, &format!("{indent}{}", Mark::Look.before(words, paint)));
    }
}

/// What differs in a message.
pub(in crate::report) fn message(out: &mut Sheet, difference: &MessageDifference, indent: &str, paint: Paint) {
    let MessageDifference { key, presence, changes, more, fewer, others } = difference;
    let of_plans = match presence {
        Presence::Both => "",
        Presence::Reviewed => " is not there any more",
        Presence::Newer => " is not in the plan that was reviewed",
        Presence::NotSelected => " is not selected by both, or not the same: plan both with the same `--only`",
    };
    line(out, &format!("{indent}`{key}`{of_plans}"));
    let groups = [
        (more, plural(more.count, "more person")),
        (fewer, plural(fewer.count, "fewer person")),
        (others, format!("{} would get something else", plural(others.count, "person"))),
    ];
    for (people, words) in groups.into_iter().filter(|(people, _)| people.count > 0) {
        line(out, &format!("{indent}  {words}: {}", named(people)));
    }
    if others.count > 0 && changes.is_empty() {
        line(
            out,
            &format!(
                "{indent}  the text is as it was reviewed: cells of their rows differ, or a file that it includes"
            ),
        );
    }
    for change in changes {
        plan_file::definition(out, &ChangeView::new(change), &format!("{indent}  "), paint);
    }
}

/// People by their fingerprints.
fn named(people: &PeopleNamed) -> String {
    let first: Vec<String> = people.first.iter().map(|person| format!("`{person}`")).collect();
    let more = people.count > first.len() as u64;
    format!("{}{}", first.join(", "), if more { ", …" } else { "" })
}
