//! What is found, section by section.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::report::doctor::{CheckState, DoctorCheck, DoctorSection};
use crate::report::failure_code::FailureCode;
use crate::report::typed::Typed;

/// A section, as it fills.
pub(super) struct Checkup<'a> {
    name: &'static str,
    /// What was typed, which every command of a remedy repeats.
    typed: &'a Typed,
    checks: Vec<DoctorCheck>,
    exit: Exit,
}

impl<'a> Checkup<'a> {
    /// Begins a section.
    pub(super) fn new(name: &'static str, typed: &'a Typed) -> Self {
        Self { name, typed, checks: Vec::new(), exit: Exit::Done }
    }

    /// Something is as it should be.
    pub(super) fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(Observation::of(check, CheckState::Ok, message));
    }

    /// Something was not looked at.
    pub(super) fn skip(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(Observation::of(check, CheckState::Skipped, message));
    }

    /// An apply would go on, but somebody should look.
    pub(super) fn warn(&mut self, check: &'static str, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(Observation { hints: vec![remedy.into()], ..Observation::of(check, CheckState::Warning, message) });
    }

    /// An apply would end with this failure.
    pub(super) fn stop(&mut self, check: &'static str, failure: Failure) {
        let Failure { code, exit, message, causes, hints, .. } = failure;
        self.exit = self.exit.or(exit);
        let why = Some((exit, code));
        self.add(Observation { why, causes, hints, ..Observation::of(check, CheckState::Stops, message) });
    }

    /// Adds a check that stops, unless it is well; then says so.
    pub(super) fn result(&mut self, check: &'static str, result: Result<impl Into<String>, Failure>) {
        match result {
            Ok(message) => self.ok(check, message),
            Err(failure) => self.stop(check, failure),
        }
    }

    fn add(&mut self, observation: Observation) {
        let Observation { check, state, why, message, causes, hints } = observation;
        let (exit_code, code) = (why.map(|(exit, _)| exit.code()), why.map(|(_, code)| code));
        // A hint may be empty where a store has none.
        let hints = hints.into_iter().filter(|hint| !hint.is_empty());
        let remedies = hints.map(|hint| self.typed.repeated_in(&hint)).collect();
        self.checks.push(DoctorCheck { check, state, exit_code, code, message, causes, remedies });
    }

    /// Ends the section; also gives the code that an apply would end with because of it.
    pub(super) fn end(self) -> (DoctorSection, Exit) {
        (DoctorSection { section: self.name, checks: self.checks }, self.exit)
    }
}

/// Something that was found, as it comes.
struct Observation {
    check: &'static str,
    state: CheckState,
    /// What an apply would end with, if it would stop one.
    why: Option<(Exit, FailureCode)>,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl Observation {
    fn of(check: &'static str, state: CheckState, message: impl Into<String>) -> Self {
        Self { check, state, why: None, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }
}
