//! A short way for templates and conditions that are only text, columns, comparisons of texts,
//! `if`, and the filters `fallback`, `trim`, `upper` and `lower`: most are.
//!
//! It either gives exactly what the engine would give, or nothing, and then the engine is asked:
//! every failure and every other word of the language is the engine's business. A property test
//! holds the two against each other.

mod build;
mod run;

pub(super) use build::{steps, test};
pub(super) use run::write;

/// A part of a template.
#[derive(Debug)]
pub(super) enum Step {
    /// Text as it is.
    Text(String),
    /// A text that is written; a blank one fails.
    Write(Operand),
    /// One of two ways.
    Choose { test: Test, yes: Vec<Self>, no: Vec<Self> },
}

/// Something that is true or false for a row.
#[derive(Debug)]
pub(super) enum Test {
    Constant(bool),
    /// Not empty.
    Filled(Operand),
    Blank(Operand),
    Compare(Operand, Relation, Operand),
    /// Is one of these texts.
    Among(Operand, Vec<String>),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// How two texts are compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Relation {
    Equal,
    Different,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The first stands in the second.
    Within,
}

/// A text: a column through filters, or one that is written out.
#[derive(Debug)]
pub(super) enum Operand {
    Constant(String),
    Column { name: String, filters: Vec<Filter> },
}

/// A filter that the short way knows.
#[derive(Debug)]
pub(super) enum Filter {
    Fallback(String),
    Trim,
    Upper,
    Lower,
}
