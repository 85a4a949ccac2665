//! Posts one body to one URL, once: no redirect is followed, no proxy is asked, and the address is looked at to which the
//! connection goes, not the name: it is never the sandbox's own, and where only this machine may be reached it is here.

use std::collections::HashMap;
use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use url::{Host, Url};

use super::own_address::OwnAddress;
use super::settings::WebhookSettings;
use crate::sandbox::local::PUSH_HEADER;
use crate::sandbox::model::webhook::body::media_type;
use crate::sandbox::model::webhook::push::TryOutcome;
use crate::sandbox::model::webhook::reach::ReachVerdict;
use crate::wire::options::ReportType;

/// Posts.
#[derive(Debug)]
pub(super) struct Poster {
    settings: WebhookSettings,
    own: OwnAddress,
    clients: Mutex<HashMap<Lookup, reqwest::Client>>,
}

impl Poster {
    /// Posts for the sandbox that listens at an address.
    pub(super) fn new(settings: WebhookSettings, own: OwnAddress) -> Self {
        Self { settings, own, clients: Mutex::default() }
    }

    /// Posts a body, if it may go there.
    pub(super) async fn post(&self, url: &str, content_type: ReportType, body: Vec<u8>) -> TryOutcome {
        let (url, is_here_only) = match self.settings.reach.judge(url) {
            ReachVerdict::Withhold(outcome) => return outcome,
            ReachVerdict::Post(url) => (url, false),
            ReachVerdict::PostHere(url) => (url, true),
        };
        if self.own.is_named_by(&url) {
            return TryOutcome::Itself;
        }
        if is_here_only && is_elsewhere(&url) {
            return TryOutcome::NotAllowed;
        }
        let lookup = Lookup { is_here_only, but_for: self.own.has_port_of(&url).then_some(self.own) };
        let Some(client) = self.client(lookup) else { return TryOutcome::NoConnection };
        let posting = client.post(url).header(CONTENT_TYPE, media_type(content_type)).header(PUSH_HEADER, "1");
        let answer = posting.body(body).send().await;
        if let Some(barred) = answer.as_ref().err().and_then(barred) {
            return match barred {
                Barred::Itself => TryOutcome::Itself,
                Barred::NotHere => TryOutcome::NotAllowed,
            };
        }
        match answer {
            Ok(answer) => TryOutcome::Answered(answer.status().as_u16()),
            Err(error) if error.is_connect() => TryOutcome::NoConnection,
            Err(error) if error.is_timeout() => TryOutcome::NoAnswer,
            Err(_) => TryOutcome::Broken,
        }
    }

    /// A client that looks names up so; it is made once.
    fn client(&self, lookup: Lookup) -> Option<reqwest::Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&lookup) {
            return Some(client.clone());
        }
        let client = self.builder().dns_resolver(Arc::new(lookup)).build().ok()?;
        clients.insert(lookup, client.clone());
        Some(client)
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        provide_crypto();
        let WebhookSettings { connect, answer, .. } = self.settings;
        reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .pool_max_idle_per_host(0)
            .no_proxy()
            .referer(false)
            .connect_timeout(connect)
            .timeout(answer)
            .user_agent(concat!("sendform-sandbox/", env!("CARGO_PKG_VERSION")))
    }
}

/// No client can be built without it.
pub(super) fn provide_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Of two threads at once the second finds the first one's, which is the same.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}

/// Whether a URL names an address of another machine.
fn is_elsewhere(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !address.is_loopback(),
        Some(Host::Ipv6(address)) => !address.is_loopback(),
        Some(Host::Domain(_)) => false,
        None => true,
    }
}

/// Why a name is not gone to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Barred {
    /// It leads to another machine, or nobody knows where it leads.
    #[error("it is not on this machine")]
    NotHere,
    /// It leads to the sandbox itself.
    #[error("it is the sandbox itself")]
    Itself,
}

fn barred(error: &reqwest::Error) -> Option<Barred> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(barred) = error.downcast_ref() {
            return Some(*barred);
        }
        source = error.source();
    }
    None
}

/// Looks names up, and gives no address that may not be gone to: what it gives is what is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Lookup {
    /// Only addresses of this machine are given.
    is_here_only: bool,
    /// And none at which the sandbox itself is reached: its address, where the port is its own.
    but_for: Option<OwnAddress>,
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            // Of a name that nobody knows it cannot be said that it is here.
            let found = if lookup.is_here_only { found.map_err(|_| Barred::NotHere)? } else { found? };
            let addresses = lookup.filter(found.map(|address| address.ip()).collect())?;
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

impl Lookup {
    /// The addresses of a name, if all of them may be gone to.
    fn filter(self, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Barred> {
        if self.but_for.is_some_and(|own| addresses.iter().any(|address| own.is_reached_at(*address))) {
            return Err(Barred::Itself);
        }
        let are_here = !addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback);
        if self.is_here_only && !are_here { Err(Barred::NotHere) } else { Ok(addresses) }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::net::TcpListener;

    use super::*;
    use crate::sandbox::model::webhook::reach::PushReach;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_addresses_of_this_machine_are_here() {
        let check = |texts: &[&str], expect: bool| {
            let lookup = Lookup { is_here_only: true, but_for: None };
            assert_eq!(lookup.filter(addresses(texts)).is_ok(), expect, "{texts:?}");
        };
        check(&["127.0.0.1", "::1", "127.8.0.1"], true);
        check(&["127.0.0.1", "10.0.0.1"], false);
        check(&["0.0.0.0"], false);
        check(&["::ffff:127.0.0.1"], false);
        check(&[], false);
        for (url, expect) in [("http://10.0.0.1/", true), ("http://2130706433/", false), ("http://[::1]/", false)] {
            assert_eq!(is_elsewhere(&Url::parse(url).unwrap()), expect, "{url}");
        }
    }

    #[test]
    fn a_name_that_leads_to_the_sandbox_itself_is_not_gone_to() {
        let own = OwnAddress("127.0.0.1:8025".parse().unwrap());
        for is_here_only in [true, false] {
            let check = |texts: &[&str], expect: Option<Barred>| {
                let lookup = Lookup { is_here_only, but_for: Some(own) };
                assert_eq!(lookup.filter(addresses(texts)).err(), expect, "{texts:?}");
            };
            check(&["127.0.0.1"], Some(Barred::Itself));
            check(&["10.0.0.1", "::ffff:127.0.0.1"], Some(Barred::Itself));
            check(&["127.0.0.2"], None);
        }
    }

    #[tokio::test]
    async fn nothing_is_posted_to_the_sandbox_itself_however_far_it_may_reach() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let port = own.port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&connections);
        let serving = tokio::spawn(async move {
            let _held = listener.accept().await;
            counting.fetch_add(1, Ordering::Relaxed);
            pending::<()>().await;
        });
        let rewrite = format!("rewrite=http://localhost:{port}/sandbox/reset");
        for reach in [&[][..], &["any"], &["allow=localhost"], &[rewrite.as_str()]] {
            let reach = PushReach::read(reach.iter().copied()).unwrap();
            let poster = Poster::new(WebhookSettings { reach, ..WebhookSettings::default() }, OwnAddress(own));
            for host in ["127.0.0.1", "localhost", "LocalHost", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"] {
                let url = format!("http://{host}:{port}/sandbox/reset");
                let outcome = poster.post(&url, ReportType::Json, Vec::new()).await;
                assert_eq!(outcome, TryOutcome::Itself, "{url} {poster:?}");
            }
        }
        assert_eq!(connections.load(Ordering::Relaxed), 0);
        serving.abort();
    }
}
