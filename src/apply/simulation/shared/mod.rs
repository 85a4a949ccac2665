//! Several runs over one queue: workers that die at any step, tables as PostgreSQL has them, every outcome of a
//! request, in any order. What is right is judged by the gateway's own books, and by what the runs tell.

mod connection;
mod every_crash;
mod flaws;
mod oracle;
mod stopped;
mod tables;
mod world;
