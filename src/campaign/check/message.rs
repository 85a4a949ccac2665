//! Messages: names to things, texts, webhooks.

use std::collections::BTreeMap;

use crate::campaign::checked::{DeclaredAudience, Message, OwnStopAfter, Schedule, TemplateText, Webhooks, Zone};
use crate::campaign::cursor::Cursor;
use crate::campaign::draft::DraftMessage;
use crate::campaign::files::Files;
use crate::campaign::raw;
use crate::campaign::scalar::ScalarReading;
use crate::diagnostic::{Code, Diagnostic};
use crate::identity::{CampaignId, MessageKey, MessageName, Revision, SenderId};
use crate::wire::content::Content;

use super::audience::{Audiences, unknown};
use super::content;
use super::findings::Findings;
use super::stop_after;
use super::webhook;

/// What the messages of a campaign can name; `None` behind a name for what is declared, but wrong.
pub(super) struct Names {
    /// Senders.
    pub senders: BTreeMap<String, Option<SenderId>>,
    /// Audiences.
    pub audiences: Audiences,
    /// Schedules.
    pub schedules: BTreeMap<String, Option<Schedule>>,
    /// The hosts that webhooks may have; `None` if the project is not known.
    pub hosts: Option<Vec<String>>,
}

impl Names {
    /// Looks a name up. Without the project's file nobody can say that a name is unknown.
    fn find<T: Clone>(
        &self,
        table: &BTreeMap<String, Option<T>>,
        (code, kind): (Code, &str),
        at: &Cursor<'_>,
        findings: &mut Findings,
    ) -> Option<T> {
        let found = table.get(at.text()?);
        if found.is_none() && self.hosts.is_some() && at.text() != Some("") {
            findings.push(unknown(code, kind, at, table.keys().map(String::as_str)));
        }
        found.cloned().flatten()
    }
}

/// Checks a message, and gives what is whole of it; `campaign` is `None` if the campaign's id is wrong.
pub(super) fn message(
    at: &Cursor<'_>,
    campaign: Option<&CampaignId>,
    names: &Names,
    files: &dyn Files,
    findings: &mut Findings,
) -> (Option<Message>, DraftMessage) {
    let sender = names.find(&names.senders, (Code::UnknownSender, "sender"), &at.key("sender"), findings);
    let audience = names.find(&names.audiences, (Code::UnknownAudience, "audience"), &at.key("audience"), findings);
    let schedule = if at.key("schedule").is_written() {
        names.find(&names.schedules, (Code::UnknownSchedule, "schedule"), &at.key("schedule"), findings)
    } else {
        Some(Schedule::default())
    };
    let content = content(&at.key("content"), files, findings);
    let callback_data = text(&at.key("webhooks").key("callbackData"));
    let draft = DraftMessage {
        content: content.clone(),
        callback_data: callback_data.clone(),
        audience: audience.as_ref().map(|declared| declared.audience.clone()),
    };
    let webhooks = webhooks(&at.key("webhooks"), callback_data, names.hosts.as_deref(), findings);
    if let (Some(audience), Some(schedule)) = (&audience, &schedule) {
        check_zones(at, audience, schedule, findings);
    }
    let message = || whole(at, campaign?, sender?, audience?, schedule?, content?, webhooks?);
    (message(), draft)
}

/// A message of which every part is whole.
fn whole(
    at: &Cursor<'_>,
    campaign: &CampaignId,
    sender: SenderId,
    audience: DeclaredAudience,
    schedule: Schedule,
    content: Content<TemplateText>,
    webhooks: Webhooks,
) -> Option<Message> {
    let revision = at.key("revision");
    let revision_place = if revision.is_written() { revision.place() } else { at.key("id").place() };
    let raw: raw::Message = at.read()?;
    let stop_after = match &raw.stop_after {
        Some(raw) => stop_after::of_message(raw)?,
        None => OwnStopAfter::default(),
    };
    let DeclaredAudience { audience, exclude } = audience;
    Some(Message {
        key: MessageKey { campaign: campaign.clone(), message: MessageName::parse(&raw.id)? },
        revision: Revision::new(raw.revision)?,
        sender,
        sender_name: raw.sender,
        audience,
        exclude,
        schedule,
        content,
        platform: raw.platform.filter(|platform| platform.entity_id.is_some() || platform.application_id.is_some()),
        campaign_reference_id: raw.campaign_reference_id,
        webhooks,
        paused: raw.paused,
        stop_after,
        place: at.key("id").place(),
        revision_place,
        sender_place: at.key("sender").place(),
    })
}

fn content(at: &Cursor<'_>, files: &dyn Files, findings: &mut Findings) -> Option<Content<TemplateText>> {
    let template = at.key("template");
    let text = if at.key("text").is_written() {
        text(&at.key("text"))
    } else {
        content::file(&template, template.text()?, files, findings)
    };
    Some(Content::Text { text: text? })
}

/// A text that is written in the file, unless it is taken for something else.
fn text(at: &Cursor<'_>) -> Option<TemplateText> {
    at.scalar().filter(|scalar| scalar.reading() == ScalarReading::Text && !scalar.text.is_empty())?;
    content::inline(at)
}

fn webhooks(
    at: &Cursor<'_>,
    callback_data: Option<TemplateText>,
    hosts: Option<&[String]>,
    findings: &mut Findings,
) -> Option<Webhooks> {
    if !at.is_written() {
        return Some(Webhooks::default());
    }
    let url_at = at.key("delivery").key("url");
    let url = url_at.text().map(|url| findings.take(webhook::webhook(&url_at, url, hosts)));
    let raw: raw::Webhooks = at.read()?;
    let url = match url {
        Some(url) => Some(url?),
        None => None,
    };
    Some(Webhooks {
        local_place: url.as_deref().filter(|url| webhook::is_local(url)).map(|_| url_at.place()),
        url,
        intermediate_report: raw.delivery.intermediate_report,
        notify: raw.delivery.notify,
        content_type: raw.content_type,
        callback_data,
    })
}

/// Everybody's own zone needs a column to stand in.
fn check_zones(at: &Cursor<'_>, audience: &DeclaredAudience, schedule: &Schedule, findings: &mut Findings) {
    let per_person = schedule.send_at.as_ref().is_some_and(|send_at| matches!(send_at.zone, Zone::PerPerson { .. }));
    if !per_person || audience.audience.columns.time_zone.is_some() {
        return;
    }
    let message = "the schedule wants everybody's own time zone, but the audience names no column for it";
    let mut diagnostic = Diagnostic::error(Code::MissingKey, message, at.key("schedule").place())
        .note(audience.audience.place.clone(), "this audience")
        .help("name the column under the audience's `columns.timeZone`");
    if let Some(place) = &schedule.place {
        diagnostic = diagnostic.note(place.clone(), "this schedule");
    }
    findings.push(diagnostic);
}
