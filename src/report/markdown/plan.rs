//! A plan for whoever reviews it: the verdict, what needs a person, the messages, the texts that are new or changed, and
//! the digest that a review approves.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::plan::Gate;
use crate::report::diagnostics::SeverityView;
use crate::report::mark::Mark;
use crate::report::message::{Due, MessageView, SampleView};
use crate::report::plan::PlanReport;
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::text::clocks::LastTold;
use crate::report::text::{
    at_most, brief, clocks, difference, doubts, ending, handed_over, plan as words, plan_file, stops, twice,
};
use crate::report::typed::Typed;
use crate::report::words::{number, plural};
use crate::timing;

use super::block::{Column, Language, MarkdownBlock};
use super::budget::{MarkdownDocument, Rank, Section};
use super::files::{errors, warnings};
use super::inline::Phrase;
use super::lines::entries;
use super::prose::prose;
use super::{MarkdownForm, endless};

/// How many things that need a person are shown at most.
const THINGS_SHOWN_MAX: usize = 30;
/// How many messages are shown at most whose text is new or changed.
const TEXTS_SHOWN_MAX: usize = 30;
const PLAIN: Paint = Paint::Plain;

impl MarkdownForm for PlanReport<'_> {
    fn markdown(&self, screen: &Screen) -> MarkdownDocument {
        let screen = &endless(screen);
        MarkdownDocument::new(vec![
            verdict(self, screen),
            needs_a_person(self, screen),
            errors(&self.diagnostics, screen),
            messages(self, screen),
            texts(self, screen),
            samples(self),
            warnings(&self.diagnostics, screen),
            end(self, screen),
        ])
    }
}

/// What would happen, in one line.
fn verdict(plan: &PlanReport<'_>, screen: &Screen) -> Section {
    let mut section = Section::new(Rank::Kept, "line");
    let mut head = vec![Phrase::Own("sendform plan: "), Phrase::Code(plan.project.to_owned())];
    if !plan.gateway.is_empty() {
        head.extend([Phrase::Own(" on "), Phrase::Code(plan.gateway.to_owned())]);
    }
    section.head(&MarkdownBlock::Heading(2, head));
    let mut line = vec![Phrase::Strong(prose(&words::summary(plan, PLAIN), &screen.typed))];
    for (name, leaving) in [(" · first ", first_leaves(plan)), (" · last ", last_leaves(plan))] {
        line.extend(leaving.into_iter().flat_map(|when| [Phrase::Own(name), Phrase::Words(when)]));
    }
    let warned = plan.diagnostics.iter().filter(|found| found.severity == SeverityView::Warning).count();
    if warned > 0 {
        line.push(Phrase::Words(format!(" · {} below", plural(warned as u64, "warning"))));
    }
    section.head(&MarkdownBlock::Paragraph(line));
    section
}

/// The messages of which anything leaves, now or later.
fn leaving<'a>(plan: &'a PlanReport<'a>) -> impl Iterator<Item = &'a MessageView<'a>> {
    plan.selected().filter(|message| !message.bulks.is_empty())
}

/// When the first of all messages leaves, on both clocks.
fn first_leaves(plan: &PlanReport<'_>) -> Option<String> {
    let is_at_once = |message: &MessageView<'_>| message.bulks_due(Due::Now).any(|bulk| bulk.send_at.is_none());
    if leaving(plan).any(is_at_once) {
        return Some("at once".to_owned());
    }
    let times = leaving(plan).filter_map(|message| Some((message.first_at?, message.common_zone())));
    times.min_by_key(|(at, _)| *at).map(on_both_clocks)
}

/// When the last of them does, if that is known of all of them.
fn last_leaves(plan: &PlanReport<'_>) -> Option<String> {
    let times = leaving(plan).filter_map(|message| Some((message.last_at?, message.common_zone())));
    times.max_by_key(|(at, _)| *at).map(on_both_clocks)
}

fn on_both_clocks((at, zone): (Timestamp, Option<&TimeZone>)) -> String {
    zone.map_or_else(|| timing::utc(at), |zone| timing::both_clocks(at, zone))
}

/// What somebody has to decide, or should know, before this is merged.
fn needs_a_person(plan: &PlanReport<'_>, screen: &Screen) -> Section {
    let mut sheet = Sheet::default();
    stops::stops(&mut sheet, &plan.stops, PLAIN);
    if let Some(frozen) = &plan.frozen {
        plan_file::head(&mut sheet, frozen, PLAIN);
    }
    at_most::head(&mut sheet, plan, PLAIN);
    words::safety_limits(&mut sheet, &plan.safety_limits, PLAIN);
    twice::twice(&mut sheet, &plan.twice, PLAIN);
    handed_over::head(&mut sheet, plan, PLAIN);
    doubts::doubts(&mut sheet, &plan.doubts, PLAIN);
    doubts::flight(&mut sheet, plan.in_flight, PLAIN);
    for message in &plan.messages {
        let Some(held) = message.frozen.as_ref().filter(|held| !held.changes.is_empty()) else { continue };
        line(&mut sheet, &Mark::Wrong.before(&format!("`{}`", message.message), PLAIN));
        plan_file::message(&mut sheet, message, held, screen);
    }
    if plan.close_together > 0 {
        line(&mut sheet, &Mark::Look.before(&words::close_together(plan.close_together, plan.at_most), PLAIN));
    }
    ending::after_plan(&mut sheet, plan, screen);
    let mut section = Section::new(Rank::Kept, "thing").at_most(THINGS_SHOWN_MAX);
    if !sheet.is_empty() {
        section.head(&MarkdownBlock::Heading(3, vec![Phrase::Own("Needs a person")]));
    }
    entries(&sheet, &screen.typed).iter().for_each(|item| section.item(item));
    section
}

/// Who gets what: a row for each message of which something is to be said, and one line for all others.
fn messages(plan: &PlanReport<'_>, screen: &Screen) -> Section {
    let mut section = Section::new(Rank::Messages, "message");
    let (quiet, whole): (Vec<_>, Vec<_>) = plan.messages.iter().partition(|message| brief::is_brief(message));
    let (quiet, not_selected): (Vec<_>, Vec<_>) = quiet.into_iter().partition(|message| message.selected);
    for group in [quiet, not_selected] {
        let told = match group.as_slice() {
            [_, _, ..] if !plan.shows_all => vec![brief::together(&group, PLAIN)],
            _ => group.iter().map(|message| brief::alone(message, plan.now, screen)).collect(),
        };
        told.iter().for_each(|told| section.head(&MarkdownBlock::Paragraph(prose(told, &screen.typed))));
    }
    if whole.is_empty() {
        return section;
    }
    // Where everybody is due, nobody misses the column.
    let has_later = whole.iter().any(|message| message.gates.get(Gate::NotDue) > 0);
    let (texts, numbers) = (Column::Text, Column::Number);
    let columns = [
        Some(("message", texts)),
        Some(("to send", numbers)),
        has_later.then_some(("later", numbers)),
        Some(("when", texts)),
        Some(("from, to", texts)),
        Some(("everybody else", texts)),
        Some(("rows", numbers)),
    ];
    let head = columns.into_iter().flatten().map(|(name, column)| (Phrase::Own(name), column));
    section.head(&MarkdownBlock::TableHead(head.collect()));
    whole.iter().for_each(|message| section.item(&[row(message, plan.now, has_later)]));
    section
}

fn row(message: &MessageView<'_>, now: Timestamp, has_later: bool) -> MarkdownBlock {
    let is_bound = message.bounded_without.is_some();
    let people = |gate: Gate| match message.gates.get(gate) {
        0 => vec![Phrase::Own("0")],
        count => vec![Phrase::Strong(vec![Phrase::Words(at_most::count(&number(count), is_bound))])],
    };
    let last = LastTold::Briefly;
    let delivered = |due| clocks::delivered(message, due, now).unwrap_or_default();
    let when = [clocks::due(message, last), delivered(Due::Now), clocks::later(message, last), delivered(Due::Later)];
    let when: Vec<&str> =
        when.iter().map(|when| when.trim_start_matches([' ', ':'])).filter(|it| !it.is_empty()).collect();
    let when = if message.has_errors { "not before the errors are mended".to_owned() } else { when.join("; then ") };
    let from_to =
        vec![Phrase::Code(message.sender.to_owned()), Phrase::Own(" to "), Phrase::Code(message.audience.to_owned())];
    let cells = [
        Some(named(message)),
        Some(people(Gate::ToSend)),
        has_later.then(|| people(Gate::NotDue)),
        Some(vec![Phrase::Words(when)]),
        Some(from_to),
        Some(prose(&everybody_else(message, now), &Typed::default())),
        Some(vec![if message.read { Phrase::Words(number(message.rows)) } else { Phrase::Own("not read") }]),
    ];
    MarkdownBlock::Row(cells.into_iter().flatten().collect())
}

/// A message, and its revision.
fn named(message: &MessageView<'_>) -> Vec<Phrase> {
    vec![Phrase::Exact(message.message.clone()), Phrase::Words(format!(" r{}", message.revision))]
}

/// Where all others end; together with those to send they are all rows.
fn everybody_else(message: &MessageView<'_>, now: Timestamp) -> String {
    let is_bound = message.bounded_without.is_some();
    let mut groups = Vec::new();
    for (gate, count) in message.gates.occupied().collect::<Vec<_>>().into_iter().rev() {
        if gate == Gate::AlreadySent {
            let sent = handed_over::sent(message, now);
            groups.extend(sent.into_iter().map(|(people, words)| format!("{} {words}", number(people))));
        } else if !matches!(gate, Gate::ToSend | Gate::NotDue) {
            let count = at_most::count(&number(count), is_bound && gate.is_behind_the_ledger());
            groups.push(format!("{count} {}", gate.words()));
        }
    }
    groups.join(", ")
}

/// The texts that nobody has yet, and those that were edited: who keeps which.
fn texts(plan: &PlanReport<'_>, screen: &Screen) -> Section {
    let mut section = Section::new(Rank::Kept, "message").at_most(TEXTS_SHOWN_MAX);
    let mut told = Vec::new();
    for message in plan.selected() {
        let mut sheet = Sheet::default();
        let news = if is_new(message) { ", new" } else { "" };
        line(&mut sheet, &format!("`{}` r{}{news}", message.message, message.revision));
        let before = sheet.len();
        at_most::in_clear(&mut sheet, message, plan.now, PLAIN);
        handed_over::message(&mut sheet, message, plan.now, PLAIN);
        if is_new(message) {
            difference::diff(&mut sheet, "", message.template, PLAIN);
        }
        if sheet.len() > before {
            told.extend(entries(&sheet, &screen.typed));
        }
    }
    if !told.is_empty() {
        section.head(&MarkdownBlock::Heading(3, vec![Phrase::Own("Texts, new and changed")]));
    }
    told.iter().for_each(|item| section.item(item));
    section
}

/// Whether nobody has anything of a message yet that goes out.
fn is_new(message: &MessageView<'_>) -> bool {
    message.selected
        && message.to_send() + message.gates.get(Gate::NotDue) > 0
        && message.gates.get(Gate::AlreadySent) == 0
        && message.outdated.is_empty()
        && message.new_revision.is_none()
        && message.in_clear.is_none()
}

/// What people get, masked as the report has it.
fn samples(plan: &PlanReport<'_>) -> Section {
    let mut section = Section::new(Rank::Samples, "sampled message");
    let sampled = plan.selected().filter(|message| !message.samples.is_empty());
    sampled.for_each(|message| section.item(&[details(message)]));
    section
}

fn details(message: &MessageView<'_>) -> MarkdownBlock {
    let named = |what: String| vec![Phrase::Exact(message.message.clone()), Phrase::Words(format!(": {what}"))];
    let fence = |sample: &SampleView<'_>| MarkdownBlock::fence(Language::Text, sample.text);
    let sized = |name: &str, sample: &SampleView<'_>| format!("{name} ({})", plural(sample.characters, "character"));
    if let [only] = message.samples.as_slice() {
        return MarkdownBlock::Details(named(sized("text", only)), vec![fence(only)]);
    }
    let each = message.samples.iter().flat_map(|sample| {
        let name = vec![Phrase::Words(sized(sample.name, sample))];
        [MarkdownBlock::Paragraph(name), fence(sample)]
    });
    let count = plural(message.samples.len() as u64, "sample");
    MarkdownBlock::Details(named(count), each.collect())
}

/// The limits, and last the digest.
fn end(plan: &PlanReport<'_>, screen: &Screen) -> Section {
    let mut section = Section::new(Rank::Kept, "line");
    section.head(&MarkdownBlock::Paragraph(prose(&words::limits(&plan.limits), &screen.typed)));
    let digest = match &plan.digest {
        Some(digest) if plan.is_sound => vec![Phrase::Own("digest "), Phrase::Exact(digest.clone())],
        Some(_) => vec![Phrase::Own("no digest: there is nothing to approve while the files have errors")],
        None => vec![Phrase::Own("no digest: this plan was not compared with the ledger")],
    };
    section.head(&MarkdownBlock::Paragraph(digest));
    section
}
