//! What the file of a frozen plan is called on its way from `ci plan` to `ci apply`: the one place that knows it.
//!
//! A plan is uploaded as a bare file, and the forge then calls the artifact as the file is called. So the name says
//! all by which it is found again: `sendform-<project>-<digits of the digest>.plan`. A project's name is lower-case
//! letters, digits and hyphens, and the digits are of a fixed number, so that every name is read in one way only and
//! is safe as a file's, in a shell and in a URL.

use std::fmt;

use crate::identity::ProjectId;
use crate::plan::PlanDigest;

const BEGINNING: &str = "sendform-";
const END: &str = ".plan";

/// The name of a frozen plan's file and artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanName {
    /// The project.
    pub project: ProjectId,
    /// The plan's digest.
    pub digest: PlanDigest,
}

impl PlanName {
    /// Reads a name; `None` if it is none of a plan.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (project, digits) = name.strip_prefix(BEGINNING)?.strip_suffix(END)?.rsplit_once('-')?;
        Some(Self { project: ProjectId::parse(project)?, digest: PlanDigest::of_digits(digits)? })
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{BEGINNING}{}-{}{END}", self.project, self.digest.digits())
    }
}

#[cfg(test)]
mod tests {
    use super::PlanName;
    use crate::identity::ProjectId;
    use crate::plan::PlanDigest;

    const DIGITS: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_name_is_read_as_it_was_written() {
        for project in ["shop", "acme-shop", "a-00112233445566778899aabbccddeeff", "plan"] {
            let Some(project) = ProjectId::parse(project) else { panic!("{project} is a project's name") };
            let digest = PlanDigest::parse(&format!("plan/v1:{DIGITS}")).unwrap();
            let name = PlanName { project, digest };
            assert_eq!(PlanName::parse(&name.to_string()), Some(name));
        }
        let name = PlanName::parse(&format!("sendform-acme-shop-{DIGITS}.plan")).unwrap();
        assert_eq!((name.project.as_str(), name.digest.to_string()), ("acme-shop", format!("plan/v1:{DIGITS}")));
    }

    #[test]
    fn other_artifacts_are_none_of_a_plan() {
        let odd = [
            "coverage",
            "sendform-.plan",
            "sendform-shop.plan",
            "sendform-shop-0011.plan",
            "sendform-shop-00112233445566778899AABBCCDDEEFF.plan",
            "sendform--00112233445566778899aabbccddeeff.plan",
            "sendform-../x-00112233445566778899aabbccddeeff.plan",
            "sendform-shop-00112233445566778899aabbccddeeff.plan.zip",
        ];
        for name in odd {
            assert_eq!(PlanName::parse(name), None, "{name}");
        }
    }
}
