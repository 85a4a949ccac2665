//! Reports as text for people. What is short stands beside its report.

mod apply;
mod at_most;
mod brief;
mod clocks;
pub mod diagnostics;
mod difference;
mod doubts;
mod handed_over;
mod log;
mod plan;
mod plan_file;
pub mod reconcile;
mod status;
mod stops;
mod table;
mod twice;
mod validation;
mod verify;

use super::style::Paint;

/// A report as text for people.
pub trait TextForm {
    /// Writes it, with a final newline; nothing if there is nothing to say.
    fn text(&self, paint: Paint) -> String;
}
