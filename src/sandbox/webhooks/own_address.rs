//! Where the sandbox itself listens, by the address to which a connection goes and not by its name: it never posts to
//! itself, where a push could open the doors that are for testers.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use url::{Host, Url};

/// The address at which a sandbox listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct OwnAddress(pub(super) SocketAddr);

impl OwnAddress {
    /// Whether whoever connects to the port of a URL may come to the sandbox, if the host is its own.
    pub(super) fn has_port_of(self, url: &Url) -> bool {
        url.port_or_known_default() == Some(self.0.port())
    }

    /// Whether a URL names the sandbox by its address. Of a name nobody knows before it was looked up.
    pub(super) fn is_named_by(self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return false,
        };
        self.has_port_of(url) && self.is_reached_at(address)
    }

    /// Whether whoever connects to an address, at its port, comes to the sandbox.
    pub(super) fn is_reached_at(self, address: IpAddr) -> bool {
        let (own, address) = (self.0.ip().to_canonical(), address.to_canonical());
        if own.is_unspecified() {
            // `0.0.0.0` takes in the first version of the protocol only, `::` both.
            return (own.is_ipv6() || address.is_ipv4()) && is_of_this_machine(address);
        }
        // A connection to no address in particular goes to this machine.
        own == address || (address.is_unspecified() && own.is_loopback())
    }
}

/// Whether an address is one of this machine: then something can be bound to it.
fn is_of_this_machine(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified() || UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_form_an_address_has_it_is_itself() {
        let check = |own: &str, url: &str, expect: bool| {
            let own = OwnAddress(own.parse().unwrap());
            assert_eq!(own.is_named_by(&Url::parse(url).unwrap()), expect, "{own:?} {url}");
        };
        for url in [
            "http://127.0.0.1:8025/sandbox/reset",
            "http://user:word@127.0.0.1:8025/",
            "https://127.0.0.1:8025/",
            "http://2130706433:8025/",
            "http://0x7f.1:8025/",
            "http://0177.0.0.1:8025/",
            "http://0.0.0.0:8025/",
            "http://0:8025/",
            "http://[::]:8025/",
            "http://[::ffff:127.0.0.1]:8025/",
            "http://[0:0:0:0:0:ffff:7f00:1]:8025/",
        ] {
            check("127.0.0.1:8025", url, true);
            check("0.0.0.0:8025", url, !url.contains("[::]"));
            check("[::]:8025", url, true);
        }
        check("127.0.0.1:80", "http://127.0.0.1/", true);
        check("127.0.0.1:443", "https://127.0.0.1/", true);
        check("[::1]:8025", "http://[::1]:8025/", true);
        check("[::]:8025", "http://[::1]:8025/", true);
        check("0.0.0.0:8025", "http://127.8.0.1:8025/", true);
        for url in ["http://127.0.0.1:8026/", "http://127.0.0.2:8025/", "http://[::1]:8025/", "http://192.0.2.1:8025/"]
        {
            check("127.0.0.1:8025", url, false);
        }
        // An address that is kept for documents, and of no machine.
        check("0.0.0.0:8025", "http://192.0.2.1:8025/", false);
        check("[::]:8025", "http://[2001:db8::1]:8025/", false);
    }
}
