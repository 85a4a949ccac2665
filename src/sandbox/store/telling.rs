//! Takes in what testers say of how messages are to end, as long as it can still be said.

use jiff::Timestamp;

use super::database::MessageDatabase;
use super::outcomes;
use super::shared::SharedInputs;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::inputs::{Inputs, ToldOutcome};
use crate::sandbox::model::lifecycle::MessageState;
use crate::sandbox::model::status::{self, Ending};
use crate::wire::response::GROUP_REJECTED;

/// Why it cannot be said any more how a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeRefusal {
    /// There is no such message.
    Unknown,
    /// It has ended.
    Ended,
    /// It has left the gateway, which can reject it no more.
    Left,
}

impl MessageDatabase {
    /// Notes how a message ends from now on, while the clock is held: what has happened to it is not changed.
    pub(super) fn tell_outcome(
        &mut self,
        (message_id, ending): (String, Ending),
        inputs: &SharedInputs,
    ) -> Result<Result<Timestamp, OutcomeRefusal>, SandboxError> {
        // Nobody but this thread replaces the inputs, or takes in a bulk.
        let known = inputs.get();
        let bulks = self.bulks_with(&message_id)?;
        let mut noted = Inputs::clone(&known);
        let hold = self.clock()?.hold();
        let at = hold.at();
        if let Some(refusal) = refusal(&bulks, (&message_id, ending), (at, &known)) {
            return Ok(Err(refusal));
        }
        let after_bulk = self.with_connection(|connection| outcomes::insert(connection, &message_id, ending, at))?;
        noted.add_outcome(message_id, ToldOutcome { at, after_bulk, ending });
        inputs.set(noted);
        Ok(Ok(at))
    }
}

/// Why no message with an id, of the bulks that may have it, can end like this any more; nothing if one can.
fn refusal(
    bulks: &[AcceptedBulk<'_>],
    (message_id, ending): (&str, Ending),
    (now, inputs): (Timestamp, &Inputs),
) -> Option<OutcomeRefusal> {
    let is_rejection = status::group(ending.status) == Some(GROUP_REJECTED);
    let mut refusal = OutcomeRefusal::Unknown;
    for bulk in bulks {
        let lives = bulk.lives(inputs);
        let messages = bulk.table.messages.iter().zip(&lives);
        for (message, life) in messages.filter(|(message, _)| message.message_id == message_id) {
            let state = bulk.sight(message, life, now).state;
            if state == MessageState::Sent && is_rejection {
                refusal = OutcomeRefusal::Left;
            } else if !state.is_final() {
                return None;
            } else if refusal == OutcomeRefusal::Unknown {
                refusal = OutcomeRefusal::Ended;
            }
        }
    }
    Some(refusal)
}
