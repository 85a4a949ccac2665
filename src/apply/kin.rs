//! Where a bulk comes from, and what is held against it.
//!
//! A request that the gateway refuses without naming anybody is cut into halves, down to single people.
//! A single person who is refused is not to blame yet: a gateway that refuses everything refuses them
//! too. They are a *suspect*, who is to blame as soon as the gateway takes another request of the same
//! message.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

/// A bulk as planned, and all that is cut from it.
#[derive(Debug, Default)]
pub(super) struct Family {
    /// The place among all that were supplied.
    number: u64,
    was_taken: AtomicBool,
    refusals: AtomicU32,
}

/// One cut into halves.
#[derive(Debug, Default)]
pub(super) struct Partition {
    landed: AtomicU8,
}

/// A single person whom the gateway refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suspect {
    /// What the gateway said.
    pub(super) why: String,
    /// How many requests of the message the gateway had accepted by then.
    pub(super) accepted: u64,
    /// Whether the person is to blame: the next refusal is for good.
    pub(super) is_blamed: bool,
}

/// Where a bulk comes from, and what is held against it.
#[derive(Debug, Clone, Default)]
pub(super) struct Kin {
    family: Arc<Family>,
    cut: Option<Arc<Partition>>,
    /// Set if it is a single person who was refused.
    pub(super) suspect: Option<Suspect>,
}

impl Kin {
    /// Of a bulk as planned, with its place among all that were supplied.
    pub(super) fn planned(number: u64) -> Self {
        Self { family: Arc::new(Family { number, ..Family::default() }), cut: None, suspect: None }
    }

    /// Of both halves of a bulk.
    pub(super) fn halves(&self) -> [Self; 2] {
        let half = Self { family: Arc::clone(&self.family), cut: Some(Arc::default()), suspect: None };
        [half.clone(), half]
    }

    /// Of a person who is refused now.
    pub(super) fn suspected(&self, why: String, accepted: u64) -> Self {
        Self { suspect: Some(Suspect { why, accepted, is_blamed: false }), ..self.clone() }
    }

    /// The bulk that it comes from, as its place among all that were supplied.
    pub(super) fn family(&self) -> u64 {
        self.family.number
    }

    /// The gateway took the request, whatever it said of its people.
    pub(super) fn is_taken(&self) {
        self.family.was_taken.store(true, Ordering::Relaxed);
    }

    /// Whether the gateway took any request of this family.
    pub(super) fn was_taken(&self) -> bool {
        self.family.was_taken.load(Ordering::Relaxed)
    }

    /// The gateway refused the request, and named nobody.
    pub(super) fn is_refused(&self) {
        self.family.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// The family begins anew: what was refused of it was its people's fault.
    pub(super) fn is_cleared(&self) {
        self.family.refusals.store(0, Ordering::Relaxed);
    }

    /// How many sets of people, none of whom is in two of them, were refused one by one: both halves of
    /// a cut are tried before either is cut on.
    pub(super) fn witnesses(&self) -> u32 {
        self.family.refusals.load(Ordering::Relaxed).div_ceil(2)
    }

    /// Whether this is what is left of the same half as another, and still to be tried.
    pub(super) fn goes_on(&self, other: &Self) -> bool {
        match (&self.cut, &other.cut) {
            (Some(cut), Some(other)) => Arc::ptr_eq(cut, other) && self.suspect.is_none(),
            _ => false,
        }
    }

    /// This half was tried, or nothing is left of it.
    pub(super) fn lands(&self) {
        if let Some(cut) = &self.cut {
            cut.landed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the other half was tried, and this one was not.
    pub(super) fn is_awaited(&self) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.landed.load(Ordering::Relaxed) == 1) && self.suspect.is_none()
    }

    /// Whether a half is under suspicion with all of its family.
    pub(super) fn is_under_suspicion(&self) -> bool {
        self.cut.is_some() && !self.was_taken()
    }

    /// What the gateway says, if it speaks against the request rather than against this person: nothing
    /// of the family was ever taken, and the other half was tried as well.
    pub(super) fn testimony(&self) -> Option<&Suspect> {
        let whole = self.cut.as_ref().is_none_or(|cut| cut.landed.load(Ordering::Relaxed) > 1);
        self.suspect.as_ref().filter(|suspect| whole && !suspect.is_blamed && !self.was_taken())
    }
}
