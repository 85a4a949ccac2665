//! Who was accepted more than once, and the command that ends the alarm.

use crate::report::mark::Mark;
use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::sheet::{Sheet, line};
use crate::report::style::Paint;
use crate::report::twice::{AcceptedInView, TwiceView};
use crate::report::words::{number, plural};
use crate::timing;

/// How many groups of people are shown.
const SHOWN_MAX: usize = 5;
/// How many claims of each.
const CLAIMS_SHOWN_MAX: usize = 8;

/// What cannot be taken back comes before everything else.
pub(in crate::report) fn twice(out: &mut Sheet, found: &[TwiceView], paint: Paint) {
    if !found.is_empty() {
        out.blank();
    }
    list(out, found, paint);
}

/// Only how many there are, where all else was told before.
pub(in crate::report) fn again(out: &mut Sheet, found: &[TwiceView], paint: Paint) {
    line(out, &Mark::Wrong.before(&format!("accepted twice: {}, as told above", people(found)), paint));
}

/// The same, without a line before it.
pub(in crate::report) fn list(out: &mut Sheet, found: &[TwiceView], paint: Paint) {
    let Some(first) = found.first() else { return };
    let head = format!(
        "accepted twice: {}; the same message went to them from more than one run, and cannot be recalled",
        people(found)
    );
    line(out, &Mark::Wrong.before(&head, paint));
    for twice in found.iter().take(SHOWN_MAX) {
        // Two clones that sent the same to the same people have the same bulk.
        let bulk = common_bulk(twice);
        let head = bulk.map_or_else(|| format!("{} r{}", twice.message, twice.revision), str::to_owned);
        line(out, &format!("  {head}  {}", plural(twice.people, "person")));
        for claim in twice.claims.iter().take(CLAIMS_SHOWN_MAX) {
            let own = if bulk.is_some() { String::new() } else { format!("{}  ", claim.bulk_id) };
            line(out, &format!("    {own}{}", words(claim)));
        }
        rest(out, twice.claims.len(), CLAIMS_SHOWN_MAX, "    ");
    }
    rest(out, found.len(), SHOWN_MAX, "  ");
    line(
        out,
        "  nothing more of it is sent to them, and everybody else is sent to; two clones, or two ledgers, have both sent",
    );
    let say = known_command(first);
    let each = if found.len() == 1 { "" } else { " for each bulk" };
    line(out, &format!("  say that you know{each}, which ends this alarm: {say}"));
}

/// The command with which somebody says that they know of it.
pub(in crate::report) fn known_command(twice: &TwiceView) -> String {
    let bulk = twice.claims.first().map(|claim| claim.bulk_id.as_str()).unwrap_or_default();
    format!("sendform resolve {bulk} --sent --reason \"…\"")
}

/// The bulk of all claims, if it is one.
fn common_bulk(twice: &TwiceView) -> Option<&str> {
    let (first, others) = twice.claims.split_first()?;
    others.iter().all(|other| other.bulk_id == first.bulk_id).then_some(first.bulk_id.as_str())
}

/// So many people.
pub(in crate::report) fn people(found: &[TwiceView]) -> String {
    plural(found.iter().map(|twice| twice.people).sum(), "person")
}

fn words(claim: &AcceptedInView) -> String {
    let by = claim.by.as_ref().map(|by| format!(" by {}", harmless(by, LineFeeds::Escape))).unwrap_or_default();
    let leaves = claim.send_at.map(|at| format!(", to leave {}", timing::utc(at))).unwrap_or_default();
    let AcceptedInView { run, claimed_at, .. } = claim;
    format!("claimed {}{by}, run {run}{leaves}", timing::utc(*claimed_at))
}

fn rest(out: &mut Sheet, all: usize, shown: usize, indent: &str) {
    let rest = all.saturating_sub(shown);
    if rest > 0 {
        line(out, &format!("{indent}and {} more: `sendform status --format json` names them", number(rest as u64)));
    }
}
