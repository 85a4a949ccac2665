//! When somebody's absence from the logs proves that they were not sent to: one function, and all
//! that can stand in the way.

use jiff::{SignedDuration, Timestamp};

use super::control::ShownControls;
use super::logs::PROVES_WITHIN;
use crate::apply::gateway_time::Agreement;
use crate::apply::last_departure::later;
use crate::ledger::Dated;

/// Why somebody stays in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StillInDoubt {
    /// The logs have their message in a bulk of which this ledger does not know.
    InAnotherBulk,
    /// The logs have their message in this very bulk, but sent before the claim was made.
    BeforeItsClaim,
    /// The logs have their message, but another claim of the same bulk, which is open too, may be what
    /// it is of.
    InAnotherClaim,
    /// The gateway rejected the messageId as a duplicate, but this ledger has no earlier claim of it.
    DuplicateId,
    /// The logs have their message with a status that the API does not have.
    UnclearStatus,
    /// So much time has passed since the claim that absence proves nothing any more: only a person's
    /// word settles it.
    TooLate,
    /// Their message can still leave so late that absence never proves anything.
    Never,
    /// The run that claimed them had not seen the gateway's clock, so nobody knows when that was.
    Undated,
    /// Not all of the bulk's messages could be asked for, or not all of the answer be read.
    Unread,
    /// Our clock and the gateway's do not go together, so nobody knows how long ago anything was.
    ClocksApart,
    /// The gateway does not tell its time.
    NoDate,
    /// Absence proves nothing before this instant.
    TooEarly(
        /// The first instant at which it may.
        Timestamp,
    ),
    /// The logs have nothing of the same sender that left after them: they may have stood still since.
    NothingAfter,
    /// The logs lack messages that the gateway accepted: they are of another account, or not whole.
    LogsLack,
}

/// How much later than the doubt a control has to have left, because either of two clocks may be a
/// little off.
const AFTER: SignedDuration = SignedDuration::from_mins(1);
/// By how much our clock, and that of the run that made a claim, may each differ from the gateway's.
const CLOCKS: SignedDuration = SignedDuration::from_mins(2);

/// All on which it depends whether the absence of somebody of a claim proves anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Absence {
    /// The present, by our clock.
    pub(super) ours: Timestamp,
    /// When the claim was made.
    pub(super) claimed_at: Timestamp,
    /// The last instant at which a message of the bulk can leave.
    pub(super) leaves_by: Timestamp,
    /// How long after that the logs may take; `None` for a sandbox on this machine, of which one process
    /// takes messages and tells them, by one clock.
    pub(super) wait: Option<SignedDuration>,
    /// What the claim's run had seen of the gateway's clock.
    pub(super) dated: Dated,
    /// Whether both clocks go together.
    pub(super) agreement: Agreement,
    /// What the answer shows in which they are absent; `None` if they were not asked for, or it could not
    /// be read to its end.
    pub(super) shown: Option<ShownControls>,
    /// When the claim's own run said that its request was over, if all of it left at once.
    pub(super) over_at: Option<Timestamp>,
}

impl Absence {
    /// Whether absence proves that nothing was sent.
    ///
    /// # Errors
    /// With what stands in the way; of several things with the one that lasts longest.
    pub(super) fn proves(&self) -> Result<(), StillInDoubt> {
        // It was made after the last date that its run had seen, whatever its clock said.
        let made = match self.dated {
            Dated::At(date) => date.min(self.claimed_at),
            Dated::Unwritten | Dated::Never => self.claimed_at,
        };
        let proves_until = later(made, PROVES_WITHIN);
        let proves_from = self.wait.map_or(self.leaves_by, |wait| later(later(self.leaves_by, wait), CLOCKS));
        if self.ours >= proves_until {
            return Err(StillInDoubt::TooLate);
        }
        if proves_from >= proves_until {
            return Err(StillInDoubt::Never);
        }
        let is_real = self.wait.is_some();
        if is_real && self.dated == Dated::Never {
            return Err(StillInDoubt::Undated);
        }
        let shown = self.shown.ok_or(StillInDoubt::Unread)?;
        if self.agreement != Agreement::Near {
            return Err(StillInDoubt::ClocksApart);
        }
        let now = shown.now.ok_or(StillInDoubt::NoDate)?;
        if now >= proves_until {
            return Err(StillInDoubt::TooLate);
        }
        if now < proves_from {
            return Err(StillInDoubt::TooEarly(proves_from));
        }
        if shown.lacks {
            return Err(StillInDoubt::LogsLack);
        }
        if is_real && !self.is_followed(&shown) || !shown.any {
            return Err(StillInDoubt::NothingAfter);
        }
        Ok(())
    }

    /// Whether the answer has a message that left after everything of the bulk: by the gateway's
    /// clock, or by that of the run that sent both.
    fn is_followed(&self, shown: &ShownControls) -> bool {
        let by_theirs = shown.last_sent_at.is_some_and(|sent_at| sent_at >= later(self.leaves_by, AFTER));
        let by_runs = self.over_at.zip(shown.of_run).is_some_and(|(over_at, claimed_at)| claimed_at >= over_at);
        by_theirs || by_runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::at;

    const HOUR: i64 = 3600;

    fn shown() -> ShownControls {
        ShownControls { now: Some(at(HOUR)), any: true, lacks: false, last_sent_at: Some(at(120)), of_run: None }
    }

    /// Everything holds: claimed at second 0, gone after a minute, asked after an hour.
    fn whole() -> Absence {
        Absence {
            ours: at(HOUR),
            claimed_at: at(0),
            leaves_by: at(60),
            wait: Some(SignedDuration::from_mins(15)),
            dated: Dated::At(at(0)),
            agreement: Agreement::Near,
            shown: Some(shown()),
            over_at: None,
        }
    }

    fn asked_at(second: i64) -> Absence {
        Absence { ours: at(second), shown: Some(ShownControls { now: Some(at(second)), ..shown() }), ..whole() }
    }

    #[test]
    fn absence_proves_if_everything_holds() {
        assert_eq!(whole().proves(), Ok(()));
        assert_eq!(asked_at(60 + 900 + 120).proves(), Ok(()));
        assert_eq!(asked_at(47 * HOUR - 1).proves(), Ok(()));
        // What an older version claimed does not say what it had seen.
        assert_eq!(Absence { dated: Dated::Unwritten, ..whole() }.proves(), Ok(()));
        // By the clock of one run, of which the first was over before the second was claimed.
        let of_run = Some(ShownControls { last_sent_at: Some(at(0)), of_run: Some(at(61)), ..shown() });
        assert_eq!(Absence { shown: of_run, over_at: Some(at(61)), ..whole() }.proves(), Ok(()));
    }

    #[test]
    fn each_condition_alone_keeps_the_doubt() {
        let check = |absence: Absence, kept| assert_eq!(absence.proves(), Err(kept));
        let shows = |shown: ShownControls| Absence { shown: Some(shown), ..whole() };
        check(Absence { shown: None, ..whole() }, StillInDoubt::Unread);
        check(asked_at(60 + 900 + 119), StillInDoubt::TooEarly(at(1080)));
        check(Absence { leaves_by: at(2 * HOUR), ..whole() }, StillInDoubt::TooEarly(at(2 * HOUR + 1020)));
        check(
            Absence { wait: Some(SignedDuration::from_hours(1)), ..whole() },
            StillInDoubt::TooEarly(at(60 + HOUR + 120)),
        );
        check(Absence { ours: at(47 * HOUR), ..whole() }, StillInDoubt::TooLate);
        check(Absence { leaves_by: at(46 * HOUR + 2700), ..whole() }, StillInDoubt::Never);
        // By whichever clock; and a claim is as old as the last date before it.
        check(Absence { ours: at(HOUR), ..asked_at(47 * HOUR) }, StillInDoubt::TooLate);
        check(Absence { dated: Dated::At(at(-10)), ..asked_at(47 * HOUR - 10) }, StillInDoubt::TooLate);
        check(Absence { dated: Dated::Never, ..whole() }, StillInDoubt::Undated);
        check(Absence { agreement: Agreement::Moved, ..whole() }, StillInDoubt::ClocksApart);
        check(
            Absence { agreement: Agreement::Off(SignedDuration::from_secs(61)), ..whole() },
            StillInDoubt::ClocksApart,
        );
        check(shows(ShownControls { now: None, ..shown() }), StillInDoubt::NoDate);
        check(shows(ShownControls { lacks: true, ..shown() }), StillInDoubt::LogsLack);
        check(shows(ShownControls { last_sent_at: None, ..shown() }), StillInDoubt::NothingAfter);
        check(shows(ShownControls { last_sent_at: Some(at(119)), ..shown() }), StillInDoubt::NothingAfter);
        let of_run = ShownControls { last_sent_at: None, of_run: Some(at(60)), ..shown() };
        check(shows(of_run), StillInDoubt::NothingAfter);
        check(Absence { over_at: Some(at(61)), ..shows(of_run) }, StillInDoubt::NothingAfter);
        // A clock that was set back proves nothing either.
        check(asked_at(-1), StillInDoubt::TooEarly(at(1080)));
    }

    #[test]
    fn a_sandbox_on_this_machine_waits_for_nothing_but_shows_something() {
        let sandbox = Absence { wait: None, dated: Dated::Never, ..asked_at(60) };
        let shows = |any| Some(ShownControls { now: Some(at(60)), last_sent_at: None, any, ..shown() });
        assert_eq!(Absence { shown: shows(true), ..sandbox }.proves(), Ok(()));
        assert_eq!(Absence { shown: shows(false), ..sandbox }.proves(), Err(StillInDoubt::NothingAfter));
    }
}
