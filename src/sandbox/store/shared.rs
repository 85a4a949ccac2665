//! The inputs as all see them: whole, and replaced at once.

use std::sync::{Arc, PoisonError, RwLock};

use crate::sandbox::model::inputs::Inputs;

/// Inputs that can be shared.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedInputs(Arc<RwLock<Arc<Inputs>>>);

impl SharedInputs {
    /// The inputs as they are now.
    pub(super) fn get(&self) -> Arc<Inputs> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces them.
    pub(super) fn set(&self, inputs: Inputs) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(inputs);
    }
}
