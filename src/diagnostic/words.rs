//! Numbers and lists in words, for diagnostics and reports: the one place that knows how to count.

/// Writes a number with a comma between thousands: `12,000`.
#[must_use]
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Reads a whole number as a person types or copies it: digits only, or with `,` or `_` between
/// thousands, `12,000`. Everything else, a sign too, is no number.
#[must_use]
pub fn read_number(text: &str) -> Option<u64> {
    let mut groups = text.split([',', '_']);
    let first = groups.next()?;
    let is_grouped = first.len() < text.len();
    let is_whole = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let has_form = is_whole(first)
        && (!is_grouped || first.len() <= 3)
        && groups.all(|group| group.len() == 3 && is_whole(group))
        && !(text.contains(',') && text.contains('_'));
    has_form.then(|| text.replace([',', '_'], "").parse().ok()).flatten()
}

/// Writes a count of things: `1 message`, `12,000 messages`. Takes the word for one; the plural of
/// `person` is `people`, of `bulk` `bulks`, of `reply` `replies`.
#[must_use]
pub fn plural(count: u64, one: &str) -> String {
    let count_text = number(count);
    if count == 1 { format!("{count_text} {one}") } else { format!("{count_text} {}", many(one)) }
}

fn many(one: &str) -> String {
    if let Some(stem) = one.strip_suffix("person") {
        return format!("{stem}people");
    }
    let vowel_before_y = ["ay", "ey", "oy", "uy"].iter().any(|end| one.ends_with(end));
    match one.strip_suffix('y') {
        Some(stem) if !vowel_before_y => format!("{stem}ies"),
        _ if ["s", "x", "ch", "sh"].iter().any(|end| one.ends_with(end)) => format!("{one}es"),
        _ => format!("{one}s"),
    }
}

/// Writes a list: `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn list<T: AsRef<str>>(items: &[T]) -> String {
    let Some((last, others)) = items.split_last() else { return String::new() };
    let others: Vec<&str> = others.iter().map(AsRef::as_ref).collect();
    if others.is_empty() { last.as_ref().to_owned() } else { format!("{} and {}", others.join(", "), last.as_ref()) }
}

/// Whether a text has an address in it, or as many digits as a number that may be somebody's.
#[must_use]
pub fn is_address_or_number(text: &str) -> bool {
    const DIGITS: usize = 6;
    text.contains('@') || text.chars().filter(char::is_ascii_digit).count() >= DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let check = |count: u64, expect: &str| assert_eq!(number(count), expect);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(12_000, "12,000");
        check(123_456, "123,456");
        check(1_000_000, "1,000,000");
        check(u64::MAX, "18,446,744,073,709,551,615");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for count in [0, 7, 999, 1_000, 12_000, 123_456, 1_000_000, u64::MAX] {
            assert_eq!(read_number(&number(count)), Some(count));
            assert_eq!(read_number(&number(count).replace(',', "_")), Some(count));
            assert_eq!(read_number(&count.to_string()), Some(count));
        }
        for text in
            ["", "+5", "-5", " 5", "5 ", "5,", ",5", "1,0", "1,,000", "1000,000", "1_000,000", "5.0", "٥", "0x5"]
        {
            assert_eq!(read_number(text), None, "{text}");
        }
        assert_eq!(read_number("18446744073709551616"), None);
    }

    #[test]
    fn words_follow_their_number() {
        let check = |count: u64, one: &str, expect: &str| assert_eq!(plural(count, one), expect);
        check(0, "message", "0 messages");
        check(1, "message", "1 message");
        check(12_000, "message", "12,000 messages");
        check(2, "person", "2 people");
        check(2, "missing person", "2 missing people");
        check(2, "reply", "2 replies");
        check(2, "day", "2 days");
        check(2, "address", "2 addresses");
        check(2, "match", "2 matches");
    }

    #[test]
    fn lists_end_in_and() {
        let check = |items: &[&str], expect: &str| assert_eq!(list(items), expect);
        check(&[], "");
        check(&["a"], "a");
        check(&["a", "b"], "a and b");
        check(&["a", "b", "c"], "a, b and c");
    }
}
