//! Where an annotation points.

use crate::report::diagnostics::PlaceView;
use crate::report::message::MessageView;
use crate::report::screen::Screen;

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSpot {
    /// The file, from the repository's top.
    pub file: String,
    /// The line in which it begins.
    pub line: Option<u64>,
    /// The column in which it begins.
    pub column: Option<u64>,
    /// The line in which it ends.
    pub end_line: Option<u64>,
    /// The column after its last character.
    pub end_column: Option<u64>,
}

impl FileSpot {
    /// The place of a diagnostic.
    #[must_use]
    pub(super) fn of_place(place: &PlaceView, screen: &Screen) -> Self {
        Self {
            file: screen.file_in_repository(&place.file),
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
        }
    }

    /// Where a message stands in the files.
    #[must_use]
    pub(super) fn of_message(message: &MessageView<'_>, screen: &Screen) -> Option<Self> {
        let file = screen.file_in_repository(message.place.file.as_deref()?);
        Some(Self { file, line: message.place.line.map(|line| line as u64), ..Self::default() })
    }
}
