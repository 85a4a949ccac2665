//! A campaign file as a whole: its names, its messages, and ids that stand twice.

use std::collections::BTreeMap;

use crate::campaign::checked::{Campaign, Message};
use crate::campaign::cursor::Cursor;
use crate::campaign::draft::DraftPart;
use crate::campaign::files::Files;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::identity::{CampaignId, IdRule, SenderId};

use super::audience::audiences;
use super::declared::Declared;
use super::draft;
use super::findings::Findings;
use super::literal::literal;
use super::message::{Names, message};
use super::schedule::schedules;

/// Checks a campaign file, and gives what is whole of it. Without a whole project names and hosts of
/// the project are not checked, and there is no campaign.
pub(in crate::campaign) fn campaign(
    root: &Cursor<'_>,
    declared: Option<&Declared>,
    files: &dyn Files,
    findings: &mut Findings,
) -> (Option<Campaign>, Vec<DraftPart>) {
    literal(root, findings);
    let id_at = root.key("campaign");
    let id = id_at.text().and_then(CampaignId::parse);
    let names = names(root, declared, findings);
    let is_known = declared.is_some_and(Declared::is_whole);
    let mut drafts = draft::audiences(&root.key("audiences"), &names.audiences);
    let paused = root.key("paused").read::<bool>().unwrap_or(false);
    let mut messages = Vec::new();
    let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
    for at in root.key("messages").items() {
        if findings.is_full() {
            findings.left_out(&at);
            break;
        }
        let id_at = at.key("id");
        if let Some(text) = id_at.text() {
            match seen.get(text) {
                Some(first) => {
                    let message = "another message of the campaign has this id";
                    let diagnostic = Diagnostic::error(Code::DuplicateId, message, id_at.place());
                    findings.push(diagnostic.note(first.clone(), "first here"));
                }
                None => drop(seen.insert(text, id_at.place())),
            }
        }
        let (message, draft) = message(&at, id.as_ref(), &names, files, findings);
        drafts.push(DraftPart::Message(draft));
        match message {
            Some(message) => messages.push(Message { paused: paused || message.paused, ..message }),
            None if is_known => findings.left_out(&at),
            None => {}
        }
    }
    let file = root.source().name.clone();
    let campaign = id.filter(|_| is_known).map(|id| Campaign { id, file, messages, place: id_at.place() });
    (campaign, drafts)
}

/// Checks senders by name.
pub(super) fn senders(at: &Cursor<'_>, findings: &mut Findings) -> BTreeMap<String, Option<SenderId>> {
    at.entries()
        .map(|(name, at)| {
            let sender = at.text().and_then(SenderId::parse);
            if sender.is_none() {
                let message = "a sender's id has no white space at its ends, and no control characters";
                findings.push(Diagnostic::error(Code::BadPattern, message, at.place()));
            }
            (name.to_owned(), sender)
        })
        .collect()
}

/// What the file declares, and what the project declares beside it.
fn names(root: &Cursor<'_>, declared: Option<&Declared>, findings: &mut Findings) -> Names {
    let whole = declared.and_then(|declared| declared.whole.as_ref());
    let ids = declared.map_or_else(IdRule::default, |declared| declared.ids);
    let mut names = Names {
        senders: senders(&root.key("senders"), findings),
        audiences: audiences(&root.key("audiences"), ids, whole.map(|(shared, _)| shared), findings),
        schedules: schedules(&root.key("schedules"), findings),
        hosts: whole.map(|(_, hosts)| hosts.clone()),
    };
    let Some(declared) = declared else { return names };
    join(&mut names.senders, &declared.senders, &root.key("senders"), findings);
    join(&mut names.audiences, &declared.audiences, &root.key("audiences"), findings);
    join(&mut names.schedules, &declared.schedules, &root.key("schedules"), findings);
    names
}

/// Adds the project's names; one name means one thing.
fn join<T: Clone>(
    own: &mut BTreeMap<String, Option<T>>,
    project: &BTreeMap<String, Option<T>>,
    at: &Cursor<'_>,
    findings: &mut Findings,
) {
    for (name, thing) in project {
        if own.contains_key(name) {
            let message = "the project file declares this name too";
            let diagnostic = Diagnostic::error(Code::DuplicateKey, message, at.key(name).key_place());
            findings.push(diagnostic.help("one name means one thing: choose another one here"));
        } else {
            own.insert(name.clone(), thing.clone());
        }
    }
}
