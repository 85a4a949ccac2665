//! What a pull request is told of an apply, as Markdown: within the comment that shows its plan, or on its own.

use crate::cli::exit::Exit;
use crate::report::words::plural;

/// How many characters of what a command said are repeated: the rest of a comment has room beside them.
const SAID_CHARS_MAX: usize = 20_000;

const BEGIN: &str = "<!-- sendform:outcome -->";
const END: &str = "<!-- /sendform:outcome -->";

/// Says what became of a plan: a line, and what the command said, in a fence that nothing in it can close.
pub(super) fn outcome(exit: Exit, run_page: &str, attempt: u64, said: &str) -> String {
    let verdict = if exit == Exit::Done { "applied" } else { "not applied as a whole" };
    let (code, meaning) = (exit.code(), exit.meaning());
    // What was said must not look like the end of it.
    let said = cut(said.trim_matches('\n')).replace("sendform:outcome", "sendform: outcome");
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

/// Puts what became of a plan into the comment that shows it, behind its first line, in the place of what was said
/// there before. `None` if the comment would have more than so many characters, as UTF-16 counts them.
pub(super) fn put_into(comment: &str, outcome: &str, chars_max: usize) -> Option<String> {
    let (marker, rest) = comment.split_once('\n').unwrap_or((comment, ""));
    let rest = rest.trim_start();
    let earlier = rest.strip_prefix(BEGIN).and_then(|rest| rest.split_once(END));
    let rest = earlier.map_or(rest, |(_, plan)| plan.trim_start());
    let whole = format!("{}\n\n{outcome}\n{rest}", marker.trim_end());
    (whole.encode_utf16().count() <= chars_max).then_some(whole)
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

    #[test]
    fn what_became_of_it_stands_once_and_on_top() {
        let page = "https://github.com/acme/shop/actions/runs/1";
        let said = format!("in doubt\n{END}\n{BEGIN}\n");
        let first = put_into("<!-- marker -->\r\n# Plan\n", &outcome(Exit::Doubt, page, 1, &said), 65_536).unwrap();
        let second = put_into(&first, &outcome(Exit::Done, page, 2, "all ``` well"), 65_536).unwrap();
        assert!(is_in(&first) && is_in(&second) && !is_in("m") && !is_in(&format!("m\nA plan\n{BEGIN}")));
        insta::assert_snapshot!(second, @r"
        <!-- marker -->

        <!-- sendform:outcome -->
        **sendform: applied** (exit code 0: Done, or nothing to do.) · [run, attempt 2](https://github.com/acme/shop/actions/runs/1)

        ````text
        all ``` well
        ````
        <!-- /sendform:outcome -->

        # Plan
        ");
    }

    #[test]
    fn a_long_text_is_cut_at_its_front_and_a_full_comment_has_no_room() {
        let said = format!("{}\nthe table", "ž".repeat(100) + "\n" + &"x\n".repeat(20_000));
        let outcome = outcome(Exit::Done, "", 1, &said);
        assert!(outcome.contains("lines left out: the run's log has them)\n") && outcome.contains("\nthe table\n"));
        assert!(outcome.chars().count() < SAID_CHARS_MAX + 500);
        let comment = |length: usize| format!("m\n{}", "😀".repeat(length));
        assert!(put_into(&comment(10), &outcome, 65_536).is_some());
        assert_eq!(put_into(&comment(40_000), &outcome, 65_536), None);
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
