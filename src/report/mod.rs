//! What commands say: for each command a report, plain data that is built once from what happened, and its forms,
//! which are pure functions of it: a document of JSON, text, Markdown, and what a CI takes.
//!
//! A report masks what may not be shown, so that no form can show it. What people read is a trait ([`text::TextForm`],
//! [`markdown::MarkdownForm`]), with its implementations in a folder of its own. What a CI takes is made of one neutral
//! view, [`annotation::Annotated`]: each of [`github`], [`sarif`], [`junit`] and [`gitlab`] is one function of it.

pub mod annotation;
pub mod apply;
pub mod diagnostics;
pub mod doctor;
pub mod document;
pub mod doubt;
pub mod event;
pub mod failure;
pub mod failure_code;
pub mod files;
pub mod forms;
mod gates;
pub mod github;
pub mod gitlab;
pub mod grid;
pub mod handed_over;
pub mod in_clear;
pub mod junit;
pub mod ledger;
pub mod log;
pub mod mark;
pub mod markdown;
pub mod merge_group;
pub mod message;
pub mod new_revision;
pub mod overview;
pub mod plan;
pub mod plan_file;
pub mod reconcile;
pub mod resolve;
pub mod sandbox;
pub mod sanitize;
pub mod sarif;
pub mod schema;
pub mod screen;
pub mod sheet;
pub mod status;
pub mod stops;
pub mod style;
pub mod text;
pub mod trust;
pub mod twice;
pub mod typed;
pub mod validation;

pub use crate::diagnostic::words;

/// Whether texts show the people in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reveal {
    /// They are masked.
    No,
    /// They are shown as they are.
    Yes,
}
