//! When rejections end a message, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::pattern;

/// When rejections end a message: if the gateway rejects more than this share of the people whom it has
/// answered, over the whole ledger, nothing more of the message's revision is sent until somebody accepts
/// the number.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopAfter {
    /// The share that may be rejected, in whole percent; `100%` never ends a message. Default: `10%`.
    #[serde(default = "share")]
    #[schemars(regex(pattern = pattern::PERCENT), example = &"10%")]
    pub share: String,
    /// From how many answered people on it is judged. Until then one request is in flight at a time, for at
    /// most so many people. 1 to 1000000. Default: 200.
    #[serde(default = "of")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub of: u32,
}

impl Default for StopAfter {
    fn default() -> Self {
        Self { share: share(), of: of() }
    }
}

fn share() -> String {
    "10%".to_owned()
}

const fn of() -> u32 {
    200
}
