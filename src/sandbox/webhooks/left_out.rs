//! What cannot be read of the books, so that nothing of it is posted: the rest goes on, and testers are told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::sandbox::model::webhook::agenda::DueWork;

/// What is damaged, by numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(in crate::sandbox) struct DamagedWork {
    /// Bulks of which no report is posted.
    bulks: BTreeSet<i64>,
    /// Pushes that are not tried.
    pushes: BTreeSet<i64>,
}

impl DamagedWork {
    /// The same, with these bulks.
    pub(in crate::sandbox) fn and_bulks(mut self, bulks: BTreeSet<i64>) -> Self {
        self.bulks.extend(bulks);
        self
    }

    /// Whether there is none.
    pub(in crate::sandbox) fn is_none(&self) -> bool {
        self.bulks.is_empty() && self.pushes.is_empty()
    }
}

/// The damage that was met with since the books were looked through. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct LeftOut(Arc<Mutex<DamagedWork>>);

impl LeftOut {
    /// Leaves something out.
    pub(super) fn add(&self, due: DueWork) {
        self.with(|damage| match due {
            DueWork::Bulk(number) => damage.bulks.insert(number),
            DueWork::Push(number) => damage.pushes.insert(number),
        });
    }

    /// Begins anew.
    pub(super) fn clear(&self) {
        self.with(|damage| *damage = DamagedWork::default());
    }

    /// All of it.
    pub(super) fn damage(&self) -> DamagedWork {
        self.with(|damage| damage.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut DamagedWork) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
