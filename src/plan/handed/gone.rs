//! Messages that the files lack, of which the gateway still lets something leave.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::campaign::{Campaign, Project};
use crate::identity::{MessageKey, Person, Revision, SenderId};
use crate::ledger::{HandedOver, Ledger};
use crate::plan::changes;
use crate::plan::lists::ProtectiveList;

/// A message that is not in the files any more, and still leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The message.
    pub key: MessageKey,
    /// The zone of its schedule, if one is everybody's and the ledger tells it.
    pub zone: Option<TimeZone>,
    /// Whether the project lists it as gone on purpose.
    pub retired: bool,
    /// Who gets it all the same.
    pub handed: HandedOver,
    /// Those of them who are suppressed by now, each with the revision that they get.
    pub suppressed: Option<(HandedOver, Vec<(Revision, Person)>)>,
}

/// Finds them; `suppressed` gives the lists of people whom the project suppresses under a sender.
pub(in crate::plan) fn gone(
    project: &Project,
    campaigns: &[Campaign],
    ledger: &Ledger,
    now: Timestamp,
    mut suppressed: impl FnMut(&SenderId) -> Vec<Arc<ProtectiveList>>,
) -> Vec<Gone> {
    let mut found: Vec<Gone> = Vec::new();
    for record in changes::absent(campaigns, ledger) {
        let key = &record.message;
        let claims: Vec<_> = ledger.handed_over(key, now).collect();
        if claims.is_empty() {
            continue;
        }
        let lists = suppressed(&record.sender);
        let (mut all, mut stopped, mut named) = (None, None, Vec::new());
        for (claim, leaving) in claims {
            let revision = claim.claim().id.bulk.revision;
            let of = claim.accepted().filter(|person| lists.iter().any(|list| list.people.contains(person)));
            let before = named.len();
            named.extend(of.map(|person| (revision, person)));
            HandedOver::add(&mut all, claim.accepted().count() as u64, leaving);
            HandedOver::add(&mut stopped, (named.len() - before) as u64, leaving);
        }
        if let Some(handed) = all {
            let retired = changes::is_retired(project, key);
            let suppressed = stopped.map(|stopped| (stopped, named));
            found.push(Gone { key: key.clone(), zone: record.zone(), retired, handed, suppressed });
        }
    }
    found
}
