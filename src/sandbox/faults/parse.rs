//! The grammar of faults:
//!
//! ```text
//! fault  = ["logs:" | "reports:" | "webhook:"] kind ["=" value] ["@" first] ["*" [times]] ["%" percent] [":" name "=" value {"," name "=" value}]
//! ```
//!
//! `500-after@3` strikes the third request, `429*2:retry-after=5` the next two, `slow=200ms*`
//! every one, `drop-after%10:seed=7` ten percent. Without any of these a fault strikes the next
//! request, and one that looks at recipients or messageIds strikes every one. Pushes to webhooks have kinds of their
//! own: `webhook:repeat`, `webhook:delay=5m`, `webhook:reorder`, `webhook:drop`.

use std::str::FromStr;
use std::time::Duration;

use super::{ALL, Fault, FaultKind, FaultMoment, PushFault, Reply, RequestSelector, Target};
use crate::sandbox::model::status;
use crate::timing::read_duration;

/// How long a fault may last: longer than any report is pushed or kept.
const DURATION_MAX: Duration = Duration::from_hours(30 * 24);

/// Why a fault cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no such fault.
    #[error(
        "unknown fault `{0}`; known are hold[-before|-after], slow=TIME, a status such as 429 or 500-after, \
         drop[-before|-after], cut, garbage, empty, other-bulk-id, missing-messages[=N], reject-share=SHARE, \
         reject=TO, invalid=TO, invalid-unnamed=TO"
    )]
    Kind(String),
    /// It is for requests that there are not.
    #[error("`requests` is none of `messages`, `logs`, `reports` and `webhooks`")]
    Requests,
    /// There is no such fault of pushes.
    #[error("unknown fault `webhook:{0}`; known are webhook:repeat, webhook:delay=TIME, webhook:reorder, webhook:drop")]
    PushKind(String),
    /// It needs a value.
    #[error("fault `{0}` needs a value, as in `{0}={1}`")]
    ValueMissing(String, &'static str),
    /// Its value has another form.
    #[error("fault `{0}` has a value of another form; write it as in `{0}={1}`")]
    Value(String, &'static str),
    /// It would last too long.
    #[error("fault `{0}` lasts at most 30 days")]
    TooLong(String),
    /// It takes no value.
    #[error("fault `{0}` takes no value")]
    ValueUnwanted(String),
    /// What says when it strikes has another form.
    #[error("`{0}` does not say when a fault strikes; write `@3`, `*2`, `*`, `%10`, or several of them in this order")]
    When(String),
    /// It has no such parameter, or not of this form.
    #[error("unknown parameter `{0}`; known are seed=N, retry-after=SECONDS, location=URL and status=N")]
    Parameter(String),
}

/// Reads one fault.
///
/// # Errors
/// If it cannot be read, with the part that is to blame.
pub fn fault(text: &str) -> Result<Fault, FaultError> {
    let text = text.trim();
    let prefixes = [("logs:", Target::Logs), ("reports:", Target::Reports), ("webhook:", Target::Webhooks)];
    let prefixed = prefixes.iter().find_map(|(prefix, target)| Some((*target, text.strip_prefix(prefix)?)));
    let (target, text) = prefixed.unwrap_or((Target::Messages, text));
    let (head, parameters) = text.split_once(':').unwrap_or((text, ""));
    let parameters = Parameters::read(parameters)?;
    let (head, when) = head.split_at(head.find(['@', '*', '%']).unwrap_or(head.len()));
    let (name, value) = head.split_once('=').map_or((head, None), |(name, value)| (name, Some(value)));
    let kind = match target {
        Target::Webhooks => FaultKind::Push(push_kind(name, value)?),
        Target::Messages | Target::Logs | Target::Reports => kind(name, value, &parameters)?,
    };
    let when = self::when(when, &kind, parameters.seed)?;
    Ok(Fault { target, kind, when })
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        fault(text)
    }
}

#[derive(Default)]
struct Parameters {
    seed: u64,
    retry_after: Option<String>,
    location: Option<String>,
    status: Option<u16>,
}

impl Parameters {
    fn read(text: &str) -> Result<Self, FaultError> {
        let mut parameters = Self::default();
        for parameter in text.split(',').filter(|_| !text.is_empty()) {
            let unknown = || FaultError::Parameter(parameter.to_owned());
            let (name, value) = parameter.split_once('=').ok_or_else(unknown)?;
            match name {
                "seed" => parameters.seed = digits(value).ok_or_else(unknown)?,
                "retry-after" => parameters.retry_after = Some(value.to_owned()),
                "location" => parameters.location = Some(value.to_owned()),
                "status" => {
                    let known = digits(value).filter(|id| status::is_rejection(*id));
                    parameters.status = Some(known.ok_or_else(unknown)?);
                }
                _ => return Err(unknown()),
            }
        }
        Ok(parameters)
    }

    fn rejection(&self) -> u16 {
        self.status.unwrap_or(status::REJECTED_DESTINATION_BLOCKLISTED)
    }
}

fn kind(name: &str, value: Option<&str>, parameters: &Parameters) -> Result<FaultKind, FaultError> {
    let needed = |example: &'static str| {
        value.filter(|value| !value.is_empty()).ok_or_else(|| FaultError::ValueMissing(name.to_owned(), example))
    };
    let wrong = |example: &'static str| move || FaultError::Value(name.to_owned(), example);
    let kind = match name {
        "slow" => FaultKind::Slow(bounded(name, duration(needed("200ms")?).ok_or_else(wrong("200ms"))?)?),
        "reject-share" => {
            let share = parts(needed("0.1")?, 4).ok_or_else(wrong("0.1"))?;
            FaultKind::RejectShare(share, parameters.rejection())
        }
        "reject" => FaultKind::Reject(needed("17841400000000001")?.to_owned(), parameters.rejection()),
        "invalid" => FaultKind::Invalid(needed("17841400000000001")?.to_owned()),
        "invalid-unnamed" => FaultKind::InvalidUnnamed(needed("17841400000000001")?.to_owned()),
        "missing-messages" => {
            let count = value.map_or(Some(1), digits).ok_or_else(wrong("1"))?;
            FaultKind::MissingMessages(count)
        }
        _ if value.is_some() && plain(name, parameters).is_some() => {
            return Err(FaultError::ValueUnwanted(name.to_owned()));
        }
        _ => plain(name, parameters).ok_or_else(|| FaultError::Kind(name.to_owned()))?,
    };
    Ok(kind)
}

/// Faults of pushes.
fn push_kind(name: &str, value: Option<&str>) -> Result<PushFault, FaultError> {
    const EXAMPLE: &str = "5m";
    let wrong = || FaultError::Value(name.to_owned(), EXAMPLE);
    let kind = match (name, value) {
        ("delay", None) => return Err(FaultError::ValueMissing(name.to_owned(), EXAMPLE)),
        ("delay", Some(value)) => PushFault::Delay(bounded(name, duration(value).ok_or_else(wrong)?)?),
        ("repeat", _) => PushFault::Repeat,
        ("reorder", _) => PushFault::Reorder,
        ("drop", _) => PushFault::Drop,
        _ => return Err(FaultError::PushKind(name.to_owned())),
    };
    match (kind, value) {
        (PushFault::Delay(_), _) | (_, None) => Ok(kind),
        (PushFault::Repeat | PushFault::Reorder | PushFault::Drop, Some(_)) => {
            Err(FaultError::ValueUnwanted(name.to_owned()))
        }
    }
}

/// Faults without a value.
fn plain(name: &str, parameters: &Parameters) -> Option<FaultKind> {
    let (stem, moment) = match (name.strip_suffix("-before"), name.strip_suffix("-after")) {
        (Some(stem), _) => (stem, Some(FaultMoment::Before)),
        (None, Some(stem)) => (stem, Some(FaultMoment::After)),
        (None, None) => (name, None),
    };
    let at = moment.unwrap_or(FaultMoment::Before);
    match (stem, moment) {
        ("hold", _) => Some(FaultKind::Hold(at)),
        ("drop", _) => Some(FaultKind::Drop(at)),
        ("cut", None) => Some(FaultKind::Cut),
        ("garbage", None) => Some(FaultKind::Garbage),
        ("empty", None) => Some(FaultKind::Empty),
        ("other-bulk-id", None) => Some(FaultKind::OtherBulkId),
        _ => {
            let status = digits(stem).filter(|status| matches!(status, 204 | 300..=599))?;
            let (retry_after, location) = (parameters.retry_after.clone(), parameters.location.clone());
            Some(FaultKind::Answer(at, Reply { status, retry_after, location }))
        }
    }
}

/// Reads a whole number that has nothing but digits: `+5`, which a parser of numbers takes, is none.
fn digits<N: FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn duration(text: &str) -> Option<Duration> {
    read_duration(text).and_then(|duration| Duration::try_from(duration).ok())
}

/// Lets a fault last no longer than anything does.
fn bounded(name: &str, duration: Duration) -> Result<Duration, FaultError> {
    if duration <= DURATION_MAX { Ok(duration) } else { Err(FaultError::TooLong(name.to_owned())) }
}

/// Reads a decimal number with at most so many places as a whole number of ten-thousandth parts,
/// of which there are at most all.
fn parts(text: &str, places: usize) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = [whole, fraction].iter().all(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if whole.is_empty() || !are_digits || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok().filter(|parts| *parts <= ALL)
}

fn when(text: &str, kind: &FaultKind, seed: u64) -> Result<RequestSelector, FaultError> {
    let wrong = || FaultError::When(text.to_owned());
    let looks_inside = matches!(
        kind,
        FaultKind::RejectShare(..) | FaultKind::Reject(..) | FaultKind::Invalid(_) | FaultKind::InvalidUnnamed(_)
    );
    if text.is_empty() {
        return Ok(RequestSelector {
            seed,
            ..if looks_inside { RequestSelector::ALWAYS } else { RequestSelector::ONCE }
        });
    }
    let (text_before, percent) = text.split_once('%').map_or((text, None), |(rest, percent)| (rest, Some(percent)));
    let (text_first, times) =
        text_before.split_once('*').map_or((text_before, None), |(rest, times)| (rest, Some(times)));
    let first = match text_first.strip_prefix('@') {
        Some(first) => digits(first).filter(|first| *first > 0).ok_or_else(wrong)?,
        None if text_first.is_empty() => 1,
        None => return Err(wrong()),
    };
    let times = match times {
        Some("") => None,
        Some(times) => Some(digits(times).ok_or_else(wrong)?),
        None if percent.is_some() || looks_inside && text_first.is_empty() => None,
        None => Some(1),
    };
    let share = match percent {
        Some(percent) => parts(percent, 2).ok_or_else(wrong)?,
        None => ALL,
    };
    Ok(RequestSelector { first, times, share, seed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, kind: FaultKind, when: RequestSelector) {
        assert_eq!(fault(text), Ok(Fault { target: Target::Messages, kind, when }), "{text}");
    }

    fn answer(moment: FaultMoment, status: u16) -> FaultKind {
        FaultKind::Answer(moment, Reply { status, retry_after: None, location: None })
    }

    #[test]
    fn kinds_are_read() {
        use FaultMoment::{After, Before};
        check("hold", FaultKind::Hold(Before), RequestSelector::ONCE);
        check("hold-before", FaultKind::Hold(Before), RequestSelector::ONCE);
        check("hold-after*", FaultKind::Hold(After), RequestSelector::ALWAYS);
        check("slow=200ms*", FaultKind::Slow(Duration::from_millis(200)), RequestSelector::ALWAYS);
        check("slow=3s", FaultKind::Slow(Duration::from_secs(3)), RequestSelector::ONCE);
        check("slow=2m", FaultKind::Slow(Duration::from_mins(2)), RequestSelector::ONCE);
        check("slow=1h 30m*", FaultKind::Slow(Duration::from_mins(90)), RequestSelector::ALWAYS);
        check("500", answer(Before, 500), RequestSelector::ONCE);
        check("500-before", answer(Before, 500), RequestSelector::ONCE);
        check("500-after@3", answer(After, 500), RequestSelector { first: 3, ..RequestSelector::ONCE });
        check("204-after", answer(After, 204), RequestSelector::ONCE);
        check("drop", FaultKind::Drop(Before), RequestSelector::ONCE);
        check(" drop-after ", FaultKind::Drop(After), RequestSelector::ONCE);
        check("cut", FaultKind::Cut, RequestSelector::ONCE);
        check("garbage", FaultKind::Garbage, RequestSelector::ONCE);
        check("empty", FaultKind::Empty, RequestSelector::ONCE);
        check("other-bulk-id", FaultKind::OtherBulkId, RequestSelector::ONCE);
        check("missing-messages", FaultKind::MissingMessages(1), RequestSelector::ONCE);
        check(
            "missing-messages=3*2",
            FaultKind::MissingMessages(3),
            RequestSelector { times: Some(2), ..RequestSelector::ONCE },
        );
        check("reject-share=0.1", FaultKind::RejectShare(1000, 14), RequestSelector::ALWAYS);
        check(
            "reject=17841400000000001:status=18",
            FaultKind::Reject("17841400000000001".into(), 18),
            RequestSelector::ALWAYS,
        );
        check("reject=1@2", FaultKind::Reject("1".into(), 14), RequestSelector { first: 2, ..RequestSelector::ONCE });
        check("invalid=1", FaultKind::Invalid("1".into()), RequestSelector::ALWAYS);
        check("invalid-unnamed=1", FaultKind::InvalidUnnamed("1".into()), RequestSelector::ALWAYS);
    }

    #[test]
    fn parameters_are_read() {
        let reply = |status, retry_after: Option<&str>, location: Option<&str>| {
            let (retry_after, location) = (retry_after.map(Into::into), location.map(Into::into));
            FaultKind::Answer(FaultMoment::Before, Reply { status, retry_after, location })
        };
        let twice = RequestSelector { times: Some(2), ..RequestSelector::ONCE };
        check("429*2:retry-after=5", reply(429, Some("5"), None), twice);
        check("503:retry-after=soon", reply(503, Some("soon"), None), RequestSelector::ONCE);
        check(
            "307:location=http://127.0.0.1:9/x",
            reply(307, None, Some("http://127.0.0.1:9/x")),
            RequestSelector::ONCE,
        );
        let tenth = RequestSelector { times: None, share: 1000, seed: 7, ..RequestSelector::ONCE };
        check("drop-after%10:seed=7", FaultKind::Drop(FaultMoment::After), tenth);
        let some = RequestSelector { first: 5, times: Some(9), share: 5, seed: 0 };
        check("cut@5*9%0.05", FaultKind::Cut, some);
    }

    #[test]
    fn logs_have_faults_of_their_own() {
        let fault = fault("logs:429*").unwrap();
        assert_eq!((fault.target, fault.when), (Target::Logs, RequestSelector::ALWAYS));
    }

    #[test]
    fn pushes_have_kinds_of_their_own() {
        let fault = fault("webhook:drop*2").unwrap();
        let twice = RequestSelector { times: Some(2), ..RequestSelector::ONCE };
        assert_eq!(fault, Fault { target: Target::Webhooks, kind: FaultKind::Push(PushFault::Drop), when: twice });
        for (text, hours) in [("webhook:delay=2h", 2), ("webhook:delay=1d@3", 24), ("webhook:delay=1h 30m 1800s*", 2)] {
            let kind = FaultKind::Push(PushFault::Delay(Duration::from_hours(hours)));
            assert_eq!(self::fault(text).map(|fault| fault.kind), Ok(kind), "{text}");
        }
        let said = |text: &str| self::fault(text).unwrap_err().to_string();
        assert!(said("webhook:503").starts_with("unknown fault `webhook:503`; known are webhook:repeat"));
        assert_eq!(said("webhook:repeat=2"), "fault `repeat` takes no value");
        assert_eq!(said("webhook:delay"), "fault `delay` needs a value, as in `delay=5m`");
        assert_eq!(said("webhook:delay=x"), "fault `delay` has a value of another form; write it as in `delay=5m`");
        assert!(said("repeat").starts_with("unknown fault `repeat`"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let said = |text: &str| fault(text).unwrap_err().to_string();
        assert!(said("explode").starts_with("unknown fault `explode`; known are hold"));
        assert!(said("200").starts_with("unknown fault `200`"));
        assert!(said("600-after").starts_with("unknown fault `600-after`"));
        assert!(said("").starts_with("unknown fault ``"));
        assert!(said("cut-after").starts_with("unknown fault `cut-after`"));
        assert_eq!(said("slow"), "fault `slow` needs a value, as in `slow=200ms`");
        assert_eq!(said("slow=fast"), "fault `slow` has a value of another form; write it as in `slow=200ms`");
        assert_eq!(said("slow=2592001s"), "fault `slow` lasts at most 30 days");
        assert!(said("slow=18446744073709551615s*").starts_with("fault `slow` has a value of another form"));
        assert_eq!(said("webhook:delay=43201m"), "fault `delay` lasts at most 30 days");
        assert!(fault("slow=2592000s").is_ok());
        assert_eq!(said("slow=5"), "fault `slow` has a value of another form; write it as in `slow=200ms`");
        assert_eq!(
            said("reject-share=2"),
            "fault `reject-share` has a value of another form; write it as in `reject-share=0.1`"
        );
        assert_eq!(said("reject="), "fault `reject` needs a value, as in `reject=17841400000000001`");
        assert_eq!(said("cut=3"), "fault `cut` takes no value");
        for when in ["@0", "@", "@+1", "*+2", "@1*+2", "%+5", "@x", "*x", "%101", "%-1", "%NaN", "@3@4", "*2@3", "%5*2"]
        {
            assert!(said(&format!("cut{when}")).starts_with(&format!("`{when}` does not say when")), "{when}");
        }
        assert!(said("cut:sead=1").starts_with("unknown parameter `sead=1`"));
        assert!(said("cut:seed=1,").starts_with("unknown parameter ``"));
        assert!(said("cut:seed=+1").starts_with("unknown parameter `seed=+1`"));
        assert!(said("+503").starts_with("unknown fault `+503`"));
        assert!(said("missing-messages=+1").starts_with("fault `missing-messages` has a value of another form"));
        assert!(said("cut:seed=x").starts_with("unknown parameter `seed=x`"));
        assert!(said("reject=1:status=5").starts_with("unknown parameter `status=5`"));
    }
}
