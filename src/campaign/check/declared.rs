//! What a project declares for its campaigns, as far as it is whole.

use std::collections::BTreeMap;

use crate::campaign::checked::{DeclaredAudience, Project, Schedule, SharedParts};
use crate::identity::{IdRule, SenderId};

/// What a project declares for its campaigns. A project with errors still declares what is whole of
/// it; then nobody can say that a name is unknown.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// Senders; `None` behind a name for what is declared, but wrong.
    pub(super) senders: BTreeMap<String, Option<SenderId>>,
    /// Audiences.
    pub(super) audiences: BTreeMap<String, Option<DeclaredAudience>>,
    /// Schedules.
    pub(super) schedules: BTreeMap<String, Option<Schedule>>,
    /// What the ids of recipients look like.
    pub(super) ids: IdRule,
    /// What of it is whole: the audiences that others may leave out, and the hosts of webhooks. `None`
    /// if the project has errors.
    pub(super) whole: Option<(SharedParts, Vec<String>)>,
}

impl Declared {
    /// Takes what a whole project declares.
    pub(in crate::campaign) fn of(project: &Project) -> Self {
        fn all<T: Clone>(names: &BTreeMap<String, T>) -> BTreeMap<String, Option<T>> {
            names.iter().map(|(name, thing)| (name.clone(), Some(thing.clone()))).collect()
        }
        Self {
            senders: all(&project.senders),
            audiences: all(&project.shared.audiences),
            schedules: all(&project.shared.schedules),
            ids: project.ids,
            whole: Some((project.shared.clone(), project.webhook_hosts.clone())),
        }
    }

    /// Whether the project has no errors.
    pub(in crate::campaign) const fn is_whole(&self) -> bool {
        self.whole.is_some()
    }
}
