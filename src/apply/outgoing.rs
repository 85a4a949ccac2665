//! The request of a bulk, as bytes.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;

use super::prepared::{BulkOptions, PreparedPerson, Reports};
use super::work::PreparedBulk;
use crate::identity::{BulkId, MessageId};
use crate::wire::request::{
    Delivery, Destination, Message, MessageOptions, Request, RequestOptions, Schedule, Webhooks,
};

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
    prepared_bulk: &PreparedBulk,
    bulk: &BulkId,
    send_at: Option<Timestamp>,
) -> Result<Outgoing, serde_json::Error> {
    let options = &*prepared_bulk.options;
    let request = Request {
        messages: prepared_bulk.people.iter().map(|recipient| message(prepared_bulk, options, recipient)).collect(),
        options: RequestOptions {
            schedule: Schedule { bulk_id: Some(bulk.to_string().into()), send_at, sending_speed_limit: options.speed },
        },
    };
    let mut body =
        Vec::with_capacity(prepared_bulk.people.iter().map(|recipient| recipient.content.bytes() + 400).sum());
    serde_json::to_writer(&mut body, &request)?;
    Ok(Outgoing { bulk: bulk.clone(), body: body.into() })
}

fn message<'a>(prepared_bulk: &PreparedBulk, options: &'a BulkOptions, recipient: &'a PreparedPerson) -> Message<'a> {
    let id = MessageId {
        message: prepared_bulk.message.clone(),
        revision: prepared_bulk.revision,
        person: recipient.person,
    };
    Message {
        sender: options.sender.as_str().into(),
        destinations: vec![Destination { to: (&recipient.to).into(), message_id: Some(id.to_string().into()) }],
        content: recipient.content.as_ref().map(|_, text| text.into()),
        options: MessageOptions {
            platform: options.platform.as_ref().map(Cow::Borrowed),
            validity_period: options.validity,
            delivery_time_window: options.window.as_ref().map(Cow::Borrowed),
            campaign_reference_id: options.campaign_reference_id.as_deref().map(Cow::Borrowed),
        },
        webhooks: webhooks(&options.reports, recipient.callback_data.as_deref()),
    }
}

fn webhooks<'a>(reports: &'a Reports, callback_data: Option<&'a str>) -> Webhooks<'a> {
    let Reports { url, intermediate_report, notify, content_type } = reports;
    let asked = url.is_some() || intermediate_report.is_some() || notify.is_some();
    let delivery =
        Delivery { url: url.as_deref().map(Cow::Borrowed), intermediate_report: *intermediate_report, notify: *notify };
    Webhooks {
        delivery: asked.then_some(delivery),
        content_type: *content_type,
        callback_data: callback_data.map(Cow::Borrowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::simulation::world::prepared_bulk;
    use crate::identity::BulkTime;
    use crate::wire::options::{
        Day, DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, SpeedUnit, ValidityPeriod, ValidityUnit,
    };

    #[test]
    fn every_option_is_written() {
        let mut prepared_bulk = prepared_bulk(BulkTime::Start(0), 1);
        let sender = prepared_bulk.options.sender.clone();
        prepared_bulk.people[0].callback_data = Some("c-1".to_owned());
        prepared_bulk.options = std::sync::Arc::new(BulkOptions {
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
            edition: prepared_bulk.options.edition.clone(),
        });
        let bulk = prepared_bulk.bulk_id(&prepared_bulk.persons());
        let request = write(&prepared_bulk, &bulk, Some(Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(format!("{request:?}"), format!("Outgoing({bulk}, {} bytes)", request.body().len()));
        insta::assert_snapshot!(String::from_utf8_lossy(request.body()), @r#"{"messages":[{"sender":"OFFICIAL-ACCOUNT-ID-123","destinations":[{"to":"17840","messageId":"spring-sale.announce.r1.0000000000000000"}],"content":{"type":"TEXT","text":"Hi!"},"options":{"platform":{"entityId":"promo"},"validityPeriod":{"amount":24,"timeUnit":"HOURS"},"deliveryTimeWindow":{"days":["MONDAY"]},"campaignReferenceId":"spring-sale"},"webhooks":{"delivery":{"url":"https://hooks.example.com/dlr","intermediateReport":true,"notify":true},"contentType":"application/json","callbackData":"c-1"}}],"options":{"schedule":{"bulkId":"spring-sale.announce.r1.d2c9055b7f427bb3","sendAt":"1970-01-01T00:00:00.000+0000","sendingSpeedLimit":{"amount":600,"timeUnit":"MINUTE"}}}}"#);
    }
}
