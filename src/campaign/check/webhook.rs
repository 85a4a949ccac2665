//! URLs: where delivery reports may go, and where the gateway may be.

use url::{Host, Url};

use super::super::cursor::Cursor;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::wire::address::{check_base_url, is_host, is_loopback, parse_whole};

/// Takes the URL of a webhook: https, a host with a name that the project allows, nothing hidden; or http to this
/// machine, for rehearsals, of which whoever sends to a gateway elsewhere has to be told.
///
/// # Errors
/// If it is anything else.
pub(super) fn webhook(at: &Cursor<'_>, text: &str, allowed: Option<&[String]>) -> Result<String, Box<Diagnostic>> {
    let url = parse(at, text)?;
    if is_local(text) {
        plain(at, &url)?;
        return Ok(text.to_owned());
    }
    if url.scheme() != "https" {
        return Err(bad(at, "a webhook must be https"));
    }
    plain(at, &url)?;
    if url.port().is_some() || url.fragment().is_some() {
        return Err(bad(at, "a webhook's URL may have neither a port nor a fragment"));
    }
    let host = match url.host() {
        Some(Host::Domain(host)) => host.trim_end_matches('.').to_owned(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => return Err(bad(at, "a webhook's host must have a name")),
    };
    if host == "localhost" || host.ends_with(".localhost") {
        return Err(bad(at, "a webhook's host must be reachable for the gateway"));
    }
    let Some(allowed) = allowed else { return Ok(text.to_owned()) };
    if allowed.contains(&host) {
        return Ok(text.to_owned());
    }
    let message = format!("the project does not allow delivery reports to `{host}`");
    let help = match suggest::nearest(&host, allowed.iter().map(String::as_str)) {
        Some(near) => {
            format!("did you mean `{near}`? else add the host to `webhooks.allowedHosts` of the project file")
        }
        None => "add the host to `webhooks.allowedHosts` of the project file".to_owned(),
    };
    Err(Box::new(Diagnostic::error(Code::HostNotAllowed, message, at.place()).help(help)))
}

/// Whether a URL is of a webhook on this machine.
#[must_use]
pub(super) fn is_local(text: &str) -> bool {
    parse_whole(text).is_some_and(|url| url.scheme() == "http" && url.fragment().is_none() && is_loopback(&url))
}

/// Takes the gateway's base URL: https, or http to this machine, and nothing after the host.
///
/// # Errors
/// If it is anything else.
pub(super) fn base(at: &Cursor<'_>, text: &str) -> Result<Url, Box<Diagnostic>> {
    let url = parse(at, text)?;
    check_base_url(&url).map_err(|error| bad(at, &error.to_string()))?;
    if url.path() != "/" {
        return Err(bad(at, "the base URL may have nothing after the host"));
    }
    Ok(url)
}

/// Takes the name of a host to which reports may go, as URLs write it.
///
/// # Errors
/// If it is no name of a host.
pub(super) fn host(at: &Cursor<'_>, text: &str) -> Result<String, Box<Diagnostic>> {
    match Host::parse(text) {
        Ok(Host::Domain(host)) if host.contains('.') && !host.contains('*') => {
            Ok(host.trim_end_matches('.').to_owned())
        }
        _ => {
            let help = "write the host alone, without scheme, port or path: `hooks.example.com`";
            Err(Box::new(bad(at, "this is not the name of a host").help(help)))
        }
    }
}

/// Takes a name under which a sandbox is reached, as requests name it.
///
/// # Errors
/// If no request could name it so.
pub(super) fn sandbox_host(at: &Cursor<'_>, text: &str) -> Result<String, Box<Diagnostic>> {
    if is_host(text) {
        return Ok(text.to_owned());
    }
    let help = "write the name alone, without scheme, port or path: `gateway.test`";
    Err(Box::new(bad(at, "this is not the name of a host").help(help)))
}

fn parse(at: &Cursor<'_>, text: &str) -> Result<Url, Box<Diagnostic>> {
    parse_whole(text).ok_or_else(|| bad(at, "this is not a URL with a scheme and a host"))
}

/// Refuses names and passwords inside of a URL.
fn plain(at: &Cursor<'_>, url: &Url) -> Result<(), Box<Diagnostic>> {
    let bare = url.username().is_empty() && url.password().is_none();
    if bare { Ok(()) } else { Err(bad(at, "a URL may not hold a name or password")) }
}

fn bad(at: &Cursor<'_>, message: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::BadUrl, message, at.place()))
}
