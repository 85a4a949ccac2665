//! Why there was no answer, in words of our own. What the libraries say stays where it tells more, and
//! never an address, which may have persons' ids in its query.

use std::error::Error;
use std::io::{self, ErrorKind};

use rustls::CertificateError;

/// Says why a request had no whole answer, time apart.
pub(super) fn why(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut innermost: &(dyn Error + 'static) = &error;
    let mut words = None;
    while let Some(cause) = innermost.source() {
        innermost = cause;
        words = known(cause).or(words);
    }
    if let Some(words) = words {
        return words;
    }
    let innermost = innermost.to_string();
    match innermost.as_str() {
        "connection closed before message completed" => "the connection was closed before the answer".to_owned(),
        _ if error.is_connect() => format!("there is no connection: {innermost}"),
        _ => format!("the answer cannot be understood: {innermost}"),
    }
}

/// The words for an error of the system, or of the encryption.
fn known(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(insecure(error));
    }
    let error = error.downcast_ref::<io::Error>()?;
    if let Some(inner) = error.get_ref() {
        // Not among the causes of the error around it, which speaks in its place.
        if let Some(words) = known(inner) {
            return Some(words);
        }
    }
    let text = error.to_string();
    if let Some(reason) = text.strip_prefix("failed to lookup address information: ") {
        return Some(format!("its name cannot be resolved: {reason}"));
    }
    let is_any_of = |kinds: &[ErrorKind]| kinds.contains(&error.kind());
    let words = if is_any_of(&[ErrorKind::ConnectionRefused]) {
        "the connection was refused"
    } else if is_any_of(&[ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted, ErrorKind::BrokenPipe]) {
        "the connection was reset before the answer was whole"
    } else if is_any_of(&[ErrorKind::UnexpectedEof]) {
        "the connection was closed before the answer was whole"
    } else if is_any_of(&[ErrorKind::NetworkUnreachable, ErrorKind::HostUnreachable, ErrorKind::NetworkDown]) {
        "there is no way to its network"
    } else {
        return None;
    };
    Some(words.to_owned())
}

fn insecure(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(reason) = error else {
        return format!("there is no secure connection: {error}");
    };
    if matches!(reason, CertificateError::Expired | CertificateError::ExpiredContext { .. }) {
        "its certificate has expired".to_owned()
    } else if matches!(reason, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) {
        "its certificate is for another name".to_owned()
    } else if matches!(reason, CertificateError::UnknownIssuer) {
        "its certificate is from an authority that this machine does not trust".to_owned()
    } else {
        format!("its certificate is not accepted: {reason}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_words() {
        let check = |error: io::Error, expect: Option<&str>| assert_eq!(known(&error).as_deref(), expect, "{error:?}");
        let tls = |error: rustls::Error| io::Error::new(ErrorKind::InvalidData, error);
        check(ErrorKind::ConnectionRefused.into(), Some("the connection was refused"));
        check(ErrorKind::ConnectionReset.into(), Some("the connection was reset before the answer was whole"));
        check(ErrorKind::UnexpectedEof.into(), Some("the connection was closed before the answer was whole"));
        check(ErrorKind::HostUnreachable.into(), Some("there is no way to its network"));
        check(
            io::Error::other("failed to lookup address information: Name or service not known"),
            Some("its name cannot be resolved: Name or service not known"),
        );
        check(tls(CertificateError::Expired.into()), Some("its certificate has expired"));
        check(tls(CertificateError::NotValidForName.into()), Some("its certificate is for another name"));
        check(tls(rustls::Error::DecryptError), Some("there is no secure connection: cannot decrypt peer's message"));
        check(ErrorKind::Other.into(), None);
    }
}
