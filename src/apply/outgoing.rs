//! The request of a bulk, as bytes.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;

use super::prepared::{BulkOptions, PreparedPerson, Reports};
use super::work::PreparedBulk;
use crate::identity::{BulkId, MessageId};
use crate::wire::request::{
    Delivery, Destination, Message, MessageOptions, Request, RequestOptions, Schedule, Webhooks,
};
use crate::wire::time;

/// A request that is ready to go.
#[derive(Clone)]
pub struct Outgoing {
    bulk: BulkId,
    body: Bytes,
}

impl Outgoing {
    /// The bulk.
    #[must_use]
    pub fn bulk(&self) -> &BulkId {
        &self.bulk
    }

    /// The body, in JSON; a clone of it shares its memory.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// A request of any bytes, to test senders with.
    #[cfg(test)]
    pub(crate) fn of(bulk: BulkId, body: Vec<u8>) -> Self {
        Self { bulk, body: body.into() }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body is full of personal data.
        write!(formatter, "Outgoing({}, {} bytes)", self.bulk, self.body.len())
    }
}

/// Writes the request of a bulk.
pub(super) fn write(
    letters: &PreparedBulk,
    bulk: &BulkId,
    send_at: Option<Timestamp>,
) -> Result<Outgoing, serde_json::Error> {
    let bulk_id = bulk.to_string();
    let envelope = &*letters.envelope;
    let request = Request {
        messages: letters.people.iter().map(|letter| message(letters, envelope, letter)).collect(),
        options: RequestOptions {
            schedule: Schedule {
                bulk_id: &bulk_id,
                send_at: send_at.map(time::write),
                sending_speed_limit: envelope.speed,
            },
        },
    };
    let mut body = Vec::with_capacity(letters.people.iter().map(|letter| letter.content.bytes() + 400).sum());
    serde_json::to_writer(&mut body, &request)?;
    Ok(Outgoing { bulk: bulk.clone(), body: body.into() })
}

fn message<'a>(letters: &PreparedBulk, envelope: &'a BulkOptions, letter: &'a PreparedPerson) -> Message<'a> {
    let id = MessageId { message: letters.message.clone(), revision: letters.revision, person: letter.person };
    Message {
        sender: envelope.sender.as_str(),
        destinations: [Destination { to: &letter.to, message_id: id.to_string() }],
        content: letter.content.as_ref().map(|_, text| text.as_str()),
        options: MessageOptions {
            platform: envelope.platform.as_ref(),
            validity_period: envelope.validity,
            delivery_time_window: envelope.window.as_ref(),
            campaign_reference_id: envelope.campaign_reference_id.as_deref(),
        },
        webhooks: webhooks(&envelope.reports, letter.callback_data.as_deref()),
    }
}

fn webhooks<'a>(reports: &'a Reports, callback_data: Option<&'a str>) -> Webhooks<'a> {
    let Reports { url, intermediate_report, notify, content_type } = reports;
    let asked = url.is_some() || intermediate_report.is_some() || notify.is_some();
    let delivery = Delivery { url: url.as_deref(), intermediate_report: *intermediate_report, notify: *notify };
    Webhooks { delivery: asked.then_some(delivery), content_type: *content_type, callback_data }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::simulation::world::letters;
    use crate::identity::BulkTime;
    use crate::wire::options::{
        Day, DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, SpeedUnit, ValidityPeriod, ValidityUnit,
    };

    #[test]
    fn every_option_is_written() {
        let mut letters = letters(BulkTime::Start(0), 1);
        let sender = letters.envelope.sender.clone();
        letters.people[0].callback_data = Some("c-1".to_owned());
        letters.envelope = std::sync::Arc::new(BulkOptions {
            sender,
            platform: Some(Platform { entity_id: Some("promo".to_owned()), application_id: None }),
            validity: Some(ValidityPeriod { amount: 24, time_unit: ValidityUnit::Hours }),
            window: Some(DeliveryTimeWindow { days: vec![Day::Monday], from: None, to: None }),
            campaign_reference_id: Some("spring-sale".to_owned()),
            reports: Reports {
                url: Some("https://hooks.example.com/dlr".to_owned()),
                intermediate_report: Some(true),
                notify: Some(true),
                content_type: Some(ReportType::Json),
            },
            speed: Some(SendingSpeedLimit { amount: 600, time_unit: SpeedUnit::Minute }),
        });
        let bulk = letters.bulk_id(&letters.persons());
        let request = write(&letters, &bulk, Some(Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(format!("{request:?}"), format!("Outgoing({bulk}, {} bytes)", request.body().len()));
        insta::assert_snapshot!(String::from_utf8_lossy(request.body()), @r#"{"messages":[{"sender":"OFFICIAL-ACCOUNT-ID-123","destinations":[{"to":"17840","messageId":"spring-sale.announce.r1.0000000000000000"}],"content":{"type":"TEXT","text":"Hi!"},"options":{"platform":{"entityId":"promo"},"validityPeriod":{"amount":24,"timeUnit":"HOURS"},"deliveryTimeWindow":{"days":["MONDAY"]},"campaignReferenceId":"spring-sale"},"webhooks":{"delivery":{"url":"https://hooks.example.com/dlr","intermediateReport":true,"notify":true},"contentType":"application/json","callbackData":"c-1"}}],"options":{"schedule":{"bulkId":"spring-sale.announce.r1.d2c9055b7f427bb3","sendAt":"1970-01-01T00:00:00.000+0000","sendingSpeedLimit":{"amount":600,"timeUnit":"MINUTE"}}}}"#);
    }
}
