//! A plan for people in a hurry: doubts first, then message by message, then one line.

use std::collections::BTreeSet;

use similar::{ChangeTag, TextDiff};

use crate::identity::CampaignId;
use crate::plan::{Gate, MessagePlan, Plan, Rail, RailKind, Sample, TextChange};
use crate::timing;

use super::Reveal;
use super::doubt_text;
use super::frozen_text;
use super::harmless::{Lines, harmless};
use super::paint::Paint;
use super::words::{number, plural};

/// Writes a plan.
#[must_use]
pub fn render(plan: &Plan, paint: Paint, reveal: Reveal) -> String {
    let mut out = String::new();
    let on = if plan.gateway.is_empty() { String::new() } else { format!(" on {}", plan.gateway) };
    let head = format!("{}{on}, {}", plan.project, timing::utc(plan.now));
    let (campaigns, files) = (plural(campaigns(plan), "campaign"), plural(campaigns(plan), "file"));
    line(&mut out, &format!("{}, {campaigns} in {files}", paint.strong(&head)));
    if let Some(frozen) = &plan.frozen {
        frozen_text::head(&mut out, frozen, paint);
    }
    if !plan.compared {
        let why = if plan.gateway.is_empty() { "no gateway is named" } else { "the key is missing" };
        let words = format!("! {why}: nothing was compared with the ledger, and nobody is left out as already sent");
        line(&mut out, &paint.wait(&words));
    }
    doubt_text::doubts(&mut out, &plan.doubts, &plan.gateway, plan.now, paint);
    doubt_text::flight(&mut out, plan.in_flight, &plan.gateway, paint);
    for message in &plan.messages {
        out.push('\n');
        message_text(&mut out, message, paint, reveal);
    }
    rails(&mut out, &plan.rails, paint);
    out.push('\n');
    line(&mut out, &summary(plan, paint));
    // Without the key an apply would have another digest.
    if plan.compared {
        line(&mut out, &paint.faint(&format!("digest {}", plan.approved())));
    }
    out
}

/// How many campaigns were planned, selected or not. Each is a file of its own.
pub(super) fn campaigns(plan: &Plan) -> u64 {
    let ids: BTreeSet<&CampaignId> = plan.messages.iter().map(|message| &message.key.campaign).collect();
    ids.len() as u64
}

/// The one line that says what would happen.
fn summary(plan: &Plan, paint: Paint) -> String {
    let to_send = plan.to_send();
    let bulks: usize = plan.selected().map(|message| message.bulks.len()).sum();
    let first = if plan.all_diagnostics().has_errors() {
        paint.bad("nothing can be sent: the files have errors")
    } else if plan.is_mismatched() {
        paint.bad("nothing can be sent: this is not what the plan has")
    } else if to_send == 0 {
        paint.strong("nothing to send")
    } else {
        paint.strong(&format!("{} to send in {}", plural(to_send, "message"), plural(bulks as u64, "bulk")))
    };
    let mut words = vec![first];
    if to_send > 0 && plan.refused().next().is_some() {
        words.push(paint.bad(", but not while a limit refuses"));
    }
    if plan.not_due() > 0 {
        words.push(format!(", {} not due yet", number(plan.not_due())));
        if let Some(next) = plan.next_apply_at() {
            words.push(format!(" (next apply at {})", timing::utc(next)));
        }
    }
    let doubt: usize = plan.doubts.iter().map(|doubt| doubt.open).sum();
    if doubt > 0 {
        words.push(format!(", {}", paint.bad(&format!("{} in doubt", plural(doubt as u64, "person")))));
    }
    words.concat()
}

fn message_text(out: &mut String, plan: &MessagePlan, paint: Paint, reveal: Reveal) {
    let selected = if plan.selected { "" } else { "  (not selected)" };
    let head = format!("{} r{}", plan.key, plan.revision);
    let tail = format!("{} to {}{selected}", plan.sender_name, plan.audience);
    line(out, &format!("{}  {}", paint.strong(&head), paint.faint(&tail)));
    let width = plan.counts.occupied().map(|(_, count)| number(count).len()).max().unwrap_or(1);
    let total = number(plan.counts.total());
    let width = width.max(total.len());
    for (gate, count) in plan.counts.occupied().collect::<Vec<_>>().into_iter().rev() {
        line(out, &gate_line(plan, gate, count, width, paint));
        let reasons = plan.skipped.iter().filter(|_| gate == Gate::Skipped);
        for (reason, count) in reasons {
            let reason = harmless(reason, Lines::Escape);
            line(out, &format!("    {:width$}   {}", "", paint.faint(&format!("{}: {reason}", number(*count)))));
        }
    }
    let rows = if plan.counts.total() == 1 { "row" } else { "rows" };
    let file = harmless(&plan.audience_file, Lines::Escape);
    line(out, &paint.faint(&format!("    {total:>width$} {rows} in {file}")));
    if let Some(held) = &plan.held {
        frozen_text::message(out, plan, held, paint);
    }
    if let Some(change) = &plan.change {
        text_change(out, change, paint);
    }
    for sample in &plan.samples {
        // Of one text alone nobody asks whether it is the shortest.
        let name = if plan.samples.len() == 1 { "text" } else { sample.name };
        sample_text(out, name, sample, paint, reveal);
    }
}

fn gate_line(plan: &MessagePlan, gate: Gate, count: u64, width: usize, paint: Paint) -> String {
    let count = number(count);
    let text = format!("{count:>width$} {}", gate.words());
    match gate {
        Gate::ToSend if plan.diagnostics.has_errors() => {
            format!("  {} {} but for the errors", paint.bad("!"), paint.bad(&text))
        }
        Gate::ToSend => format!("  {} {}{}", paint.good("+"), paint.good(&text), when(plan)),
        Gate::NotDue => {
            let due = plan.next_due.map(|at| format!(", from {}", timing::utc(at))).unwrap_or_default();
            format!("  {} {}{due}", paint.wait("~"), paint.wait(&text))
        }
        Gate::RejectedEarlier => {
            format!("    {text}; `--retry-rejected {}` sends to them again", plan.key)
        }
        Gate::InDoubt | Gate::Failed => format!("  {} {}", paint.bad("!"), paint.bad(&text)),
        Gate::Unreadable
        | Gate::Contradicting
        | Gate::TooLate
        | Gate::TooEarly
        | Gate::Differs
        | Gate::WindowClosed => {
            format!("  {} {text}", paint.wait("!"))
        }
        Gate::Duplicate
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

/// When they leave: both clocks, the pace, how long it takes, and in how many bulks.
fn when(plan: &MessagePlan) -> String {
    if plan.bulks.is_empty() {
        return String::new();
    }
    let mut words: Vec<String> = Vec::new();
    let first = plan.bulks.iter().filter_map(|bulk| bulk.send_at).min();
    let at_once = plan.bulks.iter().any(|bulk| bulk.send_at.is_none());
    let clock =
        |instant| plan.zone.as_ref().map_or_else(|| timing::utc(instant), |zone| timing::both_clocks(instant, zone));
    match first {
        _ if at_once => words.push(" at once".to_owned()),
        Some(first) if plan.per_person => {
            words.push(format!(" by each person's clock, from {}", timing::utc(first)));
        }
        Some(first) => {
            words.push(format!(" at {}", clock(first)));
        }
        None => {}
    }
    let last = plan.bulks.iter().filter_map(|bulk| bulk.until.or(bulk.send_at)).max();
    if let (Some(speed), Some(last)) = (plan.speed, last) {
        let unit = match speed.time_unit {
            crate::wire::options::SpeedUnit::Minute => "minute",
            crate::wire::options::SpeedUnit::Hour => "hour",
            crate::wire::options::SpeedUnit::Day => "day",
        };
        words.push(format!(", {} a {unit}", number(u64::from(speed.amount))));
        let begin = plan.bulks.iter().filter(|bulk| bulk.until.is_some()).filter_map(|bulk| bulk.send_at).min();
        match begin.filter(|_| !at_once).map(|begin| last.duration_since(begin)) {
            // Of a moment nobody asks how long it lasts.
            Some(time) if time.as_secs() < 1 => {}
            Some(time) => words.push(format!(" until {} ({})", clock(last), timing::duration(time))),
            None => words.push(format!(" until {}", clock(last))),
        }
    }
    words.push(format!(", {}", plural(plan.bulks.len() as u64, "bulk")));
    words.concat()
}

fn text_change(out: &mut String, change: &TextChange, paint: Paint) {
    let head = format!("  ~ the text changed since it was sent; {} the old one", keeps(change.keep));
    line(out, &paint.wait(&head));
    diff(out, &change.before, &change.now, paint);
    line(out, "      raise `revision` to send the new text to everybody");
}

/// Shows the difference of two texts, line by line.
pub(super) fn diff(out: &mut String, before: &str, now: &str, paint: Paint) {
    let diff = TextDiff::from_lines(before, now);
    for piece in diff.iter_all_changes() {
        let text = harmless(piece.value().trim_end_matches('\n'), Lines::Escape);
        match piece.tag() {
            ChangeTag::Delete => line(out, &paint.bad(&format!("      - {text}"))),
            ChangeTag::Insert => line(out, &paint.good(&format!("      + {text}"))),
            ChangeTag::Equal => line(out, &paint.faint(&format!("        {text}"))),
        }
    }
}

fn keeps(people: u64) -> String {
    let verb = if people == 1 { "keeps" } else { "keep" };
    format!("{} {verb}", plural(people, "person"))
}

fn sample_text(out: &mut String, name: &str, sample: &Sample, paint: Paint, reveal: Reveal) {
    let text = match reveal {
        Reveal::No => &sample.masked,
        Reveal::Yes => &sample.revealed,
    };
    let size = if sample.bytes == sample.chars {
        plural(sample.chars as u64, "character")
    } else {
        format!("{}, {}", plural(sample.chars as u64, "character"), plural(sample.bytes as u64, "byte"))
    };
    line(out, &paint.faint(&format!("    {name} ({size})")));
    for text in harmless(text, Lines::Keep).lines() {
        line(out, &format!("      {} {text}", paint.faint("│")));
    }
}

fn rails(out: &mut String, rails: &[Rail], paint: Paint) {
    if rails.is_empty() {
        return;
    }
    out.push('\n');
    for rail in rails {
        let scope = rail.message.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
        if rail.accepted {
            line(out, &paint.faint(&format!("  {scope}{} (accepted)", rail.words)));
        } else {
            line(out, &paint.bad(&format!("! {scope}{}", rail.words)));
            if rail.kind == RailKind::Expect {
                line(out, "  to go on: mend the audience, or change its `expect`");
            } else {
                line(out, &format!("  to go on all the same: --accept {}={}", rail.kind.name(), rail.actual));
            }
        }
    }
}

pub(super) fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
