//! The name of the gateway of a ledger that was copied elsewhere: one that no gateway has, because a host's name
//! holds no blank.

use std::fmt;

/// What stands between the gateway and the place.
const MOVED: &str = ", moved to ";

/// What a ledger is bound to that was copied elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired<'a> {
    /// The gateway that it was bound to before.
    pub gateway: &'a str,
    /// Where it went.
    pub place: &'a str,
}

impl<'a> Retired<'a> {
    /// Reads the name that a ledger has for its gateway; nothing, if it is one's.
    #[must_use]
    pub fn read(name: &'a str) -> Option<Self> {
        name.split_once(MOVED).map(|(gateway, place)| Self { gateway, place })
    }
}

/// Writes the name.
impl fmt::Display for Retired<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{MOVED}{}", self.gateway, self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::Retired;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let retired = Retired { gateway: "sandbox", place: "sent in db.example, moved to nowhere" };
        assert_eq!(Retired::read(&retired.to_string()), Some(retired));
        assert_eq!(retired.to_string(), "sandbox, moved to sent in db.example, moved to nowhere");
        assert_eq!(Retired::read("xxxxx.api.infobip.com"), None);
    }
}
