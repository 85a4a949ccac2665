//! What a plan has to say one by one: whatever keeps it from being sent, and whatever somebody should know.

use std::collections::BTreeSet;

use crate::plan::SafetyLimitKind;
use crate::report::message::MessageView;
use crate::report::plan::{PlanReport, SafetyLimitView};
use crate::report::plan_file::ChangeView;
use crate::report::screen::Screen;
use crate::report::style::Paint;
use crate::report::text::{at_most, ending, handed_over, plan as words};
use crate::report::words::{list, plural};

use super::files::{are_well, of_diagnostics};
use super::ledger::{of_doubts, of_stops, of_twice};
use super::{Annotated, Annotation, AnnotationKind, AnnotationLevel, Check, FileSpot, PLAN, ToSend};

/// The safety limits of each message, and what is as it should be while they say nothing.
const OF_MESSAGES: [SafetyLimitKind; 5] = [
    SafetyLimitKind::Expect,
    SafetyLimitKind::Nobody,
    SafetyLimitKind::Failed,
    SafetyLimitKind::Unreadable,
    SafetyLimitKind::Growth,
];

impl Annotated for PlanReport<'_> {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all = of_twice(&self.twice, screen);
        all.extend(of_stops(&self.stops, screen));
        all.extend(unstopped(self, screen));
        all.extend(mismatches(self, screen));
        all.extend(self.safety_limits.iter().map(|limit| of_limit(limit, self, screen)));
        all.extend(of_doubts(&self.doubts, screen));
        all.extend(of_diagnostics(&self.diagnostics, screen));
        if self.close_together > 0 {
            let words = words::close_together(self.close_together, self.at_most);
            all.push(Annotation::new(AnnotationKind::Plan, AnnotationLevel::Warning, "close-together", &words));
        }
        all.extend(
            at_most::why(self)
                .map(|words| Annotation::new(AnnotationKind::Plan, AnnotationLevel::Notice, "not-compared", &words)),
        );
        all.push(summary(self));
        all
    }

    fn passed(&self, screen: &Screen) -> Vec<Check> {
        let refused: BTreeSet<(&str, Option<&str>)> =
            self.safety_limits.iter().map(|limit| (limit.name, limit.message.as_deref())).collect();
        let mut checks: Vec<Check> = are_well(&self.diagnostics).into_iter().collect();
        let code = |kind: SafetyLimitKind| format!("limit-{}", kind.name());
        for message in self.selected().filter(|message| message.read && !message.has_errors) {
            let held = OF_MESSAGES.into_iter().filter(|kind| !refused.contains(&(kind.name(), Some(&message.message))));
            checks.extend(held.map(|kind| Check {
                suite: message.message.clone(),
                code: code(kind),
                words: is_as_it_should_be(kind, self),
                spot: FileSpot::of_message(message, screen),
            }));
        }
        if !refused.iter().any(|(name, _)| *name == SafetyLimitKind::Messages.name()) {
            let (suite, code) = (PLAN.to_owned(), code(SafetyLimitKind::Messages));
            let words = format!("at most {} an apply", plural(self.limits.messages_per_apply, "message"));
            checks.push(Check { suite, code, words, spot: None });
        }
        checks
    }

    fn to_send(&self) -> Option<ToSend> {
        Some(ToSend { now: self.to_send, later: self.not_due, digest: self.digest.clone().filter(|_| self.is_sound) })
    }
}

/// The one line that says what would happen.
fn summary(plan: &PlanReport<'_>) -> Annotation {
    let words = words::summary(plan, Paint::Plain);
    Annotation::new(AnnotationKind::Plan, AnnotationLevel::Notice, "plan", &words).about(plan.project)
}

/// What is as it should be of a message while a limit of it says nothing.
fn is_as_it_should_be(kind: SafetyLimitKind, plan: &PlanReport<'_>) -> String {
    let limits = &plan.limits;
    match kind {
        SafetyLimitKind::Expect => "its audience and its lists are as large as is expected of them".to_owned(),
        SafetyLimitKind::Nobody => "its audience reaches somebody".to_owned(),
        SafetyLimitKind::Failed => format!("at most {} fail", plural(limits.failed_rows, "row")),
        SafetyLimitKind::Unreadable => {
            format!("at most {}% of its rows are unreadable", limits.unreadable_rows_percent)
        }
        SafetyLimitKind::Growth => {
            format!("its audience has grown by at most {}% since its last send", limits.audience_growth_percent)
        }
        SafetyLimitKind::Messages
        | SafetyLimitKind::Late
        | SafetyLimitKind::Overlap
        | SafetyLimitKind::Rejected
        | SafetyLimitKind::LockfileInCi
        | SafetyLimitKind::Unauthenticated
        | SafetyLimitKind::Unclosed
        | SafetyLimitKind::Reloaded
        | SafetyLimitKind::OtherKey => String::new(),
    }
}

fn of_limit(limit: &SafetyLimitView<'_>, plan: &PlanReport<'_>, screen: &Screen) -> Annotation {
    let level = match (limit.accepted, limit.is_sure) {
        (true, _) => AnnotationLevel::Notice,
        (false, true) => AnnotationLevel::Error,
        (false, false) => AnnotationLevel::Warning,
    };
    let message = limit.message.as_deref();
    let scope = message.map(|key| format!("{key}: ")).unwrap_or_default();
    let tail = match level {
        AnnotationLevel::Error => "",
        AnnotationLevel::Warning => " (an apply may refuse)",
        AnnotationLevel::Notice => " (accepted)",
    };
    let words = format!("{scope}{}{tail}", limit.words);
    let place = plan.messages.iter().find(|view| Some(view.message.as_str()) == message);
    let annotation = Annotation::new(AnnotationKind::Limit, level, format!("limit-{}", limit.name), &words)
        .about(message.unwrap_or(PLAN))
        .at(place.and_then(|view| FileSpot::of_message(view, screen)));
    if level == AnnotationLevel::Notice {
        return annotation;
    }
    if limit.name == SafetyLimitKind::Expect.name() {
        return annotation.hint("mend the audience, or change its `expect`", screen);
    }
    // Of one kind only one number can be said, and all that refuse have to be accepted at once.
    let alone = || format!("{} --accept {}={}", ending::accepting_command(&screen.typed), limit.name, limit.to_accept);
    let command = ending::accepting(plan, &screen.typed).map_or_else(alone, |accepting| accepting.command);
    annotation.hint(&format!("if that is meant: {command}"), screen)
}

/// Whom the files keep from something by now that they get all the same.
fn unstopped(plan: &PlanReport<'_>, screen: &Screen) -> Vec<Annotation> {
    let told = handed_over::against_the_files(plan).into_iter();
    told.map(|(message, words)| {
        let place = plan.messages.iter().find(|view| view.message == message);
        Annotation::new(AnnotationKind::Unstopped, AnnotationLevel::Warning, "handed-over", &words)
            .hint(handed_over::UNCHANGEABLE, screen)
            .about(message)
            .at(place.and_then(|view| FileSpot::of_message(view, screen)))
    })
    .collect()
}

/// What does not match a plan file any more.
fn mismatches(plan: &PlanReport<'_>, screen: &Screen) -> Vec<Annotation> {
    let mismatch = |words: &str| {
        Annotation::new(AnnotationKind::Mismatch, AnnotationLevel::Error, "plan-mismatch", words)
            .hint("plan anew, and review that: `sendform plan`", screen)
    };
    let missing = plan.frozen.iter().flat_map(|frozen| &frozen.missing).map(|missing| {
        let people = plural(missing.people, "person");
        mismatch(&format!("the plan has `{}` for {people}, and the files lack it", missing.message))
            .about(&*missing.message)
    });
    let changed = plan.messages.iter().filter_map(|message| {
        let words = changes(message)?;
        Some(mismatch(&words).about(&*message.message).at(FileSpot::of_message(message, screen)))
    });
    missing.chain(changed).collect()
}

fn changes(message: &MessageView<'_>) -> Option<String> {
    let held = message.frozen.as_ref().filter(|held| !held.changes.is_empty())?;
    let changes: Vec<String> = held.changes.iter().map(change).collect();
    Some(format!("{} is not what the plan has: {}", message.message, list(&changes)))
}

fn change(change: &ChangeView<'_>) -> String {
    match change {
        ChangeView::Revision { planned, now } => format!("revision {planned} in the plan, {now} now"),
        ChangeView::Text { .. } => "another text".to_owned(),
        ChangeView::Contents { people, .. } => format!("{} would get another message", plural(*people, "person")),
        ChangeView::Expired { people, .. } => format!("the time to send to {} is past", plural(*people, "person")),
        ChangeView::Term { what, planned, now } => {
            format!("{what} {} in the plan, {} now", planned.unwrap_or("none"), now.unwrap_or("none"))
        }
    }
}
