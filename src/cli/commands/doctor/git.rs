//! The clone around the project: its branch, how old what was fetched is, and what other clones have.

use jiff::{SignedDuration, Timestamp};

use crate::cli::clones;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::ledger::Ledger;
use crate::report::failure_code::FailureCode;
use crate::store::{BackendError as _, CloneState};
use crate::timing;

use super::findings::Checkup;

/// After so long other clones may have sent much.
const FETCH_AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// Looks at the clone.
pub(super) fn look(context: &Context, ledger: Option<&Ledger>, findings: &mut Checkup<'_>) {
    match CloneState::around(&context.home.dir) {
        Ok(None) => findings.ok("work-tree", "the project is in no work tree"),
        Err(silence) => {
            let failure = Failure::new(FailureCode::Ledger, silence.to_string());
            let failure = failure.hint(silence.hint().unwrap_or_default());
            if context.gateway.is_sandbox() {
                findings.warn("work-tree", failure.message, failure.hints.join("; "));
            } else {
                findings.stop("work-tree", failure);
            }
            return;
        }
        Ok(Some(clone)) => tell(&clone, context, findings),
    }
    let Some(ledger) = ledger else { return };
    match clones::warnings(context, ledger) {
        Err(failure) => findings.stop("other-clones", failure),
        Ok(warnings) => {
            for (words, remedy) in warnings {
                findings.warn("other-clones", words, remedy);
            }
        }
    }
}

fn tell(clone: &CloneState, context: &Context, findings: &mut Checkup<'_>) {
    let branch = clone.branch.as_deref().unwrap_or("no branch");
    let follows = match &clone.upstream {
        Some(upstream) => format!(", which follows {upstream}"),
        None => String::new(),
    };
    findings.ok("work-tree", format!("`{}` on {branch}{follows}", clone.top.display()));
    let Some(fetched) = clone.fetched else { return };
    let age = Timestamp::now().duration_since(fetched).max(SignedDuration::ZERO);
    let words = format!("fetched last {} ago", timing::duration(SignedDuration::from_secs(age.as_secs())));
    let is_shared = context.gateway.ledger.is_on_this_disk() && !context.gateway.is_sandbox();
    if is_shared && age > FETCH_AGE_MAX {
        findings.warn(
            "fetch-age",
            format!("{words}: what others have sent since is not known here"),
            "`git fetch --all`",
        );
    } else {
        findings.ok("fetch-age", words);
    }
}
