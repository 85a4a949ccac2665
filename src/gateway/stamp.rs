//! The date of an answer, if it is worth anything as a clock.

use jiff::Timestamp;
use reqwest::header::{AGE, DATE, HeaderMap};

use crate::wire::SANDBOX_HEADER;
use crate::wire::sandbox_time::{SANDBOX_TIME_HEADER, SandboxTime};

/// Reads the date of an answer (RFC 9110, 6.6.1): its only one, in the preferred form of RFC 9110, 5.6.7,
/// of an answer that no cache has kept.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let is_fresh = headers.get_all(AGE).iter().all(|age| age.to_str().is_ok_and(|age| age.trim() == "0"));
    let mut dates = headers.get_all(DATE).iter();
    let only = dates.next().filter(|_| is_fresh && dates.next().is_none())?;
    let text = only.to_str().ok()?;
    let date = httpdate::parse_http_date(text).ok()?;
    // The parser takes the two obsolete forms as well.
    (httpdate::fmt_http_date(date) == text).then(|| Timestamp::try_from(date).ok()).flatten()
}

/// Reads what an answer says of a sandbox's time, if it says that it comes from one. Whether that is to be believed
/// depends on where it comes from.
pub(super) fn sandbox(headers: &HeaderMap) -> Option<SandboxTime> {
    headers.get(SANDBOX_HEADER)?;
    headers.get(SANDBOX_TIME_HEADER)?.to_str().ok().and_then(SandboxTime::parse)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expect: Option<&str>) {
        let all = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .fold(HeaderMap::new(), |mut all, (name, value)| {
                all.append(name, value);
                all
            });
        assert_eq!(date(&all).map(|date| date.to_string()).as_deref(), expect, "{headers:?}");
    }

    #[test]
    fn only_one_fresh_date_of_the_preferred_form_counts() {
        let good = ("date", "Mon, 30 Nov 2026 12:00:00 GMT");
        let noon = Some("2026-11-30T12:00:00Z");
        check(&[good], noon);
        check(&[good, ("age", "0")], noon);
        check(&[], None);
        check(&[good, good], None);
        check(&[good, ("age", "1")], None);
        check(&[good, ("age", "0"), ("age", "60")], None);
        check(&[good, ("age", "soon")], None);
        check(&[("date", "Monday, 30-Nov-26 12:00:00 GMT")], None);
        check(&[("date", "Mon Nov 30 12:00:00 2026")], None);
        check(&[("date", "Tue, 30 Nov 2026 12:00:00 GMT")], None);
        check(&[("date", "2026-11-30T12:00:00Z")], None);
    }
}
