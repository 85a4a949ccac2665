//! Reports as text for people.

mod brief;
mod clocks;
pub mod diagnostics;
mod difference;
pub mod apply;
pub(super) mod doubts;
mod handed_over;
pub mod plan;
mod plan_file;
pub mod reconcile;
pub mod status;
pub(super) mod table;

use super::style::Paint;

/// A report as text for people.
pub trait TextForm {
    /// Writes it, with a final newline.
    fn text(&self, paint: Paint) -> String;
}
