//! The exit code of a run by itself.

use crate::apply::Summary;
use crate::cli::exit::Exit;
use crate::report::failure_code::FailureCode;

/// The exit code of a run by itself.
pub(super) fn verdict(summary: &Summary) -> Exit {
    let total = summary.total();
    let mut exit = summary.stopped.as_ref().map_or(Exit::Done, |stopped| FailureCode::from(stopped).into());
    // Of an outcome that was not stored the ledger knows nothing: its people are in doubt there.
    if total.in_doubt > 0 || !summary.unsettled.is_empty() {
        exit = exit.or(Exit::Doubt);
    }
    if !summary.ended.is_empty() {
        exit = exit.or(Exit::Rejected);
    }
    // Whoever was to be sent to, and was not, is still to be sent to.
    if total.not_attempted > 0 {
        exit = exit.or(Exit::Pending);
    }
    // Refused people are free again; why the run stopped says whose doing that was.
    if total.rejected_any() > 0 || (total.refused > 0 && summary.stopped.is_none()) {
        exit = exit.or(Exit::Rejected);
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::{Stopped, Tally};
    use crate::ledger::{PersonState, sample};

    #[test]
    fn an_outcome_that_was_not_stored_is_a_doubt() {
        let stopped = Some(Stopped::Store("no space left".to_owned()));
        let mut summary = Summary { stopped, ..Summary::default() };
        assert_eq!(verdict(&summary), Exit::Environment);
        summary.unsettled.push(sample::outcome(&sample::claim("announce", &[1], 1, 1), PersonState::Accepted, &[]));
        assert_eq!(verdict(&summary), Exit::Doubt);
    }

    #[test]
    fn a_run_that_leaves_somebody_behind_is_not_done() {
        let ends = |tally: Tally| {
            let of = (sample::message("announce"), sample::revision());
            verdict(&Summary { messages: [(of, tally)].into(), ..Summary::default() })
        };
        assert_eq!(ends(Tally { accepted: 1, not_attempted: 1, ..Tally::default() }), Exit::Pending);
        assert_eq!(ends(Tally { accepted: 1, claimed_elsewhere: 1, suppressed: 1, ..Tally::default() }), Exit::Done);
    }
}
