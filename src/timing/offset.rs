//! Offsets from UTC as people write them where a zone is wanted: `GMT+1`, `UTC-03:30`, `+0200`.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::zone::zone;

/// How people call the meridian in front of an offset, longest first.
const PREFIXES: [&str; 7] = ["utc/gmt", "gmt/utc", "etc/utc", "utc", "gmt", "ut", "z"];

/// Reads an offset in minutes ahead of UTC, in the meaning that everybody but POSIX and the names
/// under `Etc/` gives to its sign. `None` for anything else, and for what no clock is set to.
pub(super) fn parse(text: &str) -> Option<i32> {
    let text = text.to_lowercase().replace(['\u{2212}', '\u{2013}'], "-").replace('\u{b1}', "+");
    let text: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(&text);
    let (named, number) =
        PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).map_or((false, text), |number| (true, number));
    if named && matches!(number, "" | "0" | "00:00") {
        return Some(0);
    }
    let (sign, number) = match (number.strip_prefix('+'), number.strip_prefix('-')) {
        (Some(number), _) => (1, number),
        (_, Some(number)) => (-1, number),
        (None, None) => return None,
    };
    let number = number.strip_suffix("hours").or_else(|| number.strip_suffix('h')).unwrap_or(number);
    let minutes = minutes(number)?;
    let offset = sign * minutes;
    (-12 * 60..=14 * 60).contains(&offset).then_some(offset)
}

/// Reads `1`, `01`, `0130`, `1:30`, `01:30:00`, `5.5` as minutes.
fn minutes(number: &str) -> Option<i32> {
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let is_number = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = match number.split_once([':', '.']) {
        None if number.len() > 2 => {
            let (hours, minutes) = number.split_at_checked(number.len() - 2)?;
            (digits(hours, 1..=2)?, digits(minutes, 2..=2)?)
        }
        None => (digits(number, 1..=2)?, 0),
        Some((hours, "5")) if number.contains('.') => (digits(hours, 1..=2)?, 30),
        Some((hours, "75")) if number.contains('.') => (digits(hours, 1..=2)?, 45),
        Some((hours, minutes)) => {
            (digits(hours, 1..=2)?, digits(minutes.strip_suffix(":00").unwrap_or(minutes), 2..=2)?)
        }
    };
    (minutes < 60).then_some(hours * 60 + minutes)
}

/// Whether a text has a sign and digits behind it, as offsets have, whatever else is in it.
pub(super) fn looks_like_one(text: &str) -> bool {
    let mut before = ' ';
    for char in text.chars().filter(|char| !char.is_whitespace()) {
        if char.is_ascii_digit() && matches!(before, '+' | '-' | '\u{2212}' | '\u{2013}' | '\u{b1}') {
            return true;
        }
        before = char;
    }
    false
}

/// The fixed zone of an offset, if there is one: `Etc/GMT-1` for an hour ahead of UTC.
pub(super) fn fixed_zone(minutes: i32) -> Option<String> {
    match minutes {
        0 => Some("UTC".to_owned()),
        minutes if minutes % 60 == 0 => Some(format!("Etc/GMT{:+}", -minutes / 60)),
        _ => None,
    }
}

/// Writes an offset: `UTC+1`, `UTC-3:30`, `UTC`.
pub(super) fn written(minutes: i32) -> String {
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let sign = if minutes < 0 { '-' } else { '+' };
    match (hours, rest) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    }
}

/// A well-known place whose clocks are at an offset, but for summer time.
pub(super) fn place_at(minutes: i32) -> Option<&'static str> {
    PLACES.iter().find(|(known, _)| *known == minutes).map(|(_, place)| *place)
}

const PLACES: [(i32, &str); 37] = [
    (-660, "Pacific/Pago_Pago"),
    (-600, "Pacific/Honolulu"),
    (-570, "Pacific/Marquesas"),
    (-540, "America/Anchorage"),
    (-480, "America/Los_Angeles"),
    (-420, "America/Denver"),
    (-360, "America/Chicago"),
    (-300, "America/New_York"),
    (-240, "America/Halifax"),
    (-210, "America/St_Johns"),
    (-180, "America/Sao_Paulo"),
    (-120, "America/Nuuk"),
    (-60, "Atlantic/Azores"),
    (0, "Europe/London"),
    (60, "Europe/Zagreb"),
    (120, "Europe/Athens"),
    (180, "Europe/Istanbul"),
    (210, "Asia/Tehran"),
    (240, "Asia/Dubai"),
    (270, "Asia/Kabul"),
    (300, "Asia/Karachi"),
    (330, "Asia/Kolkata"),
    (345, "Asia/Kathmandu"),
    (360, "Asia/Dhaka"),
    (390, "Asia/Yangon"),
    (420, "Asia/Bangkok"),
    (480, "Asia/Singapore"),
    (525, "Australia/Eucla"),
    (540, "Asia/Tokyo"),
    (570, "Australia/Adelaide"),
    (600, "Australia/Sydney"),
    (630, "Australia/Lord_Howe"),
    (660, "Pacific/Noumea"),
    (720, "Pacific/Auckland"),
    (765, "Pacific/Chatham"),
    (780, "Pacific/Tongatapu"),
    (840, "Pacific/Kiritimati"),
];

/// A zone's offsets in minutes in January and in July, by the rules that hold.
pub(super) fn offsets(zone: &TimeZone) -> [i32; 2] {
    /// The middle of January 2030, and of July.
    const MIDDLES: [i64; 2] = [1_894_665_600, 1_910_304_000];
    MIDDLES.map(|second| {
        let offset = Timestamp::from_second(second).map_or(Offset::UTC, |instant| zone.to_offset(instant));
        offset.seconds() / 60
    })
}

/// Whether a place's clocks are at an offset, in winter or in summer.
pub(super) fn agrees(place: &str, minutes: i32) -> bool {
    zone(place).is_some_and(|zone| offsets(&zone).contains(&minutes))
}

/// Whether a zone's clocks are put forward in summer.
pub(super) fn has_summer_time(place: &str) -> bool {
    zone(place).is_some_and(|zone| {
        let [january, july] = offsets(&zone);
        january != july
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_as_people_mean_them() {
        let check = |text: &str, expect: Option<i32>| assert_eq!(parse(text), expect, "{text}");
        for text in ["GMT+1", "UTC+1", "utc +1", "UTC + 01", "+1", "+01", "+0100", "+01:00", "GMT+01:00:00", "(GMT+1)"]
        {
            check(text, Some(60));
        }
        for text in ["GMT-5", "UTC\u{2212}5", "UTC\u{2013}05:00", "-5", "-0500", "-5h", "UTC-5 hours", "UTC/GMT -5"] {
            check(text, Some(-300));
        }
        for text in ["Z", "z", "UTC0", "GMT 0", "UTC+0", "UTC\u{b1}0", "+00:00", "-00:00", "utc"] {
            check(text, Some(0));
        }
        check("UTC+5:30", Some(330));
        check("+0545", Some(345));
        check("UTC+5.5", Some(330));
        check("UTC-9.5", Some(-570));
        check("+14", Some(840));
        check("-12", Some(-720));
        for text in [
            "",
            " ",
            "5",
            "+",
            "+15",
            "-13",
            "+5:60",
            "+5:3",
            "+1:2:3",
            "-480",
            "+123456",
            "UTC1",
            "CET-1",
            "EST5EDT",
            "Etc/GMT+1",
            "Etc/GMT+02",
            "Europe/Zagreb",
            "GMT+1a",
            "+5.3",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_sign_is_reversed_in_the_names_of_fixed_zones() {
        for minutes in (-12..=14).map(|hour| hour * 60) {
            let name = fixed_zone(minutes).unwrap();
            assert_eq!(offsets(&zone(&name).unwrap()), [minutes; 2], "{name}");
        }
        assert_eq!(fixed_zone(60).as_deref(), Some("Etc/GMT-1"));
        assert_eq!(fixed_zone(-300).as_deref(), Some("Etc/GMT+5"));
        assert_eq!(fixed_zone(330), None);
        assert_eq!([written(60), written(-210), written(0)], ["UTC+1", "UTC-3:30", "UTC"]);
    }

    #[test]
    fn places_have_the_offsets_that_they_stand_for() {
        for (minutes, place) in PLACES {
            let [january, july] = offsets(&zone(place).unwrap());
            // Summer time is ahead of the standard one.
            assert_eq!(january.min(july), minutes, "{place}");
            assert_eq!(place_at(minutes), Some(place));
            assert!(agrees(place, minutes));
        }
        assert!(has_summer_time("Europe/Zagreb") && !has_summer_time("Asia/Tokyo"));
    }
}
