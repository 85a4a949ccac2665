//! What stands before a run: whether it may send from here at all, and its ledger.

use jiff::Timestamp;

use crate::cli::context::{Context, PlanOptions};
use crate::cli::ends;
use crate::cli::failure::Failure;
use crate::cli::settings::Settings;
use crate::cli::store::{self, expected};
use crate::plan::SafetyLimitKind;
use crate::report::failure_code::FailureCode;
use crate::store::{OpenLedger, StoreError, Visit};

/// The runner of a CI job loses its disk, and with it a lockfile that was not pushed.
///
/// # Errors
/// If that is so, unless somebody says that the lockfile surely survives.
pub(in crate::cli::commands) fn refuse_in_ci(
    context: &Context,
    plan_options: &PlanOptions,
    settings: &Settings,
) -> Result<(), Failure> {
    let told = plan_options.accepted.get(SafetyLimitKind::LockfileInCi).is_some_and(|number| number >= 1);
    if !settings.ci || context.gateway.is_sandbox() || told || !context.gateway.ledger.is_on_this_disk() {
        return Ok(());
    }
    Err(Failure::new(
        FailureCode::LockfileInCi,
        "a lockfile on a CI runner dies with its disk, and the next run would send to everybody again",
    )
    .hint("pass `--accept lockfile-in-ci=1` if the lockfile surely survives this run, whatever happens to it"))
}

pub(super) async fn open(context: &Context, visit: &Visit) -> Result<OpenLedger, Failure> {
    let ledger = &context.gateway.ledger;
    let expected = expected(context)?;
    context.home.make_private()?;
    if context.gateway.is_sandbox() && !context.home.sandbox_was_used() {
        match ledger.create(expected.header(), &expected, &visit.another()).await {
            Ok(()) | Err(StoreError::Exists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        context.home.mark_sandbox_used()?;
    }
    let store = store::open(context, visit).await?;
    store.may_send()?;
    Ok(store)
}

/// Of a run that has not closed itself the end may be missing, and the gateway's logs do not go back for ever.
pub(super) fn refuse_old_ends(store: &OpenLedger, now: Timestamp) -> Result<(), Failure> {
    let unclosed = store.trust().unclosed;
    if ends::too_old(&unclosed, now).next().is_none() { Ok(()) } else { Err(ends::untold(&unclosed)) }
}
