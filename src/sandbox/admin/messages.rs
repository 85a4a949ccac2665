//! `GET /sandbox/messages`: what was sent to the sandbox and what became of it, page by page. A page reads no
//! more bulks than it shows messages of.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sandbox::answer::Answer;
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::lifecycle::MessageState;
use crate::sandbox::model::status;
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::BulkFilter;
use crate::wire::content::Content;
use crate::wire::time::{optional_instant, serde_instant};

/// How many messages a page has at most, and if nothing is said.
const PAGE_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageFilter {
    bulk_id: Option<String>,
    message_id: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A message as testers see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageShown<'a> {
    bulk_id: &'a str,
    message_id: &'a str,
    to: &'a str,
    sender: Option<&'a str>,
    /// The text, of a message that is one.
    text: Option<&'a str>,
    content: &'a Content<Cow<'a, str>>,
    #[serde(with = "serde_instant")]
    accepted_at: Timestamp,
    /// When it leaves, or left, the gateway, as far as is known now; absent if it never does.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    send_at: Option<Timestamp>,
    /// When it came to its end; absent as long as it has not.
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_instant")]
    done_at: Option<Timestamp>,
    state: &'static str,
    /// The group of its status.
    status: String,
    status_name: String,
    error: String,
}

/// A page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessagesShown<'a> {
    messages: Vec<MessageShown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

const fn name(state: MessageState) -> &'static str {
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

fn show<'a>(
    bulk: &'a AcceptedBulk<'_>,
    inputs: &Inputs,
    now: Timestamp,
) -> impl Iterator<Item = (usize, MessageShown<'a>)> {
    let shown = bulk.table.messages.iter().zip(bulk.lives(inputs)).map(move |(message, life)| {
        let sight = bulk.sight(message, &life, now);
        let status = status::status(sight.ending.status);
        MessageShown {
            bulk_id: &bulk.header.bulk_id,
            message_id: &message.message_id,
            to: &message.to,
            sender: bulk.table.terms_of(message).map(|terms| &*terms.sender),
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
    });
    shown.enumerate()
}

/// Where a page begins: at a position of a bulk with a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PagePlace(i64, usize);

impl PagePlace {
    fn read(text: &str) -> Option<Self> {
        let (bulk, position) = text.split_once('-')?;
        Some(Self(bulk.parse().ok()?, position.parse().ok()?))
    }

    fn write(self) -> String {
        format!("{}-{}", self.0, self.1)
    }
}

/// Answers with a page.
pub(super) async fn list(
    State(sandbox): State<SandboxState>,
    filter: Result<Query<MessageFilter>, QueryRejection>,
) -> Response<Body> {
    let MessageFilter { bulk_id, message_id, limit, cursor } = match filter {
        Ok(Query(filter)) => filter,
        Err(rejection) => return Answer::unreadable(&rejection).into_response(),
    };
    let limit = limit.unwrap_or(PAGE_MAX);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Answer::violation("limit", "must be a number from 1 to 1000").into_response();
    }
    let place = match cursor.as_deref().map(PagePlace::read) {
        None => PagePlace(0, 0),
        Some(Some(place)) => place,
        Some(None) => return Answer::violation("cursor", "must be a value of nextCursor").into_response(),
    };
    let PagePlace(number_min, skipped) = place;
    // One more than is shown tells whether there is a next page.
    let messages_max = Some(skipped.saturating_add(limit + 1));
    let search = BulkFilter { bulk_id, message_id: message_id.clone(), number_min, messages_max };
    let Ok(bulks) = sandbox.store().bulks(search).await else {
        return Answer::error(StatusCode::INTERNAL_SERVER_ERROR).into_response();
    };
    let (now, inputs) = (sandbox.now(), sandbox.store().inputs());
    let all = bulks.iter().flat_map(|bulk| {
        show(bulk, &inputs, now).map(|(position, shown)| (PagePlace(bulk.header.number, position), shown))
    });
    let is_wanted = |shown: &MessageShown<'_>| message_id.as_ref().is_none_or(|id| id == shown.message_id);
    let mut wanted = all.filter(|(at, shown)| *at >= place && is_wanted(shown));
    let messages: Vec<_> = wanted.by_ref().take(limit).map(|(_, shown)| shown).collect();
    let next_cursor = wanted.next().map(|(at, _)| at.write());
    Answer::ok(&MessagesShown { messages, next_cursor }).into_response()
}
