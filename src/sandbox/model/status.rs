//! The statuses of the API that the sandbox gives.

use crate::wire::response::{GROUP_REJECTED, Status};

/// Accepted, and not yet sent.
pub const PENDING_ACCEPTED: u16 = 26;
/// Sent, and not yet delivered.
pub const PENDING_ENROUTE: u16 = 7;
/// Delivered.
pub const DELIVERED: u16 = 5;
/// Rejected because the recipient is on a list.
pub const REJECTED_DESTINATION: u16 = 14;
/// Rejected because there is no recipient.
pub const MISSING_TO: u16 = 51;

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

const KNOWN: [KnownStatus; 22] = [
    known(PENDING_ACCEPTED, 1, "PENDING_ACCEPTED", "Message sent to next instance"),
    known(PENDING_ENROUTE, 1, "PENDING_ENROUTE", "Message sent to next instance"),
    known(DELIVERED, 3, "DELIVERED_TO_HANDSET", "Message delivered to handset"),
    curable(6, "REJECTED_NETWORK", "Network is forbidden", "Contact account manager"),
    known(8, GROUP_REJECTED, "REJECTED_PREFIX_MISSING", "Number prefix missing"),
    known(10, GROUP_REJECTED, "REJECTED_DND", "Destination on DND list"),
    known(11, GROUP_REJECTED, "REJECTED_SOURCE", "Invalid Source address"),
    known(12, GROUP_REJECTED, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits"),
    curable(13, "REJECTED_SENDER", "By Sender", "Remove sender from blacklist"),
    curable(REJECTED_DESTINATION, "REJECTED_DESTINATION", "By Destination", "Remove destination from blacklist"),
    known(16, GROUP_REJECTED, "REJECTED_NOT_REACHABLE", "Network not reachable"),
    known(17, GROUP_REJECTED, "REJECTED_PREPAID_PACKAGE_EXPIRED", "Prepaid package expired"),
    known(18, GROUP_REJECTED, "REJECTED_DESTINATION_NOT_REGISTERED", "Destination not registered"),
    curable(19, "REJECTED_ROUTE_NOT_AVAILABLE", "Route not available", "Contact account manager"),
    known(20, GROUP_REJECTED, "REJECTED_FLOODING_FILTER", "Rejected flooding"),
    known(21, GROUP_REJECTED, "REJECTED_SYSTEM_ERROR", "System error"),
    known(23, GROUP_REJECTED, "REJECTED_DUPLICATE_MESSAGE_ID", "Rejected duplicate message ID"),
    known(24, GROUP_REJECTED, "REJECTED_INVALID_UDH", "Rejected invalid UDH"),
    known(25, GROUP_REJECTED, "REJECTED_MESSAGE_TOO_LONG", "Rejected message too long"),
    known(MISSING_TO, GROUP_REJECTED, "MISSING_TO", "Destination is missing"),
    known(52, GROUP_REJECTED, "REJECTED_INVALID_DESTINATION", "Invalid destination"),
    known(100, GROUP_REJECTED, "UNDELIVERABLE_REJECTED_PLATFORM", "Rejected by the platform"),
];

/// The names of the groups, by their ids.
pub const GROUPS: [(&str, u16); 6] =
    [("ACCEPTED", 0), ("PENDING", 1), ("UNDELIVERABLE", 2), ("DELIVERED", 3), ("EXPIRED", 4), ("REJECTED", 5)];

/// Writes a status out; of an id that is not known, a rejection without a name.
#[must_use]
pub fn status(id: u16) -> Status {
    const OTHER: KnownStatus = known(0, GROUP_REJECTED, "REJECTED", "Rejected");
    let known = KNOWN.iter().find(|known| known.id == id).unwrap_or(&OTHER);
    let group_name = GROUPS.iter().find(|(_, group)| *group == known.group).map_or("", |(name, _)| name);
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
    fn only_rejections_are_rejections() {
        assert!(is_rejection(23) && is_rejection(MISSING_TO));
        assert!(!is_rejection(DELIVERED) && !is_rejection(1));
    }
}
