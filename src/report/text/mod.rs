//! Reports as text for people. What is short stands beside its report.

mod apply;
mod at_most;
mod brief;
mod clocks;
pub mod diagnostics;
mod difference;
mod doubts;
mod ending;
mod handed_over;
mod late;
mod log;
mod plan;
mod plan_file;
pub mod reconcile;
mod status;
mod stops;
mod twice;
mod validation;
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
