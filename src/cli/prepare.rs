//! Renders bulks on threads of their own, while others are in flight.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::apply::{BulkOptions, Prepare, Prepared, PreparedPerson, Reports};
use crate::campaign::Message;
use crate::identity::MessageKey;
use crate::ledger::EditionId;
use crate::plan::{Bulk, PrepareError, Preparer};

use super::context::Context;

/// Preparers that are not at work, by message.
pub(super) struct Pool {
    context: Arc<Context>,
    idle: Arc<Mutex<HashMap<MessageKey, Vec<Preparer>>>>,
}

impl Pool {
    /// Makes an empty pool; preparers are made at need.
    #[must_use]
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, idle: Arc::default() }
    }
}

impl Prepare for Pool {
    type Error = PrepareError;

    async fn prepare(&self, bulk: &Bulk) -> Result<Prepared, PrepareError> {
        let (context, idle, bulk) = (Arc::clone(&self.context), Arc::clone(&self.idle), bulk.clone());
        let unreadable = PrepareError::Unreadable { message: bulk.message.clone() };
        tokio::task::spawn_blocking(move || prepare(&context, &idle, &bulk)).await.unwrap_or(Err(unreadable))
    }
}

fn prepare(
    context: &Context,
    idle: &Mutex<HashMap<MessageKey, Vec<Preparer>>>,
    bulk: &Bulk,
) -> Result<Prepared, PrepareError> {
    let unreadable = || PrepareError::Unreadable { message: bulk.message.clone() };
    let message = context
        .campaigns
        .iter()
        .flat_map(|campaign| &campaign.messages)
        .find(|message| message.key == bulk.message)
        .ok_or_else(unreadable)?;
    let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&bulk.message).and_then(Vec::pop);
    let mut preparer = match waiting {
        Some(preparer) => preparer,
        None => {
            let keys = context.gateway.keys.as_ref().ok_or_else(unreadable)?;
            Preparer::new(message, &context.project.id, keys.first(), &context.folders).map_err(|_| unreadable())?
        }
    };
    let people = preparer.prepare(bulk)?;
    let options = options(message, preparer.edition().clone());
    idle.lock().unwrap_or_else(PoisonError::into_inner).entry(bulk.message.clone()).or_default().push(preparer);
    let people = people.into_iter().map(|person| PreparedPerson {
        person: person.planned.person,
        to: person.to,
        content: person.content,
        callback_data: person.callback_data,
        closes_at: person.closes_at,
    });
    Ok(Prepared { options, people: people.collect() })
}

fn options(message: &Message, edition: EditionId) -> BulkOptions {
    let webhooks = &message.webhooks;
    BulkOptions {
        sender: message.sender.clone(),
        platform: message.platform.clone(),
        validity: message.schedule.validity,
        window: message.schedule.window.clone(),
        campaign_reference_id: message.campaign_reference_id.clone(),
        reports: Reports {
            url: webhooks.url.clone(),
            intermediate_report: webhooks.intermediate_report,
            notify: webhooks.notify,
            content_type: webhooks.content_type,
        },
        speed: message.schedule.speed,
        edition,
    }
}
