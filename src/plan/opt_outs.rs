//! The project's `suppress` lists, read again while a plan is being sent.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::campaign::{Audience, Campaign, Files, Message, Project};
use crate::diagnostic::words::{number, plural};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::identity::{Fingerprint, Key, PersonSet, SenderId};

use super::ids::IdForms;
use super::lists::ProtectiveList;
use super::model::Plan;

/// Reads lists of people who must not get anything, for whoever sends a plan.
pub struct OptOutReader {
    senders: Vec<OfSender>,
    workers: NonZeroUsize,
}

/// What lists are read for: one sender, and the audiences of its messages.
struct OfSender {
    sender: SenderId,
    fingerprint: Fingerprint,
    audiences: Vec<(Arc<Audience>, IdForms)>,
}

impl OptOutReader {
    /// Reads for the messages of a plan that are sent, whose people go by this key.
    #[must_use]
    pub fn new(project: &Project, campaigns: &[Campaign], key: &Key, plan: &Plan, workers: NonZeroUsize) -> Self {
        let mut senders: Vec<OfSender> = Vec::new();
        let messages = || campaigns.iter().flat_map(|campaign| &campaign.messages);
        for planned in plan.selected().filter(|planned| planned.to_send() > 0) {
            let found: Option<&Message> = messages().find(|message| message.key == planned.key);
            let Some(Message { sender, audience, .. }) = found else { continue };
            let audience = (Arc::clone(audience), planned.ids.clone());
            match senders.iter_mut().find(|known| known.sender == *sender) {
                Some(known) => known.audiences.push(audience),
                None => senders.push(OfSender {
                    sender: sender.clone(),
                    fingerprint: Fingerprint::new(key, &project.id, sender),
                    audiences: vec![audience],
                }),
            }
        }
        Self { senders, workers }
    }

    /// Reads a list, and gives its people as each sender knows them. Wants the stack of [`super::STACK_BYTES`].
    ///
    /// # Errors
    /// If it could not be planned with: if it, or a row of it, cannot be read, if it is empty or has other ids than
    /// the messages' people, unless it may, or if it has not as many people as are expected. In words, without
    /// personal data.
    pub fn read(&self, list: &Arc<Audience>, files: &dyn Files) -> Result<Vec<(SenderId, PersonSet)>, String> {
        let file = list.source.file();
        let mut read = Vec::with_capacity(self.senders.len());
        for of in &self.senders {
            let found =
                ProtectiveList::read(list, files, &of.fingerprint, self.workers).map_err(|all| first(file, &all))?;
            let shapes = of.audiences.iter().filter_map(|(audience, ids)| found.check_shape(ids, audience));
            let mut wrong = Diagnostics::new();
            wrong.extend(shapes.chain(unexpected(&found)));
            if wrong.has_errors() {
                return Err(first(file, &wrong));
            }
            read.push((of.sender.clone(), found.people));
        }
        Ok(read)
    }
}

/// The first of some errors, with the file that it is about.
fn first(file: &str, found: &Diagnostics) -> String {
    let mut errors = found.iter().filter(|found| found.severity == Severity::Error);
    let message = errors.next().map(|found| found.message.as_str()).unwrap_or_default();
    if message.contains(file) { message.to_owned() } else { format!("`{file}`: {message}") }
}

/// Says that a list has not as many people as are expected.
fn unexpected(list: &ProtectiveList) -> Option<Diagnostic> {
    let (expect, people) = (list.audience.expect?, list.people.len() as u64);
    let bound = match (expect.min, expect.max) {
        (Some(min), _) if people < min => format!("at least {}", number(min)),
        (_, Some(max)) if people > max => format!("at most {}", number(max)),
        _ => return None,
    };
    let file = list.audience.source.file();
    let message = format!("`{file}` has {}, but {bound} are expected", plural(people, "person"));
    Some(Diagnostic::error(Code::NobodyProtected, message, list.audience.place.clone()))
}
