//! What a pull request is told of an apply, as Markdown: within the comment that shows its plan, or on its own.

use crate::cli::exit::Exit;
use crate::report::words::plural;

/// How many characters of what a command said are repeated: the rest of a comment has room beside them.
const SAID_CHARS_MAX: usize = 20_000;

/// How many earlier runs are kept: what a run tells is what it has done itself, and not what those before it have.
const EARLIER_MAX: usize = 5;

const BEGIN: &str = "<!-- sendform:outcome -->";
const END: &str = "<!-- /sendform:outcome -->";
/// What stands before each earlier run, what before all of them, and what behind them.
const EARLIER: &str = "<!-- sendform:earlier -->";
const FOLDED: &str = "<details><summary>earlier runs</summary>";
const UNFOLDED: &str = "</details>";

/// Says what became of a plan: a line, and what the command said, in a fence that nothing in it can close.
pub(super) fn outcome(exit: Exit, run_page: &str, attempt: u64, said: &str) -> String {
    let verdict = if exit == Exit::Done { "applied" } else { "not applied as a whole" };
    let (code, meaning) = (exit.code(), exit.meaning());
    // What was said must not look like the end of it, or like another run.
    let said = cut(said.trim_matches('\n'));
    let said = ["outcome", "earlier"]
        .iter()
        .fold(said, |said, name| said.replace(&format!("sendform:{name}"), &format!("sendform: {name}")));
    let fence = fence(&said);
    format!(
        "{BEGIN}\n**sendform: {verdict}** (exit code {code}: {meaning}) · [run, attempt {attempt}]({run_page})\n\n\
         {fence}text\n{said}\n{fence}\n{END}\n"
    )
}

/// Whether a comment says what became of a plan: behind its first line.
pub(super) fn is_in(comment: &str) -> bool {
    comment.split_once('\n').is_some_and(|(_, rest)| rest.trim_start().starts_with(BEGIN))
}

/// Puts what became of a plan into the comment that shows it, behind its first line; what earlier runs have said there
/// is folded away below it, as many of them as there is room for. `None` if the comment would have more than so many
/// characters, as UTF-16 counts them.
pub(super) fn put_into(comment: &str, outcome: &str, chars_max: usize) -> Option<String> {
    let (marker, rest) = comment.split_once('\n').unwrap_or((comment, ""));
    let rest = rest.trim_start();
    let before = rest.strip_prefix(BEGIN).and_then(|rest| rest.split_once(END));
    let (before, rest) = before.map_or(("", rest), |(before, plan)| (before, plan.trim_start()));
    let earlier = runs(before);
    (0..=earlier.len().min(EARLIER_MAX)).rev().find_map(|count| {
        let earlier = earlier.get(..count).unwrap_or_default();
        let whole = format!("{}\n\n{}\n{rest}", marker.trim_end(), with_earlier(outcome, earlier));
        (whole.encode_utf16().count() <= chars_max).then_some(whole)
    })
}

/// What each run has said, the last one first.
fn runs(said: &str) -> Vec<&str> {
    let alone = said.split(EARLIER).map(|run| run.trim().trim_end_matches(FOLDED).trim_end_matches(UNFOLDED).trim());
    alone.filter(|run| !run.is_empty()).collect()
}

fn with_earlier(outcome: &str, earlier: &[&str]) -> String {
    if earlier.is_empty() {
        return outcome.to_owned();
    }
    let runs: String = earlier.iter().map(|run| format!("{EARLIER}\n{run}\n\n")).collect();
    let (outcome, _) = outcome.split_once(END).unwrap_or((outcome, ""));
    format!("{outcome}\n{FOLDED}\n\n{runs}{UNFOLDED}\n{END}\n")
}

/// The end of a text, which tells what became of everybody, and how many lines of it are left out.
fn cut(said: &str) -> String {
    let (mut kept, mut chars) = (Vec::new(), 0);
    let lines: Vec<&str> = said.lines().collect();
    for line in lines.iter().rev() {
        chars += line.chars().count() + 1;
        if chars > SAID_CHARS_MAX {
            break;
        }
        kept.push(*line);
    }
    kept.reverse();
    let left_out = u64::try_from(lines.len() - kept.len()).unwrap_or(u64::MAX);
    if left_out == 0 {
        return kept.join("\n");
    }
    format!("({} left out: the run's log has them)\n{}", plural(left_out, "line"), kept.join("\n"))
}

/// A fence that is longer than any in a text.
fn fence(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX: usize = 65_536;

    #[test]
    fn what_became_of_it_stands_on_top_and_what_was_before_it_is_folded_away() {
        let page = "https://github.com/acme/shop/actions/runs/1";
        let said = format!("in doubt\n{END}\n{BEGIN}\n{EARLIER}\n{FOLDED}");
        let first = put_into("<!-- marker -->\r\n# Plan\n", &outcome(Exit::Doubt, page, 1, &said), MAX).unwrap();
        let second = put_into(&first, &outcome(Exit::Environment, page, 2, "no network"), MAX).unwrap();
        let third = put_into(&second, &outcome(Exit::Done, page, 3, "all ``` well"), MAX).unwrap();
        assert!(is_in(&first) && is_in(&third) && !is_in("m") && !is_in(&format!("m\nA plan\n{BEGIN}")));
        insta::assert_snapshot!(third, @"
        <!-- marker -->

        <!-- sendform:outcome -->
        **sendform: applied** (exit code 0: Done, or nothing to do.) · [run, attempt 3](https://github.com/acme/shop/actions/runs/1)

        ````text
        all ``` well
        ````

        <details><summary>earlier runs</summary>

        <!-- sendform:earlier -->
        **sendform: not applied as a whole** (exit code 1: The environment failed: files, store, network.) · [run, attempt 2](https://github.com/acme/shop/actions/runs/1)

        ```text
        no network
        ```

        <!-- sendform:earlier -->
        **sendform: not applied as a whole** (exit code 6: Something is in doubt; nothing was resent.) · [run, attempt 1](https://github.com/acme/shop/actions/runs/1)

        ```text
        in doubt
        <!-- /sendform: outcome -->
        <!-- sendform: outcome -->
        <!-- sendform: earlier -->
        <details><summary>earlier runs</summary>
        ```

        </details>
        <!-- /sendform:outcome -->

        # Plan
        ");
    }

    #[test]
    fn only_so_many_earlier_runs_are_kept_as_there_is_room_for() {
        let many = (1..=9).fold("m\n# Plan\n".to_owned(), |comment, attempt| {
            put_into(&comment, &outcome(Exit::Done, "", attempt, &format!("run {attempt}")), MAX).unwrap()
        });
        let attempts: Vec<&str> = many.lines().filter(|line| line.starts_with("run ")).collect();
        assert_eq!(attempts, ["run 9", "run 8", "run 7", "run 6", "run 5", "run 4"]);
        let long = (1..=4).fold("m\n# Plan\n".to_owned(), |comment, attempt| {
            let said = format!("run {attempt}\n{}", "x\n".repeat(9_000));
            put_into(&comment, &outcome(Exit::Done, "", attempt, &said), MAX).unwrap()
        });
        let attempts: Vec<&str> = long.lines().filter(|line| line.starts_with("run ")).collect();
        assert_eq!(attempts, ["run 4", "run 3", "run 2"]);
        assert!(long.ends_with("\n# Plan\n"));
    }

    #[test]
    fn a_long_text_is_cut_at_its_front_and_a_full_comment_has_no_room() {
        let said = format!("{}\nthe table", "ž".repeat(100) + "\n" + &"x\n".repeat(20_000));
        let outcome = outcome(Exit::Done, "", 1, &said);
        assert!(outcome.contains("lines left out: the run's log has them)\n") && outcome.contains("\nthe table\n"));
        assert!(outcome.chars().count() < SAID_CHARS_MAX + 500);
        let comment = |length: usize| format!("m\n{}", "😀".repeat(length));
        assert!(put_into(&comment(10), &outcome, MAX).is_some());
        assert_eq!(put_into(&comment(40_000), &outcome, MAX), None);
    }

    proptest! {
        #[test]
        fn nothing_that_was_said_closes_its_fence(said in "[`~ \na<!-]{0,60}") {
            let outcome = outcome(Exit::Done, "", 1, &said);
            let fence = fence(&said);
            let inside = outcome.split_once("text\n").unwrap().1.rsplit_once(&format!("\n{fence}\n")).unwrap().0;
            prop_assert!(!inside.contains(&fence), "{}", outcome);
        }
    }
}
