//! A report in all of its forms.

use super::annotation::Annotated;
use super::document::Report;
use super::markdown::MarkdownForm;

/// What every report has that a command shows.
pub trait Forms: Report + MarkdownForm + Annotated {}

impl<R: Report + MarkdownForm + Annotated> Forms for R {}
