//! Zones by the place that somebody wrote: whole, as a city alone, or with a slip of the pen.
//!
//! Only zones of places are ever proposed. Fixed offsets and abbreviations are spelt so much alike
//! that the nearest one is likely another one.

use super::offset;
use super::zone::{zone, zone_names};

/// How alike a name must be to be proposed, from 0 to 1.
const SIMILARITY_MIN: f64 = 0.8;
/// How many names are proposed at most.
const PROPOSALS_MAX: usize = 3;
/// Where zones stand again under an older name; their last part need not be a place.
const OLDER_AREAS: [&str; 5] = ["US", "Canada", "Brazil", "Chile", "Mexico"];
/// Last parts that alone may be somewhere else, too.
const SHARED: [&str; 8] = ["ACT", "LHI", "NSW", "North", "South", "West", "Victoria", "Samoa"];

/// The zone that a text names with other signs between its words: `america/new york`, `Zagreb`,
/// `Europe/Zagreb (CET)`.
#[must_use]
pub(super) fn named(text: &str) -> Option<String> {
    let wanted = letters(text);
    if wanted.is_empty() {
        return None;
    }
    let mut city = None;
    for name in zone_names().filter(|name| is_place(name)) {
        if letters(name) == wanted {
            return Some(name.to_owned());
        }
        if city.is_none() && has_city(name) && letters(last_part(name)) == wanted {
            city = Some(name);
        }
    }
    city.map(str::to_owned).or_else(|| quoted(text))
}

/// The one zone of a place that stands in a text with something around it.
fn quoted(text: &str) -> Option<String> {
    let words = text.split(|char: char| !(char.is_alphanumeric() || "/_-+".contains(char)));
    let mut found = words.filter(|word| is_place(word)).filter_map(|word| Some(zone(word)?.iana_name()?.to_owned()));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// The first of several cities, separated by commas, whose clocks agree with an offset.
#[must_use]
pub(super) fn first_of(cities: &str, minutes: i32) -> Option<String> {
    cities.split(',').filter_map(named).find(|name| offset::agrees(name, minutes))
}

/// The places whose names are spelt alike, the likeliest first, at most three.
#[must_use]
pub(super) fn alike(text: &str) -> Vec<String> {
    let wanted = text.trim().to_lowercase().replace([' ', '-'], "_");
    let mut found: Vec<(f64, &str)> = zone_names()
        .filter(|name| is_place(name))
        .map(|name| (similarity(&wanted, &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .collect();
    found.sort_by(|(left, left_name), (right, right_name)| right.total_cmp(left).then(left_name.cmp(right_name)));
    found.into_iter().map(|(_, name)| name.to_owned()).take(PROPOSALS_MAX).collect()
}

fn similarity(wanted: &str, candidate: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(wanted, candidate);
    whole.max(strsim::normalized_damerau_levenshtein(last_part(wanted), last_part(candidate)))
}

fn is_place(name: &str) -> bool {
    name.split_once('/').is_some_and(|(area, _)| !area.eq_ignore_ascii_case("Etc"))
}

fn has_city(name: &str) -> bool {
    name.split_once('/').is_some_and(|(area, place)| !OLDER_AREAS.contains(&area) && !SHARED.contains(&place))
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn letters(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_whatever_stands_between_their_words() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(named(text).as_deref(), expect, "{text}");
        check("Zagreb", Some("Europe/Zagreb"));
        check("new york", Some("America/New_York"));
        check("America/New York", Some("America/New_York"));
        check("Europe-Zagreb", Some("Europe/Zagreb"));
        check("Europe / Zagreb", Some("Europe/Zagreb"));
        check("St. John's", Some("America/St_Johns"));
        check("Europe/Zagreb (CET)", Some("Europe/Zagreb"));
        check("TZID=Europe/Zagreb", Some("Europe/Zagreb"));
        check("+01:00[Europe/Zagreb]", Some("Europe/Zagreb"));
        // The American Samoa and the other one are a day apart.
        for text in ["", "?", "Zagrab", "GMT", "EST", "GMT0", "Samoa", "Europe/Zagreb, Europe/Kyiv", "Etc/GMT-1 (CET)"]
        {
            check(text, None);
        }
    }

    #[test]
    fn a_list_of_cities_must_agree_with_its_offset() {
        let check = |cities: &str, minutes: i32, expect: Option<&str>| {
            assert_eq!(first_of(cities, minutes).as_deref(), expect, "{cities}");
        };
        check("Belgrade, Bratislava, Budapest", 60, Some("Europe/Belgrade"));
        check("Chennai, Kolkata, Mumbai, New Delhi", 330, Some("Asia/Kolkata"));
        check("Georgetown, La Paz, Manaus", -240, Some("America/La_Paz"));
        check("Zagreb", 120, Some("Europe/Zagreb"));
        check("Zagreb", -60, None);
        check("", 60, None);
    }

    #[test]
    fn likely_places_are_proposed_and_nothing_else() {
        let check = |text: &str, expect: &str| assert_eq!(alike(text).join(", "), expect, "{text}");
        check("Europe/Zagrab", "Europe/Zagreb");
        check("Europe/Zageb", "Europe/Zagreb");
        check("US/New York", "America/New_York");
        check("Europe/Kyiw", "Europe/Kyiv");
        check("Europe/Kyie", "Europe/Kyiv, Europe/Kiev");
        for text in ["", "the moon", "GMT+1", "GMT", "Etc/GMT+1", "EST", "UTCC"] {
            check(text, "");
        }
    }
}
