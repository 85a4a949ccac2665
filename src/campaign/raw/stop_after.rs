//! When rejections end a message, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{pattern, present};

/// When rejections end a message: if the gateway rejects more than this share of the people whom it has
/// answered, over the whole ledger, nothing more of the message's revision is sent until somebody accepts
/// the number.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StopAfter {
    /// The share that may be rejected, in whole percent; `100%` never ends a message. Default: the project's, which
    /// is `10%` unless it says otherwise.
    #[serde(default, deserialize_with = "present")]
    #[schemars(regex(pattern = pattern::PERCENT), example = &"10%")]
    pub share: Option<String>,
    /// From how many answered people on it is judged. Until then one request is in flight at a time, for at
    /// most so many people. 1 to 1000000. Default: the project's, which is 200 unless it says otherwise.
    #[serde(default, deserialize_with = "present")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub of: Option<u32>,
}
