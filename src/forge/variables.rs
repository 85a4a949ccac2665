//! Variables of the environment, each as what it has to be; what is missing or odd is kept, so that all is named at once.

use url::Url;

use crate::wire::address::{is_loopback, parse_base_url};

use super::commit_id::CommitId;

/// Why a variable cannot be used. What it holds is not repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableProblem {
    /// Its name.
    pub name: &'static str,
    /// Why: `is missing`, `is not a number`.
    pub why: String,
}

/// The variables, and what is wrong with those that were looked at.
pub(super) struct Variables<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    /// What is wrong, in the order in which it was looked at.
    pub(super) problems: Vec<VariableProblem>,
}

impl<'a> Variables<'a> {
    /// Takes what gives a variable's value.
    pub(super) const fn new(get: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { get, problems: Vec::new() }
    }

    fn wrong<T>(&mut self, name: &'static str, why: impl Into<String>) -> Option<T> {
        self.problems.push(VariableProblem { name, why: why.into() });
        None
    }

    /// A variable that may be missing.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        (self.get)(name).filter(|value| !value.trim().is_empty())
    }

    /// A variable that has to be there.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.find(name).or_else(|| self.wrong(name, "is missing"))
    }

    /// One that has to be of some kind, which is named with its article.
    pub(super) fn parsed<T>(&mut self, name: &'static str, is: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).or_else(|| self.wrong(name, format!("is not {is}")))
    }

    /// A number.
    pub(super) fn number(&mut self, name: &'static str) -> Option<u64> {
        self.parsed(name, "a number", |text| text.parse().ok())
    }

    /// The id of a commit.
    pub(super) fn commit(&mut self, name: &'static str) -> Option<CommitId> {
        self.parsed(name, "the id of a commit", CommitId::parse)
    }

    /// An address.
    pub(super) fn server(&mut self, name: &'static str) -> Option<Url> {
        let text = self.text(name)?;
        parse_base_url(&text).map_or_else(|_| self.wrong(name, "is no address that begins with `https://`"), Some)
    }

    /// An API of the forge: where it is the token goes, so it has to be on the forge's own host.
    pub(super) fn api(&mut self, name: &'static str, server: Option<&Url>) -> Option<Url> {
        let url = self.server(name)?;
        let own = server.is_none_or(|server| is_of(&url, server));
        if own { Some(url) } else { self.wrong(name, "is not on the forge's own host, and only that gets the token") }
    }
}

/// Whether an API is on the forge's own host: the server's, or `api.` before it. On this machine the port is anybody's.
fn is_of(api: &Url, server: &Url) -> bool {
    if is_loopback(api) || is_loopback(server) {
        return is_loopback(api) && is_loopback(server);
    }
    let (Some(api_host), Some(host)) = (api.host_str(), server.host_str()) else { return false };
    let is_own = api_host == host || api_host.strip_prefix("api.") == Some(host);
    is_own && api.port_or_known_default() == server.port_or_known_default()
}
