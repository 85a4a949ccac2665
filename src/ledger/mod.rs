//! Claims and outcomes: what was sent, what was not, and what nobody knows yet. Pure: the stores
//! keep it somewhere.

mod grant;
mod line;

pub use grant::Grant;
pub use line::{Claim, ClaimId, Header, MessageRecord, Outcome, PersonState, RunId, Standing};
