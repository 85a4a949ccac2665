//! The world of a history: one true time, one gateway, one ledger, and whoever works on it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::books::Gateway;
use super::clients::Client;
use super::deeds::{Deed, Run};
use super::desk::{Desk, Shelf};
use super::journal::Journal;
use super::logs::Pipeline;
use super::machine::Machine;
use super::process::{Ended, Process};
use crate::apply::simulation::clock::SimClock;
use crate::apply::simulation::driver::{Chance, interleave};
use crate::apply::simulation::life::Life;
use crate::apply::{Clock as _, GatewayTime};
use crate::identity::{MessageKey, Person, Revision, SenderId};
use crate::ledger::{Ledger, RunId, Standing, View, sample};

/// The message that everybody gets. Its ids are so long that few fit into a question.
pub(super) fn message() -> MessageKey {
    MessageKey::parse(&format!("{}.{}", "c".repeat(40), "m".repeat(30))).unwrap()
}

pub(super) fn revision() -> Revision {
    Revision::new(1).unwrap()
}

pub(super) fn sender() -> SenderId {
    SenderId::parse("OFFICIAL-ACCOUNT-ID-123").unwrap()
}

/// How many people fit under one key.
const KEY: u64 = 1000;

/// What a key makes of a human.
pub(super) fn keyed(human: u64, key: u64) -> Person {
    Person(human + key * KEY)
}

/// Who a person is, under whatever key.
pub(super) fn human(person: Person) -> u64 {
    person.0 % KEY
}

/// What a run was, and what it has said; nothing, if it was killed.
pub(super) struct Past {
    pub(super) run: Run,
    pub(super) is_far_off: bool,
    pub(super) ended: Option<Ended>,
}

/// Everything.
pub(super) struct World {
    pub(super) truth: SimClock,
    pub(super) gateway: Gateway,
    pub(super) shelf: Shelf,
    pub(super) journal: Journal,
    pub(super) keys: u64,
    /// Whether the ledger was ever taken back.
    pub(super) is_taken_back: bool,
    pub(super) past: BTreeMap<RunId, Past>,
}

impl World {
    pub(super) fn new(pipeline: Pipeline) -> Self {
        Self {
            truth: SimClock::default(),
            gateway: Gateway::new(pipeline),
            shelf: Shelf::new(Ledger::new(sample::header())),
            journal: Journal::default(),
            keys: 1,
            is_taken_back: false,
            past: BTreeMap::new(),
        }
    }

    /// Does a deed.
    pub(super) fn happen(&mut self, deed: &Deed) {
        let now = self.truth.elapsed();
        match deed {
            Deed::Work { runs, order } => self.work(runs, *order),
            Deed::Pass(minutes) => self.truth.pass(Duration::from_mins(*minutes)),
            Deed::Stand { after, minutes } => {
                let from = now + Duration::from_secs(*after);
                let until = from + Duration::from_mins(*minutes);
                self.gateway.pipeline.lock().unwrap().stand(now, from, until);
            }
            Deed::Lag(minutes) => self.gateway.pipeline.lock().unwrap().lag(now, Duration::from_mins(*minutes)),
            Deed::TakeBack(writes) => self.is_taken_back |= self.shelf.take_back(*writes),
            Deed::OtherKey => self.keys = (self.keys + 1).min(3),
        }
    }

    fn work(&mut self, runs: &[Run], order: u64) {
        let chance = Chance::new(order);
        let first = self.past.len() as u64;
        let ids: Vec<RunId> = (0..runs.len() as u64).map(|number| RunId(first + number)).collect();
        let lives: Vec<Life> = runs.iter().map(|run| Life::new(run.dies_at)).collect();
        let machines: Vec<Machine<'_>> = runs.iter().map(|run| Machine::new(&self.truth, run.wrong)).collect();
        let times: Vec<GatewayTime> = runs.iter().map(|_| GatewayTime::new(true)).collect();
        let seen = (&self.truth, &self.journal);
        let desks: Vec<Desk<'_>> =
            lives.iter().map(|life| Desk::open(&self.shelf, runs.len() > 1, life, seen)).collect();
        let around = (&self.gateway, &self.truth, &self.journal, &chance);
        let parts = machines.iter().zip(&times).zip(&lives).zip(&ids).zip(runs);
        let clients: Vec<Client<'_>> = parts
            .map(|((((machine, time), life), id), run)| Client::new(around, (machine, time, life), *id, &run.script))
            .collect();
        let parts = desks.iter().zip(&clients).zip(&machines).zip(&ids).zip(runs);
        let processes: Vec<Process<'_>> = parts
            .map(|((((desk, client), machine), id), run)| Process {
                run,
                id: *id,
                desk,
                client,
                machine,
                keys: self.keys,
            })
            .collect();
        let living = processes.iter().zip(&lives);
        let living = living.map(|(process, life)| (life.death.clone(), process.go().boxed())).collect();
        let ends = interleave(&self.truth, &chance, living);
        let far_off: Vec<bool> = machines.iter().map(Machine::is_far_off).collect();
        for (((id, run), ended), is_far_off) in ids.into_iter().zip(runs).zip(ends).zip(far_off) {
            self.past.insert(id, Past { run: run.clone(), is_far_off, ended });
        }
    }

    /// How somebody stands in the ledger, under whatever key, for whoever knows that no run lives.
    pub(super) fn standing(&self, human: u64) -> Standing {
        let ledger = self.shelf.ledger();
        let standings = ledger.standings(&message(), revision());
        (0..self.keys).map(|key| standings.get(keyed(human, key), View::Exclusive)).max().unwrap()
    }
}
