//! How far the settings of a sandbox go, on its command line, in the project file and in rules alike.

use std::ops::RangeInclusive;

use jiff::SignedDuration;

/// How many of its seconds pass in a second, at most.
pub const SPEED_MAX: u32 = 1_000_000;
/// The largest body of a request that can be allowed, in MiB.
pub const BODY_MEBIBYTES_MAX: u16 = 1024;
/// How long a messageId is remembered.
pub const DUPLICATE_MEMORIES: RangeInclusive<SignedDuration> =
    SignedDuration::from_millis(1)..=SignedDuration::from_hours(720);
/// How long a part of a try to post can take.
pub const WEBHOOK_TIMEOUTS: RangeInclusive<SignedDuration> =
    SignedDuration::from_millis(1)..=SignedDuration::from_hours(1);
/// How long the channel can be set to take: as long as a message can be valid, at most.
pub const LATENCIES: RangeInclusive<SignedDuration> = SignedDuration::ZERO..=SignedDuration::from_hours(48);
/// How many delivery reports can be posted together, at most.
pub const BATCH_MAX: u16 = 1000;
/// The longest name under which it is reached, in characters.
pub const HOST_CHARS_MAX: usize = 253;
/// The longest fault, in characters.
pub const FAULT_CHARS_MAX: usize = 300;
/// The longest URL to which it posts, in characters.
pub const WEBHOOK_URL_CHARS_MAX: usize = 2048;
