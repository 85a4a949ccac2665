//! Benchmarks of the sandbox: `cargo bench --bench sandbox`.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]

mod exchange;
mod rate;
mod readers;
mod week;

fn main() {
    divan::main();
}
