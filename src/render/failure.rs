//! Why a template or expression failed for a row, said without the row's content.

use std::error::Error as _;
use std::fmt;
use std::ops::Range;

use minijinja::{Error, ErrorKind};

use crate::diagnostic::{Code, Place};
use crate::render::slips::column_form;

/// Why a template or expression failed for a row. It never holds a cell's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// What kind of mistake it is.
    pub code: Code,
    /// What went wrong.
    pub message: String,
    /// Where in the template or expression, if that is known.
    pub place: Option<Place>,
    /// The column to blame, if there is one.
    pub column: Option<String>,
}

/// What to do about a failure of this kind, for which this column is to blame.
#[must_use]
pub fn remedy(code: Code, column: Option<&str>) -> Option<String> {
    match (code, column) {
        (Code::BlankValue, Some(column)) => {
            Some(format!("write `{{{{ {} | fallback(\"…\") }}}}`, or fill the cell in", column_form(column)))
        }
        (Code::ForbiddenCharacter, Some(_)) => {
            Some("clean the cell: a message must not carry what nobody sees, or what was lost on the way".to_owned())
        }
        _ => None,
    }
}

/// A failure of our own words; it travels inside the engine's error.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) code: Code,
    pub(super) message: &'static str,
}

impl Problem {
    pub(super) const fn new(code: Code, message: &'static str) -> Self {
        Self { code, message }
    }
}

/// A person that the template leaves out; it travels inside the engine's error.
#[derive(Debug)]
pub(super) struct SkipPerson {
    pub(super) reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl fmt::Display for SkipPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the template skips the person")
    }
}

impl std::error::Error for Problem {}
impl std::error::Error for SkipPerson {}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::new(ErrorKind::InvalidOperation, problem.message).with_source(problem)
    }
}

impl From<SkipPerson> for Error {
    fn from(skip: SkipPerson) -> Self {
        Self::new(ErrorKind::InvalidOperation, "skip").with_source(skip)
    }
}

/// What the engine's error says, with nothing of the row in it.
#[derive(Debug)]
pub(super) enum EngineFailure {
    /// The template leaves the person out.
    Skip(String),
    /// It failed.
    Failed {
        code: Code,
        message: &'static str,
        /// In which source, by the name that it was compiled under.
        source: Option<String>,
        range: Option<Range<usize>>,
    },
}

impl From<&Error> for EngineFailure {
    fn from(error: &Error) -> Self {
        let mut problem = None;
        let mut deepest = error;
        let mut next = error.source();
        while let Some(inner) = next {
            if let Some(skip) = inner.downcast_ref::<SkipPerson>() {
                return Self::Skip(skip.reason.clone());
            }
            if let Some(found) = inner.downcast_ref::<Problem>() {
                problem = Some((found.code, found.message));
            }
            if let Some(engine) = inner.downcast_ref::<Error>() {
                deepest = engine;
            }
            next = inner.source();
        }
        let (code, message) = problem.unwrap_or_else(|| describe(deepest.kind()));
        let placed = if deepest.range().is_some() { deepest } else { error };
        Self::Failed { code, message, source: placed.name().map(str::to_owned), range: placed.range() }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the engine's list of kinds is open")]
fn describe(kind: ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::OutOfFuel => (Code::RenderFailed, "the template takes too many steps"),
        ErrorKind::WriteFailure => (Code::RenderFailed, "the text grows over 16 KiB"),
        ErrorKind::UndefinedError => (Code::BlankValue, "a value is missing, and the template has no fallback for it"),
        _ => (Code::RenderFailed, "an operation cannot be done with this row's values"),
    }
}
