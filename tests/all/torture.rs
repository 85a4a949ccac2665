//! The two promises, proved with the real binary: random campaigns are applied by runs that are
//! killed, stopped and interrupted, in front of a gateway that fails and is killed and whose logs stand
//! still, over stores that fail, on machines whose clocks are wrong, several at once, while rows, texts
//! and bulks change between them. Whatever happened, the gateway's books say that nobody was accepted twice, and everybody whom the files mean is accepted,
//! rejected, in doubt, given up or still to send, until everybody has everything.
//!
//! `tests/torture` runs it for longer. A seed plays the same dice again: they choose campaigns,
//! faults, deeds and moments; what the machine does in a millisecond they do not choose.

mod audit;
mod books;
mod campaigns;
mod clock;
mod clones;
mod dice;
mod figures;
mod gateway;
mod moment;
mod options;
mod settle;
mod step;
mod store;
mod trouble;
mod turns;
mod world;

use std::io::Write as _;
use std::panic;
use std::thread;

pub(crate) use dice::Dice;
use figures::{Count, Figures};
use options::Options;
use store::Kind;
use turns::Turns;
use world::World;

/// How many lives are lived at once: they wait for each other's disks and processes.
const THREADS: usize = 3;

/// How many steps a round has at most, and how many rounds a life has.
const STEPS_MAX: u64 = 14;
const ROUNDS: u64 = 2;

#[test]
fn nobody_is_sent_to_twice_and_nobody_is_forgotten() {
    let turns = Turns::new(Options::read());
    let work = || {
        while let Some((kind, seed)) = turns.next() {
            match panic::catch_unwind(|| live(kind, seed)) {
                Ok(figures) => turns.end(kind, &figures),
                Err(panic) => {
                    turns.fail();
                    tell(&format!("tests/torture --seed {seed} --store {} plays this again", kind.name()));
                    panic::resume_unwind(panic);
                }
            }
        }
    };
    // A panic in any of them is this one's, once all have ended.
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    tell(&turns.sum_up());
}

/// One life: steps until nothing is left to do, or there were enough; then all is settled, and
/// everybody's turn comes again.
fn live(kind: Kind, seed: u64) -> Figures {
    let mut dice = Dice::new(seed);
    let mut figures = Figures::default();
    let mut world = World::new(kind, seed, &mut dice);
    figures.add(Count::Lives, kind, 1);
    for _ in 0..ROUNDS {
        let past = world.store.remember(&world.seats[0]);
        for _ in 0..STEPS_MAX {
            if world.audit(&mut figures) == 0 {
                break;
            }
            if kind == Kind::Lockfile && dice.once_in(12) {
                world.divide_and_merge(&mut dice, &mut figures);
            } else {
                world.step(&mut dice, &mut figures);
            }
            if dice.once_in(5) {
                world.audit(&mut figures);
                world.audit_commands(&mut figures);
            }
            world.edit(&mut dice, &mut figures);
        }
        world.settle(&mut figures);
        if world.campaigns.leave_soon() {
            world.lose(&past, &mut dice, &mut figures);
        }
        world.raise_revisions();
    }
    figures
}

/// Writes to stdout itself, which the test harness does not catch.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout can be written");
}
