//! Ids that the sandbox makes where a request has none, in the shapes that the API's have.

use std::borrow::Cow;

use jiff::Timestamp;

use super::hash::{hash, mix};
use super::message::MessageTable;

/// Makes a bulkId of 19 digits from the time and a number that is never used twice.
#[must_use]
pub fn bulk_id(now: Timestamp, sequence: u64) -> String {
    format!("{:013}{:06}", now.as_millisecond().rem_euclid(10_000_000_000_000), sequence % 1_000_000)
}

/// Makes the messageIds that a table lacks from the bulkId.
pub fn fill(table: &mut MessageTable<'_>, bulk_id: &str, sequence: u64) {
    let seed = mix(hash(bulk_id.as_bytes()) ^ mix(sequence));
    let mut number = seed;
    for message in table.messages.iter_mut().filter(|message| message.message_id.is_empty()) {
        number = number.wrapping_add(1);
        message.message_id = Cow::Owned(uuid(mix(number), mix(!number)));
    }
}

fn uuid(high: u64, low: u64) -> String {
    let (first, second, third) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
    format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::sandbox::model::message::ReceivedMessage;
    use crate::wire::content::Content;

    #[test]
    fn bulk_ids_have_19_digits() {
        let now = "2026-11-30T12:00:00Z".parse().unwrap();
        assert_eq!(bulk_id(now, 7), "1796040000000000007");
    }

    #[test]
    fn only_missing_message_ids_are_made_and_all_differ() {
        let message = |message_id: &'static str| ReceivedMessage {
            terms: 0,
            to: "1".into(),
            message_id: message_id.into(),
            content: Content::Text { text: "Hi".into() },
            callback_data: None,
        };
        let made = |bulk_id, sequence| {
            let mut table =
                MessageTable { terms: Vec::new(), messages: vec![message("own"), message(""), message("")] };
            fill(&mut table, bulk_id, sequence);
            table.messages.into_iter().map(|message| message.message_id.into_owned()).collect::<Vec<_>>()
        };
        let [one, other, third] = [made("a", 1), made("a", 2), made("b", 1)];
        assert_eq!(one[0], "own");
        assert_eq!(one[1].split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        let all: HashSet<_> = [&one, &other, &third].into_iter().flatten().collect();
        assert_eq!(all.len(), 1 + 6);
    }
}
