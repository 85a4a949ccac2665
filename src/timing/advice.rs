//! What to say of a text that is no zone, and of a zone that is likely not meant.
//!
//! The rule is never to name a zone that is valid and wrong: what reads as an offset or as an
//! abbreviation is answered by what it means, and never by how it is spelt.

use super::offset;
use super::zone::zone;
use super::{abbreviation, foreign, place};

/// Cause and cure, as lowercase fragments without the text that they are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneAdvice {
    /// What is wrong with it.
    pub why: String,
    /// What to write instead.
    pub cure: String,
}

impl ZoneAdvice {
    fn new(why: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { why: why.into(), cure: cure.into() }
    }
}

/// What to write where nothing better is known.
const FORM: &str = "zones have names such as `Europe/Zagreb` or `UTC`";
const UNKNOWN: &str = "there is no such time zone in the IANA database";

/// Explains a text that [`zone`] does not know.
#[must_use]
pub fn no_zone(text: &str) -> ZoneAdvice {
    let text = text.trim();
    if text.is_empty() {
        return ZoneAdvice::new("the time zone is empty", FORM);
    }
    if let Some(minutes) = offset::parse(text) {
        return ZoneAdvice::new("this is an offset from UTC, and no time zone", instead_of(minutes));
    }
    if let Some((minutes, name)) = behind_offset(text) {
        return shown_by_a_program(minutes, name);
    }
    if let Some(name) = foreign::zone_of(text).map(str::to_owned).or_else(|| place::named(text)) {
        return ZoneAdvice::new(UNKNOWN, format!("did you mean `{name}`?"));
    }
    if text.eq_ignore_ascii_case("greenwich mean time") || text.eq_ignore_ascii_case("gmt time") {
        return ZoneAdvice::new(UNKNOWN, OF_GREENWICH);
    }
    if text.to_lowercase().starts_with("etc/") {
        return ZoneAdvice::new(
            UNKNOWN,
            "`Etc/GMT+12` (UTC-12) to `Etc/GMT-14` (UTC+14) are all there is, with the sign reversed: better write the \
             zone of a place, such as `Europe/Zagreb`",
        );
    }
    let places = abbreviation::places(text);
    if !places.is_empty() || abbreviation::looks_like_one(text) {
        return ZoneAdvice::new("this is an abbreviation, and no time zone", of_places(places));
    }
    if offset::looks_like_one(text) || text.chars().any(|char| char.is_ascii_digit()) {
        return ZoneAdvice::new(UNKNOWN, format!("write the zone of a place, not a rule or a number: {FORM}"));
    }
    match (place::of_city(text), place::slip(text)) {
        (Some(zone), _) => ZoneAdvice::new(UNKNOWN, format!("the clocks there are those of `{zone}`")),
        (None, Some(near)) => ZoneAdvice::new(UNKNOWN, format!("did you mean `{near}`?")),
        (None, None) => ZoneAdvice::new(UNKNOWN, FORM),
    }
}

/// Whether a text that is no zone was likely meant as one, so that it may be shown: it is no name, number or address of
/// somebody.
#[must_use]
pub fn is_meant_as_zone(text: &str) -> bool {
    const CHARS_MAX: usize = 60;
    // An offset has four.
    const DIGITS_MAX: usize = 4;
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.chars().count() > CHARS_MAX || digits > DIGITS_MAX || text.contains('@') {
        return false;
    }
    let is_path = text.contains('/') && !text.contains(char::is_whitespace);
    is_path
        || offset::parse(text).is_some()
        || behind_offset(text).is_some()
        || foreign::zone_of(text).is_some()
        || place::of_city(text).is_some()
        || place::named(text).or_else(|| place::slip(text)).is_some()
        || !abbreviation::places(text).is_empty()
        || abbreviation::looks_like_one(text)
        || offset::looks_like_one(text)
}

/// Warns of a zone that has one offset all the year, where a place is likely meant whose clocks
/// change: `EST`, `Etc/GMT-1`.
#[must_use]
pub fn zone_advice(name: &str) -> Option<ZoneAdvice> {
    let zone = zone(name)?;
    let name = zone.iana_name()?;
    let [minutes, _] = offset::offsets(&zone);
    let all_year = format!("this is {} all the year", offset::written(minutes));
    let cure = match name {
        "EST" => "write `America/New_York`, whose clocks change, or `America/Panama`, whose clocks do not".to_owned(),
        "MST" => "write `America/Denver`, whose clocks change, or `America/Phoenix`, whose clocks do not".to_owned(),
        "HST" => "write `Pacific/Honolulu`".to_owned(),
        "GMT" | "GMT0" | "GMT+0" | "GMT-0" | "Greenwich" => OF_GREENWICH.to_owned(),
        _ => match name.strip_prefix("Etc/")? {
            "GMT" | "GMT0" | "GMT+0" | "GMT-0" | "Greenwich" => OF_GREENWICH.to_owned(),
            "UTC" | "UCT" | "Universal" | "Zulu" => return None,
            _ => {
                let (written, other) = (offset::written(-minutes), offset::fixed_zone(-minutes).unwrap_or_default());
                // There is no zone behind UTC-12 on the other side.
                let other =
                    if zone_exists(&other) { format!(" (for {written} it is `{other}`)") } else { String::new() };
                let why = format!("{all_year}: in these names the sign is reversed{other}");
                return Some(ZoneAdvice::new(why, format!("write the zone of a place{}", such_as(minutes))));
            }
        },
    };
    Some(ZoneAdvice::new(all_year, cure))
}

const OF_GREENWICH: &str = "write `UTC`, or `Europe/London`, whose clocks change";

/// What to write instead of an offset.
fn instead_of(minutes: i32) -> String {
    if minutes == 0 {
        return OF_GREENWICH.to_owned();
    }
    let fixed = offset::fixed_zone(minutes).map(|name| {
        let written = offset::written(minutes);
        format!("; {written} all the year is `{name}`, where the sign is reversed")
    });
    format!("write the zone of a place{}{}", such_as(minutes), fixed.unwrap_or_default())
}

/// A place with an offset.
fn such_as(minutes: i32) -> String {
    match offset::place_at(minutes) {
        Some(place) if offset::has_summer_time(place) => {
            format!(", such as `{place}`, whose clocks change with summer time")
        }
        Some(place) => format!(", such as `{place}`"),
        None => String::new(),
    }
}

fn zone_exists(name: &str) -> bool {
    zone(name).is_some()
}

/// `(UTC+01:00) Belgrade, Bratislava`: the offset, and what stands behind it.
fn behind_offset(text: &str) -> Option<(i32, &str)> {
    let (offset, name) = text.strip_prefix(['(', '['])?.split_once([')', ']'])?;
    Some((offset::parse(offset)?, name.trim()))
}

/// What programs show for a zone.
fn shown_by_a_program(minutes: i32, name: &str) -> ZoneAdvice {
    let known = name.split(',').next().and_then(|first| foreign::zone_of(name).or_else(|| foreign::zone_of(first)));
    let known = known.filter(|place| offset::agrees(place, minutes)).map(str::to_owned);
    let why = "this is what a program shows for a time zone, and not its name";
    match known.or_else(|| place::first_of(name, minutes)) {
        Some(place) => ZoneAdvice::new(why, format!("write `{place}`")),
        None => ZoneAdvice::new(why, instead_of(minutes)),
    }
}

/// The places that an abbreviation may stand for.
fn of_places(places: &[&str]) -> String {
    let quoted: Vec<String> = places.iter().map(|place| format!("`{place}`")).collect();
    match quoted.as_slice() {
        [] => format!("write the zone of the place: {FORM}"),
        [only] => format!("write the zone of the place: {only}"),
        [others @ .., last] => {
            format!("several places share it: write {} or {last}, whichever is meant", others.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::*;
    use crate::timing::zone_names;

    #[test]
    fn what_is_not_meant_as_a_zone_is_not_shown() {
        for text in ["Zagreb", "Europe/Zagrb", "CEST", "+01:00", "UTC+1", "(UTC+01:00) Amsterdam, Berlin", "europe/foo"]
        {
            assert!(is_meant_as_zone(text), "{text}");
        }
        for text in ["Ana Anić", "Anneliese Müller", "ana@example.com", "+385 91 123 4567", "17841400000000001", ""] {
            assert!(!is_meant_as_zone(text), "{text}");
        }
    }

    /// The zones that a text names in backticks.
    fn zones_in(text: &str) -> Vec<&str> {
        text.split('`').skip(1).step_by(2).collect()
    }

    #[test]
    fn whatever_stands_for_a_zone_has_a_cause_and_a_cure() {
        let check = |text: &str, why: &str, cure: &str| {
            let advice = no_zone(text);
            assert!(advice.why.contains(why) && advice.cure.contains(cure), "{text}: {advice:?}");
            for name in zones_in(&advice.cure) {
                assert!(zone(name).is_some(), "{text}: {advice:?}");
            }
        };
        check("", "empty", "`Europe/Zagreb` or `UTC`");
        for text in ["GMT+1", "UTC+1", "UTC+01:00", "+01:00", "+0100", "+1", " utc +1 "] {
            check(text, "an offset", "such as `Europe/Zagreb`, whose clocks change");
            check(text, "an offset", "UTC+1 all the year is `Etc/GMT-1`");
        }
        check("GMT-5", "an offset", "`America/New_York`");
        check("-5", "an offset", "UTC-5 all the year is `Etc/GMT+5`");
        check("UTC+5:30", "an offset", "write the zone of a place, such as `Asia/Kolkata`");
        check("UTC-12", "an offset", "write the zone of a place; UTC-12 all the year is `Etc/GMT+12`");
        check("Z", "an offset", "write `UTC`");
        check("UTC+0", "an offset", "write `UTC`, or `Europe/London`");
        check("PST", "an abbreviation", "`America/Los_Angeles` or `Asia/Manila`");
        check("cst", "an abbreviation", "`America/Chicago`, `Asia/Shanghai` or `America/Havana`, whichever is meant");
        check("IST", "an abbreviation", "`Asia/Kolkata`, `Europe/Dublin` or `Asia/Jerusalem`");
        check("BST", "an abbreviation", "`Europe/London` or `Asia/Dhaka`");
        check("JST", "an abbreviation", "write the zone of the place: `Asia/Tokyo`");
        check("XYZ", "an abbreviation", "write the zone of the place");
        check("W. Europe Standard Time", "no such time zone", "did you mean `Europe/Berlin`?");
        check("Eastern Time (US & Canada)", "no such time zone", "did you mean `America/New_York`?");
        check(
            "(UTC+01:00) Belgrade, Bratislava, Budapest, Ljubljana, Prague",
            "a program shows",
            "write `Europe/Belgrade`",
        );
        check("(GMT-05:00) Eastern Time (US & Canada)", "a program shows", "write `America/New_York`");
        check("(UTC) Coordinated Universal Time", "a program shows", "write `UTC`");
        check("(GMT+02:00) Zagreb", "a program shows", "write `Europe/Zagreb`");
        check("(UTC-07:00) Zagreb", "a program shows", "such as `America/Denver`");
        check("America/New York", "no such time zone", "did you mean `America/New_York`?");
        check("Zagreb", "no such time zone", "did you mean `Europe/Zagreb`?");
        check("ROME", "no such time zone", "did you mean `Europe/Rome`?");
        check("America/Boston", "no such time zone", "the clocks there are those of `America/New_York`");
        check("Europe/Zagrb", "no such time zone", "did you mean `Europe/Zagreb`?");
        check("Greenwich Mean Time", "no such time zone", "write `UTC`, or `Europe/London`");
        check("Etc/GMT+15", "no such time zone", "with the sign reversed");
        check("CET-1CEST,M3.5.0,M10.5.0/3", "no such time zone", "not a rule or a number");
        check("the moon", "no such time zone", "`Europe/Zagreb` or `UTC`");
    }

    #[test]
    fn zones_with_one_offset_all_the_year_are_places_or_warned_of() {
        let countries = "Hongkong Iceland Iran Jamaica Japan Kwajalein Libya PRC ROC ROK Singapore Turkey W-SU";
        let utc = ["UTC", "UCT", "Universal", "Zulu"];
        for name in zone_names() {
            let fixed = zone(name)
                .is_some_and(|zone| offset::offsets(&zone).iter().all(|one| *one == offset::offsets(&zone)[0]));
            let (area, last) = name.split_once('/').unwrap_or(("Etc", name));
            let is_meant = area != "Etc" || countries.split(' ').any(|country| country == name) || utc.contains(&last);
            assert_eq!(zone_advice(name).is_some(), fixed && !is_meant, "{name}");
        }
        let check = |name: &str, why: &str, cure: &str| {
            let advice = zone_advice(name).unwrap();
            assert!(advice.why.contains(why) && advice.cure.contains(cure), "{name}: {advice:?}");
        };
        check("EST", "UTC-5 all the year", "write `America/New_York`, whose clocks change, or `America/Panama`");
        check("mst", "UTC-7 all the year", "write `America/Denver`");
        check("HST", "UTC-10 all the year", "write `Pacific/Honolulu`");
        check("GMT", "this is UTC all the year", "write `UTC`, or `Europe/London`");
        check("Etc/GMT+2", "UTC-2 all the year: in these names the sign is reversed (for UTC+2 it is `Etc/GMT-2`)", "");
        check("Etc/GMT-1", "UTC+1 all the year", "such as `Europe/Zagreb`, whose clocks change");
        check("Etc/GMT-14", "the sign is reversed", "such as `Pacific/Kiritimati`");
        for name in ["EST5EDT", "CET", "UTC", "Europe/Zagreb", "America/Phoenix", "GMT+1", ""] {
            assert_eq!(zone_advice(name), None, "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_zone_is_named_whose_clock_is_another(
            prefix in select(vec!["", "GMT", "UTC", "utc ", "gmt", "UTC/GMT ", "("]),
            offset in -12_i32..=14,
            half in select(vec![0, 30, 45]),
            form in 0..4,
        ) {
            let (sign, hours) = (if offset < 0 { '-' } else { '+' }, offset.abs());
            let number = match form {
                0 if half == 0 => format!("{hours}"),
                1 => format!("{hours}:{half:02}"),
                2 => format!("{hours:02}{half:02}"),
                _ => format!("{hours:02}:{half:02}"),
            };
            let text = format!("{prefix}{sign}{number}{}", if prefix == "(" { ") Sidney" } else { "" });
            let minutes = if offset < 0 { offset * 60 - half } else { offset * 60 + half };
            let advice = no_zone(&text);
            for name in zones_in(&advice.cure) {
                let is_the_form = advice.cure.ends_with(FORM);
                prop_assert!(is_the_form || offset::agrees(name, minutes), "{} {:?}", text, advice);
            }
        }

        #[test]
        fn slips_lead_to_places_only(text in "[A-Za-z/+-]{1,12}") {
            if zone(&text).is_none() {
                for name in zones_in(&no_zone(&text).cure) {
                    prop_assert!(zone(name).is_some());
                    prop_assert_eq!(zone_advice(name), None, "{}", text);
                }
            }
        }
    }
}
