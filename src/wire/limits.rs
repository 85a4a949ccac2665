//! Limits, from the API's page unless another source is named.

/// The longest text of a message, in characters.
pub const TEXT_CHARS_MAX: usize = 1000;
/// The longest text of a message, in bytes of UTF-8, from the channel's pages.
pub const TEXT_BYTES_MAX: usize = 1000;
/// The longest address of an image that is a message of its own, in characters.
pub const IMAGE_URL_CHARS_MAX: usize = 1000;
/// The longest title or subtitle of a card, in characters.
pub const CARD_TEXT_CHARS_MAX: usize = 80;
/// How many cards a carousel may have, at most.
pub const CARDS_MAX: usize = 10;
/// How many buttons a card may have.
pub const BUTTONS_MAX: usize = 3;
/// The longest messageId, in characters.
pub const MESSAGE_ID_CHARS_MAX: usize = 200;
/// The longest bulkId, in characters.
pub const BULK_ID_CHARS_MAX: usize = 100;
/// The longest entityId or applicationId, in characters.
pub const PLATFORM_ID_CHARS_MAX: usize = 255;
/// The longest campaignReferenceId, in characters.
pub const CAMPAIGN_REFERENCE_ID_CHARS_MAX: usize = 255;
/// The longest callbackData, in characters.
pub const CALLBACK_DATA_CHARS_MAX: usize = 4000;
/// The largest amount of a unit of time: of a validity period, or of messages in one.
pub const AMOUNT_MAX: u32 = 2_147_483_647;
/// The last hour of a day.
pub const HOUR_MAX: u8 = 23;
/// The last minute of an hour.
pub const MINUTE_MAX: u8 = 59;
/// The shortest delivery window that has both ends, in minutes.
pub const WINDOW_MINUTES_MIN: u32 = 60;
/// The longest validity; a longer one is cut to it by the gateway.
pub const VALIDITY_HOURS_MAX: u32 = 48;
/// How far ahead a message may be scheduled, in days.
pub const SCHEDULE_DAYS_MAX: u32 = 180;
/// How long the logs go back, in hours.
pub const LOGS_HOURS: u32 = 48;
/// How many logs one page may hold.
pub const LOGS_PAGE_MAX: u32 = 1000;
/// How many logs a page holds if nothing is said.
pub const LOGS_PAGE_DEFAULT: u32 = 50;
/// The longest list of ids in a query of the logs, in characters.
pub const LOGS_IDS_CHARS_MAX: usize = 2048;
/// How many requests to the logs an account may make in a minute.
pub const LOGS_REQUESTS_PER_MINUTE: u32 = 120;
