//! What became of a run, where that is not what was planned.

use crate::report::apply::{ApplyReport, NEXT_APPLY};
use crate::report::screen::Screen;
use crate::report::text::apply::{KNOWN_LATE, alarm_words, status_name, ways_on};
use crate::report::words::plural;

use super::ledger::{of_doubts, of_twice};
use super::{Annotated, Annotation, AnnotationKind, AnnotationLevel, Check};

impl Annotated for ApplyReport<'_> {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all = of_twice(&self.twice, screen);
        let run = |level, code: &str, words: &str| Annotation::new(AnnotationKind::Run, level, code, words);
        if let Some(stopped) = self.stopped {
            let ended = run(AnnotationLevel::Error, "run-stopped", &format!("the run was stopped: {stopped}"));
            all.push(match ways_on(stopped).first() {
                Some(way) => ended.hint(way, screen),
                None => ended,
            });
        }
        for ended in &self.ended {
            let words = format!("{} was ended: {}", ended.message, ended.words);
            let hint = match ended.open {
                0 => KNOWN_LATE.to_owned(),
                _ => format!("to go on all the same: sendform apply --accept rejected={}", ended.to_accept),
            };
            all.push(run(AnnotationLevel::Error, "ended", &words).hint(&hint, screen).about(&*ended.message));
        }
        for message in &self.messages {
            for (status, people) in &message.outcome.rejected_by_status {
                let name = status_name(*status).map(|name| format!(" ({name})")).unwrap_or_default();
                let people = plural(*people, "person");
                let words = format!("{}: {people} rejected with status {status}{name}", message.message);
                all.push(run(AnnotationLevel::Error, "rejected", &words).about(&*message.message));
            }
            if message.outcome.refused > 0 {
                let people = plural(message.outcome.refused, "person");
                let words = format!("{}: {people} refused: surely nothing was sent to them", message.message);
                let refused = run(AnnotationLevel::Error, "refused", &words);
                all.push(refused.hint("run the same command again", screen).about(&*message.message));
            }
            if message.outcome.free_again > 0 {
                let people = plural(message.outcome.free_again, "person");
                let words = format!("{}: {people} free again: in doubt before, and proved not sent", message.message);
                let hint = format!("to send to them: {NEXT_APPLY}");
                let free = run(AnnotationLevel::Warning, "free-again", &words);
                all.push(free.hint(&hint, screen).about(&*message.message));
            }
        }
        for alarm in self.alarms {
            all.push(run(AnnotationLevel::Warning, "alarm", &alarm_words(alarm)));
        }
        if self.unstored_outcomes > 0 {
            let words = format!("the ledger lacks {}", plural(self.unstored_outcomes, "outcome"));
            all.push(run(AnnotationLevel::Error, "unstored", &words));
        }
        all.extend(of_doubts(&self.doubts, screen));
        all
    }

    fn passed(&self, _: &Screen) -> Vec<Check> {
        let all = self.messages.iter().filter(|message| {
            let outcome = &message.outcome;
            outcome.rejected + outcome.refused + outcome.in_doubt + outcome.not_attempted + outcome.free_again == 0
        });
        let check = |message: &crate::report::apply::MessageOutcomeView| Check {
            suite: message.message.clone(),
            code: "accepted".to_owned(),
            words: format!("{} accepted", plural(message.outcome.accepted, "person")),
            spot: None,
        };
        all.map(check).collect()
    }
}
