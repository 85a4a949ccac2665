//! Measures what a store costs: hands the same bulks over to the sandbox, with the real client, over
//! each store, and over one that does nothing.
//!
//!     cargo bench --bench stores -- [PEOPLE]      (1,000,000 people, 50 bytes of text each)
//!
//! Every measurement is a process of its own, so that its peak of memory is its own, with the sandbox
//! in it as in `apply --sandbox`. Planning and rendering are not part of it.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../../all/support/cluster.rs"]
#[expect(dead_code, clippy::panic, reason = "it is made for tests, which ask more of it")]
mod cluster;
mod ground;
mod prepared_bulk;
mod run;

use std::process::Command;

use ground::Kind;

/// How many people are sent to, unless something else is asked for.
const PEOPLE: u64 = 1_000_000;

fn main() {
    // Cargo adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let people = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(PEOPLE);
    match arguments.iter().find_map(|argument| Kind::ALL.into_iter().find(|kind| kind.name() == argument)) {
        Some(kind) => println!("{}", run::measure(kind, people)),
        None => table(people),
    }
}

/// Measures all of them, each in a process of its own.
fn table(people: u64) {
    println!("{people} people, 50 bytes of text each, 1000 in a request");
    println!("{:<10}  {:>7}  {:>5}  {:>8}  writes", "store", "seconds", "ratio", "peak MiB");
    let mut nothing = None;
    for kind in Kind::ALL {
        let this = std::env::current_exe().unwrap();
        let output = Command::new(this).args([kind.name(), &people.to_string()]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let figures = String::from_utf8(output.stdout).unwrap();
        let mut figures = figures.trim().splitn(3, ' ');
        let seconds: f64 = figures.next().unwrap().parse().unwrap();
        let ratio = seconds / *nothing.get_or_insert(seconds);
        let (peak, writes) = (figures.next().unwrap(), figures.next().unwrap());
        println!("{:<10}  {seconds:>7.2}  {ratio:>5.2}  {peak:>8}  {writes}", kind.name());
    }
}
