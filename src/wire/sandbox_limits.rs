//! How far the settings of a sandbox go, on its command line and in the project file alike.

/// How many of its seconds pass in a second, at most.
pub const SPEED_MAX: u32 = 1_000_000;
/// The largest body of a request that can be allowed, in MiB.
pub const BODY_MEBIBYTES_MAX: u16 = 1024;
/// The longest time that a messageId is remembered, in hours; the shortest is a second.
pub const DUPLICATE_MEMORY_HOURS_MAX: i64 = 720;
/// The longest time that a part of a try to post can be given, in hours.
pub const WEBHOOK_TIMEOUT_HOURS_MAX: i64 = 1;
/// The longest time that the channel can be set to take, in hours: the longest validity of a message. The shortest is a
/// second.
pub const LATENCY_HOURS_MAX: i64 = 48;
/// How many delivery reports can be posted together, at most.
pub const BATCH_MAX: u16 = 1000;
/// The longest name under which it is reached, in characters.
pub const HOST_CHARS_MAX: usize = 253;
/// The longest fault, in characters.
pub const FAULT_CHARS_MAX: usize = 300;
/// The longest URL to which it posts, in characters.
pub const WEBHOOK_URL_CHARS_MAX: usize = 2048;
