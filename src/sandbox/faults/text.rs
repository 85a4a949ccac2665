//! Faults as they are asked for: what is written here is read as the same fault.

use std::fmt;
use std::time::Duration;

use super::{ALL, Fault, FaultKind, FaultMoment, PushFault, RequestSelector, Target};
use crate::sandbox::model::status::REJECTED_DESTINATION_BLOCKLISTED;

impl Fault {
    /// What it is called: `429`, `hold`, `reject`.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match &self.kind {
            FaultKind::Hold(_) => "hold",
            FaultKind::Slow(_) => "slow",
            FaultKind::Answer(_, reply) => return reply.status.to_string(),
            FaultKind::Drop(_) => "drop",
            FaultKind::Cut => "cut",
            FaultKind::Garbage => "garbage",
            FaultKind::Empty => "empty",
            FaultKind::OtherBulkId => "other-bulk-id",
            FaultKind::MissingMessages(_) => "missing-messages",
            FaultKind::RejectShare(..) => "reject-share",
            FaultKind::Reject(..) => "reject",
            FaultKind::Invalid(_) => "invalid",
            FaultKind::InvalidUnnamed(_) => "invalid-unnamed",
            FaultKind::Push(PushFault::Repeat) => "repeat",
            FaultKind::Push(PushFault::Delay(_)) => "delay",
            FaultKind::Push(PushFault::Reorder) => "reorder",
            FaultKind::Push(PushFault::Drop) => "drop",
        };
        name.to_owned()
    }

    /// Its value, if it has one.
    #[must_use]
    pub fn value(&self) -> Option<String> {
        match &self.kind {
            FaultKind::Slow(delay) => Some(written(*delay)),
            FaultKind::MissingMessages(count) => Some(count.to_string()),
            FaultKind::RejectShare(share, _) => Some(decimal(*share, 4)),
            FaultKind::Reject(to, _) | FaultKind::Invalid(to) | FaultKind::InvalidUnnamed(to) => Some(to.clone()),
            FaultKind::Push(PushFault::Delay(delay)) => Some(written(*delay)),
            FaultKind::Hold(_)
            | FaultKind::Answer(..)
            | FaultKind::Drop(_)
            | FaultKind::Cut
            | FaultKind::Garbage
            | FaultKind::Empty
            | FaultKind::OtherBulkId
            | FaultKind::Push(PushFault::Repeat | PushFault::Reorder | PushFault::Drop) => None,
        }
    }

    /// Whether it strikes before or after its request is taken in, if it may do either.
    #[must_use]
    pub const fn moment(&self) -> Option<FaultMoment> {
        match &self.kind {
            FaultKind::Hold(moment) | FaultKind::Answer(moment, _) | FaultKind::Drop(moment) => Some(*moment),
            FaultKind::Slow(_)
            | FaultKind::Cut
            | FaultKind::Garbage
            | FaultKind::Empty
            | FaultKind::OtherBulkId
            | FaultKind::MissingMessages(_)
            | FaultKind::RejectShare(..)
            | FaultKind::Reject(..)
            | FaultKind::Invalid(_)
            | FaultKind::InvalidUnnamed(_)
            | FaultKind::Push(_) => None,
        }
    }

    /// The status with which it rejects messages, if it does.
    #[must_use]
    pub const fn rejection(&self) -> Option<u16> {
        match &self.kind {
            FaultKind::RejectShare(_, status) | FaultKind::Reject(_, status) => Some(*status),
            FaultKind::Hold(_)
            | FaultKind::Slow(_)
            | FaultKind::Answer(..)
            | FaultKind::Drop(_)
            | FaultKind::Cut
            | FaultKind::Garbage
            | FaultKind::Empty
            | FaultKind::OtherBulkId
            | FaultKind::MissingMessages(_)
            | FaultKind::Invalid(_)
            | FaultKind::InvalidUnnamed(_)
            | FaultKind::Push(_) => None,
        }
    }

    /// Which requests it strikes if nothing is said.
    fn usual(&self) -> RequestSelector {
        let looks_inside = matches!(
            self.kind,
            FaultKind::RejectShare(..) | FaultKind::Reject(..) | FaultKind::Invalid(_) | FaultKind::InvalidUnnamed(_)
        );
        if looks_inside { RequestSelector::ALWAYS } else { RequestSelector::ONCE }
    }
}

/// A time as it is asked for.
fn written(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

/// Of how many percent a share is, as a decimal number.
pub(super) fn percent(share: u32) -> String {
    decimal(share, 2)
}

/// Writes ten-thousandth parts as a decimal number with so many places, without zeros at its end.
fn decimal(parts: u32, places: usize) -> String {
    let unit = 10_u32.pow(u32::try_from(places).unwrap_or_default());
    let text = format!("{}.{:0places$}", parts / unit, parts % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.target {
            Target::Messages => "",
            Target::Logs => "logs:",
            Target::Reports => "reports:",
            Target::Webhooks => "webhook:",
        })?;
        formatter.write_str(&self.name())?;
        if self.moment() == Some(FaultMoment::After) {
            formatter.write_str("-after")?;
        }
        if let Some(value) = self.value() {
            write!(formatter, "={value}")?;
        }
        self.when(formatter)?;
        let mut parameters = Vec::new();
        if self.when.seed != 0 {
            parameters.push(format!("seed={}", self.when.seed));
        }
        if let FaultKind::Answer(_, reply) = &self.kind {
            parameters.extend(reply.retry_after.iter().map(|value| format!("retry-after={value}")));
            parameters.extend(reply.location.iter().map(|value| format!("location={value}")));
        }
        let rejection = self.rejection().filter(|status| *status != REJECTED_DESTINATION_BLOCKLISTED);
        parameters.extend(rejection.map(|status| format!("status={status}")));
        if parameters.is_empty() { Ok(()) } else { write!(formatter, ":{}", parameters.join(",")) }
    }
}

impl Fault {
    fn when(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RequestSelector { first, times, share, .. } = self.when;
        let usual = self.usual();
        if (first, times, share) == (usual.first, usual.times, usual.share) {
            return Ok(());
        }
        if first != 1 {
            write!(formatter, "@{first}")?;
        }
        match times {
            // Once is what is meant where a first one is named.
            Some(1) if first != 1 && share == ALL => {}
            Some(times) => write!(formatter, "*{times}")?,
            None if share != ALL => {}
            None => formatter.write_str("*")?,
        }
        if share == ALL { Ok(()) } else { write!(formatter, "%{}", percent(share)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::sandbox::faults::{Reply, parse};

    #[test]
    fn a_fault_is_written_as_it_is_asked_for() {
        for text in [
            "429",
            "429*2",
            "500-after@3",
            "hold",
            "hold-after*",
            "slow=200ms*",
            "slow=3s",
            "drop-after%10:seed=7",
            "logs:503",
            "reports:empty@2*",
            "missing-messages=3",
            "reject-share=0.1",
            "reject=17841400000000001:status=18",
            "reject=1*1",
            "reject=1@2",
            "invalid=1",
            "429*2:retry-after=5",
            "307:location=http://127.0.0.1:9/x",
            "cut@5*9%0.05",
            "cut*0",
        ] {
            assert_eq!(parse::fault(text).unwrap().to_string(), text);
        }
    }

    fn kinds() -> impl Strategy<Value = FaultKind> {
        let moment = || prop_oneof![Just(FaultMoment::Before), Just(FaultMoment::After)];
        let status = || prop_oneof![Just(14_u16), Just(18), Just(23)];
        let to = || "[0-9a-z]{1,12}";
        let reply = (
            prop_oneof![Just(204_u16), 300_u16..600],
            proptest::option::of("[a-z0-9]{1,6}"),
            proptest::option::of("http://[a-z]{1,5}/[a-z:]{0,5}"),
        )
            .prop_map(|(status, retry_after, location)| Reply { status, retry_after, location });
        prop_oneof![
            moment().prop_map(FaultKind::Hold),
            (0_u64..100_000).prop_map(|ms| FaultKind::Slow(Duration::from_millis(ms))),
            (moment(), reply).prop_map(|(moment, reply)| FaultKind::Answer(moment, reply)),
            moment().prop_map(FaultKind::Drop),
            prop_oneof![
                Just(FaultKind::Cut),
                Just(FaultKind::Garbage),
                Just(FaultKind::Empty),
                Just(FaultKind::OtherBulkId)
            ],
            (0_usize..999).prop_map(FaultKind::MissingMessages),
            (0..=ALL, status()).prop_map(|(share, status)| FaultKind::RejectShare(share, status)),
            (to(), status()).prop_map(|(to, status)| FaultKind::Reject(to, status)),
            to().prop_map(FaultKind::Invalid),
            to().prop_map(FaultKind::InvalidUnnamed),
        ]
    }

    fn faults() -> impl Strategy<Value = Fault> {
        let target = prop_oneof![Just(Target::Messages), Just(Target::Logs), Just(Target::Reports)];
        let share = prop_oneof![Just(ALL), 0..=ALL];
        let when = (1_u64..9, proptest::option::of(0_u64..9), share, prop_oneof![Just(0_u64), any::<u64>()]);
        (target, kinds(), when).prop_map(|(target, kind, (first, times, share, seed))| Fault {
            target,
            kind,
            when: RequestSelector { first, times, share, seed },
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(fault in faults()) {
            let text = fault.to_string();
            prop_assert_eq!(parse::fault(&text), Ok(fault), "{}", text);
        }
    }
}
