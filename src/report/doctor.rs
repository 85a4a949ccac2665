//! What `doctor` says: what this machine and this project are, and what would stop an apply.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::Report;
use super::failure_code::FailureCode;
use super::sanitize::{LineFeeds, harmless};
use super::screen::Screen;
use super::sheet::{Sheet, line};
use super::style::Paint;
use super::text::TextForm;
use super::words::plural;

/// What this machine and this project are, and what would stop an apply.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    /// The exit code that an apply would end with because of what would stop it; 0 if nothing would.
    pub exit_code: u8,
    /// How many checks would stop an apply.
    pub stops: u64,
    /// How many checks are worth a look.
    pub warnings: u64,
    /// What was looked at, in its order.
    pub sections: Vec<DoctorSection>,
}

/// Checks that belong together.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoctorSection {
    /// What they are about: `machine`, `project`, `key`, `gateway`, `ledger`, `git` or `terminal`.
    pub section: &'static str,
    /// The checks.
    pub checks: Vec<DoctorCheck>,
}

/// Something that was looked at.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoctorCheck {
    /// Its stable name.
    pub check: &'static str,
    /// What came of it.
    pub state: CheckState,
    /// The exit code that an apply would end with because of it; null unless it would stop one.
    pub exit_code: Option<u8>,
    /// What an apply would fail with because of it; null unless it would stop one.
    pub code: Option<FailureCode>,
    /// What was found.
    pub message: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do about it, with commands that can be typed in backticks.
    pub remedies: Vec<String>,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    /// It is as it should be.
    Ok,
    /// An apply would go on, but somebody should look.
    Warning,
    /// It would stop an apply.
    Stops,
    /// It was not looked at.
    Skipped,
}

impl DoctorReport {
    /// Makes the report of what was looked at; the code is the one that an apply would end with.
    #[must_use]
    pub fn new(exit_code: u8, sections: Vec<DoctorSection>) -> Self {
        let count = |state| {
            sections.iter().flat_map(|section| &section.checks).filter(|check| check.state == state).count() as u64
        };
        Self { exit_code, stops: count(CheckState::Stops), warnings: count(CheckState::Warning), sections }
    }
}

impl Report for DoctorReport {
    const KIND: &'static str = "doctor";
}

/// As wide as the longest word for a state.
const STATE_WIDTH: usize = 7;

impl TextForm for DoctorReport {
    fn sheet(&self, screen: &Screen) -> Sheet {
        let paint = screen.paint;
        let mut out = Sheet::default();
        for section in &self.sections {
            line(&mut out, &paint.strong(section.section));
            for check in &section.checks {
                write(&mut out, check, paint);
            }
        }
        out.blank();
        line(&mut out, &self.verdict(paint));
        out
    }
}

impl DoctorReport {
    fn verdict(&self, paint: Paint) -> String {
        let warnings = match self.warnings {
            0 => String::new(),
            count => format!("; {}", plural(count, "warning")),
        };
        match self.stops {
            0 => paint.good("nothing here would stop an apply") + &warnings,
            count => {
                let things = plural(count, "thing");
                paint.bad(&format!("{things} would stop an apply, with exit code {}", self.exit_code)) + &warnings
            }
        }
    }
}

fn write(out: &mut Sheet, check: &DoctorCheck, paint: Paint) {
    let word = match check.state {
        CheckState::Ok => paint.good(&format!("{:STATE_WIDTH$}", "ok")),
        CheckState::Warning => paint.wait(&format!("{:STATE_WIDTH$}", "warning")),
        CheckState::Stops => paint.bad(&format!("{:STATE_WIDTH$}", "stops")),
        CheckState::Skipped => paint.faint(&format!("{:STATE_WIDTH$}", "skipped")),
    };
    let code = check.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
    line(out, &format!("  {word}  {}{code}", harmless(&check.message, LineFeeds::Escape)));
    for cause in &check.causes {
        line(out, &format!("  {:STATE_WIDTH$}    caused by: {}", "", harmless(cause, LineFeeds::Escape)));
    }
    for remedy in &check.remedies {
        line(out, &format!("  {:STATE_WIDTH$}    {}", "", harmless(remedy, LineFeeds::Escape)));
    }
}
