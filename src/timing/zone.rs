//! The IANA time zone database: the one that is compiled in, so that a plan is the same on every
//! machine.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Stands in the database for a machine that was not told where it is.
const NOWHERE: &str = "Factory";

/// Finds a zone by its IANA name, in whatever case; `None` for anything else (an offset, an
/// abbreviation that is not a zone's name, a POSIX rule).
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    // The database knows a stand-in for "no zone known", too, in which nobody has a local time.
    let known = DATABASE.get(name).ok().filter(|zone| !zone.is_unknown());
    known.filter(|zone| zone.iana_name() != Some(NOWHERE))
}

/// The names of all zones.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        DATABASE.available().map(|name| name.as_str().to_owned()).filter(|name| zone(name).is_some()).collect()
    });
    NAMES.iter().map(String::as_str)
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
        for name in [
            "",
            " ",
            "Zagreb",
            "+01:00",
            "GMT+1",
            "GMT+1:30",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "Etc/Unknown",
            "Factory",
            "factory",
            "../UTC",
        ] {
            check(name, None);
        }
        assert!(zone_names().all(|name| name != NOWHERE));
    }
}
