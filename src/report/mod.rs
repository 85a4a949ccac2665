//! Plans and outcomes for people and for machines: pure folds from data to text.

pub mod diagnostics;
pub mod document;
pub mod done_json;
pub mod doubt;
mod gates;
pub mod handed_over;
pub mod json;
mod leaving_json;
pub mod ledger;
pub mod message;
pub mod plan;
pub mod plan_file;
pub mod rebound;
pub mod reconcile;
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
