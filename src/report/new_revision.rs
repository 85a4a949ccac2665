//! What people have of an older revision, as views.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{NewRevision, TextBefore};

/// A revision of which nobody was sent anything yet, and what people have of the last one before it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewRevisionView<'a> {
    /// The last revision of which somebody was sent something.
    pub before: u32,
    /// Its texts, the latest first: several, if it was edited in between; none, if nobody knows them.
    pub texts: Vec<TextBeforeView<'a>>,
}

/// A text of an older revision, and who has it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextBeforeView<'a> {
    /// How many people's message of it the gateway took.
    pub people: u64,
    /// The template then; null if that is the same.
    pub text_before: Option<&'a str>,
}

impl<'a> NewRevisionView<'a> {
    /// Makes a view of it.
    #[must_use]
    pub fn new(NewRevision { before, texts }: &'a NewRevision) -> Self {
        let text = |TextBefore { text, people }: &'a TextBefore| TextBeforeView {
            people: *people,
            text_before: text.as_deref(),
        };
        Self { before: before.get(), texts: texts.iter().map(text).collect() }
    }
}
