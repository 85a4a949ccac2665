//! Lines of a ledger, signed as the projects of the tests sign theirs.

use sendform::identity::{Keys, ProjectId};
use sendform::ledger::{Claim, Header, Outcome, Seals, text};

use super::project::KEY;

/// The keys of a project's ledger.
pub(crate) fn seals() -> Seals {
    let project = ProjectId::parse("acme-shop").expect("a project's name");
    Seals::new(&Keys::parse(KEY).expect("keys"), &project)
}

pub(crate) fn claim_line(claim: &Claim, header: &Header) -> String {
    text::claim_line(claim, None, &seals().signing(header))
}

pub(crate) fn outcome_line(outcome: &Outcome, header: &Header) -> String {
    text::outcome_line(outcome, None, &seals().signing(header))
}
