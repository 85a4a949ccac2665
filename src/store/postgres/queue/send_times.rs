//! The times of a shared plan's bulks, so that workers who know nothing of each other keep to one
//! speed: every paced bulk has a time of its own, and whoever cannot keep it gets one behind all.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::Type;

use crate::plan::Bulk;
use crate::store::postgres::connection::Operation;
use crate::store::postgres::error::DatabaseError;
use crate::store::postgres::session::Session;

/// How much more time an unscheduled bulk gets than its sending takes: it begins only when somebody
/// has taken, rendered and claimed it.
const LEAD: SignedDuration = SignedDuration::from_secs(10);

/// Gives the bulks of one message their times, in whole milliseconds.
pub(super) struct Slots {
    now: Timestamp,
    /// The end of everything given before.
    end: Option<Timestamp>,
}

impl Slots {
    /// Begins behind what late bulks were given.
    pub(super) fn new(now: Timestamp, pace: Option<i64>) -> Self {
        Self { now, end: pace.and_then(|until| Timestamp::from_millisecond(until).ok()) }
    }

    /// The `sendAt` and the end of the next bulk: the planned ones, or as much later as the bulks
    /// before it need.
    pub(super) fn next(&mut self, bulk: &Bulk) -> (Option<i64>, Option<i64>) {
        let Some(until) = bulk.until else { return (bulk.send_at.map(whole_milliseconds), None) };
        let planned = bulk.send_at.unwrap_or(self.now);
        let start = self.end.map_or(planned, |end| end.max(planned));
        let lead = if start > self.now { SignedDuration::ZERO } else { LEAD };
        let until = until.saturating_add(start.duration_since(planned) + lead).unwrap_or(Timestamp::MAX);
        let until = whole_milliseconds(until);
        self.end = Timestamp::from_millisecond(until).ok();
        ((start > self.now).then(|| whole_milliseconds(start)), Some(until))
    }
}

/// Rounds up.
fn whole_milliseconds(instant: Timestamp) -> i64 {
    let whole = instant.as_millisecond();
    if Timestamp::from_millisecond(whole).is_ok_and(|down| down < instant) { whole.saturating_add(1) } else { whole }
}

/// Gives a late bulk a time behind everything that was given of its message.
pub(super) struct DelayBulks {
    pub(super) message: i64,
    pub(super) earliest: i64,
    pub(super) length: i64,
}

/// The end of everything that was given of a message, besides the times of late bulks.
pub(super) const END: &str = "SELECT max(until) FROM bulks WHERE message = $1";
const DELAY: &str = "INSERT INTO paces (message, until) VALUES ($1, $2 + $3) \
    ON CONFLICT (message) DO UPDATE SET until = greatest(paces.until, $2) + $3 RETURNING until";

impl Operation for DelayBulks {
    /// The start, in milliseconds.
    type Output = i64;

    async fn run(&self, session: &Session, _again: bool) -> Result<i64, DatabaseError> {
        let end = session.row(END, &[(&self.message, Type::INT8)]).await?;
        let end: Option<i64> = end.map(|row| row.try_get(0)).transpose()?.flatten();
        let earliest = self.earliest.max(end.unwrap_or(i64::MIN));
        let values = [(&self.message as _, Type::INT8), (&earliest as _, Type::INT8), (&self.length as _, Type::INT8)];
        let until = session.row(DELAY, &values).await?;
        let until: Option<i64> = until.map(|row| row.try_get(0)).transpose()?;
        Ok(until.ok_or(DatabaseError::Foreign("paces"))?.saturating_sub(self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::BulkTime;
    use jiff::ToSpan as _;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn bulk(send_at: Option<i64>, until: Option<i64>) -> Bulk {
        let message = crate::ledger::sample::message("announce");
        let revision = crate::ledger::sample::revision();
        let (send_at, until) = (send_at.map(at), until.map(at));
        Bulk { message, revision, time: BulkTime::Start(0), send_at, until, recipients: Vec::new() }
    }

    #[test]
    fn no_two_bulks_share_a_time() {
        let check = |pace: Option<i64>, bulks: &[(Option<i64>, Option<i64>)], expect: &[(Option<i64>, Option<i64>)]| {
            let mut slots = Slots::new(at(1000), pace.map(|second| second * 1000));
            let given: Vec<_> = bulks.iter().map(|(start, until)| slots.next(&bulk(*start, *until))).collect();
            let expect: Vec<_> =
                expect.iter().map(|(start, until)| (start.map(|at| at * 1000), until.map(|at| at * 1000))).collect();
            assert_eq!(given, expect);
        };
        // Unpaced.
        check(None, &[(None, None), (Some(2000), None)], &[(None, None), (Some(2000), None)]);
        // At once: the first has time to be taken, the others follow.
        check(
            None,
            &[(None, Some(1100)), (Some(1100), Some(1200)), (Some(1500), Some(1600))],
            &[(None, Some(1110)), (Some(1110), Some(1210)), (Some(1500), Some(1600))],
        );
        // Scheduled: as planned.
        check(
            None,
            &[(Some(2000), Some(2100)), (Some(2100), Some(2200))],
            &[(Some(2000), Some(2100)), (Some(2100), Some(2200))],
        );
        // Behind what late bulks were given.
        check(
            Some(1050),
            &[(None, Some(1100)), (Some(1100), Some(1200))],
            &[(Some(1050), Some(1150)), (Some(1150), Some(1250))],
        );
        check(Some(900), &[(None, Some(1100))], &[(None, Some(1110))]);
    }

    #[test]
    fn times_are_rounded_up_to_milliseconds() {
        let odd = Bulk { until: Some(at(1100) + 1.nanosecond()), ..bulk(None, None) };
        assert_eq!(Slots::new(at(1000) + 1.nanosecond(), None).next(&odd), (None, Some(1_110_001)));
    }
}
