//! The values that the flags of `sandbox` take: what the project file takes under the same name, and no more.

use std::ops::RangeInclusive;

use jiff::SignedDuration;

use crate::sandbox::auth::{AuthScheme, Credential, CredentialError};
use crate::timing::read_duration_in;
use crate::wire::address::is_host;
use crate::wire::sandbox_limits::{
    BATCH_MAX, BODY_MEBIBYTES_MAX, DUPLICATE_MEMORIES, FAULT_CHARS_MAX, HOST_CHARS_MAX, LATENCIES, SPEED_MAX,
    WEBHOOK_URL_CHARS_MAX,
};

/// How fast its clock may run.
pub(super) const SPEEDS: RangeInclusive<i64> = 1..=SPEED_MAX as i64;
/// How many reports may be posted together.
pub(super) const BATCHES: RangeInclusive<i64> = 1..=BATCH_MAX as i64;
/// How large a body may be, in MiB.
pub(super) const BODIES: RangeInclusive<i64> = 1..=BODY_MEBIBYTES_MAX as i64;

/// Reads how long a messageId is remembered.
pub(super) fn memory(text: &str) -> Result<SignedDuration, String> {
    read_duration_in(text, &DUPLICATE_MEMORIES).map_err(|wrong| wrong.to_string())
}

/// Reads how long the channel takes to answer, as milliseconds.
pub(super) fn latency(text: &str) -> Result<u32, String> {
    let latency = read_duration_in(text, &LATENCIES).map_err(|wrong| wrong.to_string())?;
    Ok(u32::try_from(latency.as_millis()).expect("48 hours are fewer milliseconds than that"))
}

/// Reads an API key: what a rules file takes as a secret, and no more.
pub(super) fn api_key(text: &str) -> Result<Credential, CredentialError> {
    Credential::read(AuthScheme::App, text.to_owned(), None)
}

/// Reads a name under which it is reached.
pub(super) fn host(text: &str) -> Result<String, String> {
    let name = bounded(text, HOST_CHARS_MAX)?;
    if is_host(&name) { Ok(name) } else { Err("not the name of a host alone, such as `gateway.test`".to_owned()) }
}

/// Reads a fault; what it says is looked at later.
pub(super) fn fault(text: &str) -> Result<String, String> {
    bounded(text, FAULT_CHARS_MAX)
}

/// Reads a URL to which it posts; what it says is looked at later.
pub(super) fn webhook(text: &str) -> Result<String, String> {
    bounded(text, WEBHOOK_URL_CHARS_MAX)
}

fn bounded(text: &str, chars_max: usize) -> Result<String, String> {
    match text.chars().count() {
        0 => Err("it is empty".to_owned()),
        count if count > chars_max => Err(format!("it has {count} characters, and at most {chars_max} are taken")),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::args::Arguments;
    use crate::campaign::read_project;
    use crate::diagnostic::Source;

    /// Whether a setting is taken: by its flag, and by the project file.
    fn taken(flag: &str, key: &str, value: &str) -> [bool; 2] {
        let words = ["sendform", "sandbox", flag, value].map(OsString::from);
        let is_list = ["hosts", "faults"].contains(&key);
        let is_number =
            !is_list && !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let quoted = if is_number { value.to_owned() } else { format!("\"{value}\"") };
        let quoted = if is_list { format!("[{quoted}]") } else { quoted };
        let file = format!("project: acme\nsandbox:\n  {key}: {quoted}\n");
        let read = read_project(&Source::new("sendform.yaml", file.as_str()));
        [Arguments::read(words).is_ok(), !read.diagnostics.has_errors()]
    }

    #[test]
    fn a_flag_and_the_project_file_take_the_same_from_the_lowest_to_the_highest_and_nothing_beyond() {
        let long = |begin: &str, count: usize| format!("{begin}{}", "a".repeat(count - begin.len()));
        let webhook = "http://127.0.0.1/";
        for (flag, key, good, bad) in [
            ("--speed", "speed", ["1".to_owned(), "1000000".to_owned()], ["0".to_owned(), "1000001".to_owned()]),
            ("--body-max", "bodyMax", ["1".to_owned(), "1024".to_owned()], ["0".to_owned(), "1025".to_owned()]),
            (
                "--logs-per-minute",
                "logsPerMinute",
                ["0".to_owned(), u32::MAX.to_string()],
                ["-1".to_owned(), (u64::from(u32::MAX) + 1).to_string()],
            ),
            (
                "--duplicate-memory",
                "duplicateMemory",
                ["1ms".to_owned(), "720h".to_owned()],
                ["0s".to_owned(), "720h 1ms".to_owned()],
            ),
            (
                "--duplicate-memory",
                "duplicateMemory",
                ["30d".to_owned(), "48h".to_owned()],
                ["31d".to_owned(), "x".to_owned()],
            ),
            ("--latency", "latency", ["0s".to_owned(), "48h".to_owned()], ["-1ms".to_owned(), "48h 1ms".to_owned()]),
            ("--latency", "latency", ["1.5s".to_owned(), "PT1H".to_owned()], ["1us".to_owned(), "x".to_owned()]),
            ("--latency", "latency", ["1h 30m".to_owned(), "200ms".to_owned()], [String::new(), "5s 5s".to_owned()]),
            (
                "--channel-rate",
                "channelRate",
                ["1/s".to_owned(), "1000000/h".to_owned()],
                ["0/s".to_owned(), "1000001/h".to_owned()],
            ),
            (
                "--channel-rate",
                "channelRate",
                ["600/m".to_owned(), "20/s".to_owned()],
                ["20".to_owned(), "20/d".to_owned()],
            ),
            ("--batch", "batch", ["1".to_owned(), "1000".to_owned()], ["0".to_owned(), "1001".to_owned()]),
            (
                "--seed",
                "seed",
                ["0".to_owned(), u32::MAX.to_string()],
                ["-1".to_owned(), (u64::from(u32::MAX) + 1).to_string()],
            ),
            ("--price", "price", ["0 EUR".to_owned(), "999999.99999 USD".to_owned()], [String::new(), "1".to_owned()]),
            (
                "--price",
                "price",
                ["0.15 EUR".to_owned(), "00.0 EUR".to_owned()],
                ["1 eur".to_owned(), "1e3 EUR".to_owned()],
            ),
            (
                "--price",
                "price",
                ["1 CHF".to_owned(), "000001 EUR".to_owned()],
                ["1000000 EUR".to_owned(), "0.123456 EUR".to_owned()],
            ),
            (
                "--conversations",
                "conversations",
                ["open".to_owned(), "tracked".to_owned()],
                ["Open".to_owned(), "closed".to_owned()],
            ),
            (
                "--validity-from",
                "validityFrom",
                ["sendAt".to_owned(), "turn".to_owned()],
                ["sendat".to_owned(), "now".to_owned()],
            ),
            ("--host", "hosts", ["a".to_owned(), long("", 253)], [String::new(), long("", 254)]),
            (
                "--host",
                "hosts",
                ["gateway.test".to_owned(), "192.0.2.1".to_owned()],
                ["http://x".to_owned(), "gateway.test:8025".to_owned()],
            ),
            ("--with", "faults", ["500".to_owned(), long("reject=", 300)], [String::new(), long("reject=", 301)]),
            (
                "--account-webhook",
                "accountWebhook",
                [webhook.to_owned(), long(webhook, 2048)],
                [String::new(), long(webhook, 2049)],
            ),
            (
                "--inbound-webhook",
                "inboundWebhook",
                [webhook.to_owned(), long(webhook, 2048)],
                [String::new(), long(webhook, 2049)],
            ),
        ] {
            for (values, expect) in [(good, true), (bad, false)] {
                for value in values {
                    assert_eq!(taken(flag, key, &value), [expect; 2], "{flag} {key} {value}");
                }
            }
        }
    }

    #[test]
    fn a_part_of_a_try_is_given_the_same_times_on_the_line_and_in_the_file() {
        for part in ["connect", "answer"] {
            for (time, expect) in
                [("1ms", true), ("1.5s", true), ("1h", true), ("0s", false), ("1h 1ms", false), ("5", false)]
            {
                let words = ["sendform", "sandbox", "--webhook-timeout", &format!("{part}={time}")].map(OsString::from);
                let file = format!("project: acme\nsandbox: {{ webhookTimeouts: {{ {part}: \"{time}\" }} }}\n");
                let read = read_project(&Source::new("sendform.yaml", file.as_str()));
                let taken = [Arguments::read(words).is_ok(), !read.diagnostics.has_errors()];
                assert_eq!(taken, [expect; 2], "{part} {time}");
            }
        }
    }
}
