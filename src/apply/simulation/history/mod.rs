//! Whole histories of a project: runs that begin by asking about doubts, plan from the ledger, ask the
//! gateway first and send, on machines whose clocks are wrong; logs that lag, stand still or fail; kills
//! at any write or question; several runs at once; a ledger that is taken back. What is right is judged by
//! the gateway's own books, which no run sees.

mod books;
mod clients;
mod deeds;
mod desk;
mod ending;
mod journal;
mod logs;
mod machine;
mod oracle;
mod process;
mod properties;
mod shrunk;
mod strategy;
mod world;
