//! Who may do what. Every well-formed credential may do everything, unless the settings name keys.

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It has no credentials, or unknown ones.
    Unauthorized,
    /// Its credentials do not suffice.
    Forbidden,
}

/// Checks the value of `Authorization` against the only key that may do everything and the one that
/// may do nothing.
pub(super) fn check(value: Option<&str>, key: Option<&str>, key_forbidden: Option<&str>) -> Result<(), Denied> {
    let (scheme, credential) = value.and_then(|value| value.split_once(' ')).ok_or(Denied::Unauthorized)?;
    let credential = credential.trim();
    let is_app = scheme.eq_ignore_ascii_case("App");
    let is_other = ["Basic", "IBSSO", "Bearer"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if credential.is_empty() || !(is_app || is_other) {
        return Err(Denied::Unauthorized);
    }
    if is_app && key_forbidden == Some(credential) {
        return Err(Denied::Forbidden);
    }
    match key {
        Some(key) if !(is_app && key == credential) => Err(Denied::Unauthorized),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_credential_will_do_unless_a_key_is_named() {
        for value in ["App k", "app k", "Basic dTpw", "IBSSO t", "Bearer t"] {
            assert_eq!(check(Some(value), None, None), Ok(()), "{value}");
        }
        for value in [None, Some(""), Some("App"), Some("App  "), Some("k"), Some("Digest x")] {
            assert_eq!(check(value, None, None), Err(Denied::Unauthorized), "{value:?}");
        }
    }

    #[test]
    fn named_keys_are_held_to() {
        assert_eq!(check(Some("App right"), Some("right"), Some("weak")), Ok(()));
        assert_eq!(check(Some("App wrong"), Some("right"), Some("weak")), Err(Denied::Unauthorized));
        assert_eq!(check(Some("Bearer right"), Some("right"), Some("weak")), Err(Denied::Unauthorized));
        assert_eq!(check(Some("App weak"), Some("right"), Some("weak")), Err(Denied::Forbidden));
    }
}
