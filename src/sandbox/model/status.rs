//! The statuses and the errors of the API that the sandbox gives, by their ids.

use crate::wire::error::Violation;
use crate::wire::response::{ERROR_GROUPS, GROUP_REJECTED, MessageError, STATUS_GROUPS, Status};

/// Held, because its delivery window is closed.
pub const PENDING_TIME_VIOLATION: u16 = 1;
/// Turned down by the channel.
pub const UNDELIVERABLE_REJECTED_OPERATOR: u16 = 4;
/// Delivered.
pub const DELIVERED: u16 = 5;
/// Sent, and not yet delivered.
pub const PENDING_ENROUTE: u16 = 7;
/// Sent, and not delivered.
pub const UNDELIVERABLE_NOT_DELIVERED: u16 = 9;
/// Rejected because the account has no such sender.
pub const REJECTED_SOURCE: u16 = 11;
/// Rejected because the recipient is on a list of the account.
pub const REJECTED_DESTINATION_BLOCKLISTED: u16 = 14;
/// Not delivered within its validity.
pub const EXPIRED: u16 = 15;
/// Accepted, and not yet sent.
pub const PENDING_ACCEPTED: u16 = 26;
/// Sent, and nobody ever said what became of it.
pub const EXPIRED_DLR_UNKNOWN: u16 = 29;
/// Rejected because there is no recipient.
pub const MISSING_TO: u16 = 51;

/// No error.
pub const NO_ERROR: u16 = 0;
/// Not sent within its validity.
pub const EC_MESSAGE_CANCELED: u16 = 4100;
/// Sent, and not delivered within its validity.
pub const EC_VALIDITY_EXPIRED: u16 = 4101;

/// The groups of the statuses with which a message ends.
pub const UNDELIVERABLE_GROUP: u16 = 2;
/// Delivered.
pub const DELIVERED_GROUP: u16 = 3;
/// Expired.
pub const EXPIRED_GROUP: u16 = 4;
/// Rejected.
pub const REJECTED_GROUP: u16 = GROUP_REJECTED;

/// With which status and which error a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The status.
    pub status: u16,
    /// The error.
    pub error: u16,
}

struct KnownStatus {
    id: u16,
    group: u16,
    name: &'static str,
    description: &'static str,
    action: Option<&'static str>,
}

const fn known(id: u16, group: u16, name: &'static str, description: &'static str) -> KnownStatus {
    KnownStatus { id, group, name, description, action: None }
}

const fn curable(id: u16, name: &'static str, description: &'static str, action: &'static str) -> KnownStatus {
    KnownStatus { id, group: GROUP_REJECTED, name, description, action: Some(action) }
}

const KNOWN: [KnownStatus; 29] = [
    known(PENDING_TIME_VIOLATION, 1, "PENDING_TIME_VIOLATION", "Time window violation"),
    known(PENDING_ACCEPTED, 1, "PENDING_ACCEPTED", "Message sent to next instance"),
    known(PENDING_ENROUTE, 1, "PENDING_ENROUTE", "Message sent to next instance"),
    known(UNDELIVERABLE_REJECTED_OPERATOR, 2, "UNDELIVERABLE_REJECTED_OPERATOR", "Message rejected by operator"),
    known(UNDELIVERABLE_NOT_DELIVERED, 2, "UNDELIVERABLE_NOT_DELIVERED", "Message sent not delivered"),
    known(31, 2, "UNDELIVERABLE_NOT_SENT", "The message has not been sent"),
    known(DELIVERED, 3, "DELIVERED_TO_HANDSET", "Message delivered to handset"),
    known(EXPIRED, 4, "EXPIRED_EXPIRED", "Message expired"),
    known(22, 4, "EXPIRED_UNKNOWN", "Unknown Reason"),
    known(EXPIRED_DLR_UNKNOWN, 4, "EXPIRED_DLR_UNKNOWN", "No delivery report was received"),
    curable(6, "REJECTED_NETWORK", "Network is forbidden", "Contact account manager"),
    known(8, GROUP_REJECTED, "REJECTED_PREFIX_MISSING", "Number prefix missing"),
    known(10, GROUP_REJECTED, "REJECTED_DND", "Destination on DND list"),
    known(REJECTED_SOURCE, GROUP_REJECTED, "REJECTED_SOURCE", "Invalid Source address"),
    known(12, GROUP_REJECTED, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits"),
    curable(13, "REJECTED_SENDER", "By Sender", "Remove sender from blacklist"),
    curable(
        REJECTED_DESTINATION_BLOCKLISTED,
        "REJECTED_DESTINATION_BLOCKLISTED",
        "By Destination",
        "Remove destination from blacklist",
    ),
    known(17, GROUP_REJECTED, "REJECTED_PREPAID_PACKAGE_EXPIRED", "Prepaid package expired"),
    known(18, GROUP_REJECTED, "REJECTED_DESTINATION_NOT_REGISTERED", "Destination not registered"),
    curable(19, "REJECTED_ROUTE_NOT_AVAILABLE", "Route not available", "Contact account manager"),
    known(20, GROUP_REJECTED, "REJECTED_FLOODING_FILTER", "Rejected flooding"),
    known(21, GROUP_REJECTED, "REJECTED_SYSTEM_ERROR", "System error"),
    known(23, GROUP_REJECTED, "REJECTED_DUPLICATE_MESSAGE_ID", "Rejected duplicate message ID"),
    known(24, GROUP_REJECTED, "REJECTED_INVALID_UDH", "Rejected invalid UDH"),
    known(25, GROUP_REJECTED, "REJECTED_MESSAGE_TOO_LONG", "Rejected message too long"),
    known(MISSING_TO, GROUP_REJECTED, "MISSING_TO", "Destination is missing"),
    known(52, GROUP_REJECTED, "REJECTED_DESTINATION", "Invalid destination"),
    known(87, GROUP_REJECTED, "SIGNALS_BLOCKED", "Message blocked by anti-fraud"),
    known(100, GROUP_REJECTED, "UNDELIVERABLE_REJECTED_PLATFORM", "Rejected by the platform"),
];

/// The group of a status; `None` if the sandbox does not have it.
#[must_use]
pub fn group(id: u16) -> Option<u16> {
    KNOWN.iter().find(|known| known.id == id).map(|known| known.group)
}

/// The statuses of some groups, in the order of their ids.
#[must_use]
pub fn statuses_of(groups: &[u16]) -> Vec<u16> {
    let mut ids: Vec<u16> = KNOWN.iter().filter(|known| groups.contains(&known.group)).map(|known| known.id).collect();
    ids.sort_unstable();
    ids
}

/// The errors that go with a status: what was delivered has none, what was sent in vain has one of the channel's, what
/// has expired says when, and a rejection may say why.
#[must_use]
pub fn errors_of(status: u16) -> Vec<u16> {
    let is_validity = |id: u16| id == EC_MESSAGE_CANCELED || id == EC_VALIDITY_EXPIRED;
    let is_block = |id: u16| matches!(id, 2052 | 2053);
    let goes = |id: u16| match group(status) {
        Some(UNDELIVERABLE_GROUP) => id != NO_ERROR && !is_validity(id) && !is_block(id),
        Some(DELIVERED_GROUP) => id == NO_ERROR,
        Some(EXPIRED_GROUP) => is_validity(id) || id == 255,
        Some(REJECTED_GROUP) => !is_validity(id),
        Some(_) | None => false,
    };
    ERRORS.iter().map(|known| known.id).filter(|id| goes(*id)).collect()
}

impl Ending {
    /// The ending of a message of which the status is told, and the error if it has one.
    ///
    /// # Errors
    /// If no message ends with that status, or not with that error: with which of the two is wrong, and what it takes.
    pub fn told(status: u16, error: Option<u16>) -> Result<Self, Violation> {
        let ends = group(status).is_some_and(|group| group >= UNDELIVERABLE_GROUP);
        if !ends {
            let violation = "must be the id of a status with which a message ends, such as 5 or 9".to_owned();
            return Err(Violation { property: "status".to_owned(), violation });
        }
        let taken = errors_of(status);
        let error = error.unwrap_or(NO_ERROR);
        if taken.contains(&error) {
            return Ok(Self { status, error });
        }
        let taken: Vec<String> = taken.iter().map(u16::to_string).collect();
        let violation = format!("must be one of [{}], with the status {status}", taken.join(", "));
        Err(Violation { property: "error".to_owned(), violation })
    }
}

struct KnownError {
    id: u16,
    group: u16,
    name: &'static str,
    description: &'static str,
    permanent: bool,
}

const fn permanent(id: u16, group: u16, name: &'static str, description: &'static str) -> KnownError {
    KnownError { id, group, name, description, permanent: true }
}

const fn passing(id: u16, group: u16, name: &'static str, description: &'static str) -> KnownError {
    KnownError { id, group, name, description, permanent: false }
}

const HANDSET: u16 = 1;
const USER: u16 = 2;
const OPERATOR: u16 = 3;

const ERRORS: [KnownError; 18] = [
    passing(NO_ERROR, 0, "NO_ERROR", "No Error"),
    permanent(1, HANDSET, "EC_UNKNOWN_SUBSCRIBER", "Unknown Subscriber"),
    passing(255, HANDSET, "EC_UNKNOWN_ERROR", "Unknown Error"),
    permanent(2052, USER, "EC_BLACKLISTED_DESTINATIONADDRESS", "Destination address blacklisted"),
    permanent(2053, USER, "EC_BLACKLISTED_SENDERADDRESS", "Sender address blacklisted"),
    permanent(EC_MESSAGE_CANCELED, USER, "EC_MESSAGE_CANCELED", "Message canceled"),
    permanent(EC_VALIDITY_EXPIRED, USER, "EC_VALIDITY_EXPIRED", "Validity expired"),
    permanent(7002, HANDSET, "EC_UNKNOWN_USER", "Unknown user"),
    permanent(7003, HANDSET, "EC_BLOCKED_USER", "User blocked the sender"),
    permanent(7010, HANDSET, "EC_NO_SESSION", "No open session with the user"),
    permanent(7011, USER, "EC_ACCOUNT_ISSUE", "Account issue"),
    passing(7017, USER, "EC_TOO_MANY_REQUESTS", "Too many requests"),
    permanent(7021, USER, "EC_LIMITED_FUNCTIONALITY", "Limited functionality"),
    permanent(7027, USER, "EC_BLOCKED_CONTENT", "Blocked content"),
    permanent(7032, USER, "EC_FREQUENCY_CAPPING", "Frequency capping"),
    passing(7050, USER, "EC_PROVIDER_INTERNAL_ERROR", "Provider internal error"),
    passing(7051, USER, "EC_PROVIDER_TIMEOUT", "Provider timeout"),
    permanent(7082, OPERATOR, "EC_TEMPORARY_GATEWAY_ERROR", "Gateway error"),
];

/// Writes an error out; one that is not known is the unknown one.
#[must_use]
pub fn error(id: u16) -> MessageError {
    const OTHER: KnownError = passing(255, HANDSET, "EC_UNKNOWN_ERROR", "Unknown Error");
    let known = ERRORS.iter().find(|known| known.id == id).unwrap_or(&OTHER);
    let group_name = ERROR_GROUPS.get(usize::from(known.group)).copied().unwrap_or_default();
    MessageError {
        group_id: known.group,
        group_name: group_name.to_owned(),
        id: known.id,
        name: known.name.to_owned(),
        description: known.description.to_owned(),
        permanent: known.permanent,
    }
}

/// Writes a status out; of an id that is not known, a rejection without a name.
#[must_use]
pub fn status(id: u16) -> Status {
    const OTHER: KnownStatus = known(0, GROUP_REJECTED, "REJECTED", "Rejected");
    let known = KNOWN.iter().find(|known| known.id == id).unwrap_or(&OTHER);
    let group_name = STATUS_GROUPS.get(usize::from(known.group)).copied().unwrap_or_default();
    Status {
        group_id: known.group,
        group_name: group_name.to_owned(),
        id,
        name: known.name.to_owned(),
        description: known.description.to_owned(),
        action: known.action.map(str::to_owned),
    }
}

/// Whether a status is a rejection that the sandbox can give.
#[must_use]
pub fn is_rejection(id: u16) -> bool {
    KNOWN.iter().any(|known| known.id == id && known.group == GROUP_REJECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_message_is_pending() {
        let status = serde_json::to_string(&status(PENDING_ACCEPTED)).unwrap();
        insta::assert_snapshot!(status, @r#"{"groupId":1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED","description":"Message sent to next instance"}"#);
    }

    #[test]
    fn the_tables_are_those_of_today() {
        let name = |id| status(id).name;
        assert_eq!(
            [14, 52, 16, 23].map(name),
            ["REJECTED_DESTINATION_BLOCKLISTED", "REJECTED_DESTINATION", "REJECTED", "REJECTED_DUPLICATE_MESSAGE_ID"]
        );
        let ids: std::collections::BTreeSet<_> = KNOWN.iter().map(|known| known.id).collect();
        assert_eq!(ids.len(), KNOWN.len());
        let error = serde_json::to_string(&error(EC_VALIDITY_EXPIRED)).unwrap();
        assert_eq!(
            error,
            r#"{"groupId":2,"groupName":"USER_ERRORS","id":4101,"name":"EC_VALIDITY_EXPIRED","description":"Validity expired","permanent":true}"#
        );
        assert!(ERRORS.iter().all(|known| usize::from(known.group) < ERROR_GROUPS.len()));
    }

    #[test]
    fn a_message_ends_with_an_error_that_its_status_can_have() {
        let told = |status, error| match Ending::told(status, error) {
            Ok(ending) => format!("{} {}", ending.status, ending.error),
            Err(Violation { property, violation }) => format!("{property} {violation}"),
        };
        let ends = "status must be the id of a status with which a message ends, such as 5 or 9";
        let failed = "error must be one of [1, 255, 7002, 7003, 7010, 7011, 7017, 7021, 7027, 7032, 7050, 7051, 7082], with the status 9";
        for (status, error, expect) in [
            (DELIVERED, None, "5 0"),
            (DELIVERED, Some(NO_ERROR), "5 0"),
            (DELIVERED, Some(7002), "error must be one of [0], with the status 5"),
            (UNDELIVERABLE_NOT_DELIVERED, Some(7002), "9 7002"),
            (UNDELIVERABLE_NOT_DELIVERED, None, failed),
            (UNDELIVERABLE_NOT_DELIVERED, Some(EC_VALIDITY_EXPIRED), failed),
            (UNDELIVERABLE_NOT_DELIVERED, Some(1234), failed),
            (EXPIRED, Some(EC_MESSAGE_CANCELED), "15 4100"),
            (EXPIRED, Some(7002), "error must be one of [255, 4100, 4101], with the status 15"),
            (REJECTED_DESTINATION_BLOCKLISTED, None, "14 0"),
            (PENDING_ACCEPTED, None, ends),
            (1234, Some(7002), ends),
        ] {
            assert_eq!(told(status, error), expect, "{status} {error:?}");
        }
    }

    #[test]
    fn only_rejections_are_rejections() {
        assert!(is_rejection(23) && is_rejection(MISSING_TO));
        assert!(!is_rejection(DELIVERED) && !is_rejection(1));
    }
}
