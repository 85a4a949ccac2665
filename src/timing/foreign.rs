//! Names of time zones that are none of the IANA database: those of Windows (and so of Outlook and
//! Excel), of Rails, and of everyday English.
//!
//! The pairs of Windows are those that the Unicode CLDR has for the whole world.

/// The IANA zone behind a name of another program: `W. Europe Standard Time`, `Eastern Time (US &
/// Canada)`, `central european summer time`.
pub(super) fn zone_of(name: &str) -> Option<&'static str> {
    let stem = stem(name);
    // Elsewhere than in Windows these may be others: the meridian's time, and American Samoa's.
    if ["gmt", "samoa"].contains(&stem.as_str()) && !name.to_lowercase().contains("standard") {
        return None;
    }
    let at = ZONES.binary_search_by(|(known, _)| (*known).cmp(stem.as_str())).ok()?;
    ZONES.get(at).map(|(_, zone)| *zone)
}

/// A name without its case, and without the words that say which half of the year it is for.
fn stem(name: &str) -> String {
    let mut stem = name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [" standard time", " daylight saving time", " daylight time", " summer time"] {
        stem = stem.replace(words, "");
    }
    // `Russia Time Zone 3` is a name of its own.
    if stem.contains(" time zone") { stem } else { stem.replace(" time", "") }
}

/// Names, as [`stem`] leaves them, in order.
#[rustfmt::skip]
const ZONES: &[(&str, &str)] = &[
    ("abu dhabi", "Asia/Dubai"),
    ("afghanistan", "Asia/Kabul"),
    ("alaska", "America/Anchorage"),
    ("alaskan", "America/Anchorage"),
    ("aleutian", "America/Adak"),
    ("altai", "Asia/Barnaul"),
    ("american samoa", "Pacific/Pago_Pago"),
    ("arab", "Asia/Riyadh"),
    ("arabia", "Asia/Riyadh"),
    ("arabian", "Asia/Dubai"),
    ("arabic", "Asia/Baghdad"),
    ("argentina", "America/Argentina/Buenos_Aires"),
    ("arizona", "America/Phoenix"),
    ("astana", "Asia/Almaty"),
    ("astrakhan", "Europe/Astrakhan"),
    ("atlantic", "America/Halifax"),
    ("atlantic (canada)", "America/Halifax"),
    ("aus central", "Australia/Darwin"),
    ("aus central w.", "Australia/Eucla"),
    ("aus eastern", "Australia/Sydney"),
    ("australian western", "Australia/Perth"),
    ("azerbaijan", "Asia/Baku"),
    ("azores", "Atlantic/Azores"),
    ("bahia", "America/Bahia"),
    ("baja california", "America/Tijuana"),
    ("bangladesh", "Asia/Dhaka"),
    ("beijing", "Asia/Shanghai"),
    ("belarus", "Europe/Minsk"),
    ("bern", "Europe/Zurich"),
    ("bougainville", "Pacific/Bougainville"),
    ("brasilia", "America/Sao_Paulo"),
    ("british", "Europe/London"),
    ("cabo verde is.", "Atlantic/Cape_Verde"),
    ("canada central", "America/Regina"),
    ("cape verde", "Atlantic/Cape_Verde"),
    ("cape verde is.", "Atlantic/Cape_Verde"),
    ("caucasus", "Asia/Yerevan"),
    ("cen. australia", "Australia/Adelaide"),
    ("central", "America/Chicago"),
    ("central (mexico)", "America/Mexico_City"),
    ("central (us & canada)", "America/Chicago"),
    ("central africa", "Africa/Maputo"),
    ("central america", "America/Guatemala"),
    ("central asia", "Asia/Bishkek"),
    ("central brazilian", "America/Cuiaba"),
    ("central europe", "Europe/Budapest"),
    ("central european", "Europe/Warsaw"),
    ("central pacific", "Pacific/Guadalcanal"),
    ("chatham is.", "Pacific/Chatham"),
    ("chatham islands", "Pacific/Chatham"),
    ("chennai", "Asia/Kolkata"),
    ("china", "Asia/Shanghai"),
    ("city of buenos aires", "America/Argentina/Buenos_Aires"),
    ("colombia", "America/Bogota"),
    ("coordinated universal", "UTC"),
    ("cuba", "America/Havana"),
    ("e. africa", "Africa/Nairobi"),
    ("e. australia", "Australia/Brisbane"),
    ("e. europe", "Europe/Chisinau"),
    ("e. south america", "America/Sao_Paulo"),
    ("east africa", "Africa/Nairobi"),
    ("easter island", "Pacific/Easter"),
    ("eastern", "America/New_York"),
    ("eastern (mexico)", "America/Cancun"),
    ("eastern (us & canada)", "America/New_York"),
    ("eastern european", "Europe/Athens"),
    ("edinburgh", "Europe/London"),
    ("egypt", "Africa/Cairo"),
    ("ekaterinburg", "Asia/Yekaterinburg"),
    ("fiji", "Pacific/Fiji"),
    ("fle", "Europe/Kyiv"),
    ("georgian", "Asia/Tbilisi"),
    ("gmt", "Europe/London"),
    ("greenland", "America/Nuuk"),
    ("greenwich", "Atlantic/Reykjavik"),
    ("gtb", "Europe/Bucharest"),
    ("guadalajara", "America/Mexico_City"),
    ("gulf", "Asia/Dubai"),
    ("haiti", "America/Port-au-Prince"),
    ("hanoi", "Asia/Bangkok"),
    ("hawaii", "Pacific/Honolulu"),
    ("hawaii-aleutian", "Pacific/Honolulu"),
    ("hawaiian", "Pacific/Honolulu"),
    ("india", "Asia/Kolkata"),
    ("indiana (east)", "America/Indiana/Indianapolis"),
    ("indochina", "Asia/Bangkok"),
    ("iran", "Asia/Tehran"),
    ("irish", "Europe/Dublin"),
    ("islamabad", "Asia/Karachi"),
    ("israel", "Asia/Jerusalem"),
    ("japan", "Asia/Tokyo"),
    ("jordan", "Asia/Amman"),
    ("kaliningrad", "Europe/Kaliningrad"),
    ("korea", "Asia/Seoul"),
    ("libya", "Africa/Tripoli"),
    ("line islands", "Pacific/Kiritimati"),
    ("lord howe", "Australia/Lord_Howe"),
    ("magadan", "Asia/Magadan"),
    ("magallanes", "America/Punta_Arenas"),
    ("marquesas", "Pacific/Marquesas"),
    ("marshall is.", "Pacific/Majuro"),
    ("mauritius", "Indian/Mauritius"),
    ("middle east", "Asia/Beirut"),
    ("midway island", "Pacific/Midway"),
    ("montevideo", "America/Montevideo"),
    ("morocco", "Africa/Casablanca"),
    ("mountain", "America/Denver"),
    ("mountain (mexico)", "America/Mazatlan"),
    ("mountain (us & canada)", "America/Denver"),
    ("mumbai", "Asia/Kolkata"),
    ("myanmar", "Asia/Yangon"),
    ("n. central asia", "Asia/Novosibirsk"),
    ("namibia", "Africa/Windhoek"),
    ("nepal", "Asia/Kathmandu"),
    ("new caledonia", "Pacific/Noumea"),
    ("new delhi", "Asia/Kolkata"),
    ("new zealand", "Pacific/Auckland"),
    ("newfoundland", "America/St_Johns"),
    ("norfolk", "Pacific/Norfolk"),
    ("north asia", "Asia/Krasnoyarsk"),
    ("north asia east", "Asia/Irkutsk"),
    ("north korea", "Asia/Pyongyang"),
    ("nuku'alofa", "Pacific/Tongatapu"),
    ("omsk", "Asia/Omsk"),
    ("osaka", "Asia/Tokyo"),
    ("pacific", "America/Los_Angeles"),
    ("pacific (mexico)", "America/Tijuana"),
    ("pacific (us & canada)", "America/Los_Angeles"),
    ("pacific sa", "America/Santiago"),
    ("pakistan", "Asia/Karachi"),
    ("paraguay", "America/Asuncion"),
    ("petropavlovsk-kamchatsky", "Asia/Kamchatka"),
    ("philippine", "Asia/Manila"),
    ("pretoria", "Africa/Johannesburg"),
    ("quito", "America/Guayaquil"),
    ("qyzylorda", "Asia/Qyzylorda"),
    ("romance", "Europe/Paris"),
    ("russia time zone 10", "Asia/Srednekolymsk"),
    ("russia time zone 11", "Asia/Kamchatka"),
    ("russia time zone 3", "Europe/Samara"),
    ("russian", "Europe/Moscow"),
    ("sa eastern", "America/Cayenne"),
    ("sa pacific", "America/Bogota"),
    ("sa western", "America/La_Paz"),
    ("saint pierre", "America/Miquelon"),
    ("sakhalin", "Asia/Sakhalin"),
    ("samoa", "Pacific/Apia"),
    ("sao tome", "Africa/Sao_Tome"),
    ("sapporo", "Asia/Tokyo"),
    ("saratov", "Europe/Saratov"),
    ("saskatchewan", "America/Regina"),
    ("se asia", "Asia/Bangkok"),
    ("singapore", "Asia/Singapore"),
    ("solomon is.", "Pacific/Guadalcanal"),
    ("south africa", "Africa/Johannesburg"),
    ("south sudan", "Africa/Juba"),
    ("sri jayawardenepura", "Asia/Colombo"),
    ("sri lanka", "Asia/Colombo"),
    ("st. petersburg", "Europe/Moscow"),
    ("sudan", "Africa/Khartoum"),
    ("syria", "Asia/Damascus"),
    ("taipei", "Asia/Taipei"),
    ("tasmania", "Australia/Hobart"),
    ("tocantins", "America/Araguaina"),
    ("tokelau is.", "Pacific/Fakaofo"),
    ("tokyo", "Asia/Tokyo"),
    ("tomsk", "Asia/Tomsk"),
    ("tonga", "Pacific/Tongatapu"),
    ("transbaikal", "Asia/Chita"),
    ("turkey", "Europe/Istanbul"),
    ("turks and caicos", "America/Grand_Turk"),
    ("ulaan bataar", "Asia/Ulaanbaatar"),
    ("ulaanbaatar", "Asia/Ulaanbaatar"),
    ("universal coordinated", "UTC"),
    ("us eastern", "America/Indiana/Indianapolis"),
    ("us mountain", "America/Phoenix"),
    ("venezuela", "America/Caracas"),
    ("vladivostok", "Asia/Vladivostok"),
    ("volgograd", "Europe/Volgograd"),
    ("w. australia", "Australia/Perth"),
    ("w. central africa", "Africa/Lagos"),
    ("w. europe", "Europe/Berlin"),
    ("w. mongolia", "Asia/Hovd"),
    ("wellington", "Pacific/Auckland"),
    ("west africa", "Africa/Lagos"),
    ("west asia", "Asia/Tashkent"),
    ("west bank", "Asia/Hebron"),
    ("west pacific", "Pacific/Port_Moresby"),
    ("western european", "Europe/Lisbon"),
    ("western indonesia", "Asia/Jakarta"),
    ("yakutsk", "Asia/Yakutsk"),
    ("yukon", "America/Whitehorse"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::zone;

    #[test]
    fn names_are_in_order_and_lead_to_zones() {
        assert!(ZONES.is_sorted_by(|(one, _), (other, _)| one < other));
        for (name, place) in ZONES {
            assert_eq!(zone(place).as_ref().and_then(jiff::tz::TimeZone::iana_name), Some(*place), "{name}");
            assert_eq!(stem(name), *name);
        }
    }

    #[test]
    fn other_programs_names_are_known() {
        let check = |name: &str, expect: Option<&str>| assert_eq!(zone_of(name), expect, "{name}");
        check("W. Europe Standard Time", Some("Europe/Berlin"));
        check("w. europe  daylight time", Some("Europe/Berlin"));
        check("Central European Summer Time", Some("Europe/Warsaw"));
        check("Central Europe Standard Time", Some("Europe/Budapest"));
        check("Eastern Standard Time (Mexico)", Some("America/Cancun"));
        check("Eastern Time (US & Canada)", Some("America/New_York"));
        check("Pacific Daylight Time", Some("America/Los_Angeles"));
        check("Eastern Time", Some("America/New_York"));
        check("Russia Time Zone 3", Some("Europe/Samara"));
        check("GMT Standard Time", Some("Europe/London"));
        check("GMT Time", None);
        check("Samoa Standard Time", Some("Pacific/Apia"));
        check("Samoa", None);
        check("Mumbai", Some("Asia/Kolkata"));
        check("Zagreb", None);
        check("Lunch Time", None);
        check("", None);
    }
}
