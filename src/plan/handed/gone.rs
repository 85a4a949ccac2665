//! Messages that the files lack, of which the gateway still lets something leave.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::campaign::{Campaign, Project};
use crate::identity::{MessageId, MessageKey, SenderId};
use crate::ledger::{HandedOver, Ledger};
use crate::plan::changes;
use crate::plan::lists::ProtectiveList;

use super::IDS_MAX;

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
    /// Those of them who are suppressed by now, with the messageIds of some.
    pub suppressed: Option<(HandedOver, Vec<MessageId>)>,
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
        let (mut all, mut stopped, mut ids) = (None, None, Vec::new());
        for (claim, leaving) in claims {
            let revision = claim.claim().id.bulk.revision;
            let of = claim.accepted().filter(|person| lists.iter().any(|list| list.people.contains(person)));
            let of: Vec<_> = of.map(|person| MessageId { message: key.clone(), revision, person }).collect();
            HandedOver::add(&mut all, claim.accepted().count() as u64, leaving);
            HandedOver::add(&mut stopped, of.len() as u64, leaving);
            ids.extend(of.into_iter().take(IDS_MAX.saturating_sub(ids.len())));
        }
        if let Some(handed) = all {
            let retired = changes::is_retired(project, key);
            let suppressed = stopped.map(|stopped| (stopped, ids));
            found.push(Gone { key: key.clone(), zone: record.zone(), retired, handed, suppressed });
        }
    }
    found
}
