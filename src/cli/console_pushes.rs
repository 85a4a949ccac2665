//! What the console of `sandbox` tells of what it posts: a line for each try, and before the first one whether anything
//! that it is told to post could come to where it is to go.

use jiff::Timestamp;

use crate::report::sanitize::{LineFeeds, harmless};
use crate::report::style::Paint;
use crate::sandbox::model::webhook::push::{PushState, TryOutcome};
use crate::sandbox::model::webhook::reach::{PushReach, ReachVerdict};
use crate::sandbox::push_told::PushTold;
use crate::sandbox::webhooks::WebhookSettings;
use crate::timing::utc;
use crate::wire::address::is_loopback;
use crate::wire::said::without_people;

/// The line of a try.
pub(super) fn push_line(at: Timestamp, told: &PushTold, paint: Paint) -> String {
    let host = without_people(told.host.as_deref().unwrap_or("no URL"), []);
    let words = harmless(&format!("push {} to {host}", told.number), LineFeeds::Escape);
    let status = match told.outcome {
        TryOutcome::Answered(status) => status.to_string(),
        TryOutcome::NoConnection
        | TryOutcome::NoAnswer
        | TryOutcome::Broken
        | TryOutcome::NotAllowed
        | TryOutcome::NotUrl
        | TryOutcome::Itself => "---".to_owned(),
    };
    let came = came(told);
    let (status, came) = match told.state {
        PushState::Done => (paint.good(&status), came),
        PushState::Waiting | PushState::Lost | PushState::Withheld | PushState::Dropped => {
            (paint.bad(&status), paint.wait(&came))
        }
    };
    format!("{}  {words}  {status}  {came}", utc(at))
}

/// What came of it.
fn came(told: &PushTold) -> String {
    let why = match told.outcome {
        TryOutcome::Answered(_) if told.state == PushState::Done => return "taken".to_owned(),
        TryOutcome::Answered(_) => "not taken",
        TryOutcome::NoConnection => "no connection",
        TryOutcome::NoAnswer => "no answer in time",
        TryOutcome::Broken => "the connection broke",
        TryOutcome::NotAllowed => "withheld: `--webhooks` does not let it go there",
        TryOutcome::NotUrl => "withheld: nothing can be posted there",
        TryOutcome::Itself => "withheld: that is this sandbox itself",
    };
    match told.state {
        PushState::Waiting => format!("{why}; tried again later"),
        PushState::Lost => format!("{why}; lost, and tried no more"),
        PushState::Done | PushState::Withheld | PushState::Dropped => why.to_owned(),
    }
}

/// What is said where a flag or a setting names a URL to which nothing will be posted.
pub(super) fn unreached(settings: &WebhookSettings) -> Vec<String> {
    let urls = [("account", &settings.account_url), ("inbound", &settings.inbound_url)];
    let warnings = urls.into_iter().filter_map(|(name, url)| {
        let url = url.as_deref()?;
        let host = match settings.reach.judge(url) {
            ReachVerdict::PostHere(url) if !is_loopback(&url) && url.host_str() != Some("localhost") => {
                url.host_str().unwrap_or_default().to_owned()
            }
            ReachVerdict::Post(_) | ReachVerdict::PostHere(_) => return None,
            ReachVerdict::Withhold(_) if settings.reach == PushReach::Nowhere => {
                return Some(format!("! the {name} webhook gets nothing: `--webhooks off` posts nowhere\n"));
            }
            ReachVerdict::Withhold(_) => return None,
        };
        let host = harmless(&without_people(&host, []), LineFeeds::Escape);
        Some(format!(
            "! the {name} webhook gets nothing unless `{host}` is this machine: to post there add `--webhooks allow={host}`\n"
        ))
    });
    warnings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_has_a_line_that_names_nobody() {
        let line = |host: Option<&str>, outcome, state| {
            let told = PushTold { number: 7, host: host.map(str::to_owned), outcome, state };
            push_line("2026-11-30T12:00:01Z".parse().unwrap(), &told, Paint::Plain)
        };
        let lines = [
            line(Some("127.0.0.1:9000"), TryOutcome::Answered(200), PushState::Done),
            line(Some("127.0.0.1:9000"), TryOutcome::Answered(503), PushState::Waiting),
            line(Some("127.0.0.1:9000"), TryOutcome::NoConnection, PushState::Lost),
            line(Some("localhost"), TryOutcome::NoAnswer, PushState::Waiting),
            line(Some("localhost"), TryOutcome::Broken, PushState::Waiting),
            line(Some("17841400000000001.example.com"), TryOutcome::NotAllowed, PushState::Withheld),
            line(None, TryOutcome::NotUrl, PushState::Withheld),
            line(Some("localhost:8025"), TryOutcome::Itself, PushState::Withheld),
        ];
        insta::assert_snapshot!(lines.join("\n"), @"
        2026-11-30 12:00:01 UTC  push 7 to 127.0.0.1:9000  200  taken
        2026-11-30 12:00:01 UTC  push 7 to 127.0.0.1:9000  503  not taken; tried again later
        2026-11-30 12:00:01 UTC  push 7 to 127.0.0.1:9000  ---  no connection; lost, and tried no more
        2026-11-30 12:00:01 UTC  push 7 to localhost  ---  no answer in time; tried again later
        2026-11-30 12:00:01 UTC  push 7 to localhost  ---  the connection broke; tried again later
        2026-11-30 12:00:01 UTC  push 7 to ….example.com  ---  withheld: `--webhooks` does not let it go there
        2026-11-30 12:00:01 UTC  push 7 to no URL  ---  withheld: nothing can be posted there
        2026-11-30 12:00:01 UTC  push 7 to localhost:8025  ---  withheld: that is this sandbox itself
        ");
    }

    #[test]
    fn a_url_to_which_nothing_will_be_posted_is_said_at_the_start() {
        let check = |reach: &[&str], url: &str, part: Option<&str>| {
            let reach = PushReach::read(reach.iter().copied()).unwrap();
            let said =
                unreached(&WebhookSettings { reach, account_url: Some(url.to_owned()), ..WebhookSettings::default() });
            assert_eq!(said.first().is_some_and(|said| part.is_some_and(|part| said.contains(part))), part.is_some());
            assert_eq!(said.len(), usize::from(part.is_some()), "{url} {said:?}");
        };
        check(&[], "https://example.com/x", Some("add `--webhooks allow=example.com`"));
        check(&[], "https://192.0.2.1/x", Some("add `--webhooks allow=192.0.2.1`"));
        check(&["allow=other.test"], "https://example.com/x", Some("allow=example.com"));
        check(&["off"], "http://127.0.0.1:9000/x", Some("`--webhooks off` posts nowhere"));
        check(&["allow=example.com"], "https://example.com/x", None);
        check(&["any"], "https://example.com/x", None);
        check(&["rewrite=http://127.0.0.1:9000/"], "https://example.com/x", None);
        for url in ["http://localhost:9000/", "http://127.0.0.1/", "http://[::1]/"] {
            check(&[], url, None);
        }
    }
}
