//! Zones by the place that somebody wrote: whole, as a city alone, or with a slip of the pen.
//!
//! Only zones of places are ever proposed. Fixed offsets and abbreviations are spelt so much alike
//! that the nearest one is likely another one.

use super::offset;
use super::zone::{zone, zone_names};

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

/// The place that is meant by a name with a slip of the pen in it: the same city with a letter or two
/// wrong, in the same part of the world if one is named. Another city that is only spelt much alike is
/// never proposed: its clocks may be hours off.
#[must_use]
pub(super) fn slip(text: &str) -> Option<String> {
    const LETTERS_MIN: usize = 4;
    let (wanted, area) = (letters(last_part(text.trim())), area(text.trim()));
    if wanted.chars().count() < LETTERS_MIN {
        return None;
    }
    let slips = if wanted.chars().count() > 5 { 2 } else { 1 };
    let distance = |name: &&str| {
        let city = letters(last_part(name));
        let same_start = city.chars().next() == wanted.chars().next();
        let distance = strsim::damerau_levenshtein(&wanted, &city);
        (same_start && distance <= slips).then_some(distance)
    };
    // Where the name of the city is right, that of the area may be anything.
    let is_there = |name: &&str, distance: usize| {
        distance == 0 || area.as_deref().is_none_or(|area| letters(first_part(name)) == area)
    };
    let found = zone_names().filter(|name| is_place(name) && has_city(name));
    let near = found.filter_map(|name| Some((distance(&name)?, name))).filter(|(by, name)| is_there(name, *by));
    near.min_by_key(|(by, name)| (*by, *name)).map(|(_, name)| name.to_owned())
}

/// The zone of a well-known city that has none of its own name, if it lies where the text says.
#[must_use]
pub(super) fn of_city(text: &str) -> Option<&'static str> {
    let (wanted, area) = (letters(last_part(text.trim())), area(text.trim()));
    let (zone, _) = CITIES.iter().find(|(_, cities)| cities.split(' ').any(|city| city == wanted))?;
    let is_there = area
        .is_none_or(|area| letters(first_part(zone)) == area || OLDER_AREAS.iter().any(|older| letters(older) == area));
    is_there.then_some(zone)
}

/// Zones, and well-known cities in them that have none of their own, in plain letters. A name that several
/// cities share is not among them.
const CITIES: [(&str, &str); 52] = [
    (
        "Europe/Berlin",
        "munich muenchen münchen hamburg frankfurt cologne köln koeln stuttgart dusseldorf düsseldorf leipzig dresden hannover nuremberg nürnberg bremen dortmund",
    ),
    ("Europe/Zagreb", "split rijeka osijek zadar dubrovnik pula varazdin varaždin"),
    ("Europe/Ljubljana", "maribor celje kranj koper"),
    ("Europe/Belgrade", "novisad nis niš beograd"),
    ("Europe/Sarajevo", "mostar banjaluka tuzla"),
    ("Europe/Vienna", "graz salzburg linz innsbruck wien"),
    ("Europe/Zurich", "geneva geneve genève genf basel bern lausanne"),
    ("Europe/Rome", "milan milano naples napoli turin torino florence firenze venice venezia bologna roma"),
    ("Europe/Madrid", "barcelona seville sevilla bilbao malaga zaragoza"),
    ("Europe/Paris", "lyon marseille nice toulouse bordeaux lille strasbourg nantes"),
    ("Europe/Lisbon", "porto lisboa"),
    ("Europe/London", "manchester edinburgh glasgow liverpool leeds cardiff"),
    ("Europe/Dublin", "cork galway"),
    ("Europe/Amsterdam", "rotterdam thehague denhaag utrecht eindhoven"),
    ("Europe/Brussels", "antwerp ghent bruges bruxelles"),
    ("Europe/Warsaw", "krakow kraków gdansk gdańsk wroclaw wrocław poznan poznań lodz łódź warszawa"),
    ("Europe/Prague", "brno ostrava praha"),
    ("Europe/Budapest", "debrecen szeged"),
    ("Europe/Bucharest", "cluj timisoara iasi bucuresti bucurești"),
    ("Europe/Sofia", "plovdiv varna"),
    ("Europe/Athens", "thessaloniki patras athina"),
    ("Europe/Istanbul", "ankara izmir antalya bursa"),
    ("Europe/Kyiv", "lviv kharkiv odesa odessa dnipro"),
    ("Europe/Moscow", "saintpetersburg stpetersburg kazan sochi"),
    ("Europe/Stockholm", "gothenburg göteborg malmo malmö"),
    ("Europe/Oslo", "bergen trondheim stavanger"),
    ("Europe/Copenhagen", "aarhus odense"),
    ("Europe/Helsinki", "tampere turku espoo"),
    (
        "America/New_York",
        "boston miami philadelphia atlanta washington washingtondc orlando charlotte baltimore pittsburgh cleveland tampa",
    ),
    (
        "America/Chicago",
        "houston dallas austin sanantonio neworleans minneapolis milwaukee nashville memphis kansascity stlouis",
    ),
    ("America/Denver", "saltlakecity albuquerque elpaso"),
    ("America/Los_Angeles", "sanfrancisco sandiego seattle lasvegas sacramento oakland"),
    ("America/Toronto", "ottawa quebec"),
    ("America/Edmonton", "calgary"),
    ("America/Sao_Paulo", "brasilia riodejaneiro curitiba portoalegre"),
    ("America/Mexico_City", "guadalajara puebla"),
    ("America/Bogota", "medellin cali"),
    ("America/Guayaquil", "quito"),
    ("Asia/Kolkata", "delhi newdelhi mumbai bombay bangalore bengaluru chennai madras hyderabad pune ahmedabad jaipur"),
    ("Asia/Tokyo", "osaka kyoto yokohama nagoya sapporo fukuoka"),
    ("Asia/Shanghai", "beijing peking shenzhen guangzhou chengdu hangzhou wuhan"),
    ("Asia/Seoul", "busan incheon"),
    ("Asia/Dubai", "abudhabi sharjah"),
    ("Asia/Riyadh", "jeddah mecca medina"),
    ("Asia/Jerusalem", "haifa"),
    ("Asia/Karachi", "islamabad lahore"),
    ("Asia/Ho_Chi_Minh", "hanoi danang hochiminhcity"),
    ("Africa/Johannesburg", "capetown durban pretoria"),
    ("Africa/Lagos", "abuja"),
    ("Africa/Casablanca", "rabat marrakech marrakesh"),
    ("Africa/Cairo", "giza"),
    ("Pacific/Auckland", "wellington christchurch"),
];

/// The part of the world that a text names before a city, in plain letters.
fn area(text: &str) -> Option<String> {
    text.contains('/').then(|| letters(first_part(text)))
}

fn first_part(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
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
    fn a_slip_leads_to_the_same_city_only() {
        let check = |text: &str, expect: &str| assert_eq!(slip(text).unwrap_or_default(), expect, "{text}");
        check("Europe/Zagrab", "Europe/Zagreb");
        check("Europe/Zageb", "Europe/Zagreb");
        check("Zagrebb", "Europe/Zagreb");
        check("US/New York", "America/New_York");
        check("Europ/Zagreb", "Europe/Zagreb");
        check("Europe/Kyiw", "Europe/Kyiv");
        check("America/Los_Angles", "America/Los_Angeles");
        for text in [
            "",
            "the moon",
            "GMT+1",
            "GMT",
            "Etc/GMT+1",
            "EST",
            "UTCC",
            "America/Boston",
            "America/Houston",
            "Asia/Delhi",
            "Asia/Osaka",
            "Africa/Capetown",
            "Europe/Munich",
            "Asia/Zagrab",
            "Europe/Bern",
            "Rama",
            "Europe/Milan",
        ] {
            check(text, "");
        }
    }

    #[test]
    fn cities_have_the_zone_of_their_country() {
        let check = |text: &str, expect: &str| assert_eq!(of_city(text).unwrap_or_default(), expect, "{text}");
        check("Europe/Munich", "Europe/Berlin");
        check("America/Boston", "America/New_York");
        check("US/Houston", "America/Chicago");
        check("Asia/Delhi", "Asia/Kolkata");
        check("asia/osaka", "Asia/Tokyo");
        check("Africa/Cape Town", "Africa/Johannesburg");
        check("Split", "Europe/Zagreb");
        for text in ["Europe/Boston", "Atlantis", ""] {
            check(text, "");
        }
        for (name, cities) in CITIES {
            assert_eq!(zone(name).and_then(|zone| zone.iana_name().map(str::to_owned)).as_deref(), Some(name));
            for city in cities.split(' ') {
                assert_eq!(letters(city), city);
            }
        }
    }
}
