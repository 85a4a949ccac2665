//! Blank values within a text: which expressions are handed to filters of ours, and what those do.

use std::ops::Range;

use minijinja::Value;

use crate::diagnostic::Code;
use crate::render::failure::Problem;
use crate::wire::visible::is_blank;

/// The filter that refuses blanks, which nobody can write: it is not among the words of the language.
pub(super) const NEEDED: &str = "needed";
/// The filter that makes nothing of a blank text that is given in place of another.
pub(super) const OPEN: &str = "open";

/// An expression that the engine hands to a filter of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilteredExpression {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// The filter.
    pub(super) filter: &'static str,
}

/// A text that is written out within a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal {
    /// The text.
    pub(super) text: String,
    /// Where it stands, with its quotes.
    pub(super) range: Range<usize>,
}

/// Refuses a blank text.
pub(super) fn needed(value: &Value) -> Result<Value, minijinja::Error> {
    if value.is_undefined() || (value.as_str().is_some_and(is_blank) && !value.is_safe()) {
        return Err(blank().into());
    }
    Ok(value.clone())
}

/// Makes nothing of a blank text that nobody has meant to be blank.
pub(super) fn open(value: &Value) -> Value {
    if value.as_str().is_some_and(is_blank) && !value.is_safe() { Value::UNDEFINED } else { value.clone() }
}

/// Says that a value is blank.
pub(super) const fn blank() -> Problem {
    Problem::new(Code::BlankValue, "a value is blank, and the template has no fallback for it")
}
