//! Where a diagnostic points: into a text, at a row of an audience, or at a file as a whole.

use std::ops::Range;
use std::sync::Arc;

/// A text that diagnostics can point into.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's path, relative to the project's folder, with `/`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// Makes a source that can be shared by places.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A range of bytes of a text.
    Span {
        /// The text.
        source: Arc<Source>,
        /// Bytes from the start of the text.
        span: Range<usize>,
    },
    /// A row of an audience; its content is personal data and is never shown.
    Row {
        /// The audience's file.
        file: String,
        /// The line on which the row begins, from 1.
        line: u64,
        /// The column, if one is to blame.
        column: Option<String>,
    },
    /// A file as a whole.
    File(
        /// Its path.
        String,
    ),
}

impl Place {
    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Self::Span { source, .. } => &source.name,
            Self::Row { file, .. } | Self::File(file) => file,
        }
    }
}

/// A place with a text beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub place: Place,
    /// What to say there; may be empty.
    pub text: String,
}
