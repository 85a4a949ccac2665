//! How a command failed.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Report;
use super::failure_code::FailureCode;
use super::sanitize::{LineFeeds, harmless};
use super::screen::Screen;
use super::sheet::Sheet;
use super::text::TextForm;

/// How a command failed, why, and what to do.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureReport<'a> {
    /// The exit code.
    pub exit_code: u8,
    /// What exactly failed.
    pub code: FailureCode,
    /// What failed.
    pub error: &'a str,
    /// The files and folders that it is about; may be empty.
    pub places: &'a [String],
    /// Why, the nearest cause first.
    pub causes: &'a [String],
    /// What to do.
    pub hints: &'a [String],
    /// The commands that the hints say to type, in their order, without what has to be filled in first being filled in.
    pub next_commands: Vec<String>,
}

/// The programs of which hints name commands.
const PROGRAMS: [&str; 2] = ["sendform", "git"];

/// The commands that hints say to type: what stands in backticks and begins with a program.
#[must_use]
pub fn commands_in(hints: &[String]) -> Vec<String> {
    let spans = hints.iter().flat_map(|hint| hint.split('`').skip(1).step_by(2));
    let is_command = |span: &&str| span.split_once(' ').is_some_and(|(program, _)| PROGRAMS.contains(&program));
    spans.filter(is_command).map(str::to_owned).collect()
}

impl Report for FailureReport<'_> {
    const KIND: &'static str = "failure";
}

impl TextForm for FailureReport<'_> {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut lines = vec![format!("{} {}", paint.bad("error:"), harmless(self.error, LineFeeds::Keep))];
        lines.extend(self.causes.iter().map(|cause| format!("  caused by: {}", harmless(cause, LineFeeds::Keep))));
        lines.extend(
            self.hints.iter().map(|hint| format!("  {} {}", paint.note("hint:"), harmless(hint, LineFeeds::Keep))),
        );
        Sheet::from(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::commands_in;

    #[test]
    fn commands_stand_in_backticks_and_begin_with_a_program() {
        let hints = ["pass `--dir x`, or type `sendform init`", "`git add x`, then `git push`", "see `sendform`"];
        let hints = hints.map(str::to_owned);
        assert_eq!(commands_in(&hints), ["sendform init", "git add x", "git push"]);
    }
}
