//! That what a merge queue would merge is not what was reviewed: who would get something else, and what.

use crate::plan::{Frozen, PlanDifference, PlanDigest};

/// What a forge calls them.
#[derive(Debug, Clone)]
pub struct GroupNames {
    /// `merge group`, `merge train`.
    pub group: String,
    /// `pull request`, `merge request`.
    pub pull: String,
    /// `queue`, `train`.
    pub queue: String,
}

/// That a merge group is not what was reviewed.
#[derive(Debug, Clone)]
pub struct MergeGroupReport {
    /// In whose words it is told.
    pub names: GroupNames,
    /// The pull request that is the last of the group.
    pub pull: u64,
    /// The plan that was reviewed there.
    pub reviewed: PlanSize,
    /// The plan of the group.
    pub group: PlanSize,
    /// What differs between them.
    pub difference: PlanDifference,
}

/// A plan, in two numbers.
#[derive(Debug, Clone)]
pub struct PlanSize {
    /// Its digest.
    pub digest: PlanDigest,
    /// How many messages it would send, now or later.
    pub people: u64,
}

impl PlanSize {
    fn of(plan: &Frozen) -> Self {
        Self { digest: plan.digest.clone(), people: plan.people() }
    }
}

impl MergeGroupReport {
    /// Compares the plan of a group with the one that was reviewed in its last pull request; `None` if they are the
    /// same.
    #[must_use]
    pub fn of(names: GroupNames, pull: u64, reviewed: &Frozen, group: &Frozen) -> Option<Self> {
        let differs = reviewed.digest != group.digest;
        differs.then(|| Self {
            names,
            pull,
            reviewed: PlanSize::of(reviewed),
            group: PlanSize::of(group),
            difference: reviewed.difference(group),
        })
    }
}
