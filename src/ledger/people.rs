//! People as text: base64 of their 8-byte big-endian numbers, in ascending order.

use data_encoding::BASE64;

use crate::identity::Person;

/// Writes people.
pub(super) fn encode(people: impl ExactSizeIterator<Item = Person>) -> String {
    let mut bytes = Vec::with_capacity(people.len() * 8);
    for person in people {
        bytes.extend_from_slice(&person.0.to_be_bytes());
    }
    BASE64.encode(&bytes)
}

/// Reads people; `None` if the text is not base64, or not of whole numbers in ascending order.
pub(super) fn decode(text: &str) -> Option<Vec<Person>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let (numbers, rest) = bytes.as_chunks::<8>();
    let people: Vec<Person> = numbers.iter().map(|number| Person(u64::from_be_bytes(*number))).collect();
    (rest.is_empty() && is_ascending(&people)).then_some(people)
}

/// Whether people are in ascending order, and nobody is there twice.
pub(super) fn is_ascending(people: &[Person]) -> bool {
    people.is_sorted_by(|one, next| one < next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read_as_written_and_only_so() {
        let people = vec![Person(0), Person(1), Person(u64::MAX)];
        let text = encode(people.iter().copied());
        assert_eq!(text, "AAAAAAAAAAAAAAAAAAAAAf//////////");
        assert_eq!(decode(&text), Some(people));
        assert_eq!(decode(""), Some(Vec::new()));
        let twice = encode([Person(7), Person(7)].into_iter());
        let disordered = encode([Person(8), Person(7)].into_iter());
        for bad in [twice.as_str(), &disordered, "AAAA", "AAAAAAAAAAA", "*"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
