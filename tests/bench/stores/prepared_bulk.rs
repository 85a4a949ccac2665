//! The bulks, and what they say: made up from the number of a person, so that no source is measured.

use std::collections::BTreeMap;
use std::convert::Infallible;

use sendform::apply::{BulkOptions, Prepare, Prepared, PreparedPerson, Reports};
use sendform::audience::RowAt;
use sendform::identity::{BulkTime, ContentDigest, MessageKey, Person, Revision, SenderId};
use sendform::ledger::EditionId;
use sendform::plan::{Bulk, Recipient};
use sendform::wire::content::Content;

const BULK: u64 = 1000;

/// Bulks to so many people.
pub(crate) fn bulks(people: u64) -> Vec<Bulk> {
    let recipient = |number| Recipient { person: person(number), content: ContentDigest(number), row: RowAt(number) };
    let bulk = |first: u64| Bulk {
        message: MessageKey::parse("sale.announce").unwrap(),
        revision: Revision::new(1).unwrap(),
        time: BulkTime::Start(0),
        send_at: None,
        until: None,
        recipients: (first..(first + BULK).min(people)).map(recipient).collect(),
    };
    (0..people).step_by(1000).map(bulk).collect()
}

/// A person as a fingerprint would be: spread over all numbers, and nobody twice.
fn person(number: u64) -> Person {
    Person(number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Says fifty bytes to everybody.
#[derive(Debug)]
pub(crate) struct Letters;

impl Prepare for Letters {
    type Error = Infallible;

    async fn prepare(&self, bulk: &Bulk) -> Result<Prepared, Infallible> {
        let recipient = |recipient: &Recipient| PreparedPerson {
            person: recipient.person,
            to: format!("178414{:011}", recipient.row.0),
            content: Content::Text { text: format!("Hi {:011}, the spring sale is on in our shop!", recipient.row.0) },
            callback_data: None,
            closes_at: None,
        };
        let options = BulkOptions {
            sender: SenderId::parse("SHOP-ACCOUNT").unwrap(),
            platform: None,
            validity: None,
            window: None,
            campaign_reference_id: None,
            reports: Reports::default(),
            speed: None,
            edition: EditionId::of("Hi", &BTreeMap::new()),
        };
        Ok(Prepared { options, people: bulk.recipients.iter().map(recipient).collect() })
    }
}
