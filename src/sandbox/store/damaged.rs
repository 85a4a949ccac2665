//! The bulks that could not be read while others were looked for: they are left out, and testers are told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sandbox::error::SandboxError;

/// The numbers of damaged bulks. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct DamagedBulks(Arc<Mutex<FoundDamage>>);

#[derive(Debug, Default)]
struct FoundDamage {
    known: BTreeSet<i64>,
    /// Those that nobody was told of.
    untold: Vec<i64>,
}

impl DamagedBulks {
    fn found(&self) -> MutexGuard<'_, FoundDamage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes bulks that were left out.
    pub(super) fn add(&self, numbers: Vec<i64>) {
        if numbers.is_empty() {
            return;
        }
        let mut found = self.found();
        for number in numbers {
            if found.known.insert(number) {
                found.untold.push(number);
            }
        }
    }

    /// Their numbers.
    pub(super) fn numbers(&self) -> BTreeSet<i64> {
        self.found().known.clone()
    }

    /// The numbers of those that nobody was told of yet; they are told now.
    pub(super) fn tell(&self) -> Vec<i64> {
        std::mem::take(&mut self.found().untold)
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        *self.found() = FoundDamage::default();
    }
}

/// What was read of a bulk; nothing if it is damaged and nobody asked for it by its name. Then its number is noted.
pub(super) fn unless_damaged<T>(
    read: Result<T, SandboxError>,
    is_named: bool,
    left_out: &mut Vec<i64>,
) -> Result<Option<T>, SandboxError> {
    match read {
        Err(SandboxError::Damaged { number, .. }) if !is_named => {
            left_out.push(number);
            Ok(None)
        }
        read => read.map(Some),
    }
}
