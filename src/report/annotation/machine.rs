//! What was found on this machine, and how a command failed.

use crate::report::doctor::{CheckState, DoctorReport};
use crate::report::failure::FailureReport;
use crate::report::screen::Screen;

use super::{Annotated, Annotation, AnnotationKind, AnnotationLevel, Check};

impl Annotated for DoctorReport {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let mut all = Vec::new();
        for check in self.sections.iter().flat_map(|section| &section.checks) {
            let level = match check.state {
                CheckState::Ok | CheckState::Skipped => continue,
                CheckState::Warning => AnnotationLevel::Warning,
                CheckState::Stops => AnnotationLevel::Error,
            };
            let found =
                Annotation::new(AnnotationKind::Found, level, format!("doctor-{}", check.check), &check.message);
            let hint = check.remedies.join("; ");
            let found = if hint.is_empty() { found } else { found.hint(&hint, screen) };
            all.push(found.about(check.check));
        }
        all
    }

    fn passed(&self, _: &Screen) -> Vec<Check> {
        let mut all = Vec::new();
        for section in &self.sections {
            let well = section.checks.iter().filter(|check| check.state == CheckState::Ok);
            all.extend(well.map(|check| Check {
                suite: section.section.to_owned(),
                code: format!("doctor-{}", check.check),
                words: check.message.clone(),
                spot: None,
            }));
        }
        all
    }
}

impl Annotated for FailureReport<'_> {
    fn found(&self, screen: &Screen) -> Vec<Annotation> {
        let causes: String = self.causes.iter().map(|cause| format!(": {cause}")).collect();
        let words = format!("{}{causes}", self.error);
        let code = format!("failure-{}", self.code.hyphenated());
        let failure = Annotation::new(AnnotationKind::Failure, AnnotationLevel::Error, code, &words);
        let hint = self.hints.join("; ");
        vec![if hint.is_empty() { failure } else { failure.hint(&hint, screen) }]
    }
}
