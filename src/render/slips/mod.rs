//! What is wrong with a source that cannot be parsed, in words that lead to the remedy. People bring
//! the habits of other languages along: Liquid, Handlebars, SQL, JavaScript, spreadsheets. Each tag
//! is looked at by itself, so that all of them are told in one run.

mod blocks;
mod characters;
mod expression;
mod handlebars;
mod template;

use std::ops::Range;

pub(super) use blocks::TAGS;
pub(super) use expression::{Spot, of_expression, two_texts};
pub(super) use template::of_template;

/// One thing that is wrong, in bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Slip {
    fn new(range: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { range, message: message.into(), help: Some(help.into()) }
    }

    /// The same of a text that begins at a byte of the source.
    fn from(self, start: usize) -> Self {
        Self { range: start + self.range.start..start + self.range.end, ..self }
    }
}

/// Whether a name can stand in an expression as it is.
pub(super) fn is_plain_word(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !is_keyword(name)
}

/// The words that no column can be called by.
pub(super) fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "and"
            | "or"
            | "not"
            | "in"
            | "is"
            | "if"
            | "else"
            | "elif"
            | "endif"
            | "for"
            | "endfor"
            | "true"
            | "false"
            | "none"
            | "True"
            | "False"
            | "None"
    )
}

/// How a column is written in an expression.
pub(super) fn column_form(name: &str) -> String {
    if is_plain_word(name) { name.to_owned() } else { format!("column(\"{}\")", name.replace('"', "\\\"")) }
}
