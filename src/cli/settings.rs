//! The environment: read here, once, and nowhere else.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::forge::runner::{Runner, RunnerError};
use crate::identity::Keys;
use crate::report::failure_code::FailureCode;
use crate::report::screen::WIDTH_MIN;
use crate::store::regular::{self, Links};
use crate::store::{ForgeToken, TokenOrigin};
use crate::timing::read_instant;
use crate::wire::said;

use super::failure::Failure;

/// The option that fixes the time of day.
const NOW_OPTION: &str = "--now";

/// How long the name of whoever runs this may be, in characters.
const BY_MAX: usize = 64;

/// The variables that are read, and what they are for.
pub(super) const VARIABLES: [(&str, &str); 20] = [
    ("SENDFORM_API_KEY", "the gateway's API key; sent over https to the base URL's host, or to loopback, only"),
    ("SENDFORM_KEY", "the key of the fingerprints, in base64 or hex; several are separated by commas or lines"),
    ("SENDFORM_KEY_FILE", "a regular file that holds it instead; if both are set, they must not differ"),
    ("SENDFORM_BASE_URL", "the gateway's base URL; wins over the project file"),
    ("SSL_CERT_FILE", "certificates of authorities to trust instead of the machine's, such as a company's own"),
    ("SSL_CERT_DIR", "a folder of such certificates"),
    ("SENDFORM_DATABASE_URL", "where a ledger in PostgreSQL is, with the password"),
    (
        "SENDFORM_DATABASE_CA",
        "a PEM file with the certificates of authorities that its server is trusted by, besides the machine's",
    ),
    ("SENDFORM_DATA", "one more folder for audiences, as `--data`"),
    ("SENDFORM_BY", "who runs this, for the ledger; else `GITHUB_ACTOR`, `GITLAB_USER_LOGIN`, `USER`"),
    ("SENDFORM_NOW", "a fixed time of day, as `--now`, for tests against the sandbox or a gateway on loopback"),
    ("SENDFORM_START_WITHIN", "how soon after its claim a request has to begin (`2m`): for tests, likewise"),
    ("SENDFORM_ANSWER_WITHIN", "how long a request may take (`1m`): for tests, likewise"),
    (
        "GITHUB_TOKEN",
        "a job's token, for `sendform ci`, and for git where it has no credentials; goes to that GitHub's own host only",
    ),
    (
        "SENDFORM_GITLAB_TOKEN",
        "a project's access token for `sendform ci` on GitLab; goes to the host of `CI_SERVER_URL` only",
    ),
    ("GITLAB_TOKEN", "a project's token that may push, likewise for the host of `CI_SERVER_URL`; else `CI_JOB_TOKEN`"),
    ("CI", "anything but `false` or `0`: this is a CI run"),
    ("NO_COLOR", "no colours; `--color` is stronger"),
    ("CLICOLOR_FORCE", "colours also where there is no terminal, unless `NO_COLOR` is set"),
    (
        "SENDFORM_WIDTH",
        "how many columns the output has, at least 40; else a terminal has its own, and a pipe or a file has no width",
    ),
];

/// A variable that cannot be used.
#[derive(Debug)]
pub(super) struct Unusable {
    /// Its name.
    pub name: &'static str,
    /// Why.
    pub failure: Failure,
}

impl Unusable {
    /// Whether it holds, or names, a key.
    pub(super) fn is_of_key(&self) -> bool {
        self.name.starts_with("SENDFORM_KEY")
    }
}

/// What the environment says.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// `SENDFORM_KEY`, or the content of the file that `SENDFORM_KEY_FILE` names.
    pub keys: Option<Keys>,
    /// `SENDFORM_KEY_FILE`, whether it was needed or not.
    pub key_file: Option<PathBuf>,
    /// `SENDFORM_API_KEY`: the gateway's API key.
    pub api_key: Option<SecretString>,
    /// `SENDFORM_BASE_URL`: the gateway's base URL, which wins over the project file's.
    pub base_url: Option<String>,
    /// `SENDFORM_DATABASE_URL`: where a ledger in PostgreSQL is, with the password.
    pub database_url: Option<SecretString>,
    /// `SENDFORM_DATABASE_CA`: a PEM file with the certificates of private authorities.
    pub database_ca: Option<PathBuf>,
    /// `GITHUB_TOKEN`: the token of a run of CI on GitHub.
    pub github_token: Option<SecretString>,
    /// `SENDFORM_GITLAB_TOKEN`: a token that reads merge requests on GitLab, and writes their notes.
    pub gitlab_token: Option<SecretString>,
    /// `SENDFORM_NOW`: a fixed time of day, for tests against a gateway on loopback.
    pub now: Option<Timestamp>,
    /// What the fixed time of day was given with.
    pub now_given_with: &'static str,
    /// `SENDFORM_START_WITHIN`: how long after its claim a request may begin, such as `1s`, for tests
    /// against a gateway on loopback.
    pub start_within: Option<Duration>,
    /// `SENDFORM_ANSWER_WITHIN`: how long a request may take, such as `1s`, for tests against a gateway
    /// on loopback.
    pub answer_within: Option<Duration>,
    /// `CI`: whether this is a run of continuous integration.
    pub ci: bool,
    /// `NO_COLOR`: whether colours are unwanted.
    pub no_color: bool,
    /// `CLICOLOR_FORCE`: whether colours are wanted where there is no terminal.
    pub force_color: bool,
    /// `TERM=dumb`: whether the terminal knows no colours.
    pub is_dumb: bool,
    /// `SENDFORM_WIDTH`: how many columns the output has, whatever it is shown on.
    pub width: Option<usize>,
    /// `SENDFORM_DATA`: one more folder that may hold audiences, unless the command line names one.
    pub data: Option<PathBuf>,
    /// The token of the CI job that this is run by, for its forge: `GITHUB_TOKEN`, `GITLAB_TOKEN` or `CI_JOB_TOKEN`.
    pub forge_token: Option<ForgeToken>,
    /// Who is running this: `SENDFORM_BY`, `GITHUB_ACTOR`, `GITLAB_USER_LOGIN`, `USER`; at most
    /// [`BY_MAX`] characters, none of them a control character.
    pub by: Option<String>,
}

impl Settings {
    /// Who is running this, or a word for nobody knows who.
    pub(super) fn by_or_unknown(&self) -> &str {
        self.by.as_deref().unwrap_or("unknown")
    }

    /// Reads the environment, and tells which variables cannot be used: those are as if they were not set.
    pub(super) fn read() -> (Self, Vec<Unusable>) {
        let mut unusable = Vec::new();
        let now = usable("SENDFORM_NOW", &mut unusable, |name| {
            let wrong = |error| Failure::new(FailureCode::Usage, format!("`{name}` is {error}"));
            text(name).map(|now| read_instant(&now).map_err(wrong)).transpose()
        });
        hide_secrets();
        let keys = match keys() {
            Ok(keys) => keys,
            Err(wrong) => {
                unusable.push(wrong);
                None
            }
        };
        let start_within = usable("SENDFORM_START_WITHIN", &mut unusable, duration);
        let answer_within = usable("SENDFORM_ANSWER_WITHIN", &mut unusable, duration);
        let width = usable("SENDFORM_WIDTH", &mut unusable, columns);
        let names = ["SENDFORM_BY", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER"].into_iter();
        let settings = Self {
            keys,
            key_file: text("SENDFORM_KEY_FILE").map(PathBuf::from),
            api_key: text("SENDFORM_API_KEY").map(SecretString::from),
            base_url: text("SENDFORM_BASE_URL"),
            database_url: text("SENDFORM_DATABASE_URL").map(SecretString::from),
            database_ca: text("SENDFORM_DATABASE_CA").map(PathBuf::from),
            github_token: text("GITHUB_TOKEN").map(SecretString::from),
            gitlab_token: text("SENDFORM_GITLAB_TOKEN").map(SecretString::from),
            now,
            now_given_with: "SENDFORM_NOW",
            start_within,
            answer_within,
            ci: text("CI").is_some_and(|value| value != "false" && value != "0"),
            no_color: text("NO_COLOR").is_some(),
            force_color: text("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            is_dumb: text("TERM").is_some_and(|value| value == "dumb"),
            width,
            data: text("SENDFORM_DATA").map(PathBuf::from),
            forge_token: forge_token(),
            by: names.filter_map(text).find_map(|name| of_a_person(&name)),
        };
        (settings, unusable)
    }

    /// Takes what the command line says in place of a variable.
    #[must_use]
    pub(super) fn with_now(mut self, now: Option<Timestamp>) -> Self {
        if now.is_some() {
            self.now = now;
            self.now_given_with = NOW_OPTION;
        }
        self
    }

    /// Whether a fixed time of day was typed, and is not the environment's.
    #[must_use]
    pub(super) fn is_now_typed(&self) -> bool {
        self.now_given_with == NOW_OPTION
    }

    /// The first variable, or option, that is set and is for tests only.
    #[must_use]
    pub(super) fn for_tests(&self) -> Option<&'static str> {
        let now = self.now.map(|_| self.now_given_with);
        let start_within = self.start_within.map(|_| "SENDFORM_START_WITHIN");
        let answer_within = self.answer_within.map(|_| "SENDFORM_ANSWER_WITHIN");
        now.or(start_within).or(answer_within)
    }

    /// The same without any secret, for what a stranger has written.
    #[must_use]
    pub(super) fn without_secrets(&self) -> Self {
        Self { api_key: None, keys: None, database_url: None, github_token: None, gitlab_token: None, ..self.clone() }
    }
}

/// What the environment says of a run of CI.
///
/// # Errors
/// If this is none, or its variables cannot be used.
pub(super) fn runner() -> Result<Runner, RunnerError> {
    Runner::read(text)
}

/// Has the secrets of this process hidden in all that is shown or kept from now on.
fn hide_secrets() {
    let [api_key, key, url] = ["SENDFORM_API_KEY", "SENDFORM_KEY", "SENDFORM_DATABASE_URL"].map(text);
    let file = text("SENDFORM_KEY_FILE").and_then(|path| regular::read_text(Path::new(&path), Links::Followed).ok());
    let keys = [key, file].into_iter().flatten().flat_map(|keys| {
        keys.split([',', '\n', '\r']).map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).collect::<Vec<_>>()
    });
    let tokens = ["GITHUB_TOKEN", "SENDFORM_GITLAB_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN"].into_iter().filter_map(text);
    let lent = forge_token().into_iter().flat_map(|token| token.forms());
    let passwords = url.iter().flat_map(|url| passwords(url));
    said::hide(api_key.into_iter().chain(keys).chain(passwords).chain(tokens).chain(lent));
}

/// The token that a forge, or somebody at a forge, has given to the job. Without the forge's address nobody knows whom
/// it is for.
fn forge_token() -> Option<ForgeToken> {
    let forges = [
        ("GITHUB_SERVER_URL", "GITHUB_TOKEN", "x-access-token", TokenOrigin::Runner),
        ("CI_SERVER_URL", "GITLAB_TOKEN", "oauth2", TokenOrigin::Project),
        ("CI_SERVER_URL", "CI_JOB_TOKEN", "gitlab-ci-token", TokenOrigin::Runner),
    ];
    forges.into_iter().find_map(|(server, token, user, origin)| {
        ForgeToken::new(&text(server)?, user, SecretString::from(text(token)?), origin)
    })
}

/// The password in a database's URL, as it is written there and as it is meant.
fn passwords(url: &str) -> Vec<String> {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let mut found: Vec<String> = user.split_once(':').map(|(_, password)| password.to_owned()).into_iter().collect();
    for (name, value) in url::form_urlencoded::parse(url.split_once('?').map_or("", |(_, query)| query).as_bytes()) {
        if name == "password" {
            found.push(value.into_owned());
        }
    }
    found.extend(url.split_whitespace().filter_map(|part| part.strip_prefix("password=")).map(str::to_owned));
    let meant = |password: &String| {
        let plain = password.replace('+', "%2B");
        url::form_urlencoded::parse(format!("p={plain}").as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let more: Vec<String> = found.iter().filter_map(meant).collect();
    found.extend(more);
    found
}

/// A length of time, unless it is not set.
fn duration(name: &str) -> Result<Option<Duration>, Failure> {
    let Some(text) = text(name) else { return Ok(None) };
    let length = text.parse::<SignedDuration>().ok().and_then(|length| Duration::try_from(length).ok());
    match length {
        Some(length) => Ok(Some(length)),
        None => Err(Failure::new(FailureCode::Usage, format!("`{name}` is not a length of time, such as `1s`"))),
    }
}

/// A number of columns, unless it is not set.
fn columns(name: &str) -> Result<Option<usize>, Failure> {
    let Some(text) = text(name) else { return Ok(None) };
    match text.trim().parse::<usize>() {
        Ok(width) if width >= WIDTH_MIN => Ok(Some(width)),
        _ => {
            let message = format!("`{name}` is not a number of columns, at least {WIDTH_MIN}");
            Err(Failure::new(FailureCode::Usage, message))
        }
    }
}

/// Reads one variable; one that cannot be used is put among the others.
fn usable<Value>(
    name: &'static str,
    unusable: &mut Vec<Unusable>,
    read: impl FnOnce(&str) -> Result<Option<Value>, Failure>,
) -> Option<Value> {
    read(name).unwrap_or_else(|failure| {
        unusable.push(Unusable { name, failure });
        None
    })
}

fn keys() -> Result<Option<Keys>, Unusable> {
    let wrong = |name: &'static str, error: &crate::identity::KeyError| {
        let failure = Failure::new(FailureCode::KeyUnusable, format!("`{name}` cannot be used")).because(error);
        Unusable { name, failure }
    };
    let named = text("SENDFORM_KEY").map(|keys| Keys::parse(&keys).map_err(|error| wrong("SENDFORM_KEY", &error)));
    let named = named.transpose()?;
    let Some(path) = text("SENDFORM_KEY_FILE").map(PathBuf::from) else { return Ok(named) };
    let content = regular::read_text(&path, Links::Followed).map_err(|error| {
        let message = format!("`{}`, named by `SENDFORM_KEY_FILE`, cannot be read", path.display());
        let failure = Failure::new(FailureCode::KeyUnusable, message).because(&error);
        Unusable { name: "SENDFORM_KEY_FILE", failure }
    })?;
    let filed = Keys::parse(&content).map_err(|error| wrong("SENDFORM_KEY_FILE", &error))?;
    match named {
        Some(named) if named.ids() != filed.ids() => {
            Err(Unusable { name: "SENDFORM_KEY", failure: two_keys(&named, &filed) })
        }
        Some(_) | None => Ok(Some(filed)),
    }
}

/// Which of two keys is meant nobody can know, and with the wrong one everybody would look unsent.
fn two_keys(named: &Keys, filed: &Keys) -> Failure {
    let ids = |keys: &Keys| {
        let ids: Vec<String> = keys.ids().iter().map(|id| format!("`{id}`")).collect();
        ids.join(", ")
    };
    let message =
        format!("`SENDFORM_KEY` and `SENDFORM_KEY_FILE` are both set, and differ: {} and {}", ids(named), ids(filed));
    Failure::new(FailureCode::KeyUnusable, message)
        .hint("leave the one out that is not meant: `unset SENDFORM_KEY` or `unset SENDFORM_KEY_FILE`")
        .hint("these are the names that a ledger has for them; several keys stand in one of the two, separated by commas or lines")
}

/// A name as the ledger keeps it: it is signed, and shown on terminals.
fn of_a_person(name: &str) -> Option<String> {
    let name: String = name.trim().chars().filter(|letter| !letter.is_control()).take(BY_MAX).collect();
    (!name.trim().is_empty()).then(|| name.trim().to_owned())
}

/// A variable, unless it is empty.
fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::{BY_MAX, of_a_person};

    #[test]
    fn a_name_is_short_and_has_no_control_characters() {
        let check = |name: &str, expect: Option<&str>| assert_eq!(of_a_person(name).as_deref(), expect, "{name:?}");
        check(" Ana Anić ", Some("Ana Anić"));
        check("ana\u{1b}[2J\nben\u{7f}", Some("ana[2Jben"));
        check("\u{1}\u{2}", None);
        check(&"é".repeat(BY_MAX + 1), Some(&"é".repeat(BY_MAX)));
    }
}
