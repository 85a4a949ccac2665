//! Where pushes go, and how long they may take.

use std::time::Duration;

use crate::sandbox::model::webhook::reach::PushReach;

/// Where pushes go, and how long they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// How far pushes may go.
    pub reach: PushReach,
    /// Where reports of messages go that name no URL of their own.
    pub account_url: Option<String>,
    /// Where goes what people write.
    pub inbound_url: Option<String>,
    /// How much real time connecting may take.
    pub connect: Duration,
    /// How much real time a try may take in all, until the head of the answer.
    pub answer: Duration,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            reach: PushReach::ThisMachineAnd(Vec::new()),
            account_url: None,
            inbound_url: None,
            connect: Duration::from_secs(10),
            answer: Duration::from_mins(1),
        }
    }
}
