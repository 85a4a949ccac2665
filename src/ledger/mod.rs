//! Claims and outcomes: what was sent, what was not, and what nobody knows yet. Pure: the stores
//! keep it somewhere.

mod line;

pub use line::{Claim, ClaimId, Header, MessageRecord, Outcome, PersonState, RunId, Standing};
