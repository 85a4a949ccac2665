//! `GET /sandbox/messages`: what was sent to the sandbox and what became of it, page by page. A page reads no
//! more bulks than it shows messages of; where something is looked for, no more than so many messages: then it may be
//! short, or empty, and still lead on.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::paging::{PAGE_MAX, PageRows, page_limit};
use super::parameters::DoorQuery;
use super::shown::MessageShown;
use crate::sandbox::answer::Answer;
use crate::sandbox::error::SandboxError;
use crate::sandbox::state::SandboxState;
use crate::sandbox::store::BulkFilter;

/// How many messages are read at once where something is looked for, and how many for one page.
const READ_AT_ONCE: usize = 5_000;
const READ_MAX: usize = 100_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MessageFilter {
    bulk_id: Option<String>,
    message_id: Option<String>,
    to: Option<String>,
    sender: Option<String>,
    campaign_reference_id: Option<String>,
    state: Option<String>,
    q: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl MessageFilter {
    /// Whether it looks for something that no index has.
    const fn looks(&self) -> bool {
        self.to.is_some()
            || self.sender.is_some()
            || self.campaign_reference_id.is_some()
            || self.state.is_some()
            || self.q.is_some()
    }

    fn finds(&self, shown: &MessageShown<'_>) -> bool {
        let is = |wanted: &Option<String>, field: Option<&str>| wanted.is_none() || wanted.as_deref() == field;
        let has = |words: &String| {
            let words = words.to_lowercase();
            let fields = [Some(shown.to), Some(shown.message_id), shown.text];
            fields.into_iter().flatten().any(|field| field.to_lowercase().contains(&words))
        };
        is(&self.message_id, Some(shown.message_id))
            && is(&self.to, Some(shown.to))
            && is(&self.sender, shown.sender)
            && is(&self.campaign_reference_id, shown.campaign_reference_id)
            && self.state.as_ref().is_none_or(|state| state.eq_ignore_ascii_case(shown.state))
            && self.q.as_ref().is_none_or(has)
    }
}

/// The names of all states.
const STATES: [&str; 8] = ["SCHEDULED", "QUEUED", "HELD", "SENT", "DELIVERED", "UNDELIVERABLE", "EXPIRED", "REJECTED"];

/// A page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessagesShown {
    messages: PageRows,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// What is said of a cursor that nobody gave out.
pub(super) const NOT_A_CURSOR: &str = "must be a value of nextCursor";

/// Where a page begins: at a position of a bulk with a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PagePlace(pub(super) i64, usize);

impl PagePlace {
    /// The place of a message of a bulk with a number.
    pub(super) const fn new(bulk: i64, position: usize) -> Self {
        Self(bulk, position)
    }

    /// The beginning of all pages.
    pub(super) const FIRST: Self = Self(0, 0);

    /// Reads a cursor; without any it is the beginning, and `None` if it is none.
    pub(super) fn asked(cursor: Option<&str>) -> Option<Self> {
        cursor.map_or(Some(Self::FIRST), Self::read)
    }

    fn read(text: &str) -> Option<Self> {
        let (bulk, position) = text.split_once('-')?;
        Some(Self(bulk.parse().ok()?, position.parse().ok()?))
    }

    pub(super) fn write(self) -> String {
        format!("{}-{}", self.0, self.1)
    }
}

/// Answers with a page.
pub(super) async fn list(
    State(sandbox): State<SandboxState>,
    DoorQuery(filter): DoorQuery<MessageFilter>,
) -> Response<Body> {
    let limit = match page_limit(filter.limit, PAGE_MAX, PAGE_MAX) {
        Ok(limit) => limit,
        Err(violation) => return Answer::violation("limit", &violation).into_response(),
    };
    if filter.state.as_ref().is_some_and(|state| !STATES.iter().any(|known| known.eq_ignore_ascii_case(state))) {
        return Answer::violation("state", &format!("must be one of {}", STATES.join(", "))).into_response();
    }
    let Some(place) = PagePlace::asked(filter.cursor.as_deref()) else {
        return Answer::violation("cursor", NOT_A_CURSOR).into_response();
    };
    match page(&sandbox, &filter, place, limit).await {
        Ok(page) => Answer::ok(&page).into_response(),
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error).into_response(),
    }
}

async fn page(
    sandbox: &SandboxState,
    filter: &MessageFilter,
    mut place: PagePlace,
    limit: usize,
) -> Result<MessagesShown, SandboxError> {
    let now = sandbox.now();
    let mut messages = PageRows::new(limit);
    let mut read = 0;
    loop {
        // One more than is shown tells whether there is a next page.
        let messages_max =
            if filter.looks() { READ_AT_ONCE } else { (limit + 1 - messages.len()).saturating_add(place.1) };
        let search = BulkFilter {
            bulk_id: filter.bulk_id.clone(),
            message_id: filter.message_id.clone(),
            number_min: place.0,
            messages_max: Some(messages_max),
        };
        let bulks = sandbox.store().bulks(search).await?;
        // After the bulks: those that hold for all of them.
        let inputs = sandbox.store().inputs();
        if bulks.is_empty() {
            return Ok(MessagesShown { messages, next_cursor: None });
        }
        for bulk in &bulks {
            let lives = bulk.lives(&inputs);
            for (position, (message, life)) in bulk.table.messages.iter().zip(&lives).enumerate() {
                let at = PagePlace::new(bulk.header.number, position);
                let shown = MessageShown::new(bulk, message, life, now);
                if at < place || !filter.finds(&shown) {
                    continue;
                }
                if !messages.take(&shown) {
                    return Ok(MessagesShown { messages, next_cursor: Some(at.write()) });
                }
            }
            read += bulk.table.messages.len();
            place = PagePlace(bulk.header.number + 1, 0);
        }
        if read >= READ_MAX {
            return Ok(MessagesShown { messages, next_cursor: Some(place.write()) });
        }
    }
}
