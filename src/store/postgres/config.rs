//! Where a database is, and how to get in: its URL, read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::error::DatabaseError;
use super::tls::Tls;

/// The port of servers that name none.
const PORT: u16 = 5432;
/// How long a connection may take to be made.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a peer may be silent before it is probed, and how long it may then stay so.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// Where a database is, and how to get in.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) config: Config,
    /// Absent if the connection is not to be encrypted.
    pub(super) tls: Option<Tls>,
}

/// What the URL says about TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Never,
    IfOffered,
    Always,
}

impl Access {
    /// Reads a URL. TLS is required unless the server is on this machine, or `sslmode` says
    /// otherwise; where it is used the server is verified as with `verify-full`, whatever that says.
    pub(super) fn read(url: &SecretString, authorities: Option<&Path>) -> Result<Self, DatabaseError> {
        let (url, wish, root) = take_tls(url.expose_secret().trim())?;
        let mut config: Config =
            url.parse().map_err(|_| DatabaseError::Url("a part of it, or one of its parameters, cannot be read"))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(DatabaseError::Url("it names no host"));
        }
        let wish = wish.unwrap_or(if is_here(&config) { Wish::Never } else { Wish::Always });
        config.ssl_mode(match wish {
            Wish::Never => SslMode::Disable,
            Wish::IfOffered => SslMode::Prefer,
            Wish::Always => SslMode::Require,
        });
        config.connect_timeout(CONNECT_TIME_MAX);
        config.keepalives_idle(SILENCE_MAX);
        config.tcp_user_timeout(SILENCE_MAX);
        config.application_name("sendform");
        let authorities = authorities.map(Path::to_owned).or(root);
        let tls = (wish != Wish::Never).then(|| Tls::new(authorities.as_deref())).transpose()?;
        Ok(Self { config, tls })
    }

    /// The database in words: its hosts and its name, and nobody's name or password.
    pub(super) fn place(&self) -> String {
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().filter(|port| *port != PORT);
        let named = |(at, name): (usize, &Host)| match (name, port(at)) {
            (Host::Tcp(_), Some(port)) => format!("{}:{port}", host(name)),
            (Host::Tcp(_) | Host::Unix(_), _) => host(name),
        };
        let hosts: Vec<String> = self.config.get_hosts().iter().enumerate().map(named).collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

/// Whether all servers are on this machine.
fn is_here(config: &Config) -> bool {
    let is_loopback =
        |name: &str| name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => is_loopback(name),
            Host::Unix(_) => true,
        })
}

/// Takes out of a URL what it says about TLS, which its reader knows only a part of.
fn take_tls(url: &str) -> Result<(String, Option<Wish>, Option<PathBuf>), DatabaseError> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(DatabaseError::Url("it does not begin with postgres://"));
    }
    // A password may hold a question mark.
    let behind_credentials = url.rfind('@').unwrap_or_default();
    let split = url.get(behind_credentials..).and_then(|rest| rest.find('?')).map(|at| behind_credentials + at);
    let Some((before, parameters)) = split.and_then(|at| Some((url.get(..at)?, url.get(at + 1..)?))) else {
        return Ok((url.to_owned(), None, None));
    };
    let (mut wish, mut root, mut others) = (None, None, Vec::new());
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some(("sslmode", mode)) => {
                wish = Some(match mode {
                    "disable" => Wish::Never,
                    "allow" | "prefer" => Wish::IfOffered,
                    "require" | "verify-ca" | "verify-full" => Wish::Always,
                    _ => return Err(DatabaseError::Url("its `sslmode` is not one of libpq's")),
                });
            }
            Some(("sslrootcert", path)) => root = Some(PathBuf::from(path)).filter(|path| path != Path::new("system")),
            _ => others.push(parameter),
        }
    }
    let separator = if others.is_empty() { "" } else { "?" };
    Ok((format!("{before}{separator}{}", others.join("&")), wish, root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_elsewhere_is_reached_under_tls_unless_the_url_says_otherwise() {
        let check = |url: &str, mode: Result<SslMode, &str>| {
            let found = Access::read(&SecretString::from(url), None).map(|access| access.config.get_ssl_mode());
            assert_eq!(found.map_err(|error| error.to_string()), mode.map_err(str::to_owned), "{url}");
        };
        check("postgres://ana:pw@db.example.com/sent", Ok(SslMode::Require));
        check("postgres://ana:pw@10.0.0.7:5433/sent?connect_timeout=3", Ok(SslMode::Require));
        check("postgres://ana:pw@db.example.com/sent?sslmode=disable", Ok(SslMode::Disable));
        check("postgresql://ana:p?w@db.example.com/sent?sslmode=prefer", Ok(SslMode::Prefer));
        check("postgres://localhost/sent", Ok(SslMode::Disable));
        check("postgres://ana@127.0.0.1,[::1]/sent", Ok(SslMode::Disable));
        check("postgres://localhost,db.example.com/sent", Ok(SslMode::Require));
        check("postgres:///sent?host=/run/postgresql&sslmode=verify-full", Ok(SslMode::Require));
        check("postgres:///sent?host=/run/postgresql", Ok(SslMode::Disable));
        let check_error = |text: &str, why: &str| {
            let found = Access::read(&SecretString::from(text), None).map(|_| ());
            let expect = format!("`SENDFORM_DATABASE_URL` cannot be used: {why}");
            assert_eq!(found.map_err(|error| error.to_string()), Err(expect), "{text}");
        };
        check_error("mysql://ana:secret@x/y", "it does not begin with postgres://");
        check_error("postgres:///sent", "it names no host");
        check_error("postgres://x/y?sslmode=yes", "its `sslmode` is not one of libpq's");
        check_error("postgres://ana:secret@x:port/y", "a part of it, or one of its parameters, cannot be read");
    }

    #[test]
    fn the_place_tells_no_secret() {
        let access = Access::read(&SecretString::from("postgres://ana:secret@db.example.com:5433/sent"), None).unwrap();
        assert_eq!(access.place(), "db.example.com:5433/sent");
        let access = Access::read(&SecretString::from("postgres://ana:secret@db.example.com/sent"), None).unwrap();
        assert_eq!(access.place(), "db.example.com/sent");
    }
}
