//! Instants in cells: when a conversation window closes, or when a person wrote last.

use jiff::Timestamp;

/// Reads an instant: RFC 3339, or date and time with a space, with `Z` or an offset. A time
/// without one could be anybody's, and is refused.
#[must_use]
pub fn instant(cell: &str) -> Option<Timestamp> {
    const LENGTH_MAX: usize = 64;
    let cell = cell.trim();
    if cell.len() > LENGTH_MAX || cell.contains('[') {
        return None;
    }
    // `2026-11-30 12:00 +01:00`, as spreadsheets write it.
    match cell.rsplit_once(' ') {
        Some((time, offset)) if offset.starts_with(['+', '-', 'Z']) => format!("{time}{offset}").parse().ok(),
        _ => cell.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_instants_are_read() {
        let check = |cell: &str, expected: Option<&str>| {
            assert_eq!(instant(cell).map(|instant| instant.to_string()).as_deref(), expected, "{cell}");
        };
        check("2026-11-30T12:00:00Z", Some("2026-11-30T12:00:00Z"));
        check(" 2026-11-30T12:00:00.5+01:00 ", Some("2026-11-30T11:00:00.5Z"));
        check("2026-11-30 12:00Z", Some("2026-11-30T12:00:00Z"));
        check("2026-11-30 12:00:30 +0100", Some("2026-11-30T11:00:30Z"));
        check("2026-11-30 12:00 -05:00", Some("2026-11-30T17:00:00Z"));
        check("2026-11-30 12:00", None);
        check("2026-11-30T12:00:00", None);
        check("2026-11-30", None);
        check("1764504000", None);
        check("", None);
        check("30.11.2026 12:00Z", None);
        check("2026-02-30T12:00:00Z", None);
        check("2026-11-30T12:00:00+01:00[Europe/Zagreb]", None);
    }
}
