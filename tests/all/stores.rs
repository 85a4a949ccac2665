//! One suite of tests that all stores pass: in this process over the port, and with the real binary
//! and the real sandbox.

/// Makes a test of each function for each store.
macro_rules! on_every_store {
    ($($test:ident),+ $(,)?) => {
        mod lockfile {
            use super::super::ground::Kind;
            $(#[test] fn $test() { super::$test(Kind::Lockfile); })+
        }
        mod git {
            use super::super::ground::Kind;
            $(#[test] fn $test() { super::$test(Kind::Git); })+
        }
        mod postgres {
            use super::super::ground::Kind;
            $(#[test] fn $test() { super::$test(Kind::Postgres); })+
        }
    };
}

mod deaths;
mod ends;
mod failures;
mod fleet;
mod ground;
mod million;
mod port;
mod sample;
mod stopped;
mod together;
mod weighing;
mod windows;
mod woken;
