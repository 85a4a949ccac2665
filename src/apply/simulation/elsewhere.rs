//! People whom another run has, and who are supplied again when it has given them back.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::clock::{Death, drive};
use super::gateway::SimSender;
use super::store::{Fault, SimStore};
use super::world::{World, bulk};
use crate::apply::{BulkSource, GatewayTime, Interrupts, IsHeldBack, Ports, Stopped, Summary, Supply, Tally, apply};
use crate::identity::BulkTime;
use crate::ledger::{Outcome, PersonState};

/// Supplies two people, of whom another run has the first, and then the first again.
struct Again<'a> {
    world: &'a World,
    asked: AtomicUsize,
    /// Whether the other run gives the first back before they are supplied again.
    is_free: bool,
}

impl BulkSource for Again<'_> {
    async fn next(&self, _: &IsHeldBack<'_>) -> Result<Supply, Stopped> {
        let people = match self.asked.fetch_add(1, Ordering::Relaxed) {
            0 => &[1, 2][..],
            1 => &[1],
            _ => return Ok(Supply::UsedUp),
        };
        let mut records = self.world.records.lock().unwrap();
        if people.len() == 1 && self.is_free {
            let claim = records.claims[0].id.clone();
            let state = PersonState::Refused;
            let at = records.claims[0].at;
            records.outcomes.push(Outcome {
                claim,
                state,
                others: Vec::new(),
                at,
                by: None,
                why: None,
                proof: None,
                known: None,
            });
        }
        drop(records);
        Ok(Supply::Bulk(bulk(people, BulkTime::Start(0))))
    }
}

fn run(is_free: bool) -> Summary {
    let world = World::new(&[]);
    let other = world.settings(1);
    let death = Death::default();
    // The other run dies with its claim.
    let dies = Fault::DieAfter(0);
    assert!(world.apply(vec![bulk(&[1], BulkTime::Start(0))], &other, dies).summary.is_none());
    let settings = world.settings(1);
    let store = SimStore::new(&world.records, Fault::Never, &death);
    let time = GatewayTime::new(true);
    let (books, records, clock) = (&world.books, &world.records, &world.clock);
    let sender = SimSender { books, records, clock, time: &time, death: death.clone() };
    let ports = Ports {
        store: &store,
        sender: &sender,
        prepare: &world.prepare,
        opt_outs: &(),
        undeliverables: &(),
        clock,
        time: &time,
    };
    let source = Again { world: &world, asked: AtomicUsize::new(0), is_free };
    let never = Interrupts { first: std::future::pending(), second: std::future::pending() };
    drive(&world.clock, &death, apply(&source, ports, &settings, never, |_| {})).unwrap()
}

#[test]
fn whoever_is_supplied_again_is_counted_once() {
    assert_eq!(run(false).total(), Tally { accepted: 1, claimed_elsewhere: 1, ..Tally::default() });
    assert_eq!(run(true).total(), Tally { accepted: 2, ..Tally::default() });
}
