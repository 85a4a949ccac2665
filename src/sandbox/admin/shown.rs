//! A message as testers see it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::lifecycle::{Life, MessageState};
use crate::sandbox::model::message::ReceivedMessage;
use crate::sandbox::model::status;
use crate::wire::content::Content;
use crate::wire::time::{optional_instant, serde_instant};

/// A message, and where it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageShown<'a> {
    pub(super) bulk_id: &'a str,
    pub(super) message_id: &'a str,
    pub(super) to: &'a str,
    pub(super) sender: Option<&'a str>,
    /// The campaign that it counts to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) campaign_reference_id: Option<&'a str>,
    /// The text, of a message that is one.
    pub(super) text: Option<&'a str>,
    content: &'a Content<Cow<'a, str>>,
    #[serde(with = "serde_instant")]
    accepted_at: Timestamp,
    /// When it leaves, or left, the gateway, as far as is known now; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    send_at: Option<Timestamp>,
    /// When it came to its end; absent as long as it has not.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    done_at: Option<Timestamp>,
    pub(super) state: &'static str,
    /// The group of its status.
    status: String,
    pub(super) status_name: String,
    pub(super) error: String,
}

/// The name of a state.
pub(super) const fn name(state: MessageState) -> &'static str {
    match state {
        MessageState::Scheduled => "SCHEDULED",
        MessageState::Queued => "QUEUED",
        MessageState::Held => "HELD",
        MessageState::Sent => "SENT",
        MessageState::Delivered => "DELIVERED",
        MessageState::Undeliverable => "UNDELIVERABLE",
        MessageState::Expired => "EXPIRED",
        MessageState::Rejected => "REJECTED",
    }
}

impl<'a> MessageShown<'a> {
    /// A message of a bulk, at a time.
    pub(super) fn new(
        bulk: &'a AcceptedBulk<'_>,
        message: &'a ReceivedMessage<'_>,
        life: &Life,
        now: Timestamp,
    ) -> Self {
        let sight = bulk.sight(message, life, now);
        let status = status::status(sight.ending.status);
        let terms = bulk.table.terms_of(message);
        Self {
            bulk_id: &bulk.header.bulk_id,
            message_id: &message.message_id,
            to: &message.to,
            sender: terms.map(|terms| &*terms.sender),
            campaign_reference_id: terms.and_then(|terms| terms.campaign_reference_id.as_deref()),
            text: match &message.content {
                Content::Text { text } => Some(text),
                Content::Image { .. } | Content::Carousel { .. } | Content::RichCard(_) => None,
            },
            content: &message.content,
            accepted_at: bulk.header.accepted_at,
            send_at: life.sent_at,
            done_at: sight.done_at,
            state: name(sight.state),
            status: status.group_name,
            status_name: status.name,
            error: status::error(sight.ending.error).name,
        }
    }
}
