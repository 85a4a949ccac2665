//! Time zones by their IANA names, from the database that is compiled in: the same on every
//! machine.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// How alike a name must be to be proposed, from 0 to 1.
const SIMILARITY_MIN: f64 = 0.8;
/// How many names are proposed at most.
const PROPOSALS_MAX: usize = 3;

/// Finds a zone by its IANA name, in whatever case; `None` for anything else (an offset, an
/// abbreviation that is not a zone's name, a POSIX rule).
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    // The database knows a stand-in for "no zone known", in which nobody has a local time.
    DATABASE.get(name).ok().filter(|zone| !zone.is_unknown())
}

/// The names of all zones.
pub fn zone_names() -> impl Iterator<Item = String> {
    DATABASE.available().map(|name| name.as_str().to_owned()).filter(|name| zone(name).is_some())
}

/// The names that may have been meant, the likeliest first, at most three: those that are spelt
/// alike, or that end in the city that was written (`Zagreb`, `new york`).
#[must_use]
pub fn similar_zones(name: &str) -> Vec<String> {
    let wanted = name.trim().to_lowercase().replace([' ', '-'], "_");
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(f64, String)> = zone_names()
        .map(|candidate| (similarity(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .collect();
    found.sort_by(|(left, left_name), (right, right_name)| right.total_cmp(left).then(left_name.cmp(right_name)));
    found.into_iter().map(|(_, candidate)| candidate).take(PROPOSALS_MAX).collect()
}

fn similarity(wanted: &str, candidate: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(wanted, candidate);
    let city = |name: &str| name.rsplit('/').next().map(str::to_owned).unwrap_or_default();
    whole.max(strsim::normalized_damerau_levenshtein(&city(wanted), &city(candidate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_iana_names_are_zones() {
        let check = |name: &str, expect: Option<&str>| {
            assert_eq!(zone(name).as_ref().and_then(TimeZone::iana_name), expect, "{name}");
        };
        check("Europe/Zagreb", Some("Europe/Zagreb"));
        check("europe/ZAGREB", Some("Europe/Zagreb"));
        check("America/Argentina/Buenos_Aires", Some("America/Argentina/Buenos_Aires"));
        check("UTC", Some("UTC"));
        check("Etc/GMT-5", Some("Etc/GMT-5"));
        check("CET", Some("CET"));
        for name in ["", " ", "Zagreb", "+01:00", "GMT+1:30", "CET-1CEST,M3.5.0,M10.5.0/3", "Etc/Unknown", "../UTC"] {
            check(name, None);
        }
    }

    #[test]
    fn likely_names_are_proposed() {
        let check = |name: &str, expect: &str| assert_eq!(similar_zones(name).join(", "), expect, "{name}");
        check("Europe/Zagrab", "Europe/Zagreb");
        check("Europe/Zageb", "Europe/Zagreb");
        check("Zagreb", "Europe/Zagreb");
        check("new york", "America/New_York");
        check("US/New York", "America/New_York");
        check("Europe/Kyiw", "Europe/Kyiv");
        check("Europe/Kyie", "Europe/Kyiv, Europe/Kiev");
        check("+01:00", "");
        check("", "");
        check("the moon", "");
    }
}
