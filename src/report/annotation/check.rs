//! Something that was looked at.

use super::FileSpot;

/// Something that was looked at, and is as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it belongs to: a message, or what else was looked at.
    pub suite: String,
    /// Its code: that of the annotation that there would be if it were not so.
    pub code: String,
    /// What is as it should be.
    pub words: String,
    /// Where it stands in the files.
    pub spot: Option<FileSpot>,
}
