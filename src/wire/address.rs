//! Where a gateway may be: behind https, or on this machine.

use url::{Host, Url};

/// Why an address is none of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Over plain HTTP everybody on the way reads the key.
    #[error("the base URL must begin with `https://` (`http://` is for this machine only)")]
    Insecure,
    /// Text that is no URL.
    #[error("the base URL must be an address such as `https://xxxxx.api.infobip.com`")]
    NotUrl,
    /// A user, a password, a query or a fragment.
    #[error("the base URL must be a host, and maybe a path, and nothing else")]
    NotPlain,
}

/// Checks the address of a gateway: https, or http to this machine, with neither a user nor a query.
///
/// # Errors
/// If it is anything else.
pub fn check_base_url(url: &Url) -> Result<(), AddressError> {
    let secure = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    };
    if !secure {
        return Err(AddressError::Insecure);
    }
    let user = !url.username().is_empty() || url.password().is_some();
    if user || url.query().is_some() || url.fragment().is_some() {
        return Err(AddressError::NotPlain);
    }
    Ok(())
}

/// Reads the address of a gateway.
///
/// # Errors
/// If it is no address, or as [`check_base_url`].
pub fn parse_base_url(text: &str) -> Result<Url, AddressError> {
    let url = parse_whole(text.trim()).ok_or(AddressError::NotUrl)?;
    check_base_url(&url).map(|()| url)
}

/// The address of something that a gateway has at a path, which goes behind the path of the base URL.
#[must_use]
pub fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

/// Reads a URL of which every character counts. The standard's parser (WHATWG URL, 4.4) drops tabs and
/// line ends wherever they are, so that two lines would be one host.
#[must_use]
pub fn parse_whole(text: &str) -> Option<Url> {
    let is_whole = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    is_whole.then(|| Url::parse(text).ok()).flatten()
}

/// Whether a text is a host as a request names it, and no more: a name in ASCII or an address, without brackets, scheme,
/// port or path.
#[must_use]
pub fn is_host(text: &str) -> bool {
    match Host::parse(text) {
        Ok(Host::Domain(name)) => name.eq_ignore_ascii_case(text) && !text.contains('*'),
        Ok(Host::Ipv4(address)) => address.to_string() == text,
        Ok(Host::Ipv6(_)) => false,
        // Only in brackets it has such an address.
        Err(_) => !text.contains(['[', ']']) && matches!(Host::parse(&format!("[{text}]")), Ok(Host::Ipv6(_))),
    }
}

/// Whether an address is on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{AddressError, below, check_base_url, is_host, parse_base_url};

    #[test]
    fn a_path_goes_behind_that_of_the_base() {
        for (base, expect) in [
            ("https://x.api.infobip.com", "https://x.api.infobip.com/sandbox/state"),
            ("http://127.0.0.1:8025/", "http://127.0.0.1:8025/sandbox/state"),
            ("https://x/behind/a/proxy", "https://x/behind/a/proxy/sandbox/state"),
            ("https://x/behind/", "https://x/behind/sandbox/state"),
        ] {
            assert_eq!(below(&Url::parse(base).unwrap(), "/sandbox/state").as_str(), expect);
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_no_more() {
        for host in ["gateway.test", "Gateway.TEST", "a", "my-shop_1.example", "192.0.2.1", "2001:db8::1"] {
            assert!(is_host(host), "{host}");
        }
        for wrong in [
            "",
            " ",
            "http://x",
            "gateway.test:8025",
            "gateway.test/",
            "a b",
            "*.test",
            "käse.test",
            "[::1]",
            "u@x",
            "1",
            "999.1.1.1",
            "x?y",
            "a\n",
        ] {
            assert!(!is_host(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn only_https_or_this_machine_and_nothing_else() {
        let check = |text: &str, expect| assert_eq!(check_base_url(&Url::parse(text).unwrap()), expect, "{text}");
        for good in [
            "https://x.api.infobip.com",
            "https://x:8443/path/",
            "http://127.9.0.1:8025",
            "http://[::1]:1",
            "http://localhost",
        ] {
            check(good, Ok(()));
        }
        for insecure in
            ["http://x.api.infobip.com", "http://10.0.0.1", "http://localhost.x", "ftp://localhost", "data:,x"]
        {
            check(insecure, Err(AddressError::Insecure));
        }
        for odd in ["https://u@x", "https://:p@x", "https://x/?a=b", "https://x/#a"] {
            check(odd, Err(AddressError::NotPlain));
        }
        assert_eq!(
            parse_base_url("https://x.api.infobip.com\n").map(String::from),
            Ok("https://x.api.infobip.com/".into())
        );
        for no_url in ["", "foo", "x.api.infobip.com", "https://", "https://x.\nevil.com", "ht\ttps://x", "https://x y"]
        {
            assert_eq!(parse_base_url(no_url), Err(AddressError::NotUrl), "{no_url}");
        }
    }
}
