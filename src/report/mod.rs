//! Plans and outcomes for people and for machines: pure folds from data to text.

mod brief;
mod clocks_text;
pub mod diagnostics;
mod difference;
pub mod done_json;
mod doubt_text;
mod frozen_json;
mod frozen_text;
pub mod json;
mod leaving_json;
mod leaving_text;
pub mod ledger;
pub mod outcome_text;
pub mod plan_text;
pub mod rebound;
pub mod reconcile_json;
pub mod reconcile_text;
pub mod recovered;
pub mod sanitize;
pub mod status_text;
pub mod style;
mod table;
pub mod trust;
pub mod written;

pub use crate::diagnostic::words;

/// Whether texts show the people in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// They are masked.
    No,
    /// They are shown as they are.
    Yes,
}
