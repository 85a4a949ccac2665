//! Where pushes go, and how long they may take.

use std::str::FromStr;
use std::time::Duration;

use crate::sandbox::model::webhook::batch::REPORTS_MAX;
use crate::sandbox::model::webhook::reach::PushReach;
use crate::timing::read_duration_in;
use crate::wire::sandbox_limits::WEBHOOK_TIMEOUTS;

/// Where pushes go, and how long they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// How far pushes may go.
    pub reach: PushReach,
    /// Where reports of messages go that name no URL of their own.
    pub account_url: Option<String>,
    /// Where goes what people write.
    pub inbound_url: Option<String>,
    /// How many reports go together at most.
    pub batch: usize,
    /// How much real time connecting may take.
    pub connect: Duration,
    /// How much real time a try may take in all, until the head of the answer.
    pub answer: Duration,
}

/// How long a part of a try may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushTimeout {
    /// Connecting.
    Connect(Duration),
    /// All of it, until the head of the answer.
    Answer(Duration),
}

impl FromStr for PushTimeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither `connect=TIME` nor `answer=TIME`, such as `answer=5s`");
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let part = match name {
            "connect" => Self::Connect,
            "answer" => Self::Answer,
            _ => return Err(wrong()),
        };
        let time = read_duration_in(value, &WEBHOOK_TIMEOUTS).map_err(|wrong| wrong.to_string())?;
        Duration::try_from(time).map(part).map_err(|error| error.to_string())
    }
}

impl WebhookSettings {
    /// Lets a part of a try take so long.
    pub const fn set(&mut self, timeout: PushTimeout) {
        match timeout {
            PushTimeout::Connect(time) => self.connect = time,
            PushTimeout::Answer(time) => self.answer = time,
        }
    }
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            reach: PushReach::ThisMachineAnd(Vec::new()),
            account_url: None,
            inbound_url: None,
            batch: REPORTS_MAX,
            connect: Duration::from_secs(10),
            answer: Duration::from_mins(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_says_how_long() {
        let mut settings = WebhookSettings::default();
        for text in ["connect=200ms", "answer=1m 30s"] {
            settings.set(text.parse().unwrap());
        }
        assert_eq!((settings.connect, settings.answer), (Duration::from_millis(200), Duration::from_secs(90)));
        for wrong in ["5s", "connect", "answer=", "answer=0s", "answer=61m", "answer=5", "read=5s", "answer=-5s"] {
            assert!(wrong.parse::<PushTimeout>().is_err(), "{wrong}");
        }
    }
}
