//! What the rows of one messageId say about one person of one claim: a pure function.

use super::absence::Kept;
use super::seen::Sighting;
use crate::identity::BulkId;
use crate::ledger::PersonState;
use crate::wire::response::STATUS_DUPLICATE_MESSAGE_ID;

/// What is known of somebody now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// They have it.
    Accepted,
    /// The gateway rejected it with a status.
    Rejected(u16),
    /// They stay in doubt.
    Kept(Kept),
    /// The logs have nothing of it.
    Absent,
}

/// Decides. `elsewhere` is what the ledger knows of the same person by other claims of the same
/// message: each of those that was answered explains one row, and so does not speak of this claim.
pub(super) fn decide(own: &BulkId, rows: &[Sighting], elsewhere: &[(BulkId, PersonState)]) -> Decision {
    let mut rows: Vec<&Sighting> = rows.iter().collect();
    for (bulk, state) in elsewhere {
        let explained = rows.iter().position(|row| {
            let same_kind = match state {
                PersonState::Accepted => row.state == PersonState::Accepted,
                PersonState::Rejected(_) => matches!(row.state, PersonState::Rejected(_)),
                PersonState::Claimed | PersonState::Refused | PersonState::Abandoned => false,
            };
            same_kind && row.is_of(bulk)
        });
        if let Some(position) = explained {
            rows.swap_remove(position);
        }
    }
    let own_rows = || rows.iter().filter(|row| row.is_of(own)).map(|row| row.state);
    if own_rows().any(|state| state == PersonState::Accepted) {
        return Decision::Accepted;
    }
    if rows.iter().any(|row| !row.is_of(own)) {
        return Decision::Kept(Kept::InAnotherBulk);
    }
    let rejected = own_rows().filter_map(|state| match state {
        PersonState::Rejected(status) => Some(status),
        PersonState::Claimed | PersonState::Refused | PersonState::Abandoned | PersonState::Accepted => None,
    });
    // A duplicate says that the gateway has the message already, which outweighs any rejection.
    match rejected.max_by_key(|status| *status == STATUS_DUPLICATE_MESSAGE_ID) {
        Some(STATUS_DUPLICATE_MESSAGE_ID) => {
            let was_claimed = elsewhere.iter().any(|(_, state)| !matches!(state, PersonState::Rejected(_)));
            if was_claimed { Decision::Accepted } else { Decision::Kept(Kept::DuplicateId) }
        }
        _ if rows.iter().any(|row| row.state == PersonState::Claimed) => Decision::Kept(Kept::UnclearStatus),
        Some(status) => Decision::Rejected(status),
        None => Decision::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample;
    use PersonState::{Accepted, Claimed, Refused, Rejected};

    fn bulk(people: &[u64]) -> BulkId {
        sample::claim("announce", people, 1, 1).id.bulk
    }

    fn check(rows: &[(Option<&BulkId>, PersonState)], elsewhere: &[(&BulkId, PersonState)], expect: Decision) {
        let rows: Vec<Sighting> =
            rows.iter().map(|(bulk, state)| Sighting { bulk: bulk.map(ToString::to_string), state: *state }).collect();
        let elsewhere: Vec<_> = elsewhere.iter().map(|(bulk, state)| ((*bulk).clone(), *state)).collect();
        assert_eq!(decide(&bulk(&[1, 2]), &rows, &elsewhere), expect, "{rows:?} {elsewhere:?}");
    }

    #[test]
    fn found_is_accepted_or_rejected() {
        let own = &bulk(&[1, 2]);
        check(&[], &[], Decision::Absent);
        check(&[(Some(own), Accepted)], &[], Decision::Accepted);
        check(&[(None, Accepted)], &[], Decision::Accepted);
        check(&[(Some(own), Rejected(12))], &[], Decision::Rejected(12));
        check(&[(Some(own), Rejected(12)), (Some(own), Accepted)], &[], Decision::Accepted);
        check(&[(Some(own), Claimed)], &[], Decision::Kept(Kept::UnclearStatus));
        check(&[(Some(own), Claimed), (Some(own), Rejected(12))], &[], Decision::Kept(Kept::UnclearStatus));
    }

    #[test]
    fn rows_of_other_bulks_are_no_evidence_for_this_one() {
        let (own, other) = (&bulk(&[1, 2]), &bulk(&[1]));
        for state in [Accepted, Rejected(12), Claimed] {
            check(&[(Some(other), state)], &[], Decision::Kept(Kept::InAnotherBulk));
        }
        check(&[(Some(other), Accepted), (Some(own), Rejected(12))], &[], Decision::Kept(Kept::InAnotherBulk));
        check(&[(Some(other), Accepted), (Some(own), Accepted)], &[], Decision::Accepted);
    }

    #[test]
    fn what_other_claims_explain_says_nothing_about_this_one() {
        let (own, other) = (&bulk(&[1, 2]), &bulk(&[1]));
        check(&[(Some(other), Rejected(12))], &[(other, Rejected(12))], Decision::Absent);
        check(&[(Some(own), Rejected(12))], &[(own, Rejected(12))], Decision::Absent);
        let twice = [(Some(own), Rejected(12)), (Some(own), Rejected(12))];
        check(&twice, &[(own, Rejected(12))], Decision::Rejected(12));
        check(&[(Some(own), Accepted)], &[(own, Rejected(12))], Decision::Accepted);
        check(&[(Some(own), Accepted)], &[(own, Accepted)], Decision::Absent);
        check(&[(Some(other), Accepted)], &[(other, Refused)], Decision::Kept(Kept::InAnotherBulk));
    }

    #[test]
    fn a_duplicate_is_accepted_if_this_ledger_claimed_it_before() {
        let (own, other) = (&bulk(&[1, 2]), &bulk(&[1]));
        let row = [(Some(own), Rejected(23))];
        check(&row, &[], Decision::Kept(Kept::DuplicateId));
        check(&row, &[(other, Rejected(12))], Decision::Kept(Kept::DuplicateId));
        check(&row, &[(other, Claimed)], Decision::Accepted);
        check(&row, &[(other, Accepted)], Decision::Accepted);
        let both = [(Some(own), Rejected(12)), (Some(own), Rejected(23))];
        check(&both, &[], Decision::Kept(Kept::DuplicateId));
    }
}
