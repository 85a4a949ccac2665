//! What a person sees when a command fails: prose, hints and an exit code, made in one place.

use std::error::Error;
use std::path::Path;

use crate::report::failure::{FailureReport, commands_in};
use crate::report::failure_code::FailureCode;
use crate::report::typed::Typed;

use super::exit::Exit;

/// A failed command.
#[derive(Debug)]
pub(super) struct Failure {
    /// What exactly it is.
    pub code: FailureCode,
    /// The exit code: that of the code, unless something stronger was found besides.
    pub exit: Exit,
    /// What failed: a lowercase fragment. Empty if everything was said already.
    pub message: String,
    /// The files and folders that it is about.
    pub places: Vec<String>,
    /// Why: the chain of causes.
    pub causes: Vec<String>,
    /// What to do.
    pub hints: Vec<String>,
    /// Whether the document of the run has it already.
    pub is_in_document: bool,
}

impl Failure {
    /// Makes a failure.
    #[must_use]
    pub(super) fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self {
            code,
            exit: code.into(),
            message: message.into(),
            places: Vec::new(),
            causes: Vec::new(),
            hints: Vec::new(),
            is_in_document: false,
        }
    }

    /// Makes a failure about which everything was said already.
    #[must_use]
    pub(super) fn silent(code: FailureCode) -> Self {
        Self::new(code, "")
    }

    /// Ends with another exit code, if that is stronger.
    #[must_use]
    pub(super) fn ending(mut self, exit: Exit) -> Self {
        self.exit = self.exit.or(exit);
        self
    }

    /// Says which file or folder it is about.
    #[must_use]
    pub(super) fn at(mut self, place: &Path) -> Self {
        self.places.push(place.display().to_string());
        self
    }

    /// Says why.
    #[must_use]
    pub(super) fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// Says what to do.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same, with what was typed in all commands of the hints.
    #[must_use]
    pub(super) fn repeating(&self, typed: &Typed) -> Self {
        let hints = self.hints.iter().map(|hint| typed.repeated_in(hint)).collect();
        let (message, places, causes) = (self.message.clone(), self.places.clone(), self.causes.clone());
        let Self { code, exit, is_in_document, .. } = *self;
        Self { code, exit, message, places, causes, hints, is_in_document }
    }

    /// Says to somebody who only looks that `apply` would end so.
    #[must_use]
    pub(super) fn as_warning(&self) -> String {
        let hints: String = self.hints.iter().map(|hint| format!("  {hint}\n")).collect();
        format!("! `sendform apply` is refused: {}\n{hints}", self.message)
    }

    /// The report of it.
    #[must_use]
    pub(super) fn report(&self) -> FailureReport<'_> {
        let Self { code, exit, message, places, causes, hints, .. } = self;
        let next_commands = commands_in(hints);
        FailureReport { exit_code: exit.code(), code: *code, error: message, places, causes, hints, next_commands }
    }
}
