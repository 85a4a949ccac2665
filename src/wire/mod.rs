//! The gateway's API as types: `POST /instagram/1/messages`, `GET /instagram/1/reports` and
//! `GET /instagram/1/logs`, with the limits that the API's page states. Nothing here sends or decides anything.

pub mod address;
pub(crate) mod bytes;
pub mod cell;
pub mod channel;
pub mod channel_rate;
pub mod choices;
pub mod content;
pub mod error;
pub mod limits;
pub mod names;
pub mod options;
pub mod overview;
pub mod request;
pub mod response;
pub mod said;
pub mod sandbox_limits;
pub mod sandbox_time;
pub mod time;
pub mod visible;

/// The path of the send operation.
pub const MESSAGES_PATH: &str = "/instagram/1/messages";
/// The path of the delivery reports.
pub const REPORTS_PATH: &str = "/instagram/1/reports";
/// The path of the logs.
pub const LOGS_PATH: &str = "/instagram/1/logs";
/// The header in which the sandbox's logs say until when messages that were asked for may wait for their turns at its
/// channel, as an instant of RFC 3339; absent if none does.
pub const SANDBOX_CHANNEL_HEADER: &str = "x-sendform-sandbox-channel-until";
/// The header by which the sandbox says that it is none but the sandbox; no gateway sends it.
pub const SANDBOX_HEADER: &str = "x-sendform-sandbox";
