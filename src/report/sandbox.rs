//! What `sandbox` says.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Report;
use super::screen::Screen;
use super::sheet::Sheet;
use super::text::TextForm;

/// A sandbox that serves.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SandboxReport<'a> {
    /// Where it serves.
    pub base_url: &'a str,
}

impl Report for SandboxReport<'_> {
    const KIND: &'static str = "sandbox";
}

impl TextForm for SandboxReport<'_> {
    fn sheet(&self, _: &Screen) -> Sheet {
        Sheet::from(format!("listening on {}\n", self.base_url))
    }
}
