//! How the channel behind the sandbox behaves as a whole, as far as settings say it: the project file and the command line
//! name it, and rules go beyond.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::channel_rate::ChannelRate;

/// What the validity of a message is counted from; nobody documents it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum ValidityFrom {
    /// From the `sendAt` of its bulk, or its acceptance if that is later.
    #[default]
    SendAt,
    /// From the acceptance of its bulk.
    Acceptance,
    /// From its own turn.
    Turn,
}

/// When a business may write to a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum ConversationRule {
    /// Always.
    #[default]
    Open,
    /// In the 24 hours after a message of that person to that sender.
    Tracked,
}

/// What a message costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChannelPrice {
    /// For each message that leaves.
    pub per_message: f64,
    /// The currency.
    pub currency: String,
}

/// How many digits a price has before and after its point, at most.
const DIGITS_MAX: [usize; 2] = [6, 5];

impl FromStr for ChannelPrice {
    type Err = String;

    /// Reads a price such as `0.15 EUR`.
    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (amount, currency) = text.split_once(' ')?;
            let (whole, part) = amount.split_once('.').unwrap_or((amount, "0"));
            let is_price = [whole, part].into_iter().zip(DIGITS_MAX).all(|(digits, most)| {
                (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
            });
            let is_currency = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
            let per_message = amount.parse().ok().filter(|_| is_price && is_currency)?;
            Some(Self { per_message, currency: currency.to_owned() })
        };
        read().ok_or_else(|| "not a price, such as `0.15 EUR`".to_owned())
    }
}

/// What settings say of the channel; what is absent is as it is without them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChannelSettings {
    /// When a business may write to a person.
    pub conversations: Option<ConversationRule>,
    /// What the validity of a message is counted from.
    pub validity_from: Option<ValidityFrom>,
    /// How many milliseconds the channel takes.
    pub latency_ms: Option<u32>,
    /// What a message costs.
    pub price: Option<ChannelPrice>,
    /// From which the shares of rules come.
    pub seed: Option<u64>,
    /// How fast the channel takes the messages of a sender.
    pub channel_rate: Option<ChannelRate>,
}

#[cfg(test)]
mod tests {
    use super::ChannelPrice;

    #[test]
    fn a_price_is_an_amount_and_a_currency() {
        for (text, amount) in [("0.15 EUR", Some(0.15)), ("2 USD", Some(2.0)), ("00.0 EUR", Some(0.0))] {
            let price = text.parse::<ChannelPrice>();
            assert_eq!(price.ok().map(|price| price.per_message), amount, "{text}");
        }
        for text in [
            "", "EUR", "0.15", "0.15EUR", "-1 EUR", "1e3 EUR", "NaN EUR", ".5 EUR", "5. EUR", "1 eur", "1 EURO",
            "1  EUR",
        ] {
            assert!(text.parse::<ChannelPrice>().is_err(), "{text}");
        }
    }
}
