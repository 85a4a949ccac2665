//! What became of the people of a frozen plan, and what does not match it any more.

use crate::plan::Dropped;
use crate::timing;

use super::difference::{diff, told_apart};
use crate::report::mark::Mark;
use crate::report::message::MessageView;
use crate::report::plan_file::{ChangeView, ComparisonView, FrozenView, MissingView};
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::screen::Screen;
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::words::{number, plural};

/// How many lines of rows are named.
const LINES_SHOWN_MAX: usize = 5;

/// Tells which plan is applied, and what it has that the files lack.
pub(in crate::report) fn head(out: &mut Sheet, frozen: &FrozenView, paint: Paint) {
    line(out, &paint.faint(&format!("sends nothing but the plan of {}", timing::utc(frozen.at))));
    for MissingView { message, people } in &frozen.missing {
        let words = format!("the plan has `{message}` for {}, and the files lack it", plural(*people, "person"));
        line(out, &Mark::Wrong.before(&words, paint));
    }
}

/// Tells what became of the plan's people of one message.
pub(in crate::report) fn message(out: &mut Sheet, plan: &MessageView<'_>, held: &ComparisonView<'_>, screen: &Screen) {
    let paint = screen.paint;
    let fallen = held.dropped.total();
    if fallen > 0 {
        let words = format!(
            "    {} of {} in the plan {} no longer to send: {}",
            number(fallen),
            plural(held.people, "person"),
            if fallen == 1 { "is" } else { "are" },
            reasons(&held.dropped)
        );
        line(out, &words);
    }
    if held.changes.is_empty() {
        return;
    }
    line(out, &format!("  {}", Mark::Wrong.before("this is not what the plan has:", paint)));
    let is_only_one = held.changes.len() == 1;
    for change in &held.changes {
        self::change(out, plan, change, is_only_one, screen);
    }
}

fn reasons(fallen: &Dropped) -> String {
    let gates = fallen.counts.occupied().map(|(gate, count)| format!("{} {}", number(count), gate.words()));
    let gone = (fallen.gone > 0).then(|| format!("{} not in the audience any more", number(fallen.gone)));
    gates.chain(gone).collect::<Vec<_>>().join(", ")
}

/// Tells what differs in what a message is, as far as that is neither somebody's content nor a time that is past.
pub(in crate::report) fn definition(out: &mut Sheet, change: &ChangeView<'_>, indent: &str, paint: Paint) {
    match change {
        ChangeView::Revision { planned, now } => {
            line(out, &format!("{indent}revision: {planned} in the plan, {now} now"));
        }
        ChangeView::Term { what, planned, now } => {
            let (planned, now) = told_apart(planned.unwrap_or("none"), now.unwrap_or("none"));
            line(out, &format!("{indent}{what}: {planned} in the plan, {now} now"));
        }
        ChangeView::Text { planned, now } => {
            line(out, &format!("{indent}the text:"));
            diff(out, planned, now, paint);
        }
        ChangeView::Contents { .. } | ChangeView::Expired { .. } => {}
    }
}

fn change(out: &mut Sheet, plan: &MessageView<'_>, change: &ChangeView<'_>, is_only_one: bool, screen: &Screen) {
    match change {
        ChangeView::Revision { .. } | ChangeView::Term { .. } | ChangeView::Text { .. } => {
            definition(out, change, "      ", screen.paint);
        }
        ChangeView::Contents { people, lines } => {
            let verb = "would get another message than the plan has for them";
            line(out, &format!("      {} {verb}{}", plural(*people, "person"), places(plan, *people, lines, screen)));
            if is_only_one {
                line(out, "      the text is as planned: cells of these rows differ, or a file that it includes");
            }
        }
        ChangeView::Expired { people, at } => {
            let at = at.map(|at| format!(": it was {}", timing::utc(at))).unwrap_or_default();
            line(out, &format!("      the time to send to {} is past{at}", plural(*people, "person")));
        }
    }
}

/// Where rows stand: their lines, never their cells.
fn places(plan: &MessageView<'_>, people: u64, lines: &[u64], screen: &Screen) -> String {
    let shown: Vec<String> = lines.iter().take(LINES_SHOWN_MAX).map(ToString::to_string).collect();
    let more = if people > shown.len() as u64 { ", …" } else { "" };
    let word = if people == 1 { "line" } else { "lines" };
    let file = screen.file(&harmless(plan.audience_file, LineFeeds::Escape));
    format!(": {word} {}{more} of {file}", shown.join(", "))
}
