//! The token of a CI job, lent to git where it has no credentials of its own: through the environment of the commands
//! that need the network, for the forge's own host alone, and never on a command line.

use std::fs;
use std::path::PathBuf;

use data_encoding::BASE64;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::wire::address::is_loopback;

use super::error::GitError;
use super::program::Git;

/// The variables that a job's tokens stand in, for the forges that sendform knows.
pub(super) const VARIABLES: [&str; 3] = ["GITHUB_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN"];

/// A token that a forge has given to a job, and the only server that it is for.
#[derive(Debug, Clone)]
pub struct ForgeToken {
    server: Url,
    user: &'static str,
    token: SecretString,
    origin: TokenOrigin,
}

/// Where a token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOrigin {
    /// The runner: what git has of its own is stronger.
    Runner,
    /// Somebody who has put it into the job's environment for this: it is stronger than what the runner has given to
    /// git.
    Project,
}

impl ForgeToken {
    /// Takes the address of the forge, the name under which it knows the token, and the token. Nothing, if the token
    /// would go over the network in clear.
    #[must_use]
    pub fn new(server: &str, user: &'static str, token: SecretString, origin: TokenOrigin) -> Option<Self> {
        let mut server = Url::parse(server).ok()?;
        let is_safe = server.scheme() == "https" || (server.scheme() == "http" && is_loopback(&server));
        if !is_safe || !server.username().is_empty() || token.expose_secret().contains(char::is_control) {
            return None;
        }
        if !server.path().ends_with('/') {
            server.set_path(&format!("{}/", server.path()));
        }
        Some(Self { server, user, token, origin })
    }

    /// The forms in which it goes over the network.
    #[must_use]
    pub fn forms(&self) -> [String; 2] {
        [self.token.expose_secret().to_owned(), self.encoded()]
    }

    fn encoded(&self) -> String {
        BASE64.encode(format!("{}:{}", self.user, self.token.expose_secret()).as_bytes())
    }

    /// Whether an address is one of the forge.
    fn is_for(&self, address: &Url) -> bool {
        let server = &self.server;
        address.scheme() == server.scheme()
            && address.host() == server.host()
            && address.port_or_known_default() == server.port_or_known_default()
            && address.path().starts_with(server.path())
    }

    /// Lends it to all commands to come that talk to a remote, if that is on the forge and git has nothing of its own
    /// for it. Whatever else git does it does without the token, and so do the hooks that it runs.
    ///
    /// # Errors
    /// If git cannot be asked.
    pub(super) fn lend(&self, git: &mut Git, remote: &str) -> Result<(), GitError> {
        git.hide(&VARIABLES);
        let mut addresses = Vec::new();
        for which in [&[] as &[&str], &["--push"]] {
            let listed = git.ask(&[&["remote", "get-url", "--all"], which, &["--", remote]].concat())?;
            addresses.extend(listed.word().lines().filter_map(|address| Url::parse(address).ok()));
        }
        if addresses.is_empty() || !addresses.iter().all(|address| self.is_for(address)) {
            return Ok(());
        }
        git.show_far();
        for address in &addresses {
            if self.is_known(git, address)? {
                return Ok(());
            }
        }
        let of_server = |setting: &str| format!("http.{}.{setting}", self.server);
        git.set_far_config(&[
            (&of_server("extraheader"), &format!("Authorization: Basic {}", self.encoded())),
            // Behind a redirect git goes on with the header, wherever that leads.
            (&of_server("followRedirects"), "false"),
        ]);
        Ok(())
    }

    /// Whether git has credentials of its own for an address: two of them in one request are refused by forges.
    fn is_known(&self, git: &Git, address: &Url) -> Result<bool, GitError> {
        if self.has_header(git)? {
            return Ok(true);
        }
        Ok(match self.origin {
            TokenOrigin::Project => false,
            TokenOrigin::Runner => address.password().is_some() || in_netrc(address) || is_given(git, address),
        })
    }

    /// Whether git is told to send a header that lets it in, as `actions/checkout` does.
    fn has_header(&self, git: &Git) -> Result<bool, GitError> {
        let listed = git.ask(&["config", "--null", "--get-regexp", r"^http\..*extraheader$"])?;
        let listed = String::from_utf8_lossy(&listed.out);
        Ok(listed.split('\0').filter_map(|entry| entry.split_once('\n')).any(|(key, value)| {
            let is_of_forge = || {
                let of = key.strip_prefix("http.").and_then(|rest| rest.strip_suffix(".extraheader"));
                // What has no address is for all of them, and what cannot be read may be.
                of.is_none_or(|of| Url::parse(of).map_or(true, |of| of.host() == self.server.host()))
            };
            value.trim_start().to_ascii_lowercase().starts_with("authorization:") && is_of_forge()
        }))
    }
}

/// Whether a helper of git gives credentials for an address. What they are nobody here wants to know.
fn is_given(git: &Git, address: &Url) -> bool {
    let (scheme, host) = (address.scheme(), address.host_str().unwrap_or_default());
    let port = address.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = address.path().trim_start_matches('/');
    let asked = format!("protocol={scheme}\nhost={host}{port}\npath={path}\n\n");
    // A helper that hangs, or fails, gives none.
    git.try_unseen(&["credential", "fill"], asked.as_bytes()).unwrap_or(false)
}

/// Whether the file that git's transport reads by itself names an address.
fn in_netrc(address: &Url) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let text = home.and_then(|home| fs::read_to_string(home.join(".netrc")).ok()).unwrap_or_default();
    names_machine(&text, address.host_str().unwrap_or_default())
}

fn names_machine(netrc: &str, host: &str) -> bool {
    let words: Vec<&str> = netrc.split_whitespace().collect();
    words.contains(&"default") || words.windows(2).any(|pair| pair == ["machine", host])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(server: &str) -> Option<ForgeToken> {
        ForgeToken::new(server, "x-access-token", SecretString::from("ghs_0123456789"), TokenOrigin::Runner)
    }

    #[test]
    fn a_token_is_for_its_own_server_alone() {
        let check = |server: &str, address: &str, expect: bool| {
            let is_for = token(server).is_some_and(|token| token.is_for(&Url::parse(address).unwrap()));
            assert_eq!(is_for, expect, "{server} {address}");
        };
        check("https://github.com", "https://github.com/acme/shop.git", true);
        check("https://github.com/", "https://ada@github.com:443/acme/shop.git", true);
        check("https://github.com", "https://github.com.example.com/acme/shop", false);
        check("https://github.com", "https://example.com/github.com/acme", false);
        check("https://github.com", "http://github.com/acme/shop", false);
        check("https://github.com", "https://github.com:8443/acme/shop", false);
        check("https://github.com", "ssh://git@github.com/acme/shop", false);
        check("https://host/gitlab", "https://host/gitlab/acme/shop", true);
        check("https://host/gitlab", "https://host/gitlab-2/acme/shop", false);
        check("http://127.0.0.1:8080", "http://127.0.0.1:8080/acme", true);
    }

    #[test]
    fn a_token_never_goes_in_clear_or_into_a_second_line() {
        for server in ["http://github.com", "ftp://github.com", "github.com", "", "https://u:p@github.com"] {
            assert!(token(server).is_none(), "{server}");
        }
        let torn = SecretString::from("ghs_1\nX-Evil: 1");
        assert!(ForgeToken::new("https://github.com", "x-access-token", torn, TokenOrigin::Runner).is_none());
        let shown = format!("{:?}", token("https://github.com"));
        assert!(shown.contains("github.com") && !shown.contains("ghs_"), "{shown}");
    }

    #[test]
    fn a_netrc_is_read_as_far_as_whom_it_names() {
        assert!(names_machine("machine github.com login a password b", "github.com"));
        assert!(names_machine("default login a password b", "github.com"));
        assert!(!names_machine("machine example.com\nlogin github.com", "github.com"));
        assert!(!names_machine("", "github.com"));
    }
}
