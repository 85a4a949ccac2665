//! What is counted of the messages, and by which inputs.

use std::sync::Arc;

use jiff::Timestamp;

use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::progress::ProgressTally;

/// What is counted, by the inputs that it was counted by.
#[derive(Debug, Default)]
pub(super) struct CountedProgress {
    pub(super) tally: ProgressTally,
    pub(super) inputs: Arc<Inputs>,
}

impl CountedProgress {
    /// Goes on to other inputs and to a later time.
    pub(super) fn begin(&mut self, inputs: Arc<Inputs>, now: Timestamp) {
        if !Arc::ptr_eq(&self.inputs, &inputs) {
            self.inputs = inputs;
            self.tally.begin_anew();
        }
        // Not before: what has ended since the last look may have ended by the new inputs.
        self.tally.advance(now);
    }
}
