//! Ledgers in PostgreSQL: many workers over one campaign, servers that break, and servers that are
//! refused.

mod claims;
mod doubts;
mod freed;
mod limits;
mod refused;
mod reloaded;
mod shop;
mod workers;
