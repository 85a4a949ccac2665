//! What would be sent now, as data.

mod bulk;

pub use bulk::{Bulk, Recipient};
