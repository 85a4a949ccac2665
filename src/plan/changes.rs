//! The files held against the ledger: edits of identity are caught, edits of texts are shown.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::campaign::{Campaign, Message, Project};
use crate::diagnostic::words::plural;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::identity::MessageKey;
use crate::ledger::{ClaimState, Leaving, Ledger, MessageRecord};

use super::message::MessagePlan;
use super::same;

/// Checks a message's sender and revision against the ledger.
#[must_use]
pub(super) fn identity(message: &Message, ledger: &Ledger) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let Some(record) = ledger.last_record(&message.key) else { return diagnostics };
    if record.sender != message.sender {
        let text =
            format!("`{}` was sent by `{}`, and would now be sent by `{}`", message.key, record.sender, message.sender);
        diagnostics
            .push(Diagnostic::error(Code::SenderChanged, text, message.sender_place.clone()).help(
                "recipients' ids belong to one sender, so nobody would be recognised: give the message a new id",
            ));
    }
    if record.revision > message.revision {
        let text = format!(
            "revision {} of `{}` is lower than revision {}, which was sent",
            message.revision, message.key, record.revision
        );
        diagnostics.push(
            Diagnostic::error(Code::RevisionLowered, text, message.revision_place.clone())
                .help(format!("write `revision: {}`, or a higher one to send again to everybody", record.revision)),
        );
    }
    diagnostics
}

/// How many people an older revision still has in doubt, or handed over and not yet left; and when the
/// last of them leaves.
#[must_use]
pub(super) fn overlap(message: &Message, ledger: &Ledger, now: Timestamp) -> (u64, Option<Leaving>) {
    let older = ledger.claims_of_all(&message.key).filter(|claim| claim.claim().id.bulk.revision < message.revision);
    let open: usize = older.map(ClaimState::open).sum();
    let handed = ledger.still_to_leave(&message.key, ..message.revision, now);
    (open as u64 + handed.map_or(0, |handed| handed.people), handed.map(|handed| handed.leaving))
}

/// Finds the messages that the ledger has and the files lack, each with its highest revision.
pub(super) fn absent<'a>(campaigns: &[Campaign], ledger: &'a Ledger) -> impl Iterator<Item = &'a MessageRecord> {
    // Records are in the order of their revisions, so that the last one remains.
    let known: BTreeMap<&MessageKey, &MessageRecord> =
        ledger.messages().map(|record| (&record.message, record)).collect();
    let in_files =
        |key: &MessageKey| campaigns.iter().flat_map(|campaign| &campaign.messages).any(|message| message.key == *key);
    known.into_values().filter(|record| !in_files(&record.message)).collect::<Vec<_>>().into_iter()
}

/// Whether a message that is not in the files is gone on purpose.
#[must_use]
pub(super) fn is_retired(project: &Project, key: &MessageKey) -> bool {
    project.retired.iter().any(|name| *name == key.to_string() || *name == key.campaign.as_str())
}

/// Finds campaigns and messages that the ledger has and the files lack, unless they are retired.
#[must_use]
pub(super) fn gone(
    project: &Project,
    campaigns: &[Campaign],
    ledger: &Ledger,
    planned: &[MessagePlan],
    now: Timestamp,
) -> Vec<(MessageKey, Diagnostic)> {
    let lost = absent(campaigns, ledger).filter(|record| !is_retired(project, &record.message));
    lost.map(|record| {
        let key = &record.message;
        let campaign_gone = campaigns.iter().all(|campaign| campaign.id != key.campaign);
        let name = if campaign_gone { key.campaign.to_string() } else { key.to_string() };
        let mut help = format!("put it back, or write `retired: [{name}]` into the project file");
        if let Some((heir, people)) = same::heir(key, record.revision, ledger, planned) {
            help = format!(
                "`{heir}` plans {people} of the same people: if it was renamed, give it back its old id, else they get it again; {help}"
            );
        }
        let message = format!("the ledger has `{key}`, {}, and the files lack it", sent(key, ledger, now));
        (key.clone(), Diagnostic::error(Code::MessageGone, message, project.place.clone()).help(help))
    })
    .collect()
}

/// What became of a message: it was sent, or is still to leave.
fn sent(key: &MessageKey, ledger: &Ledger, now: Timestamp) -> String {
    let Some(handed) = ledger.still_to_leave(key, .., now) else { return "which was sent".to_owned() };
    let verb = if handed.people == 1 { "gets" } else { "get" };
    let zone = ledger.last_record(key).and_then(MessageRecord::zone);
    format!("which {} still {verb} {}", plural(handed.people, "person"), handed.leaving.words(now, zone.as_ref()))
}
