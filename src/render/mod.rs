//! Templates and expressions over one row: strict, bounded, pure.
//!
//! A source goes through [`nesting`] (bounds on what a parser may recurse into), minijinja's
//! parser, and [`check`] (an allow-list over the tree, with types and columns) before it is
//! compiled. A [`Renderer`] is then filled with one row after another.

mod blanks;
mod braces;
mod branches;
mod builtins;
mod check;
mod columns;
mod condition;
mod environment;
mod expressions;
mod extent;
mod failure;
mod fast_path;
mod filters;
#[cfg(test)]
pub(crate) mod fixture;
mod flow;
mod foreign;
mod guard;
mod header;
mod laid_open;
mod leftovers;
mod letters;
mod literals;
mod misread;
mod nesting;
#[cfg(test)]
mod never_panics;
mod part;
mod position;
mod renderer;
mod row_object;
mod segments;
mod shape;
mod slices;
mod slips;
mod syntax;
mod tags;
mod template;
mod text;
mod types;
mod words;

pub use branches::Branches;
pub use columns::{ColumnUse, check_column_names, check_columns};
pub use condition::Condition;
pub use failure::{RenderError, remedy};
pub use foreign::Purpose;
pub use guard::is_guarded;
pub use header::{ColumnNames, plain_name, visible_name};
pub use laid_open::LaidOpen;
pub use leftovers::{leftover_mark, looks_like_mojibake, word_for_nothing};
pub use renderer::{Renderer, Rendering};
pub use template::Template;
pub use text::{TextProblem, check_text};

/// The largest template, in bytes; what it includes counts apart.
pub const TEMPLATE_BYTES_MAX: usize = 16 * 1024;
/// The largest template together with all that it includes, in bytes.
pub const TEMPLATE_CLOSURE_BYTES_MAX: usize = 64 * 1024;
/// The largest rendered text before its length is judged, in bytes.
pub const OUTPUT_BYTES_MAX: usize = 16 * 1024;
