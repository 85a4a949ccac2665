//! Plans and outcomes for people and for machines: pure folds from data to text.

pub mod done_json;
mod frozen_json;
pub mod json;
mod leaving_json;
pub mod ledger;
pub mod rebound;
pub mod reconcile_json;
pub mod recovered;
pub mod sanitize;
pub mod style;
pub mod text;
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
