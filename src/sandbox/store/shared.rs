//! The inputs as all see them: whole, and replaced at once.

use std::sync::Arc;

use tokio::sync::watch;

use crate::sandbox::model::inputs::Inputs;

/// Inputs that can be shared.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedInputs(Arc<watch::Sender<Arc<Inputs>>>);

impl SharedInputs {
    /// The inputs as they are now.
    pub(super) fn get(&self) -> Arc<Inputs> {
        Arc::clone(&self.0.borrow())
    }

    /// Replaces them.
    pub(super) fn set(&self, inputs: Inputs) {
        self.0.send_replace(Arc::new(inputs));
    }

    /// Waits until they are others than these.
    pub(super) async fn changed(&self, known: &Arc<Inputs>) {
        let mut inputs = self.0.subscribe();
        // They are never closed as long as somebody has them.
        drop(inputs.wait_for(|inputs| !Arc::ptr_eq(inputs, known)).await);
    }
}
