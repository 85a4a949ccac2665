//! Abbreviations that people write for a zone, and the places that each may stand for.

/// The places that an abbreviation may stand for, the likeliest first; none if nobody knows it.
pub(super) fn places(abbreviation: &str) -> &'static [&'static str] {
    let upper = abbreviation.to_uppercase();
    KNOWN.iter().find(|(names, _)| names.contains(&upper.as_str())).map_or(&[], |(_, places)| *places)
}

/// Whether a text looks like an abbreviation: a few letters, all of them capitals.
pub(super) fn looks_like_one(text: &str) -> bool {
    (2..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[rustfmt::skip]
const KNOWN: &[(&[&str], &[&str])] = &[
    (&["ACDT"], &["Australia/Adelaide"]),
    (&["ACST"], &["Australia/Adelaide", "Australia/Darwin"]),
    (&["ADT"], &["America/Halifax"]),
    (&["AEDT"], &["Australia/Sydney"]),
    (&["AEST", "AET"], &["Australia/Sydney", "Australia/Brisbane"]),
    (&["AKDT", "AKST"], &["America/Anchorage"]),
    (&["AMT"], &["America/Manaus", "Asia/Yerevan"]),
    (&["ART"], &["America/Argentina/Buenos_Aires"]),
    (&["AST"], &["America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"]),
    (&["AT"], &["America/Halifax"]),
    (&["AWST"], &["Australia/Perth"]),
    (&["BOT"], &["America/La_Paz"]),
    (&["BRT"], &["America/Sao_Paulo"]),
    (&["BST"], &["Europe/London", "Asia/Dhaka"]),
    (&["CAT"], &["Africa/Maputo"]),
    (&["CDT"], &["America/Chicago", "America/Havana"]),
    (&["CEST", "MEZ", "MESZ"], &["Europe/Berlin", "Europe/Paris", "Europe/Zagreb"]),
    (&["CHST"], &["Pacific/Guam"]),
    (&["CLT", "CLST"], &["America/Santiago"]),
    (&["COT"], &["America/Bogota"]),
    (&["CST"], &["America/Chicago", "Asia/Shanghai", "America/Havana"]),
    (&["CT"], &["America/Chicago"]),
    (&["EAT"], &["Africa/Nairobi"]),
    (&["ECT"], &["America/Guayaquil"]),
    (&["EDT"], &["America/New_York"]),
    (&["EEST"], &["Europe/Athens", "Europe/Kyiv", "Africa/Cairo"]),
    (&["ET"], &["America/New_York"]),
    (&["GET"], &["Asia/Tbilisi"]),
    (&["GST"], &["Asia/Dubai", "Atlantic/South_Georgia"]),
    (&["HDT"], &["America/Adak"]),
    (&["HKT"], &["Asia/Hong_Kong"]),
    (&["ICT"], &["Asia/Bangkok", "Asia/Ho_Chi_Minh"]),
    (&["IDT"], &["Asia/Jerusalem"]),
    (&["IRST"], &["Asia/Tehran"]),
    (&["IST"], &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    (&["JST"], &["Asia/Tokyo"]),
    (&["KST"], &["Asia/Seoul"]),
    (&["MDT"], &["America/Denver"]),
    (&["MSK"], &["Europe/Moscow"]),
    (&["MT"], &["America/Denver"]),
    (&["MYT"], &["Asia/Kuala_Lumpur"]),
    (&["NDT", "NST"], &["America/St_Johns"]),
    (&["NPT"], &["Asia/Kathmandu"]),
    (&["NZDT", "NZST", "NZT"], &["Pacific/Auckland"]),
    (&["PDT", "PT"], &["America/Los_Angeles"]),
    (&["PET"], &["America/Lima"]),
    (&["PHT"], &["Asia/Manila"]),
    (&["PKT"], &["Asia/Karachi"]),
    (&["PST"], &["America/Los_Angeles", "Asia/Manila"]),
    (&["SAST"], &["Africa/Johannesburg"]),
    (&["SGT"], &["Asia/Singapore"]),
    (&["SST"], &["Pacific/Pago_Pago", "Asia/Singapore"]),
    (&["TRT"], &["Europe/Istanbul"]),
    (&["UYT"], &["America/Montevideo"]),
    (&["UZT"], &["Asia/Tashkent"]),
    (&["VET"], &["America/Caracas"]),
    (&["WAT"], &["Africa/Lagos"]),
    (&["WEST"], &["Europe/Lisbon"]),
    (&["WIB"], &["Asia/Jakarta"]),
    (&["WIT"], &["Asia/Jayapura"]),
    (&["WITA"], &["Asia/Makassar"]),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::Timestamp;

    use super::*;
    use crate::timing::{zone, zone_names};

    /// The abbreviations of a zone's clock in January and in July.
    fn used(name: &str) -> BTreeSet<String> {
        let zone = zone(name).unwrap();
        ["2026-01-15T00:00:00Z", "2026-07-15T00:00:00Z"]
            .map(|instant| zone.to_offset_info(instant.parse::<Timestamp>().unwrap()).abbreviation().to_uppercase())
            .into()
    }

    #[test]
    fn every_abbreviation_in_use_is_known_by_a_place_that_uses_it() {
        let mut in_use: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in zone_names() {
            for abbreviation in
                used(name).into_iter().filter(|text| text.bytes().all(|byte| byte.is_ascii_alphabetic()))
            {
                in_use.entry(abbreviation).or_default().push(name);
            }
        }
        assert!(in_use.len() > 30);
        for (abbreviation, zones) in in_use {
            if zone(&abbreviation).is_none() {
                let places = places(&abbreviation);
                assert!(places.iter().any(|place| used(place).contains(&abbreviation)), "{abbreviation}: {zones:?}");
            }
        }
    }

    #[test]
    fn places_are_zones_and_abbreviations_are_none() {
        let mut seen = BTreeSet::new();
        for (names, places) in KNOWN {
            for name in *names {
                assert!(seen.insert(name) && zone(name).is_none() && looks_like_one(name), "{name}");
            }
            for place in *places {
                assert!(zone(place).is_some(), "{place}");
            }
        }
        assert_eq!(places("pst"), ["America/Los_Angeles", "Asia/Manila"]);
        assert!(places("XYZ").is_empty() && places("").is_empty());
        assert!(!looks_like_one("Rome") && !looks_like_one("X") && !looks_like_one("BERLIN"));
    }
}
