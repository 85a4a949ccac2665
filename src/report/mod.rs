//! Plans and outcomes for people and for machines: pure folds from data to text.

pub mod diagnostics;
mod frozen_json;
mod frozen_text;
pub mod done_json;
mod brief;
mod clocks_text;
mod difference;
mod doubt_text;
pub mod sanitize;
pub mod json;
mod leaving_json;
mod leaving_text;
pub mod ledger;
pub mod outcome_text;
pub mod style;
pub mod plan_text;
pub mod rebound;
pub mod recovered;
pub mod reconcile_json;
pub mod reconcile_text;
pub mod status_text;
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
