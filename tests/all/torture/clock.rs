//! Clocks that are wrong, or set in the middle of a run, and logs that stand still, at a gateway that does
//! not say that it is a sandbox.

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::dice::Dice;
use super::figures::{Count, Figures};
use super::world::World;
use crate::support::faked::Faked;

/// The clock of a machine: it goes on, and may be wrong.
#[derive(Debug)]
pub(super) struct Clock {
    faked: Faked,
    /// How far it is ahead of the gateway's.
    ahead: SignedDuration,
    /// What it is set to in the middle of the run, if it is.
    later: Option<SignedDuration>,
    /// How far the gateway's is ahead of the one that the tests run by.
    gateway: SignedDuration,
    _folder: TempDir,
}

impl Clock {
    fn new(gateway: SignedDuration, ahead: SignedDuration, later: Option<SignedDuration>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = Self { faked: Faked::in_folder(folder.path()), ahead, later, gateway, _folder: folder };
        clock.set(ahead);
        clock
    }

    fn set(&self, ahead: SignedDuration) {
        self.faked.set(self.gateway + ahead);
    }

    /// The words before a run that has it.
    pub(super) fn words(&self) -> Vec<String> {
        let words = ["env", "-u", "SENDFORM_NOW"].map(str::to_owned);
        words.into_iter().chain(self.faked.words()).collect()
    }

    /// Does what is done to it in the middle of the run.
    pub(super) fn strike(&self) -> u64 {
        self.later.into_iter().map(|later| self.set(later)).count() as u64
    }

    /// Whether it is wrong from the beginning.
    fn is_wrong(&self) -> bool {
        !self.ahead.is_zero()
    }
}

/// From half an hour to a day, to either side.
fn off(dice: &mut Dice) -> SignedDuration {
    let minutes = i64::try_from(dice.number(30..24 * 60 + 1)).expect("a day has few minutes");
    SignedDuration::from_mins(if dice.once_in(2) { minutes } else { -minutes })
}

impl World {
    /// Thinks up a clock for a run, if its gateway seems real. Most runs have the time that they are told.
    pub(super) fn clock(&self, dice: &mut Dice, figures: &mut Figures) -> Option<Clock> {
        if !self.gateway.seems_real() || dice.once_in(2) {
            return None;
        }
        let (ahead, later) = match dice.number(0..4) {
            0 => (SignedDuration::ZERO, None),
            1 => (SignedDuration::ZERO, Some(off(dice))),
            _ => (off(dice), None),
        };
        let clock = self.ahead(ahead, later);
        self.count(figures, Count::ClocksOff, u64::from(clock.is_wrong()));
        Some(clock)
    }

    fn ahead(&self, ahead: SignedDuration, later: Option<SignedDuration>) -> Clock {
        Clock::new(self.gateway.now().duration_since(Timestamp::now()), ahead, later)
    }

    /// Lets the logs stand still, or go on; and time pass.
    pub(super) fn trouble_time(&mut self, dice: &mut Dice, figures: &mut Figures) {
        if !self.gateway.seems_real() {
            return;
        }
        if dice.once_in(4) {
            let stops = self.gateway.turn_logs();
            self.count(figures, Count::LogsStopped, u64::from(stops));
        }
        if dice.once_in(4) {
            self.let_time_pass();
        }
    }

    /// Asks the logs, which may stand still, on a machine that takes it for later than it is: nobody may be
    /// freed by that.
    pub(super) fn ask_too_early(&self, figures: &mut Figures) {
        if !self.gateway.seems_real() {
            return;
        }
        let clock = self.ahead(SignedDuration::from_mins(30), None);
        let seat = &self.seats[0];
        let run = seat.finish(seat.start_under(&clock.words(), ["reconcile"]));
        assert!(matches!(run.code, Some(0 | 1 | 6)), "{run}");
        self.count(figures, Count::ClocksOff, 1);
        self.audit(figures);
    }
}
