//! Keeps web pages away from the testers' routes: a browser on this machine reaches 127.0.0.1 too,
//! and the routes show people's messages.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Whether a request was made for this machine by its name, and by no page from elsewhere.
pub(super) fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host_is_local = text(HOST).is_none_or(names_loopback);
    let origin_is_local = text(ORIGIN).is_none_or(|origin| origin.strip_prefix("http://").is_some_and(names_loopback));
    host_is_local && origin_is_local
}

fn names_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    };
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(host: &'static str, origin: Option<&'static str>, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        assert_eq!(is_local(&headers), expected, "{host} {origin:?}");
    }

    #[test]
    fn only_this_machine_is_local() {
        check("127.0.0.1:8080", None, true);
        check("localhost", None, true);
        check("[::1]:8080", None, true);
        check("[::1]", None, true);
        check("rebound.example:8080", None, false);
        check("127.3.2.1:8080", None, true);
        check("127.0.0.1.example", None, false);
        check("128.0.0.1:8080", None, false);
        check("127.0.0.1:8080", Some("http://localhost:8080"), true);
        check("127.0.0.1:8080", Some("https://shop.example"), false);
        check("127.0.0.1:8080", Some("http://127.0.0.1.example"), false);
        check("127.0.0.1:8080", Some("null"), false);
    }
}
