//! Faults as JSON, in both directions. The words are those of the grammar, and what they mean is left to it.

use serde::{Deserialize, Serialize};

use super::parse::{self, FaultError};
use super::text::percent;
use super::{ALL, Fault, FaultKind, FaultMoment, Target};

/// A fault, in the words in which it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultForm {
    /// What it is called: `429`, `hold`, `reject`.
    pub fault: String,
    /// For which requests it is: `messages`, `logs` or `reports`, or for pushes to `webhooks`; sends, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<String>,
    /// `before` or `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<String>,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The first request that it strikes, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// How many it strikes from the first on; `all` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<FaultTimes>,
    /// How many percent of them, as a decimal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<String>,
    /// The seed of the choice among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The header `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// The header `Location`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The status with which messages are rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// How many requests a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FaultTimes {
    /// So many.
    Number(u64),
    /// `all`.
    Word(String),
}

impl From<&Fault> for FaultForm {
    fn from(fault: &Fault) -> Self {
        let reply = if let FaultKind::Answer(_, reply) = &fault.kind { Some(reply.clone()) } else { None };
        let requests = match fault.target {
            Target::Messages => "messages",
            Target::Logs => "logs",
            Target::Reports => "reports",
            Target::Webhooks => "webhooks",
        };
        let moment = fault.moment().map(|moment| match moment {
            FaultMoment::Before => "before".to_owned(),
            FaultMoment::After => "after".to_owned(),
        });
        let times = fault.when.times.map_or_else(|| FaultTimes::Word("all".to_owned()), FaultTimes::Number);
        Self {
            fault: fault.name(),
            requests: Some(requests.to_owned()),
            moment,
            value: fault.value(),
            first: Some(fault.when.first),
            times: Some(times),
            percent: (fault.when.share != ALL).then(|| percent(fault.when.share)),
            seed: Some(fault.when.seed).filter(|seed| *seed != 0),
            retry_after: reply.as_ref().and_then(|reply| reply.retry_after.clone()),
            location: reply.and_then(|reply| reply.location),
            status: fault.rejection(),
        }
    }
}

impl FaultForm {
    /// The fault that it means.
    ///
    /// # Errors
    /// As the grammar says; or if a value would mean something else there.
    pub fn read(&self) -> Result<Fault, FaultError> {
        let prefix = match self.requests.as_deref() {
            None | Some("messages") => "",
            Some("logs") => "logs:",
            Some("reports") => "reports:",
            Some("webhooks") => "webhook:",
            Some(_) => return Err(FaultError::Requests),
        };
        let moment = self.moment.as_ref().map(|moment| format!("-{moment}")).unwrap_or_default();
        let value = self.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
        let first = self.first.map(|first| format!("@{first}")).unwrap_or_default();
        let times = match &self.times {
            None => String::new(),
            Some(FaultTimes::Number(times)) => format!("*{times}"),
            Some(FaultTimes::Word(word)) if word == "all" => "*".to_owned(),
            Some(FaultTimes::Word(word)) => format!("*{word}"),
        };
        let share = self.percent.as_ref().map(|share| format!("%{share}")).unwrap_or_default();
        let parameters = [
            self.seed.map(|seed| format!("seed={seed}")),
            self.retry_after.as_ref().map(|value| format!("retry-after={value}")),
            self.location.as_ref().map(|value| format!("location={value}")),
            self.status.map(|status| format!("status={status}")),
        ];
        let parameters: Vec<String> = parameters.into_iter().flatten().collect();
        let tail = if parameters.is_empty() { String::new() } else { format!(":{}", parameters.join(",")) };
        let text = format!("{prefix}{}{moment}{value}{first}{times}{share}{tail}", self.fault);
        let fault = parse::fault(&text)?;
        // Nothing in a value was taken for a part of the grammar, and nothing was passed over.
        let means = Self::from(&fault);
        let is_same = means.fault == self.fault
            && (self.value.is_none() || means.value == self.value)
            && means.retry_after == self.retry_after
            && means.location == self.location
            && (self.status.is_none() || means.status == self.status);
        if is_same { Ok(fault) } else { Err(FaultError::Kind(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, String> {
        let form: FaultForm = serde_json::from_str(json).map_err(|error| error.to_string())?;
        form.read().map(|fault| fault.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_form_means_what_the_grammar_says() {
        for (form, text) in [
            (r#"{ "fault": "429" }"#, "429"),
            (r#"{ "fault": "500", "moment": "after", "first": 3 }"#, "500-after@3"),
            (r#"{ "fault": "429", "times": 2, "retryAfter": "5" }"#, "429*2:retry-after=5"),
            (r#"{ "fault": "slow", "value": "200ms", "times": "all" }"#, "slow=200ms*"),
            (r#"{ "fault": "drop", "moment": "after", "percent": "10", "seed": 7 }"#, "drop-after%10:seed=7"),
            (r#"{ "fault": "503", "requests": "logs" }"#, "logs:503"),
            (r#"{ "fault": "delay", "requests": "webhooks", "value": "300s" }"#, "webhook:delay=300s"),
            (
                r#"{ "fault": "reject", "value": "17841400000000001", "status": 18 }"#,
                "reject=17841400000000001:status=18",
            ),
        ] {
            assert_eq!(read(form), Ok(text.to_owned()), "{form}");
            let fault = parse::fault(text).unwrap();
            assert_eq!(FaultForm::from(&fault).read(), Ok(fault), "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (form, part) in [
            (r#"{ "fault": "explode" }"#, "unknown fault"),
            (r#"{ "fault": "429", "moment": "never" }"#, "unknown fault"),
            (r#"{ "fault": "429", "requests": "mails" }"#, "none of"),
            (r#"{ "fault": "slow" }"#, "needs a value"),
            (r#"{ "fault": "429", "first": 0 }"#, "strikes"),
            (r#"{ "fault": "429", "times": "some" }"#, "strikes"),
            (r#"{ "fault": "429", "percent": "101" }"#, "strikes"),
            (r#"{ "fault": "429", "time": 1 }"#, "unknown field"),
            (r#"{ "fault": "reject", "value": "1@2" }"#, "unknown fault"),
            (r#"{ "fault": "429*2" }"#, "unknown fault"),
            (r#"{ "fault": "cut", "retryAfter": "5" }"#, "unknown fault"),
            (r#"{ "fault": "429", "status": 14 }"#, "unknown fault"),
            (r#"{ "fault": "reject", "value": "1", "status": 5 }"#, "unknown parameter"),
        ] {
            assert!(read(form).is_err_and(|error| error.contains(part)), "{form}: {:?}", read(form));
        }
    }
}
