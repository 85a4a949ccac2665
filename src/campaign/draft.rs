//! What is whole of a file that has errors: enough to look for the mistakes in it, never to send from.

use std::sync::Arc;

use super::checked::{Audience, Expression, TemplateText};
use crate::wire::content::Content;

/// A part of a file that has errors elsewhere.
#[derive(Debug, Clone)]
pub enum DraftPart {
    /// A message, as far as it is whole.
    Message(DraftMessage),
    /// An audience.
    Audience(Arc<Audience>),
    /// An audience that is wrong itself, but has rows: which of its columns have a meaning is not known.
    Loose(Arc<Audience>),
    /// The condition of an audience that has no rows.
    Filter(Expression),
}

/// A message, as far as it is whole.
#[derive(Debug, Clone, Default)]
pub struct DraftMessage {
    /// What it says.
    pub content: Option<Content<TemplateText>>,
    /// What comes back in delivery reports.
    pub callback_data: Option<TemplateText>,
    /// To whom.
    pub audience: Option<Arc<Audience>>,
}
