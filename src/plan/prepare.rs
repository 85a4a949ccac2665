//! Reads and renders the people of a bulk again, just before it is claimed, and compares what comes
//! out with what was planned.

use std::sync::Arc;

use jiff::Timestamp;

use crate::audience::{AudienceReader, CellInstant, Row};
use crate::campaign::{Files, Message};
use crate::diagnostic::Diagnostics;
use crate::identity::{CanonicalTo, Fingerprint, Key, MessageKey, ProjectId};
use crate::ledger::EditionId;
use crate::render::Renderer;
use crate::wire::content::Content;

use super::bulk::{Bulk, Recipient};
use super::compiled::Compiled;
use super::content::ContentMaker;
use super::handed;
use super::row_checks::{Rendered, render_row};

/// A person of a bulk, ready to be sent to. It holds personal data, so it has no `Debug`.
pub struct RenderedPerson {
    /// Who and what, as planned.
    pub planned: Recipient,
    /// The recipient's id, without blanks and wrappers around it.
    pub to: String,
    /// What they get.
    pub content: Content<String>,
    /// The callbackData.
    pub callback_data: Option<String>,
    /// When their conversation window closes, as their row has it now, if the audience says so.
    pub closes_at: Option<Timestamp>,
}

/// Why a bulk cannot be prepared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// The row is not there any more, is about somebody else, or comes out as another text.
    #[error("the files of `{message}` changed since they were planned")]
    Changed {
        /// The message.
        message: MessageKey,
    },
    /// The files cannot be read any more.
    #[error("the files of `{message}` cannot be read any more")]
    Unreadable {
        /// The message.
        message: MessageKey,
    },
}

/// Prepares bulks of one message.
pub struct Preparer {
    message: MessageKey,
    compiled: Compiled,
    reader: AudienceReader,
    renderer: Renderer,
    fingerprint: Fingerprint,
    contents: ContentMaker,
    edition: EditionId,
    rows: Vec<Row>,
}

impl Preparer {
    /// Opens the audience of a message once more. Wants the stack of [`super::STACK_BYTES`].
    ///
    /// # Errors
    /// All that is wrong with the message's files by now.
    pub fn new(message: &Message, project: &ProjectId, key: &Key, files: &dyn Files) -> Result<Self, Diagnostics> {
        let (compiled, reader) = Compiled::new(message, files)?;
        let renderer = Renderer::new(Arc::clone(&compiled.selected.header));
        Ok(Self {
            message: message.key.clone(),
            compiled,
            reader,
            renderer,
            fingerprint: Fingerprint::new(key, project, &message.sender),
            contents: ContentMaker::new(key, message),
            edition: handed::edition(message),
            rows: Vec::new(),
        })
    }

    /// Reads and renders the people of a bulk, in the bulk's order. Wants the stack of
    /// [`super::STACK_BYTES`].
    ///
    /// # Errors
    /// If a row is not what was planned.
    pub fn prepare(&mut self, bulk: &Bulk) -> Result<Vec<RenderedPerson>, PrepareError> {
        bulk.recipients.iter().map(|recipient| self.person(*recipient)).collect()
    }

    /// Names what the message is, for the claims of its bulks.
    #[must_use]
    pub const fn edition(&self) -> &EditionId {
        &self.edition
    }

    fn person(&mut self, planned: Recipient) -> Result<RenderedPerson, PrepareError> {
        let unreadable = || PrepareError::Unreadable { message: self.message.clone() };
        let changed = || PrepareError::Changed { message: self.message.clone() };
        self.reader.seek(planned.row).map_err(|_| unreadable())?;
        self.reader.read(&mut self.rows, 1).map_err(|_| unreadable())?;
        let cells = self.rows.first().and_then(|row| row.cells.as_ref().ok()).ok_or_else(changed)?;
        let cell = cells.get(self.compiled.selected.to).unwrap_or_default();
        let canonical = CanonicalTo::parse(cell, self.compiled.selected.audience.ids).map_err(|_| changed())?;
        if self.fingerprint.person(&canonical) != planned.person {
            return Err(changed());
        }
        let closes_at = self.closes_at(cells).map_err(|()| changed())?;
        self.renderer.fill(cells);
        // What was planned may be a text that is only warned about, so that is no matter here.
        let rendered = render_row(&self.compiled, &mut self.renderer, false).map_err(|_| changed())?;
        let Rendered::Content { content, callback_data, .. } = rendered else { return Err(changed()) };
        if self.contents.content(&content, callback_data.as_deref()) != planned.content {
            return Err(changed());
        }
        Ok(RenderedPerson { planned, to: canonical.sent().to_owned(), content, callback_data, closes_at })
    }

    /// When somebody's conversation window closes; an error if their row does not tell it any more.
    fn closes_at(&self, cells: &csv::StringRecord) -> Result<Option<Timestamp>, ()> {
        let Some(window) = self.compiled.window else { return Ok(None) };
        let cell = cells.get(window.position()).unwrap_or_default().trim();
        if cell.is_empty() {
            // Nobody knows of an open window, so there is none.
            return Ok(Some(Timestamp::MIN));
        }
        let moment = CellInstant::parse(cell).ok_or(())?;
        Ok(Some(window.closes_at(moment.instant)))
    }
}
