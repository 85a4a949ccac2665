//! Reports as text for people. What is short stands beside its report.

pub(crate) mod apply;
pub(super) mod at_most;
pub(super) mod brief;
pub(super) mod clocks;
pub mod diagnostics;
pub(super) mod difference;
pub(super) mod doubts;
pub(super) mod ending;
pub(super) mod handed_over;
mod late;
mod log;
mod overview;
pub(super) mod merge_group;
pub(super) mod plan;
pub(super) mod plan_file;
pub mod reconcile;
mod status;
pub(super) mod stops;
pub(super) mod twice;
pub(super) mod validation;
mod verify;

use super::screen::Screen;
use super::sheet::Sheet;

/// A report as text for people.
pub trait TextForm {
    /// Writes it; nothing if there is nothing to say.
    fn sheet(&self, screen: &Screen) -> Sheet;

    /// Writes it, and lays it out for a screen.
    fn text(&self, screen: &Screen) -> String {
        self.sheet(screen).laid_out(screen)
    }
}
