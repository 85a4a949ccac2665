//! Keeps web pages away: a browser on this machine reaches 127.0.0.1 too, and a page from elsewhere can give its
//! own name that address. So only requests for a name of the sandbox are served, and the testers' routes, which
//! show people's messages, to no page from elsewhere, and to no push of a sandbox: what a message names as its URL is no
//! word of a tester.

use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName};

/// The header by which every push says that it is one.
pub(super) const PUSH_HEADER: &str = "x-sendform-sandbox-push";

/// Whether a request is a push of a sandbox.
pub(super) fn is_push(headers: &HeaderMap) -> bool {
    headers.contains_key(PUSH_HEADER)
}

/// Whether a request is for loopback, or for one of some names.
pub(super) fn is_ours(headers: &HeaderMap, hosts: &[String]) -> bool {
    text(headers, HOST).is_none_or(|host| is_named(host, hosts))
}

/// Whether a request was made by no page from elsewhere.
pub(super) fn is_from_here(headers: &HeaderMap, hosts: &[String]) -> bool {
    text(headers, ORIGIN).is_none_or(|origin| {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| is_named(authority, hosts))
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn is_named(authority: &str, hosts: &[String]) -> bool {
    let host = host_of(authority);
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(address))
}

/// The name of an authority, without its port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
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
        let hosts = ["gateway.test".to_owned()];
        assert_eq!(is_ours(&headers, &hosts) && is_from_here(&headers, &hosts), expected, "{host} {origin:?}");
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
        check("Gateway.test:8080", Some("https://gateway.test"), true);
        check("gateway.test.example:8080", None, false);
    }
}
