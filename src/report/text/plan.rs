//! A plan for people in a hurry: doubts first, then message by message, then one line.

use std::collections::BTreeMap;

use crate::plan::{Gate, SafetyLimitKind};
use crate::report::mark::Mark;
use crate::report::message::{Due, MessageView, ProtectionView, SampleView};
use crate::report::plan::{LimitsView, PlanOccasion, PlanReport, SafetyLimitView};
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::{number, plural};
use crate::timing;

use super::TextForm;
use super::at_most;
use super::brief;
use super::clocks::{self, LastTold};
use super::doubts;
use super::ending;
use super::handed_over;
use super::late;
use super::plan_file;
use super::stops;
use super::twice;

impl TextForm for PlanReport<'_> {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        if self.occasion == PlanOccasion::UnsentInBrief {
            return result(self, screen);
        }
        let mut out = Sheet::default();
        let on = if self.gateway.is_empty() { String::new() } else { format!(" on {}", self.gateway) };
        let head = format!("{}{on}, {}", self.project, timing::utc(self.now));
        let (campaigns, files) = (plural(self.files, "campaign"), plural(self.files, "file"));
        line(&mut out, &format!("{}, {campaigns} in {files}", paint.strong(&head)));
        stops::stops(&mut out, &self.stops, paint);
        if let Some(frozen) = &self.frozen {
            plan_file::head(&mut out, frozen, paint);
        }
        at_most::head(&mut out, self, paint);
        twice::twice(&mut out, &self.twice, paint);
        handed_over::head(&mut out, self, paint);
        doubts::doubts(&mut out, &self.doubts, paint);
        doubts::flight(&mut out, self.in_flight, paint);
        messages(&mut out, self, screen);
        safety_limits(&mut out, &self.safety_limits, paint);
        out.blank();
        if self.close_together > 0 {
            let words = close_together(self.close_together, self.at_most);
            line(&mut out, &Mark::Look.before(&words, paint));
        }
        line(&mut out, &paint.faint(&limits(&self.limits)));
        line(&mut out, &summary(self, paint));
        // With errors there is nothing to approve.
        if let Some(digest) = self.digest.as_ref().filter(|_| self.is_sound) {
            line(&mut out, &paint.faint(&format!("digest {digest}")));
        }
        ending::of_plan(&mut out, self, screen);
        out
    }
}

/// What keeps an apply from sending, or that there is nothing to send, and what to do: no more of the plan.
fn result(plan: &PlanReport<'_>, screen: &Screen) -> Sheet {
    let paint = screen.paint;
    let mut out = Sheet::default();
    stops::stops(&mut out, &plan.stops, paint);
    twice::twice(&mut out, &plan.twice, paint);
    doubts::doubts(&mut out, &plan.doubts, paint);
    doubts::flight(&mut out, plan.in_flight, paint);
    safety_limits(&mut out, &plan.safety_limits, paint);
    if !out.is_empty() {
        out.blank();
    }
    line(&mut out, &summary(plan, paint));
    ending::of_plan(&mut out, plan, screen);
    out
}

/// The one line that says what would happen.
pub(in crate::report) fn summary(plan: &PlanReport<'_>, paint: Paint) -> String {
    let to_send = plan.to_send;
    let bulks = plan.selected().flat_map(|message| message.bulks_due(Due::Now)).count();
    let first = if !plan.is_sound {
        paint.bad("nothing can be sent: the files have errors")
    } else if plan.is_mismatched {
        paint.bad("nothing can be sent: this is not what the plan has")
    } else if !plan.has_rows {
        paint.strong("how many messages there are to send cannot be told without the rows")
    } else if to_send == 0 {
        paint.strong("nothing to send")
    } else {
        let count = at_most::count(&plural(to_send, "message"), plan.at_most);
        paint.strong(&format!("{count} to send in {}", plural(bulks as u64, "bulk")))
    };
    let mut words = vec![first];
    let refuses = |limit: &SafetyLimitView<'_>| limit.stops_everything && !limit.accepted && limit.is_sure;
    if to_send > 0 && plan.is_sound && plan.safety_limits.iter().any(refuses) {
        words.push(paint.bad(", but not while a limit refuses"));
    }
    if plan.too_late > 0 {
        let late = at_most::count(&plural(plan.too_late, "person"), plan.at_most);
        words.push(format!(", {}", paint.bad(&format!("{late} too late"))));
    }
    if plan.not_due > 0 {
        words.push(format!(", {} not due yet", at_most::count(&number(plan.not_due), plan.at_most)));
        if let Some(next) = plan.next_apply_at {
            words.push(format!(" (next apply at {})", timing::utc(next)));
        }
    }
    if !plan.twice.is_empty() {
        words.push(format!(", {}", paint.bad(&format!("{} accepted twice", twice::people(&plan.twice)))));
    }
    let doubt: u64 = plan.doubts.iter().map(|doubt| doubt.people).sum();
    if doubt > 0 {
        words.push(format!(", {}", paint.bad(&format!("{} in doubt", plural(doubt, "person")))));
    }
    words.concat()
}

pub(in crate::report) fn close_together(people: u64, at_most: bool) -> String {
    let people = at_most::count(&plural(people, "person"), at_most);
    format!("{people} would get more than one message of this plan within an hour")
}

/// Writes the messages: those of which something is to be said whole, and all others in a line together.
fn messages(out: &mut Sheet, plan: &PlanReport<'_>, screen: &Screen) {
    let (brief, whole): (Vec<_>, Vec<_>) = plan.messages.iter().partition(|message| brief::is_brief(message));
    for message in whole {
        out.blank();
        message_text(out, plan, message, screen);
    }
    let (quiet, not_selected): (Vec<_>, Vec<_>) = brief.into_iter().partition(|message| message.selected);
    let groups = [quiet, not_selected].into_iter().filter(|group| !group.is_empty());
    for (place, group) in groups.enumerate() {
        if place == 0 || plan.shows_all {
            out.blank();
        }
        match group.as_slice() {
            [_, _, ..] if !plan.shows_all => line(out, &brief::together(&group, screen.paint)),
            _ => group.iter().for_each(|message| line(out, &brief::alone(message, plan.now, screen))),
        }
    }
}

fn message_text(out: &mut Sheet, whole: &PlanReport<'_>, plan: &MessageView<'_>, screen: &Screen) {
    let (now, paint) = (whole.now, screen.paint);
    let head = format!("{} r{}", plan.message, plan.revision);
    let tail = format!("{} to {}", plan.sender, plan.audience);
    let place = place(plan, screen);
    line(out, &format!("{}  {}", paint.strong(&head), paint.faint(&format!("{tail}{place}"))));
    // Lists that stop nobody are named too: somebody may have relied on them.
    let mut protections: BTreeMap<&str, &ProtectionView<'_>> =
        plan.protections.iter().map(|protection| (protection.name, protection)).collect();
    // No group has more digits than all rows together.
    let width = number(plan.gates.total()).len();
    for (gate, count) in plan.gates.occupied().collect::<Vec<_>>().into_iter().rev() {
        if gate == Gate::AlreadySent {
            let sent = handed_over::sent(plan, now);
            sent.into_iter().for_each(|(people, words)| line(out, &format!("    {:>width$} {words}", number(people))));
            continue;
        }
        line(out, &gate_line(plan, gate, count, width, paint));
        for protection in plan.protections.iter().filter(|protection| protection.gate == gate) {
            protections.remove(protection.name);
            line(out, &paint.faint(&format!("    {:width$}   {}", "", protected(protection))));
        }
        if let Some(due) = due_at(gate) {
            if let Some(words) = clocks::delivered(plan, due, now) {
                line(out, &format!("    {:width$}   {words}", ""));
            }
            clocks::zones(out, plan, due, paint);
        }
        if let Some(at) = plan.not_asked_before.filter(|_| gate == Gate::ToSend) {
            let words = clocks::not_asked_before(plan, at);
            line(out, &paint.faint(&format!("    {:width$}   {words}", "")));
        }
        let reasons = plan.skip_reasons.iter().filter(|_| gate == Gate::Skipped);
        for (reason, count) in reasons {
            let reason = harmless(reason, LineFeeds::Escape);
            line(out, &format!("    {:width$}   {}", "", paint.faint(&format!("{}: {reason}", number(*count)))));
        }
    }
    at_most::in_clear(out, plan, now, paint);
    for protection in protections.values() {
        line(out, &paint.faint(&format!("    {:width$} {}", "", protected(protection))));
    }
    if let Some(why) = plan.unplanned {
        let words = format!("not planned: {}", harmless(why, LineFeeds::Escape));
        line(out, &format!("  {}", Mark::Wrong.before(&words, paint)));
    }
    if let Some(rows) = rows(plan, screen) {
        line(out, &paint.faint(&format!("    {rows}")));
    } else if !whole.has_rows {
        line(out, &paint.faint(&format!("    the rows of {} were not read", audience_file(plan, screen))));
    }
    if let Some(held) = &plan.frozen {
        plan_file::message(out, plan, held, screen);
    }
    handed_over::message(out, plan, now, paint);
    for sample in &plan.samples {
        // Of one text alone nobody asks whether it is the shortest.
        let name = if plan.samples.len() == 1 { "text" } else { sample.name };
        sample_text(out, name, sample, paint);
    }
    let branches = plural(plan.more_branches, "more branch");
    let told = match (plan.more_branches, plan.may_be_more_branches) {
        (0, false) => None,
        (0, true) => Some("the text may have more branches: too many people, or branches, to look at all".to_owned()),
        (_, false) => Some(format!("and {branches} of the text")),
        (_, true) => Some(format!("and at least {branches} of the text")),
    };
    told.iter().for_each(|told| line(out, &paint.faint(&format!("    {told}"))));
}

/// When those are handed over who end at a gate, if they are.
fn due_at(gate: Gate) -> Option<Due> {
    let due = [(Gate::ToSend, Due::Now), (Gate::NotDue, Due::Later)].into_iter().find(|(at, _)| *at == gate);
    due.map(|(_, due)| due)
}

/// Where the message stands in the files, as a column of its own.
fn place(plan: &MessageView<'_>, screen: &Screen) -> String {
    let Some(file) = plan.place.file.as_deref() else { return String::new() };
    let line = plan.place.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("  {}{line}", screen.file(&harmless(file, LineFeeds::Escape)))
}

/// The file of the audience; of rows in the campaign's own file that one.
fn audience_file(plan: &MessageView<'_>, screen: &Screen) -> String {
    screen.file(&harmless(plan.audience_file, LineFeeds::Escape))
}

/// How many rows there are, where, and how the file is written; nothing of one that was not read.
pub(in crate::report) fn rows(plan: &MessageView<'_>, screen: &Screen) -> Option<String> {
    let rows = plural(plan.rows, "row");
    let file = audience_file(plan, screen);
    let dialect = plan.dialect.as_ref().map(|dialect| format!(" ({dialect})")).unwrap_or_default();
    let nameless = match plan.nameless_columns {
        0 => String::new(),
        count => format!(", {} without a name or a value", plural(count, "column")),
    };
    plan.read.then(|| format!("{rows} in {file}{dialect}{nameless}"))
}

/// What a list of people did: `opt-outs.csv (3 people) stopped 2`.
pub(in crate::report) fn protected(protection: &ProtectionView<'_>) -> String {
    let name = harmless(protection.name, LineFeeds::Escape);
    let stopped = match protection.stopped {
        0 => "nobody".to_owned(),
        stopped => number(stopped),
    };
    format!("{name} ({}) stopped {stopped}", plural(protection.people, "person"))
}

fn gate_line(plan: &MessageView<'_>, gate: Gate, count: u64, width: usize, paint: Paint) -> String {
    let is_bound = plan.bounded_without.is_some() && gate.is_behind_the_ledger();
    let count = at_most::count(&number(count), is_bound);
    let text = format!("{count:>width$} {}", gate.words());
    match gate {
        Gate::ToSend if plan.has_errors => {
            format!("  {} but for the errors", Mark::Wrong.before(&text, paint))
        }
        Gate::ToSend => {
            format!(
                "  {}{}{}",
                Mark::Sends.before(&text, paint),
                clocks::due(plan, LastTold::Whole),
                at_most::tail(plan)
            )
        }
        Gate::NotDue => {
            format!(
                "  {}{}{}",
                Mark::Waits.before(&text, paint),
                clocks::later(plan, LastTold::Whole),
                at_most::tail(plan)
            )
        }
        Gate::RejectedEarlier => {
            format!("    {text}; `--retry-rejected {}` sends to them again", plan.message)
        }
        Gate::InDoubt | Gate::Failed => format!("  {}", Mark::Wrong.before(&text, paint)),
        Gate::TooLate if plan.late == 0 && plan.frozen.is_none() => format!("    {text}"),
        Gate::Unreadable
        | Gate::Contradicting
        | Gate::TooLate
        | Gate::TooEarly
        | Gate::Differs
        | Gate::WindowClosed
        | Gate::WouldExpire => {
            format!("  {}", Mark::Look.before(&text, paint))
        }
        Gate::Blank
        | Gate::NoAddress
        | Gate::Duplicate
        | Gate::Filtered
        | Gate::Suppressed
        | Gate::Excluded
        | Gate::AlreadySent
        | Gate::InFlight
        | Gate::GivenUp
        | Gate::NotInPlan
        | Gate::HeldOut
        | Gate::Capped
        | Gate::Waiting
        | Gate::Paused
        | Gate::Skipped => format!("    {text}"),
    }
}

fn sample_text(out: &mut Sheet, name: &str, sample: &SampleView<'_>, paint: Paint) {
    let size = if sample.bytes == sample.characters {
        plural(sample.characters, "character")
    } else {
        format!("{}, {}", plural(sample.characters, "character"), plural(sample.bytes, "byte"))
    };
    line(out, &paint.faint(&format!("    {name} ({size})")));
    for text in harmless(sample.text, LineFeeds::Keep).lines() {
        out.barred(text, 0, |bar| paint.faint(bar));
    }
}

/// The limits that hold.
pub(in crate::report) fn limits(limits: &LimitsView) -> String {
    let failed = match limits.failed_rows {
        0 => "no row may fail".to_owned(),
        rows => format!("{} may fail", plural(rows, "row")),
    };
    format!(
        "limits: {} an apply, audiences grow by {}%, {}% of the rows unreadable, {failed}",
        plural(limits.messages_per_apply, "message"),
        limits.audience_growth_percent,
        limits.unreadable_rows_percent
    )
}

pub(in crate::report) fn safety_limits(out: &mut Sheet, safety_limits: &[SafetyLimitView<'_>], paint: Paint) {
    if safety_limits.is_empty() {
        return;
    }
    out.blank();
    for (place, safety_limit) in safety_limits.iter().enumerate() {
        let scope = safety_limit.message.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
        if safety_limit.accepted {
            line(out, &paint.faint(&format!("  {scope}{} (accepted)", safety_limit.words)));
        } else if !safety_limit.is_sure {
            line(out, &Mark::Look.before(&format!("an apply may refuse: {scope}{}", safety_limit.words), paint));
        } else {
            line(out, &Mark::Wrong.before(&format!("{scope}{}", safety_limit.words), paint));
            if safety_limit.name == SafetyLimitKind::Expect.name() {
                line(out, "  to go on: mend the audience, or change its `expect`");
            } else if !safety_limits.iter().skip(place + 1).any(|other| is_refused_alike(other, safety_limit)) {
                // Of one kind only one number can be said: the largest.
                let alike = safety_limits.iter().filter(|other| is_refused_alike(other, safety_limit));
                let number = alike.map(|other| other.to_accept).max().unwrap_or(safety_limit.to_accept);
                let accepted = format!("--accept {}={number}", safety_limit.name);
                line(
                    out,
                    &if safety_limit.stops_everything {
                        format!("  to go on all the same: {accepted}")
                    } else {
                        late::ways_on(&accepted)
                    },
                );
            }
        }
    }
}

fn is_refused_alike(one: &SafetyLimitView<'_>, other: &SafetyLimitView<'_>) -> bool {
    !one.accepted && one.name == other.name
}
