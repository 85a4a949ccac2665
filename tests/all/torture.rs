//! The two promises, proved with the real binary: random campaigns are applied by runs that are
//! killed, stopped and interrupted, in front of a gateway that fails and is killed, over stores that
//! fail, several at once, while rows, texts and bulks change between them. Whatever happened, the
//! gateway's books say that nobody was accepted twice, and everybody whom the files mean is accepted,
//! rejected, in doubt, given up or still to send, until everybody has everything.
//!
//! `tests/torture` runs it for longer. A seed plays the same dice again: they choose campaigns,
//! faults, deeds and moments; what the machine does in a millisecond they do not choose.

mod audit;
mod books;
mod campaigns;
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
mod world;

use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use dice::Dice;
use figures::{Count, Figures};
use options::{End, Options};
use store::Kind;
use world::World;

/// How many lives are lived at once: they wait for each other's disks and processes.
const THREADS: usize = 3;

/// How many steps a round has at most, and how many rounds a life has.
const STEPS_MAX: u64 = 14;
const ROUNDS: u64 = 2;

#[test]
fn nobody_is_sent_to_twice_and_nobody_is_forgotten() {
    let options = Options::read();
    let begin = Instant::now();
    let figures = Mutex::new(Figures::default());
    let lives = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    let is_over = || {
        failed.load(Ordering::Relaxed)
            || match options.end {
                End::Injections(enough) => lock(&figures).injected() >= enough,
                End::Time(time) => begin.elapsed() >= time,
            }
    };
    let work = || {
        while !is_over() {
            let number = lives.fetch_add(1, Ordering::Relaxed);
            let kind = kind_of(&options, number);
            let seed = options.seed.wrapping_add(number);
            match panic::catch_unwind(AssertUnwindSafe(|| live(kind, seed))) {
                Ok(found) => lock(&figures).join(&found),
                Err(panic) => {
                    failed.store(true, Ordering::Relaxed);
                    tell(&format!("tests/torture --seed {seed} --store {} plays this again", kind.name()));
                    panic::resume_unwind(panic);
                }
            }
        }
    };
    // A panic in any of them is this one's, once all have ended.
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    let figures = figures.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell(&format!("seed {}, {} s\n{figures}", options.seed, begin.elapsed().as_secs()));
    if let End::Injections(enough) = options.end {
        assert!(figures.injected() >= enough, "{figures}");
    }
}

/// Stores take turns.
fn kind_of(options: &Options, life: u64) -> Kind {
    let turn = usize::try_from(life % options.stores.len() as u64).expect("the number of a store");
    options.stores[turn]
}

/// One life: steps until nothing is left to do, or there were enough; then all is settled, and
/// everybody's turn comes again.
fn live(kind: Kind, seed: u64) -> Figures {
    let mut dice = Dice::new(seed);
    let mut figures = Figures::default();
    let mut world = World::new(kind, seed, &mut dice);
    figures.add(Count::Lives, kind, 1);
    for _ in 0..ROUNDS {
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
        world.raise_revisions();
    }
    figures
}

fn lock(figures: &Mutex<Figures>) -> std::sync::MutexGuard<'_, Figures> {
    figures.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to stdout itself, which the test harness does not catch.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout can be written");
}
