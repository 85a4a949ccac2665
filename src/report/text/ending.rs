//! What is said last, because that is what stands on the screen: what is wrong, an error a line, and the one command to
//! type next. Where all is well nothing is said.

use crate::diagnostic::Code;
use crate::plan::SafetyLimitKind;
use crate::report::apply::{ApplyReport, NEXT_APPLY};
use crate::report::diagnostics::{DiagnosticView, PlaceView, SeverityView};
use crate::report::plan::{PlanOccasion, PlanReport};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::status::StatusReport;
use crate::report::typed::Typed;
use crate::report::words::plural;

use super::twice::known_command;

/// How many errors are named again.
const ERRORS_MAX: usize = 20;

/// Ends a plan.
pub(in crate::report) fn of_plan(out: &mut Sheet, plan: &PlanReport<'_>, screen: &Screen) {
    if !plan.is_sound {
        errors(out, &plan.diagnostics, screen);
    }
    after_plan(out, plan, screen);
}

/// The command to type after a plan, if there is one.
pub(in crate::report) fn after_plan(out: &mut Sheet, plan: &PlanReport<'_>, screen: &Screen) {
    if plan.occasion == PlanOccasion::Sending {
        return;
    }
    if !plan.is_sound {
        next(out, "once the files are mended", "sendform plan", screen);
        // An apply needs the rows, and what else is wrong is so without them.
        let is_missing = |error: &DiagnosticView| error.code == Code::FileMissing.as_str();
        if plan.occasion == PlanOccasion::LookedAt && plan.has_rows && errors_in(&plan.diagnostics).all(is_missing) {
            next(out, "where the audiences are not at hand", "sendform plan --without-data", screen);
        }
        return;
    }
    if let Some(twice) = plan.twice.first() {
        return next(out, "once you know why", &known_command(twice), screen);
    }
    if plan.is_mismatched {
        return;
    }
    if let Some(Accepting { command, limits }) = accepting(plan, &screen.typed) {
        next(out, "if that is meant", &command, screen);
        if screen.typed.is_in_review {
            line(out, &format!("  in a workflow of GitHub: `accept: {limits}`, below `with:` of the job that plans"));
        }
        return;
    }
    if !plan.doubts.is_empty() {
        return of_doubts(out, plan.doubts.iter().any(|doubt| doubt.is_in_logs()), screen);
    }
    if !plan.stops.is_empty() {
        next(out, "once sending may go on", "sendform resume", screen);
    }
}

/// How all limits are accepted that refuse.
pub(in crate::report) struct Accepting {
    /// The command that does it.
    pub(in crate::report) command: String,
    /// What it accepts: `messages=3 late=1`.
    limits: String,
}

/// How all limits are accepted that refuse, each with its largest number; nothing if one of them takes none. A plan that is
/// reviewed takes the numbers along, and an apply has no say in them.
pub(in crate::report) fn accepting(plan: &PlanReport<'_>, typed: &Typed) -> Option<Accepting> {
    let refusing: Vec<_> = plan.safety_limits.iter().filter(|limit| !limit.accepted && limit.is_sure).collect();
    if refusing.is_empty() || refusing.iter().any(|limit| limit.name == SafetyLimitKind::Expect.name()) {
        return None;
    }
    let mut numbers = std::collections::BTreeMap::new();
    for limit in refusing {
        let number = numbers.entry(limit.name).or_insert(0);
        *number = limit.to_accept.max(*number);
    }
    let limits: Vec<String> = numbers.iter().map(|(name, number)| format!("{name}={number}")).collect();
    let words: String = limits.iter().map(|limit| format!(" --accept {limit}")).collect();
    Some(Accepting { command: format!("{}{words}", accepting_command(typed)), limits: limits.join(" ") })
}

/// The command that takes the limits that are accepted.
pub(in crate::report) const fn accepting_command(typed: &Typed) -> &'static str {
    if typed.is_in_review { "sendform ci plan" } else { "sendform apply" }
}

/// Ends what a ledger holds.
pub(in crate::report) fn of_ledger(out: &mut Sheet, status: &StatusReport<'_>, screen: &Screen) {
    if let Some(twice) = status.twice.first() {
        next(out, "once you know why", &known_command(twice), screen);
    } else if !status.doubts.is_empty() {
        of_doubts(out, status.doubts.iter().any(|doubt| doubt.is_in_logs()), screen);
    } else if !status.stops.is_empty() {
        next(out, "once sending may go on", "sendform resume", screen);
    }
}

/// Ends a run: whatever else it leaves open has just been told with its command.
pub(in crate::report) fn of_apply(out: &mut Sheet, apply: &ApplyReport<'_>, screen: &Screen) {
    if let Some(twice) = apply.twice.first() {
        next(out, "once you know why", &known_command(twice), screen);
    } else if apply.next.is_some() {
        next(out, "to send to whoever is free again", NEXT_APPLY, screen);
    }
}

/// Ends a check of the files. What is one error was just shown.
pub(in crate::report) fn of_files(out: &mut Sheet, diagnostics: &[DiagnosticView], screen: &Screen) {
    if errors_in(diagnostics).count() > 1 {
        errors(out, diagnostics, screen);
        next(out, "once they are mended", "sendform validate", screen);
    }
}

fn of_doubts(out: &mut Sheet, are_in_logs: bool, screen: &Screen) {
    // What the logs have forgotten only a person can say, as it was told above.
    if are_in_logs {
        next(out, "to settle what is in doubt", "sendform reconcile", screen);
    }
}

fn errors_in(diagnostics: &[DiagnosticView]) -> impl Iterator<Item = &DiagnosticView> {
    diagnostics.iter().filter(|diagnostic| diagnostic.severity == SeverityView::Error)
}

fn errors(out: &mut Sheet, diagnostics: &[DiagnosticView], screen: &Screen) {
    let shown = || errors_in(diagnostics).take(ERRORS_MAX);
    let width = shown().map(|error| error.code.len()).max().unwrap_or_default();
    for error in shown() {
        let code = screen.paint.bad(error.code);
        let Some(place) = &error.place else {
            line(out, &format!("  {code}"));
            continue;
        };
        let gap = " ".repeat(width - error.code.len());
        line(out, &format!("  {code}{gap}  {}", place_words(place, screen)));
    }
    let rest = errors_in(diagnostics).count().saturating_sub(ERRORS_MAX);
    if rest > 0 {
        line(out, &format!("  and {}", plural(rest as u64, "more error")));
    }
}

/// A place as editors and terminals take it: `campaigns/sale.yaml:12:3`.
fn place_words(place: &PlaceView, screen: &Screen) -> String {
    let numbers = [place.line, place.column].into_iter().flatten().map(|number| format!(":{number}"));
    screen.file(&place.file) + &numbers.collect::<String>()
}

/// The command to type next.
fn next(out: &mut Sheet, why: &str, command: &str, screen: &Screen) {
    line(out, &format!("{}, {why}: {command}", screen.paint.strong("next")));
}
