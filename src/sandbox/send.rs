//! `POST /instagram/1/messages`.

use axum::body::Bytes;
use axum::http::StatusCode;

use super::answer::Answer;
use super::clock::ClockHold;
use super::error::SandboxError;
use super::events::SandboxEventKind;
use super::faults::{Corruption, FaultPlan};
use super::journal::entry::BulkTaken;
use super::model::bulk::{AcceptedBulk, BulkHeader, LogSpan};
use super::model::check::{CheckedRequest, Rules, check};
use super::model::message::SendTiming;
use super::model::{answer, ids, status};
use super::state::SandboxState;
use super::store::{NewBulk, Receipt};
use crate::wire::choices::Duplicates;

/// Takes a send in: checks it, keeps it, answers it.
pub(super) async fn take_in(sandbox: &SandboxState, body: &Bytes, fault_plan: &FaultPlan) -> Answer {
    let hold = sandbox.hold_for_postman();
    let now = hold.as_ref().map_or_else(|| sandbox.now(), ClockHold::at);
    let choices = sandbox.options().choices;
    let request = match check(body, &Rules { now, choices, invalid: &fault_plan.invalid }) {
        Ok(request) => request,
        Err(found) => return Answer::refusal(found),
    };
    let mut recipients = request.table.messages.iter().map(|message| &message.to);
    if recipients.any(|recipient| fault_plan.invalid_unnamed.iter().any(|to| to == recipient)) {
        return Answer::bad_request(&answer::bad_request(Vec::new()));
    }
    let sequence = sandbox.sequence();
    let mut bulk = bulk(request, (now, sequence), fault_plan);
    match keep(sandbox, &bulk, (body, sequence), hold).await {
        Ok(receipt) => {
            bulk.header.number = receipt.number;
            bulk.rejected = receipt.rejected;
            respond(&bulk, fault_plan).of_bulk(taken(&bulk.header, bulk.rejected.len()))
        }
        Err(error) => sandbox.failed(StatusCode::INTERNAL_SERVER_ERROR, &error),
    }
}

/// Makes a bulk of a request: with ids where it has none, and with its rejections.
fn bulk<'a>(
    CheckedRequest { mut table, schedule }: CheckedRequest<'a>,
    (now, sequence): (jiff::Timestamp, u64),
    fault_plan: &FaultPlan,
) -> AcceptedBulk<'a> {
    let pace = SendTiming::from(&schedule);
    let bulk_id = schedule.bulk_id.map_or_else(|| ids::bulk_id(now, sequence), Into::into);
    ids::fill(&mut table, &bulk_id, sequence);
    let rejected = table.messages.iter().enumerate().filter_map(|(position, message)| {
        let missing = message.to.trim().is_empty().then_some(status::MISSING_TO);
        let asked = || fault_plan.rejects.iter().find_map(|reject| reject.status(&message.to, &message.message_id));
        missing.or_else(asked).map(|status| (position, status))
    });
    let rejected = rejected.collect();
    let count = u64::try_from(table.messages.len()).unwrap_or(u64::MAX);
    let header = BulkHeader { number: i64::MAX, bulk_id, accepted_at: now, pace, count, logged: LogSpan::default() };
    AcceptedBulk { header, table, rejected }
}

/// Keeps a bulk and tells of it, to the end even if the client goes away meanwhile.
async fn keep(
    sandbox: &SandboxState,
    bulk: &AcceptedBulk<'_>,
    body: (&[u8], u64),
    hold: Option<ClockHold>,
) -> Result<Receipt, SandboxError> {
    let closed = || SandboxError::Closed { path: sandbox.books_path().to_owned() };
    let memory = match sandbox.options().choices.duplicates {
        Duplicates::Accept => None,
        Duplicates::Reject => Some(sandbox.options().duplicate_memory),
    };
    let entry = NewBulk::new(bulk, &sandbox.store().inputs(), body, memory);
    let (sandbox_of_task, mut header) = (sandbox.clone(), bulk.header.clone());
    let postman = sandbox.postman().filter(|postman| postman.wants(bulk)).cloned();
    let hold = hold.filter(|_| postman.is_some());
    let task = tokio::spawn(async move {
        let receipt = sandbox_of_task.store().accept(entry).await?;
        if let Some(postman) = postman {
            postman.accepted(receipt.number, hold);
        }
        header.number = receipt.number;
        let taken = taken(&header, receipt.rejected.len());
        sandbox_of_task.count_books();
        sandbox_of_task.tell(|| SandboxEventKind::Accepted(taken));
        Ok(receipt)
    });
    task.await.map_err(|_| closed())?
}

/// What the journal has of a bulk of whose messages so many were rejected.
fn taken(header: &BulkHeader, rejected: usize) -> BulkTaken {
    let rejected = u64::try_from(rejected).unwrap_or_default();
    BulkTaken {
        number: header.number,
        bulk_id: header.bulk_id.clone(),
        accepted: header.count.saturating_sub(rejected),
        rejected,
    }
}

fn respond(bulk: &AcceptedBulk<'_>, fault_plan: &FaultPlan) -> Answer {
    let mut response = answer::accepted(bulk);
    for corruption in &fault_plan.corruptions {
        match corruption {
            Corruption::OtherBulkId => response.bulk_id = "another-bulk",
            Corruption::MissingMessages(count) => {
                response.messages.truncate(response.messages.len().saturating_sub(*count));
            }
            Corruption::Cut | Corruption::Garbage | Corruption::Empty => {}
        }
    }
    Answer::large(&response, response.messages.len() * answer::MESSAGE_BYTES)
}
