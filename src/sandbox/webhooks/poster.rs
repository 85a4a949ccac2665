//! Posts one body to one URL, once: no redirect is followed, no proxy is asked, and where only this machine may be
//! reached the address is looked at to which the connection goes, not the name.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use url::{Host, Url};

use super::settings::WebhookSettings;
use crate::sandbox::model::webhook::body::media_type;
use crate::sandbox::model::webhook::push::TryOutcome;
use crate::sandbox::model::webhook::reach::ReachVerdict;
use crate::wire::options::ReportType;

/// Posts.
#[derive(Debug)]
pub(super) struct Poster {
    settings: WebhookSettings,
    anywhere: OnceLock<Option<reqwest::Client>>,
    here: OnceLock<Option<reqwest::Client>>,
}

impl Poster {
    pub(super) const fn new(settings: WebhookSettings) -> Self {
        Self { settings, anywhere: OnceLock::new(), here: OnceLock::new() }
    }

    /// Posts a body, if it may go there.
    pub(super) async fn post(&self, url: &str, content_type: ReportType, body: Vec<u8>) -> TryOutcome {
        let (url, client) = match self.settings.reach.judge(url) {
            ReachVerdict::Withhold(outcome) => return outcome,
            ReachVerdict::Post(url) => (url, self.anywhere.get_or_init(|| self.client().build().ok())),
            ReachVerdict::PostHere(url) if is_elsewhere(&url) => return TryOutcome::NotAllowed,
            ReachVerdict::PostHere(url) => {
                (url, self.here.get_or_init(|| self.client().dns_resolver(Arc::new(HereOnly)).build().ok()))
            }
        };
        let Some(client) = client else { return TryOutcome::NoConnection };
        let posting = client.post(url).header(CONTENT_TYPE, media_type(content_type)).body(body).send();
        match posting.await {
            Ok(answer) => TryOutcome::Answered(answer.status().as_u16()),
            Err(error) if is_not_here(&error) => TryOutcome::NotAllowed,
            Err(error) if error.is_connect() => TryOutcome::NoConnection,
            Err(error) if error.is_timeout() => TryOutcome::NoAnswer,
            Err(_) => TryOutcome::Broken,
        }
    }

    fn client(&self) -> reqwest::ClientBuilder {
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

/// A name leads to another machine, or nobody knows where it leads.
#[derive(Debug, thiserror::Error)]
#[error("it is not on this machine")]
struct NotHere;

fn is_not_here(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<NotHere>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Looks names up, and gives no address but those of this machine: what it gives is what is connected to.
#[derive(Debug, Clone, Copy)]
struct HereOnly;

impl Resolve for HereOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| NotHere)?;
            let addresses = only_here(found.map(|address| address.ip())).ok_or(NotHere)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name, if all of them are of this machine.
fn only_here(addresses: impl Iterator<Item = IpAddr>) -> Option<Vec<SocketAddr>> {
    let addresses: Vec<SocketAddr> = addresses.map(|address| SocketAddr::new(address, 0)).collect();
    let are_here = !addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback());
    are_here.then_some(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_here() {
        let check = |texts: &[&str], expect: bool| {
            let addresses = texts.iter().map(|text| text.parse().unwrap());
            assert_eq!(only_here(addresses).is_some(), expect, "{texts:?}");
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
}
