//! Webhooks on this machine: a sandbox posts to them, and no other gateway can.

use crate::campaign::Campaign;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// Where the gateway is that is to post delivery reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayPlace {
    /// On this machine: a sandbox.
    ThisMachine,
    /// Nobody has said.
    Unknown,
    /// Elsewhere.
    Elsewhere,
}

/// Says of every webhook on this machine that it is none for a gateway elsewhere.
#[must_use]
pub fn local_webhooks(campaigns: &[Campaign], gateway: GatewayPlace) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let messages = campaigns.iter().flat_map(|campaign| &campaign.messages);
    for place in messages.filter_map(|message| message.webhooks.local_place.as_ref()) {
        let found = match gateway {
            GatewayPlace::ThisMachine => continue,
            GatewayPlace::Unknown => Diagnostic::warning(
                Code::BadUrl,
                "only a sandbox on this machine can post there; with any other gateway it is an error",
                place.clone(),
            ),
            GatewayPlace::Elsewhere => {
                Diagnostic::error(Code::BadUrl, "only a sandbox on this machine can post there", place.clone())
            }
        };
        diagnostics.push(found.help("to send for real, name a host of `webhooks.allowedHosts`: `https://host/path`"));
    }
    diagnostics
}
