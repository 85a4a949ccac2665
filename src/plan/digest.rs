//! The digest of a plan: what was reviewed is what may be sent.

use std::fmt;

use crate::campaign::{IfPast, Message, Zone};
use crate::identity::encoding::{Open, Parts as _};
use crate::identity::{Content, Person, ProjectId};
use crate::timing::IfAmbiguous;

use super::bulk::Bulk;
use super::content;

/// A plan's digest: `plan/v1:` and 32 hexadecimal digits.
///
/// The parts, after the label `sendform.plan.v1`: the project, the gateway; then for each message,
/// in the order of their ids: its id, its revision, its sender; the local time, the zone, what is
/// said of clock changes and past times, the speed, the window, the validity, the handover; the
/// number of its people; and for each person, in ascending order, the person and the content.
/// Neither the order of rows nor the cut into bulks nor the time of planning is part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(String);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Takes the messages of a plan one by one.
pub(super) struct DigestMaker {
    open: Open,
    messages: Vec<(String, [u8; 32])>,
}

impl DigestMaker {
    /// Begins with what all messages have in common.
    #[must_use]
    pub(super) fn new(project: &ProjectId, gateway: &str) -> Self {
        let mut open = Open::new("sendform.plan.v1");
        open.part(project.as_str());
        open.part(gateway);
        Self { open, messages: Vec::new() }
    }

    /// Takes a message with all its bulks, due or not.
    pub(super) fn message<'a>(&mut self, message: &Message, bulks: impl Iterator<Item = &'a Bulk>) {
        let mut people: Vec<(Person, Content)> =
            bulks.flat_map(|bulk| &bulk.recipients).map(|recipient| (recipient.person, recipient.content)).collect();
        people.sort_unstable();
        let mut digest = Open::new("sendform.plan.message.v1");
        digest.part(message.key.to_string());
        digest.number(message.revision.get());
        digest.part(message.sender.as_str());
        schedule(&mut digest, message);
        digest.number(people.len() as u64);
        for (person, content) in people {
            digest.raw(&person.0.to_be_bytes());
            digest.raw(&content.0.to_be_bytes());
        }
        self.messages.push((message.key.to_string(), digest.finish_whole()));
    }

    /// The digest of all that was taken.
    #[must_use]
    pub(super) fn finish(mut self) -> Digest {
        self.messages.sort();
        for (_, digest) in &self.messages {
            self.open.part(digest);
        }
        let whole = self.open.finish_whole();
        let (half, _) = whole.split_at(16);
        Digest(format!("plan/v1:{}", data_encoding::HEXLOWER.encode(half)))
    }
}

fn schedule(digest: &mut Open, message: &Message) {
    let schedule = &message.schedule;
    match &schedule.send_at {
        None => digest.part("-"),
        Some(send_at) => {
            digest.part("+");
            digest.part(send_at.local.to_string());
            match &send_at.zone {
                Zone::Fixed(zone) => digest.part(zone.iana_name().unwrap_or("UTC")),
                Zone::PerPerson { fallback } => {
                    digest.part("per person");
                    digest.optional(fallback.as_ref().and_then(|zone| zone.iana_name()));
                }
            }
            digest.part(match send_at.if_ambiguous {
                IfAmbiguous::Refuse => "refuse",
                IfAmbiguous::Earlier => "earlier",
                IfAmbiguous::Later => "later",
            });
        }
    }
    digest.part(match schedule.if_past {
        IfPast::TooLate => "too late",
        IfPast::SendNow => "send now",
    });
    digest.optional(schedule.speed.map(|speed| format!("{} in {} ms", speed.amount, speed.unit_ms())));
    content::window(digest, schedule.window.as_ref());
    digest.optional(schedule.validity.map(|validity| validity.seconds().to_string()));
    digest.optional(schedule.handover.map(|handover| handover.as_secs().to_string()));
}
