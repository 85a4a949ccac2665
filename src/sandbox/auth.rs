//! Who may do what. Every well-formed credential may do everything, unless the settings name credentials.

use data_encoding::BASE64;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::diagnostic::words::list;

/// How a credential is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthScheme {
    /// `App KEY`.
    App,
    /// `Basic` with `USER:PASSWORD` in base64.
    Basic,
    /// `IBSSO TOKEN`.
    Ibsso,
    /// `Bearer TOKEN`.
    Bearer,
}

impl AuthScheme {
    const ALL: [Self; 4] = [Self::App, Self::Basic, Self::Ibsso, Self::Bearer];

    const fn name(self) -> &'static str {
        match self {
            Self::App => "App",
            Self::Basic => "Basic",
            Self::Ibsso => "IBSSO",
            Self::Bearer => "Bearer",
        }
    }

    /// How it is asked for in `WWW-Authenticate`. Without a realm no browser asks its user (RFC 7617, section 2).
    const fn challenge(self) -> &'static str {
        match self {
            Self::Basic => "Basic realm=\"sendform sandbox\"",
            Self::App | Self::Ibsso | Self::Bearer => self.name(),
        }
    }
}

/// A credential that the sandbox takes.
#[derive(Debug, Clone)]
pub struct Credential {
    /// How it is shown.
    pub scheme: AuthScheme,
    /// The key, the token, or `USER:PASSWORD`.
    pub secret: SecretString,
    /// What it may do; everything if absent.
    pub scopes: Option<Vec<String>>,
}

/// Why something is no credential. It never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Nobody has to know anything.
    #[error("it is blank")]
    Blank,
    /// A name without a password.
    #[error("it is not `USER:PASSWORD`, as `basic` has it")]
    NoPassword,
    /// A word that no request needs.
    #[error("there is no scope `{scope}`: the scopes are {}", list(&known_scopes()))]
    UnknownScope {
        /// The word.
        scope: String,
    },
}

impl Credential {
    /// An API key that may do everything.
    #[cfg(test)]
    pub(super) fn key(key: impl Into<SecretString>) -> Self {
        Self { scheme: AuthScheme::App, secret: key.into(), scopes: None }
    }

    /// Takes a credential that somebody can show.
    ///
    /// # Errors
    /// If nobody could show it, everybody could guess it, or it is for what there is not.
    pub fn read(scheme: AuthScheme, secret: String, scopes: Option<Vec<String>>) -> Result<Self, CredentialError> {
        if secret.trim().is_empty() {
            return Err(CredentialError::Blank);
        }
        if scheme == AuthScheme::Basic && !secret.contains(':') {
            return Err(CredentialError::NoPassword);
        }
        let unknown = scopes.iter().flatten().find(|scope| !known_scopes().contains(&scope.as_str()));
        if let Some(scope) = unknown {
            return Err(CredentialError::UnknownScope { scope: scope.clone() });
        }
        Ok(Self { scheme, secret: secret.into(), scopes })
    }

    fn is_shown_by(&self, scheme: AuthScheme, shown: &str) -> bool {
        let secret = self.secret.expose_secret();
        let is_same = match self.scheme {
            AuthScheme::Basic => BASE64.decode(shown.as_bytes()).is_ok_and(|decoded| decoded == secret.as_bytes()),
            AuthScheme::App | AuthScheme::Ibsso | AuthScheme::Bearer => secret == shown,
        };
        self.scheme == scheme && is_same
    }

    fn may(&self, scopes: &[&str]) -> bool {
        let Some(held) = &self.scopes else { return true };
        scopes.is_empty() || held.iter().any(|held| scopes.contains(&held.as_str()))
    }
}

/// Any of these lets send and pull reports.
pub(super) const SEND_SCOPES: [&str; 3] = ["message:send", "instagram:message:send", "instagram:manage"];
/// Any of these lets read the logs.
pub(super) const LOGS_SCOPES: [&str; 2] = ["instagram:logs:read", "instagram:manage"];

/// What the doors of the sandbox want, where others reach them.
const EVERYTHING: &str = "a credential without scopes";
/// All that some request asks for, each once.
fn known_scopes() -> Vec<&'static str> {
    let mut known = SEND_SCOPES.to_vec();
    known.extend(LOGS_SCOPES.into_iter().filter(|scope| !SEND_SCOPES.contains(scope)));
    known
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// It has no credentials, or unknown ones: what was expected instead.
    Unauthorized(String),
    /// Its credentials do not suffice: what was missing.
    Forbidden(String),
}

/// Checks the value of `Authorization` for somebody who needs one of some scopes.
pub(super) fn check(value: Option<&str>, known: &[Credential], scopes: &[&str]) -> Result<(), Denied> {
    let expected = || {
        let taken = |scheme: &AuthScheme| known.is_empty() || known.iter().any(|known| known.scheme == *scheme);
        let schemes = AuthScheme::ALL.into_iter().filter(taken).map(AuthScheme::challenge);
        Denied::Unauthorized(schemes.collect::<Vec<_>>().join(", "))
    };
    let (scheme, shown) = value.and_then(|value| value.split_once(' ')).ok_or_else(expected)?;
    let shown = shown.trim();
    let scheme = AuthScheme::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(scheme));
    let scheme = scheme.filter(|_| !shown.is_empty()).ok_or_else(expected)?;
    if known.is_empty() {
        return Ok(());
    }
    let credential = known.iter().find(|known| known.is_shown_by(scheme, shown)).ok_or_else(expected)?;
    if credential.may(scopes) { Ok(()) } else { Err(Denied::Forbidden(scopes.join(", "))) }
}

/// Checks the value of `Authorization` for somebody who is to be allowed everything.
pub(super) fn check_master(value: Option<&str>, known: &[Credential]) -> Result<(), Denied> {
    let masters: Vec<_> = known.iter().filter(|known| known.scopes.is_none()).cloned().collect();
    let denied = match check(value, &masters, &[]) {
        Ok(()) if !masters.is_empty() => return Ok(()),
        Ok(()) => Denied::Forbidden(EVERYTHING.to_owned()),
        Err(denied) => denied,
    };
    // Whoever is known, and may do less, does not become another by asking again.
    let is_known = !known.is_empty() && check(value, known, &[]).is_ok();
    Err(if is_known { Denied::Forbidden(EVERYTHING.to_owned()) } else { denied })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unauthorized(expected: &str) -> Result<(), Denied> {
        Err(Denied::Unauthorized(expected.to_owned()))
    }

    #[test]
    fn any_credential_will_do_unless_some_are_named() {
        for value in ["App k", "app k", "Basic dTpw", "IBSSO t", "Bearer t"] {
            assert_eq!(check(Some(value), &[], &SEND_SCOPES), Ok(()), "{value}");
        }
        for value in [None, Some(""), Some("App"), Some("App  "), Some("k"), Some("Digest x")] {
            assert_eq!(
                check(value, &[], &SEND_SCOPES),
                unauthorized("App, Basic realm=\"sendform sandbox\", IBSSO, Bearer"),
                "{value:?}"
            );
        }
        assert_eq!(check_master(Some("App k"), &[]), Err(Denied::Forbidden(EVERYTHING.to_owned())));
    }

    #[test]
    fn named_credentials_are_held_to() {
        let credential = |scheme, secret: &str, scopes: &[&str]| Credential {
            scheme,
            secret: secret.into(),
            scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        };
        let known = [
            Credential::key("all"),
            credential(AuthScheme::App, "sends", &["instagram:message:send"]),
            credential(AuthScheme::App, "manages", &["instagram:manage"]),
            credential(AuthScheme::Basic, "user:pass word", &["instagram:logs:read"]),
            credential(AuthScheme::Bearer, "none", &[]),
        ];
        let basic = format!("Basic {}", BASE64.encode(b"user:pass word"));
        // Who may send, and who may read the logs.
        for (value, sends, reads) in [
            ("App all", true, true),
            ("App sends", true, false),
            ("App manages", true, true),
            (basic.as_str(), false, true),
            ("Bearer none", false, false),
        ] {
            let may = |scopes: &[&str]| check(Some(value), &known, scopes);
            let expected =
                |may: bool, scopes: &[&str]| if may { Ok(()) } else { Err(Denied::Forbidden(scopes.join(", "))) };
            assert_eq!(may(&SEND_SCOPES), expected(sends, &SEND_SCOPES), "{value}");
            assert_eq!(may(&LOGS_SCOPES), expected(reads, &LOGS_SCOPES), "{value}");
        }
        for value in ["App none", "Bearer all", "Basic all", "IBSSO all", "Basic dXNlcjpwYXNz", "App ALL"] {
            assert_eq!(
                check(Some(value), &known, &[]),
                unauthorized("App, Basic realm=\"sendform sandbox\", Bearer"),
                "{value}"
            );
        }
        assert_eq!(check_master(Some("App all"), &known), Ok(()));
        assert_eq!(check_master(Some("App manages"), &known), Err(Denied::Forbidden(EVERYTHING.to_owned())));
        for unknown in [None, Some("App none"), Some(basic.replace('w', "x").as_str())] {
            assert_eq!(check_master(unknown, &known), unauthorized("App"), "{unknown:?}: only a key may do everything");
        }
    }

    #[test]
    fn a_credential_can_be_shown_and_is_for_something() {
        let check = |scheme, secret: &str, scopes: Option<&[&str]>, expect: &str| {
            let scopes = scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
            let read = Credential::read(scheme, secret.to_owned(), scopes);
            assert_eq!(read.map_or_else(|error| error.to_string(), |_| String::new()), expect, "{secret:?}");
        };
        for scheme in AuthScheme::ALL {
            for blank in ["", " ", "\t\n"] {
                check(scheme, blank, None, "it is blank");
            }
        }
        check(AuthScheme::App, "k", None, "");
        check(AuthScheme::App, "k", Some(&[]), "");
        check(AuthScheme::App, "k", Some(&["instagram:manage", "message:send", "instagram:logs:read"]), "");
        check(AuthScheme::Basic, "user:", None, "");
        check(AuthScheme::Basic, "nopw", None, "it is not `USER:PASSWORD`, as `basic` has it");
        check(
            AuthScheme::Bearer,
            "t",
            Some(&["message:send", "foo"]),
            "there is no scope `foo`: the scopes are message:send, instagram:message:send, instagram:manage and \
             instagram:logs:read",
        );
    }
}
