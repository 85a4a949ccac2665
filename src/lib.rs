//! sendform runs messaging campaigns as code: YAML files in git are checked, rendered, planned
//! against a ledger of what was already sent, and applied, so that nobody gets the same message
//! twice and nobody is forgotten in silence.
//!
//! The rooms of the house, in the order in which the data passes through them. A room imports
//! only rooms above it in this list (`tests/all/architecture.rs` checks that):
//!
//! 1. [`diagnostic`]: what can be said about a user's files, and where it points.
//! 2. [`wire`]: the gateway's API: requests, answers, errors, limits.
//! 3. [`identity`]: keys, persons, ids and digests, and the one encoding they come from.
//! 4. [`timing`]: instants, zones, speed, windows, validity.
//! 5. [`campaign`]: from the text of a YAML file to a checked campaign or project.
//! 6. [`render`]: templates and expressions over one row, strict and bounded.
//! 7. [`audience`]: rows to recipients.
//! 8. [`ledger`]: claims and outcomes, their join, and the lockfile's text.
//! 9. [`plan`]: what would be sent now, as data.
//! 10. [`apply`]: claim, send, settle, over ports.
//! 11. [`source`], [`store`], [`gateway`]: files, the ledger's home, and HTTP.
//! 12. [`sandbox`]: the embedded gateway.
//! 13. [`report`]: plan and outcomes as text and JSON.
//! 14. [`cli`]: arguments, environment, exit codes; it alone puts the rooms together.
//!
//! Rooms 1 to 9, `apply`, `report` and the sandbox's model are pure: no clock, file, network,
//! environment, randomness or printing. Time, text and rows reach them as values.

pub mod diagnostic;
pub mod wire;
pub mod identity;
pub mod timing;
pub mod campaign;
pub mod render;
pub mod audience;
pub mod ledger;
pub mod plan;
pub mod apply;
pub mod source;
pub mod store;
pub mod gateway;
pub mod sandbox;
pub mod report;
pub mod cli;
