//! A bulk, rendered again and ready to be written down.

use std::fmt;

use jiff::Timestamp;

use crate::identity::{Person, SenderId};
use crate::ledger::EditionId;
use crate::wire::content::Content;
use crate::wire::options::{DeliveryTimeWindow, Platform, ReportType, SendingSpeedLimit, ValidityPeriod};

/// What a bulk says, and to whom.
#[derive(Debug)]
pub struct Prepared {
    /// What all of them have in common.
    pub options: BulkOptions,
    /// The people, in the bulk's order.
    pub people: Vec<PreparedPerson>,
}

/// What all people of a bulk have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkOptions {
    /// The sender.
    pub sender: SenderId,
    /// CPaaS X options.
    pub platform: Option<Platform>,
    /// How long a message is worth delivering.
    pub validity: Option<ValidityPeriod>,
    /// When messages may be delivered.
    pub window: Option<DeliveryTimeWindow>,
    /// The campaign that the messages count to.
    pub campaign_reference_id: Option<String>,
    /// Delivery reports.
    pub reports: Reports,
    /// How fast the gateway sends the bulk; as fast as it can, if absent.
    pub speed: Option<SendingSpeedLimit>,
    /// What the message is as it is now, for the claim.
    pub edition: EditionId,
}

/// Where and which delivery reports go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reports {
    /// The URL.
    pub url: Option<String>,
    /// Whether intermediate ones are wanted; the API's default is false.
    pub intermediate_report: Option<bool>,
    /// Whether they are wanted at all; `None` leaves it to the account.
    pub notify: Option<bool>,
    /// Their format.
    pub content_type: Option<ReportType>,
}

/// One person, and what they get.
#[derive(Clone, PartialEq, Eq)]
pub struct PreparedPerson {
    /// Who.
    pub person: Person,
    /// Their id as the audience has it, trimmed.
    pub to: String,
    /// What they get.
    pub content: Content<String>,
    /// What comes back in their delivery reports.
    pub callback_data: Option<String>,
    /// When their conversation window closes, if that is known: what would leave later is not sent.
    pub closes_at: Option<Timestamp>,
}

impl fmt::Debug for PreparedPerson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PreparedPerson").field("person", &self.person).finish_non_exhaustive()
    }
}
