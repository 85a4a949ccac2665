//! What a ledger has to say: who was accepted twice, what is in doubt, what is stopped, and what was found in it.

use crate::report::doubt::DoubtView;
use crate::report::ledger::verify::LedgerVerifyReport;
use crate::report::reconcile::ReconcileReport;
use crate::report::screen::Screen;
use crate::report::status::StatusReport;
use crate::report::stops::{ResumeReport, StopView};
use crate::report::text::{doubts, twice};
use crate::report::twice::TwiceView;
use crate::report::words::plural;

use super::{Annotated, Annotation, AnnotationKind, AnnotationLevel};

/// Who was accepted twice.
pub(super) fn of_twice(found: &[TwiceView], screen: &Screen) -> Vec<Annotation> {
    let one = |view: &TwiceView| {
        let people = plural(view.people, "person");
        let words = format!("{} r{}: accepted twice: {people}; it cannot be recalled", view.message, view.revision);
        Annotation::new(AnnotationKind::Twice, AnnotationLevel::Error, "accepted-twice", &words)
            .hint(&format!("once you know why: {}", twice::known_command(view)), screen)
            .about(&*view.message)
    };
    found.iter().map(one).collect()
}

/// What is in doubt.
pub(super) fn of_doubts(found: &[DoubtView], screen: &Screen) -> Vec<Annotation> {
    let one = |doubt: &DoubtView| {
        let people = plural(doubt.people, "person");
        let why = doubt.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let words = format!("in doubt: {people} of {}, {}{why}", doubt.bulk_id, doubts::left(doubt));
        let command = if doubt.is_in_logs() {
            "sendform reconcile".to_owned()
        } else {
            doubts::resolve_commands(&doubt.bulk_id).join("; ")
        };
        Annotation::new(AnnotationKind::Doubt, AnnotationLevel::Error, "in-doubt", &words)
            .hint(&format!("to settle it: {command}"), screen)
            .about(&*doubt.bulk_id)
    };
    found.iter().map(one).collect()
}

/// The stops that stand. They fail no plan.
pub(super) fn of_stops(stops: &[StopView], screen: &Screen) -> Vec<Annotation> {
    let one = |stop: &StopView| {
        let words = format!("stopped by {}", stop.words());
        Annotation::new(AnnotationKind::Stop, AnnotationLevel::Warning, "stopped", &words)
            .hint("nothing is sent until somebody lets it go on: sendform resume", screen)
            .about(&*stop.id)
    };
    stops.iter().map(one).collect()
}

impl Annotated for StatusReport<'_> {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all = of_twice(&self.twice, screen);
        all.extend(of_stops(&self.stops, screen));
        all.extend(of_doubts(&self.doubts, screen));
        all
    }
}

impl Annotated for ResumeReport {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        of_stops(&self.standing, screen)
    }
}

impl Annotated for ReconcileReport {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all: Vec<Annotation> = self
            .failure
            .iter()
            .map(|failure| {
                let words = format!("the logs could not be read to their end: {failure}");
                Annotation::new(AnnotationKind::Run, AnnotationLevel::Error, "logs-unread", &words)
            })
            .collect();
        for finding in &self.doubts {
            let bulk = &finding.doubt.bulk_id;
            if finding.sent_again > 0 {
                let people = plural(finding.sent_again, "person");
                let words = format!("the gateway took the message of {people} in {bulk} more than once");
                let alarm = Annotation::new(AnnotationKind::Twice, AnnotationLevel::Error, "accepted-twice", &words);
                all.push(alarm.about(&**bulk));
            }
            if finding.in_doubt > 0 {
                let words = format!("still in doubt: {} of {bulk}", plural(finding.in_doubt, "person"));
                let doubt = Annotation::new(AnnotationKind::Doubt, AnnotationLevel::Error, "in-doubt", &words);
                let hint = format!("your word settles it: {}", doubts::resolve_commands(bulk).join("; "));
                all.push(doubt.hint(&hint, screen).about(&**bulk));
            }
        }
        all
    }
}

impl Annotated for LedgerVerifyReport {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all = of_twice(&self.twice, screen);
        let found = |level, words: &str| Annotation::new(AnnotationKind::Found, level, "ledger", words).about(words);
        for finding in &self.findings {
            let level = if finding.is_harmless { AnnotationLevel::Notice } else { AnnotationLevel::Error };
            all.push(found(level, &finding.words));
        }
        all.extend(self.trust.unclosed.iter().map(|unclosed| found(AnnotationLevel::Error, &unclosed.words)));
        for dump in &self.dumps {
            let words = |reason| format!("{} does not go with the ledger: {reason}", dump.file);
            all.extend(dump.error.as_ref().map(|reason| found(AnnotationLevel::Error, &words(reason))));
        }
        all.extend(self.harmless_doubts.iter().map(|words| found(AnnotationLevel::Notice, words)));
        all
    }
}
