//! What the gateway's logs said of the doubts: bulk by bulk, why the rest stays open, and what would
//! settle it.

use crate::report::mark::Mark;
use crate::report::reconcile::{FindingView, KeptReason, KeptView, ReconcileReport};
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::plural;
use crate::timing;

use super::TextForm;
use super::apply::status_name;
use super::doubts::{flight, hurry, resolve_commands, words};

impl TextForm for ReconcileReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut out = Sheet::default();
        if self.doubts.is_empty() && self.failure.is_none() {
            let yet = if self.in_flight.is_some() { " yet" } else { "" };
            line(&mut out, &paint.strong(&format!("nothing is in doubt{yet}")));
            flight(&mut out, self.in_flight, paint);
            return out;
        }
        if let Some(failure) = &self.failure {
            let words = format!("the logs could not be read to their end: {}", harmless(failure, LineFeeds::Escape));
            line(&mut out, &Mark::Wrong.before(&words, paint));
            if self.is_refused {
                line(&mut out, "  set SENDFORM_API_KEY to a key with the scope instagram:logs:read");
            }
            out.blank();
        }
        for finding in &self.doubts {
            self::finding(&mut out, finding, paint);
            out.blank();
        }
        let open = self.doubts.iter().filter(|finding| finding.in_doubt > 0);
        hurry(&mut out, open.map(|finding| &finding.doubt), paint);
        line(&mut out, &summary(self, paint));
        flight(&mut out, self.in_flight, paint);
        if let Some(alarm) = alarm(self) {
            line(&mut out, &Mark::Wrong.before(&alarm, paint));
        }
        out
    }
}

/// The last line, if anybody got their message more than once.
fn alarm(report: &ReconcileReport) -> Option<String> {
    let people = report.doubts.iter().map(|finding| finding.sent_again).sum();
    (people > 0).then(|| format!("ALARM: {} got their message more than once", plural(people, "person")))
}

/// One line for those who did not ask: `3 people in doubt were settled from the gateway's logs`.
#[must_use]
pub fn brief(report: &ReconcileReport) -> Sheet {
    let mut out = Sheet::default();
    let sum = |count: fn(&FindingView) -> u64| report.doubts.iter().map(count).sum::<u64>();
    let groups = [
        (sum(|finding| finding.accepted), "accepted"),
        (sum(|finding| finding.rejected), "rejected"),
        (sum(|finding| finding.not_sent), "not sent"),
    ];
    let words: Vec<String> = groups
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", plural(count, "person")))
        .collect();
    if !words.is_empty() {
        line(&mut out, &format!("doubts settled from the gateway's logs: {}", words.join(", ")));
    }
    for finding in report.doubts.iter().filter(|finding| finding.sent_again > 0) {
        line(&mut out, &Mark::Wrong.before(&sent_again(finding), Paint::Plain));
    }
    if let Some(failure) = &report.failure {
        let failure = harmless(failure, LineFeeds::Escape);
        let words = format!("doubts could not be looked up in the gateway's logs: {failure}");
        line(&mut out, &Mark::Look.before(&words, Paint::Plain));
    }
    out
}

fn finding(out: &mut Sheet, finding: &FindingView, paint: Paint) {
    let doubt = &finding.doubt;
    line(out, &format!("{}  {}", paint.strong(&doubt.bulk_id), words(doubt)));
    let people = |count| plural(count, "person");
    if finding.accepted > 0 {
        line(out, &format!("    {}", paint.good(&format!("{} found: accepted", people(finding.accepted)))));
    }
    for (status, count) in &finding.rejected_by_status {
        let name = status_name(*status).map(|name| format!(" ({name})")).unwrap_or_default();
        let words = format!("{} found: rejected with status {status}{name}", people(*count));
        line(out, &format!("  {}", Mark::Look.before(&words, paint)));
    }
    if finding.not_sent > 0 {
        let words = "proved not sent: free to be sent to; `sendform apply` sends to them";
        line(out, &format!("  {}", Mark::Sends.before(&format!("{} {words}", people(finding.not_sent)), paint)));
    }
    if finding.settled_elsewhere > 0 {
        line(out, &format!("    {} settled by another run meanwhile", people(finding.settled_elsewhere)));
    }
    for kept in &finding.kept {
        let words = format!("{} still in doubt: {}", people(kept.people), reason(kept));
        line(out, &format!("  {}", Mark::Wrong.before(&words, paint)));
    }
    if finding.kept.iter().any(|kept| needs_word(kept.reason)) || (finding.in_doubt > 0 && !doubt.is_in_logs()) {
        line(out, "    your word settles it:");
        resolve_commands(&doubt.bulk_id).iter().for_each(|command| line(out, &format!("      {command}")));
    }
    if finding.sent_again > 0 {
        line(out, &Mark::Wrong.before(&sent_again(finding), paint));
    }
}

fn sent_again(finding: &FindingView) -> String {
    let people = plural(finding.sent_again, "person");
    format!("ALARM: the gateway took the message of {people} in `{}` more than once", finding.doubt.bulk_id)
}

fn summary(report: &ReconcileReport, paint: Paint) -> String {
    let settled = match report.settled {
        0 => "nobody".to_owned(),
        settled => plural(settled, "person"),
    };
    match report.in_doubt {
        0 => paint.good(&format!("{settled} settled, nothing is in doubt any more")),
        open => format!("{settled} settled, {}", paint.bad(&format!("{} still in doubt", plural(open, "person")))),
    }
}

/// Whether only a person can settle it.
fn needs_word(reason: KeptReason) -> bool {
    match reason {
        KeptReason::InAnotherBulk
        | KeptReason::BeforeItsClaim
        | KeptReason::InAnotherClaim
        | KeptReason::DuplicateId
        | KeptReason::UnclearStatus
        | KeptReason::TooLate
        | KeptReason::Never
        | KeptReason::Undated => true,
        KeptReason::Unread
        | KeptReason::ClocksApart
        | KeptReason::NoDate
        | KeptReason::TooEarly
        | KeptReason::NothingAfter
        | KeptReason::LogsLack => false,
    }
}

/// Why people stay in doubt, and what would settle it.
fn reason(kept: &KeptView) -> String {
    match kept.reason {
        KeptReason::InAnotherBulk => "the logs have their message in a bulk that this ledger does not know".to_owned(),
        KeptReason::BeforeItsClaim => {
            "the logs have their message in this very bulk, but sent before it was claimed: the clocks of the gateway and \
             of the machine that claimed it differ, or this ledger lacks an earlier claim of it"
                .to_owned()
        }
        KeptReason::InAnotherClaim => {
            "the logs have their message, but another claim of the same bulk may be what was sent".to_owned()
        }
        KeptReason::DuplicateId => "the gateway has seen their messageIds before, but this ledger has not".to_owned(),
        KeptReason::UnclearStatus => "the logs have them with a status that the API does not have".to_owned(),
        KeptReason::TooLate => {
            "after 47 hours absence from the logs proves nothing; only a person's word settles it".to_owned()
        }
        KeptReason::Unread => "the logs could not be read to their end".to_owned(),
        KeptReason::Never => {
            "their messages may leave so late that absence from the logs never proves anything".to_owned()
        }
        KeptReason::TooEarly => {
            let before = kept.from.map(timing::utc).unwrap_or_default();
            format!("absence from the logs proves nothing before {before}; reconcile again then")
        }
        KeptReason::Undated => {
            "not in the logs, but their run was cut off before the gateway told it the time, so nobody \
                          knows since when they should be there"
                .to_owned()
        }
        KeptReason::ClocksApart => {
            "absence from the logs proves nothing while the clocks of this machine and of the gateway \
                              do not go together; have both kept by NTP, and reconcile again"
                .to_owned()
        }
        KeptReason::NoDate => {
            "the gateway's answers do not tell its time (a `Date` that no cache has kept), without which \
                         absence from the logs proves nothing"
                .to_owned()
        }
        KeptReason::NothingAfter => {
            "not in the logs, but the logs have nothing of this sender that left later, so they may \
                               have stood still; reconcile again after the next accepted bulk"
                .to_owned()
        }
        KeptReason::LogsLack => "not in the logs, but neither are messages that the gateway accepted; \
                           are these the credentials that sent them?"
            .to_owned(),
    }
}
