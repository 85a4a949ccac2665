//! An apply that sends nothing: one document tells machines what was to be sent, and what kept it from that.

use std::path::Path;

use crate::apply::Summary;
use crate::ledger::StopOrder;
use crate::plan::Plan;
use crate::report::apply::{ApplyReport, Unsent};
use crate::report::failure_code::FailureCode;
use crate::report::plan::PlanReport;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::planning;

/// What a review has looked at.
pub(super) struct Reviewed {
    /// What was to be sent.
    pub(super) plan: Plan,
    /// The stops that stand.
    pub(super) stops: Vec<StopOrder>,
}

/// Tells machines of a plan of which nothing is sent; people were told. Gives back how the command ends.
///
/// # Errors
/// If it ended with one; if the document cannot be written.
pub(super) fn told(
    Reviewed { plan, stops }: &Reviewed,
    file: Option<&Path>,
    context: &Context,
    output: &Output,
    ended: Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let code = match &ended {
        Ok(exit) => why(*exit, stops),
        Err(failure) => Some(failure.code),
    };
    let report = planning::report(plan, context, output, file, stops);
    document((plan.approved().to_string(), Some(report), code), context, output, ended)
}

/// Tells machines of a run that failed when it was about to send.
pub(super) fn failed(digest: String, failure: Failure, context: &Context, output: &Output) -> Failure {
    let code = Some(failure.code);
    match document((digest, None, code), context, output, Err(failure)) {
        Err(failure) => failure,
        Ok(exit) => Failure::new(FailureCode::Bug, "a failure was told as none").ending(exit),
    }
}

fn document(
    (digest, plan, code): (String, Option<PlanReport<'_>>, Option<FailureCode>),
    context: &Context,
    output: &Output,
    ended: Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let failure = ended.as_ref().err().map(|failure| failure.repeating(output.typed()));
    let summary = Summary::default();
    let unsent = Unsent { digest, plan, code, failure: failure.as_ref().map(Failure::report) };
    let written = output.document_run(&ApplyReport::unsent(&summary, unsent, context.gateway.now()), failure.as_ref());
    let told = |failure: Failure| Failure { is_in_document: true, ..failure };
    match (ended, written) {
        (Ok(exit), Ok(())) => Ok(exit),
        (Ok(exit), Err(unwritten)) => Err(told(unwritten).ending(exit)),
        (Err(failure), Ok(())) => Err(told(failure)),
        (Err(failure), Err(unwritten)) => {
            output.tell_failure(&unwritten);
            Err(told(failure).ending(unwritten.exit))
        }
    }
}

/// What kept a run from sending that has not failed.
fn why(exit: Exit, stops: &[StopOrder]) -> Option<FailureCode> {
    match exit {
        Exit::Files => Some(FailureCode::Files),
        Exit::SafetyLimit => Some(FailureCode::SafetyLimit),
        Exit::Declined if stops.is_empty() => Some(FailureCode::Declined),
        Exit::Bug
        | Exit::Usage
        | Exit::Ledger
        | Exit::Credentials
        | Exit::Mismatch
        | Exit::Doubt
        | Exit::Rejected
        | Exit::Environment
        | Exit::Declined
        | Exit::Pending
        | Exit::Done => (!stops.is_empty()).then_some(FailureCode::Stopped),
    }
}
