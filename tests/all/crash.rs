//! The two promises, proved with the real binary: runs are killed with `kill -9` more than two
//! hundred times, at random moments and in front of a gateway with random faults, while people,
//! texts and orders of rows change between them. Whatever happened, the gateway's books say that
//! nobody was accepted twice, and everybody is accepted, rejected, in doubt, or still to send.
//!
//! `SENDFORM_CRASH_SEED=N` plays the same dice again. They choose faults, changes and moments; what
//! the machine does in a millisecond they do not choose.

mod audit;
mod books;
mod dice;
mod figures;
mod moment;
mod settle;
mod world;

use std::io::Write as _;
use std::panic;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dice::Dice;
use figures::Figures;
use world::{Place, World};

/// How many runs are killed in each world.
const KILLS: u64 = 67;

#[test]
fn nobody_is_sent_to_twice_and_nobody_is_forgotten() {
    let seed = std::env::var("SENDFORM_CRASH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(any_seed);
    let worlds = [Place::Outside, Place::Outside, Place::Inside].into_iter().zip(seed..);
    let begin = Instant::now();
    let threads: Vec<_> = worlds.map(|(place, seed)| thread::spawn(move || live(place, seed))).collect();
    // All of them are waited for, so that none leaves a gateway behind.
    let ends: Vec<_> = threads.into_iter().map(thread::JoinHandle::join).collect();
    let mut figures = Figures::default();
    for end in ends {
        match end {
            Ok(found) => figures.add(&found),
            Err(panic) => {
                tell(&format!("SENDFORM_CRASH_SEED={seed} plays this again"));
                panic::resume_unwind(panic);
            }
        }
    }
    tell(&format!("seed {seed}, {} s: {figures}", begin.elapsed().as_secs()));
    assert!(figures.kills >= 200, "{figures}");
}

/// Campaigns in one world: kills until there were enough, then settles and begins anew, so that
/// each end is an end of everything.
fn live(place: Place, seed: u64) -> Figures {
    let mut dice = Dice::new(seed);
    let mut world = World::new(place, seed);
    let mut figures = Figures::default();
    while figures.kills < KILLS {
        world.raise_revisions();
        for _ in 0..30 {
            if figures.kills >= KILLS || world.audit(&mut figures) == 0 {
                break;
            }
            world.run_and_kill(&mut dice, &mut figures);
            if dice.once_in(5) {
                world.audit_commands(&mut figures);
            }
            world.change(&mut dice);
        }
        world.audit_commands(&mut figures);
        world.settle(&mut figures);
    }
    figures
}

fn any_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    u64::from(now.subsec_nanos()) + now.as_secs()
}

/// Writes to stdout itself, which the test harness does not catch.
fn tell(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("stdout can be written");
}
