//! The files held against the ledger: edits of identity are caught, edits of texts are shown.

use std::collections::BTreeMap;

use crate::campaign::{Campaign, Content, Message, Project};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::identity::{MessageKey, Revision};
use crate::ledger::{Ledger, PersonState, Standing, View};

use super::gate::Gate;
use super::message::MessagePlan;

/// What a message's text was when something of it was last sent, and who keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextChange {
    /// The template's source then.
    pub before: String,
    /// The template's source now.
    pub now: String,
    /// How many people have the old text and keep it.
    pub keep: u64,
}

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

/// The difference between a message's text and what was last sent of this revision.
#[must_use]
pub(super) fn text(message: &Message, ledger: &Ledger, already_sent: u64) -> Option<TextChange> {
    let record = ledger.last_record(&message.key).filter(|record| record.revision == message.revision)?;
    let Content::Text(source) = &message.content;
    (record.text != source.text && already_sent > 0).then(|| TextChange {
        before: record.text.clone(),
        now: source.text.clone(),
        keep: already_sent,
    })
}

/// How many people an older revision still has in doubt, or scheduled and not yet sent.
#[must_use]
pub(super) fn overlap(message: &Message, ledger: &Ledger, now: jiff::Timestamp) -> u64 {
    let older = ledger.claims().filter(|state| {
        let bulk = &state.claim().id.bulk;
        bulk.message == message.key && bulk.revision < message.revision
    });
    older
        .map(|state| {
            let claim = state.claim();
            let scheduled = claim.send_at.into_iter().chain(claim.until).max().is_some_and(|end| end > now);
            let under_way =
                |state: PersonState| state == PersonState::Claimed || (scheduled && state == PersonState::Accepted);
            state.people().filter(|(_, state)| under_way(*state)).count() as u64
        })
        .sum()
}

/// Finds campaigns and messages that the ledger has and the files lack, unless they are retired.
#[must_use]
pub(super) fn gone(project: &Project, campaigns: &[Campaign], ledger: &Ledger, planned: &[MessagePlan]) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    // Records are in the order of their revisions, so that the last one remains.
    let known: BTreeMap<MessageKey, Revision> =
        ledger.messages().map(|record| (record.message.clone(), record.revision)).collect();
    for (key, revision) in known {
        let in_files = campaigns.iter().flat_map(|campaign| &campaign.messages).any(|message| message.key == key);
        let retired = project.retired.iter().any(|name| *name == key.to_string() || *name == key.campaign.as_str());
        if in_files || retired {
            continue;
        }
        let campaign_gone = campaigns.iter().all(|campaign| campaign.id != key.campaign);
        let message = format!("the ledger has `{key}`, which was sent, and the files lack it");
        let name = if campaign_gone { key.campaign.to_string() } else { key.to_string() };
        let mut help = format!("put it back, or write `retired: [{name}]` into the project file");
        if let Some((heir, people)) = heir(&key, revision, ledger, planned) {
            help = format!(
                "`{heir}` plans {people} of the same people: if it was renamed, give it back its old id, else they get it again; {help}"
            );
        }
        diagnostics.push(Diagnostic::error(Code::MessageGone, message, project.place.clone()).help(help));
    }
    diagnostics
}

/// The planned message that shares the most people with one that is gone, as far as they have it or
/// may have it.
fn heir(gone: &MessageKey, revision: Revision, ledger: &Ledger, planned: &[MessagePlan]) -> Option<(MessageKey, u64)> {
    let standings = ledger.standings(gone, revision);
    planned
        .iter()
        .filter(|plan| plan.counts.get(Gate::ToSend) + plan.counts.get(Gate::NotDue) > 0)
        .map(|plan| {
            let people = plan.bulks.iter().chain(&plan.later).flat_map(|bulk| &bulk.recipients);
            let may_have_it =
                |person| matches!(standings.get(person, View::Exclusive), Standing::Accepted | Standing::InDoubt);
            let shared = people.filter(|recipient| may_have_it(recipient.person)).count() as u64;
            (plan.key.clone(), shared)
        })
        .filter(|(_, shared)| *shared > 0)
        .max_by_key(|(_, shared)| *shared)
}
