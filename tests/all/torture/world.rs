//! One life: campaigns, the folders in which runs happen, a gateway, a store.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use sendform::ledger::{Ledger, View};

use super::books::Books;
use super::campaigns::Campaigns;
use super::dice::Dice;
use super::figures::{Count, Figures};
use super::gateway::Gateway;
use super::store::{Kind, Store};
use crate::support::{NOW, Process, Project, Run};

/// How far the clock goes on before doubts are settled: by then no claim can be alive.
const SETTLE_AFTER: SignedDuration = SignedDuration::from_mins(20);

/// One life.
#[derive(Debug)]
pub(super) struct World {
    pub(super) campaigns: Campaigns,
    pub(super) store: Store,
    /// The folders in which runs happen; in all of them the same files are edited.
    pub(super) seats: Vec<Project>,
    pub(super) gateway: Gateway,
    pub(super) now: Timestamp,
}

impl World {
    pub(super) fn new(kind: Kind, seed: u64, dice: &mut Dice) -> Self {
        let store = Store::new(kind);
        let now = NOW.parse().expect("a time");
        let gateway = Gateway::new(seed, now, dice.once_in(2));
        let campaigns = Campaigns::new(dice, &store.state());
        let mut world = Self { campaigns, seats: store.seats(), store, gateway, now };
        world.set_environment();
        world.write();
        world.run(&["ledger", "init"]).code(0);
        world
    }

    pub(super) fn set_environment(&mut self) {
        for seat in &mut self.seats {
            seat.set("SENDFORM_NOW", self.now.to_string());
            seat.set("SENDFORM_BASE_URL", self.gateway.url());
            if let Some(database) = &self.store.database {
                seat.set("SENDFORM_DATABASE_URL", database.clone());
            }
        }
    }

    /// Writes the campaigns into all seats.
    pub(super) fn write(&self) {
        self.seats.iter().for_each(|seat| self.campaigns.write(seat));
    }

    /// Runs a command in the first seat.
    pub(super) fn run(&self, arguments: &[&str]) -> Run {
        self.seats[0].run(arguments)
    }

    /// Starts an apply in a seat, under another command if there is one.
    pub(super) fn start(&self, seat: usize, wrapper: &[String], arguments: &[&str]) -> Process {
        let arguments = [["apply", "--auto-approve", "--accept", "overlap=1000000"].as_slice(), arguments].concat();
        self.seats[seat].start_under(wrapper, arguments)
    }

    /// The file that a run writes in a seat, if there is one.
    pub(super) fn file(&self, seat: usize) -> Option<PathBuf> {
        match self.store.kind {
            Kind::Lockfile => Some(self.seats[seat].path("sendform.lock")),
            Kind::Git | Kind::Postgres => None,
        }
    }

    /// Edits the files.
    pub(super) fn edit(&mut self, dice: &mut Dice, figures: &mut Figures) {
        let edits = self.campaigns.edit(dice);
        self.write();
        self.count(figures, Count::Changes, edits);
    }

    /// Everybody's turn comes again.
    pub(super) fn raise_revisions(&mut self) {
        self.campaigns.raise_revisions();
        self.write();
    }

    /// Lets time go by, in which every run and every request ends: a gateway may still have requests
    /// of dead runs in hand, a dead gateway has none.
    pub(super) fn let_time_pass(&mut self) {
        self.now = self.now.checked_add(SETTLE_AFTER).expect("a time before the end of times");
        self.gateway.kill();
        self.gateway.wait_empty();
        self.gateway.start(self.now);
        self.store.let_leases_end();
        self.store.let_plans_end();
        self.set_environment();
    }

    /// Lets so much time go by that no claim can be alive: one may have been made by a clock that was
    /// ahead.
    pub(super) fn let_all_end(&mut self) {
        let (ledger, view) = self.ledger();
        if let Some(flight) = ledger.in_flight(view, None) {
            self.now = self.now.max(flight.until);
        }
        self.let_time_pass();
    }

    /// Lets so much time go by that whatever was accepted has left: a run whose clock was ahead has had its paced
    /// bulks leave by that clock, and until then the logs do not show them.
    pub(super) fn let_all_leave(&mut self) {
        self.now = self.now.max(self.books().last_leaves_at);
        self.let_time_pass();
    }

    pub(super) fn count(&self, figures: &mut Figures, count: Count, number: u64) {
        figures.add(count, self.store.kind, number);
    }

    /// The gateway's books; the gateway may be at work on them.
    pub(super) fn books(&self) -> Books {
        self.gateway.books()
    }

    /// The ledger, as one who only looks sees it from the first seat.
    pub(super) fn ledger(&self) -> (Ledger, View) {
        self.store.look(&self.seats[0], &self.gateway.name(), self.now)
    }
}
