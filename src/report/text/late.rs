//! What can be done about people who are too late.

/// The ways to go on, given what is to be typed to accept their number.
#[must_use]
pub(super) fn ways_on(accepted: &str) -> String {
    format!(
        "  to send to them all the same: {accepted}, or `ifPast: sendNow` in the schedule; if it is over for them, say \
         `ifPast: tooLate`"
    )
}
