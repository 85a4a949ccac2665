//! How a command failed.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Report;
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
    /// What failed.
    pub error: &'a str,
    /// Why, the nearest cause first.
    pub causes: &'a [String],
    /// What to do.
    pub hints: &'a [String],
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
