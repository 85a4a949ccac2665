//! Commands to type, as they stand in a text, and what somebody has typed already: whoever named a folder or the
//! sandbox is told commands that name it as well.

use std::ops::Range;

use crate::diagnostic::shell_word;

/// What a command begins with.
const PROGRAM: &str = "sendform ";
/// Commands that no project is named to. These lists are those of the command line, as a test of its help shows.
pub const WITHOUT_PROJECT: [&str; 4] = ["schema", "completions", "help", "man"];
/// Commands that may talk to the embedded gateway, or look into its ledger.
pub const WITH_GATEWAY: [&str; 12] =
    ["plan", "apply", "status", "report", "log", "reconcile", "resolve", "stop", "resume", "doctor", "ledger", "ci"];
/// Commands that take a selection, where they name no file.
pub const WITH_SELECTION: [&str; 3] = ["plan", "apply", "reconcile"];

/// The options of a command line that its hints repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// `--dir`, as it was typed.
    pub dir: Option<String>,
    /// `--data`, if it was typed, and is not from the environment.
    pub data: Option<String>,
    /// `--sandbox`.
    pub sandbox: bool,
    /// `--now`: what is said of the embedded gateway's time holds at that time.
    pub now: Option<String>,
    /// `--only`, once for each.
    pub only: Vec<String>,
    /// Whether it was `ci plan`: then a review approves the plan, and with it what the plan accepts.
    pub is_in_review: bool,
}

impl Typed {
    /// Adds the options to all commands in a text that lack them.
    #[must_use]
    pub fn repeated_in(&self, text: &str) -> String {
        let mut all = text.to_owned();
        for range in commands(text).into_iter().rev() {
            if let Some(command) = text.get(range.clone()).filter(|command| command.starts_with(PROGRAM)) {
                all.replace_range(range, &self.repeated(command));
            }
        }
        all
    }

    fn repeated(&self, command: &str) -> String {
        let Some(rest) = command.strip_prefix(PROGRAM) else { return command.to_owned() };
        let verb = verb(rest);
        if WITHOUT_PROJECT.contains(&verb) {
            return command.to_owned();
        }
        let lacks = |option: &str| !command.split(' ').any(|word| word == option);
        let mut first = String::new();
        if let Some(dir) = self.dir.as_ref().filter(|_| lacks("--dir")) {
            first = format!("{first}--dir {} ", shell_word(dir));
        }
        if let Some(data) = self.data.as_ref().filter(|_| lacks("--data")) {
            first = format!("{first}--data {} ", shell_word(data));
        }
        let mut more = String::new();
        if self.sandbox && WITH_GATEWAY.contains(&verb) && lacks("--sandbox") {
            more.push_str(" --sandbox");
        }
        if let Some(now) = self.now.as_ref().filter(|_| WITH_GATEWAY.contains(&verb) && lacks("--now")) {
            more = format!("{more} --now {}", shell_word(now));
        }
        let behind = rest.split_once(verb).map_or("", |(_, behind)| behind);
        let names_no_file = behind.is_empty() || behind.starts_with(" --");
        if WITH_SELECTION.contains(&verb) && names_no_file && lacks("--only") {
            self.only.iter().for_each(|only| more = format!("{more} --only {}", shell_word(only)));
        }
        // The options of the command itself come last, since one of them may be a text to fill in.
        let own = rest.find(" --").filter(|_| !rest.starts_with("--")).unwrap_or(rest.len());
        let (before, own) = rest.split_at_checked(own).unwrap_or((rest, ""));
        format!("{PROGRAM}{first}{before}{more}{own}")
    }
}

/// The command's name.
fn verb(rest: &str) -> &str {
    let mut words = rest.split(' ');
    while let Some(word) = words.next() {
        match word {
            "--dir" | "--data" => drop(words.next()),
            _ if word.starts_with('-') => {}
            _ => return word,
        }
    }
    ""
}

/// Where commands stand in a line: in backticks, or behind a colon or an indent, until the words go on.
pub(super) fn commands(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices(PROGRAM) {
        if found.last().is_some_and(|last| at < last.end) {
            continue;
        }
        let before = text.get(..at).unwrap_or_default();
        let rest = text.get(at..).unwrap_or_default();
        if before.ends_with('`') {
            found.extend(rest.find('`').map(|length| at..at + length));
        } else if before.ends_with(": ") || before.trim_end_matches(' ').is_empty() {
            found.push(at..at + bare(rest));
        }
    }
    found
}

/// How long a command is that stands in no backticks.
fn bare(rest: &str) -> usize {
    let ends = ["; ", ", ", "   ", "\u{1b}", "\n"];
    ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let typed = Typed {
            dir: Some("my shop".to_owned()),
            data: None,
            sandbox: true,
            now: None,
            only: vec!["sale.announce".to_owned()],
            is_in_review: false,
        };
        let told = typed.repeated_in(text);
        assert_eq!(told, expect);
        assert_eq!(typed.repeated_in(&told), told, "nothing is repeated twice");
        assert_eq!(Typed::default().repeated_in(text), text);
    }

    #[test]
    fn hints_repeat_what_was_typed() {
        check(
            "run `sendform reconcile` now",
            "run `sendform --dir 'my shop' reconcile --sandbox --only sale.announce` now",
        );
        check(
            "  or decide it yourself: sendform resolve B.r1 --sent --reason \"…\"   (or --not-sent)",
            "  or decide it yourself: sendform --dir 'my shop' resolve B.r1 --sandbox --sent --reason \"…\"   (or --not-sent)",
        );
        check(
            "to end it: sendform resume; then go on",
            "to end it: sendform --dir 'my shop' resume --sandbox; then go on",
        );
        check("`sendform apply x.plan` sends this", "`sendform --dir 'my shop' apply x.plan --sandbox` sends this");
        check("begin with `sendform init`", "begin with `sendform --dir 'my shop' init`");
        check(
            "  sendform plan --accept messages=3",
            "  sendform --dir 'my shop' plan --sandbox --only sale.announce --accept messages=3",
        );
    }

    #[test]
    fn a_time_that_was_typed_is_repeated_where_there_is_a_gateway() {
        let typed = Typed { sandbox: true, now: Some("2026-11-30T12:00:00Z".to_owned()), ..Typed::default() };
        let told = typed.repeated_in("`sendform apply sale.plan`, `sendform validate`");
        assert_eq!(told, "`sendform apply sale.plan --sandbox --now 2026-11-30T12:00:00Z`, `sendform validate`");
        assert_eq!(typed.repeated_in(&told), told);
    }

    #[test]
    fn what_is_no_command_stays() {
        for text in ["what `sendform schema` would write", "as sendform plan does", "`sendform --version` tells"] {
            let typed = Typed { sandbox: true, ..Typed::default() };
            assert_eq!(typed.repeated_in(text), text);
        }
    }
}
