//! How far pushes may go: to this machine, unless whoever starts the sandbox says otherwise.

use url::{Host, Url};

use super::push::TryOutcome;
use crate::wire::address::parse_whole;

/// How far pushes may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushReach {
    /// To this machine, and to the hosts with these names.
    ThisMachineAnd(Vec<String>),
    /// Anywhere.
    Any,
    /// Nowhere.
    Nowhere,
    /// All of them to one URL, wherever they would go.
    Rewritten(Url),
}

/// Whether a push may go to where it is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReachVerdict {
    /// It may, wherever that is.
    Post(Url),
    /// It may if that is on this machine.
    PostHere(Url),
    /// It may not.
    Withhold(TryOutcome),
}

impl PushReach {
    /// Reads what a command line says: nothing is this machine only.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let (mut allowed, mut other) = (Vec::new(), None);
        for text in texts {
            let reach = match text.split_once('=') {
                Some(("allow", host)) => {
                    let host = Host::parse(host).map_err(|_| format!("`{host}` is not the name of a host"))?;
                    allowed.push(host.to_string());
                    continue;
                }
                Some(("rewrite", url)) => Self::Rewritten(
                    http(url).ok_or_else(|| format!("`{url}` is not a URL such as `http://127.0.0.1:9000/dlr`"))?,
                ),
                None if text == "any" => Self::Any,
                None if text == "off" => Self::Nowhere,
                _ => return Err(format!("`{text}` is none of `off`, `any`, `allow=HOST` and `rewrite=URL`")),
            };
            if other.replace(reach).is_some() {
                return Err("of `off`, `any` and `rewrite=URL` only one holds".to_owned());
            }
        }
        match other {
            Some(_) if !allowed.is_empty() => Err("`allow=HOST` is of no use beside the others".to_owned()),
            Some(other) => Ok(other),
            None => Ok(Self::ThisMachineAnd(allowed)),
        }
    }

    /// Whether a push may go to a URL.
    #[must_use]
    pub fn judge(&self, text: &str) -> ReachVerdict {
        let url = http(text).ok_or(TryOutcome::NotUrl);
        match (self, url) {
            (Self::Nowhere, _) => ReachVerdict::Withhold(TryOutcome::NotAllowed),
            (Self::Rewritten(url), _) => ReachVerdict::Post(url.clone()),
            (Self::Any | Self::ThisMachineAnd(_), Err(outcome)) => ReachVerdict::Withhold(outcome),
            (Self::Any, Ok(url)) => ReachVerdict::Post(url),
            (Self::ThisMachineAnd(names), Ok(url)) => {
                let is_named = |host: &str| names.iter().any(|name| name.eq_ignore_ascii_case(host));
                if url.host_str().is_some_and(is_named) { ReachVerdict::Post(url) } else { ReachVerdict::PostHere(url) }
            }
        }
    }
}

/// Whether something can be posted to a URL at all.
#[must_use]
pub fn is_postable(text: &str) -> bool {
    http(text).is_some()
}

fn http(text: &str) -> Option<Url> {
    parse_whole(text).filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_says_how_far() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(PushReach::read([]), Ok(PushReach::ThisMachineAnd(vec![])));
        assert_eq!(
            PushReach::read(["allow=Hooks.test", "allow=b"]),
            Ok(PushReach::ThisMachineAnd(vec!["hooks.test".into(), "b".into()]))
        );
        assert_eq!(PushReach::read(["any"]), Ok(PushReach::Any));
        assert_eq!(PushReach::read(["off"]), Ok(PushReach::Nowhere));
        assert_eq!(PushReach::read(["rewrite=http://b:1/x"]), Ok(PushReach::Rewritten(url("http://b:1/x"))));
        for wrong in [
            &["all"][..],
            &["any", "off"],
            &["allow=a b"],
            &["rewrite=b"],
            &["rewrite=ftp://b"],
            &["off", "allow=b"],
            &["any=1"],
        ] {
            assert!(PushReach::read(wrong.iter().copied()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_what_is_allowed_goes_out() {
        let check = |reach: &[&str], url: &str, expect: &str| {
            let said = match PushReach::read(reach.iter().copied()).unwrap().judge(url) {
                ReachVerdict::Post(url) => format!("post {url}"),
                ReachVerdict::PostHere(url) => format!("here {url}"),
                ReachVerdict::Withhold(outcome) => format!("{outcome:?}"),
            };
            assert_eq!(said, expect, "{reach:?} {url}");
        };
        check(&[], "http://127.0.0.1:9/x", "here http://127.0.0.1:9/x");
        check(&[], "https://hooks.example.com/", "here https://hooks.example.com/");
        check(&["allow=hooks.example.com"], "https://HOOKS.example.com/", "post https://hooks.example.com/");
        check(&["allow=hooks.example.com"], "https://a.hooks.example.com/", "here https://a.hooks.example.com/");
        check(
            &["allow=hooks.example.com"],
            "https://hooks.example.com@evil.test/",
            "here https://hooks.example.com@evil.test/",
        );
        check(&["any"], "https://hooks.example.com/", "post https://hooks.example.com/");
        check(&["off"], "http://127.0.0.1:9/", "NotAllowed");
        check(&["rewrite=http://127.0.0.1:9/all"], "not a url", "post http://127.0.0.1:9/all");
        for wrong in ["", "not a url", "ftp://127.0.0.1/", "http://a\nb/", "127.0.0.1:9", "data:,x"] {
            check(&[], wrong, "NotUrl");
            check(&["any"], wrong, "NotUrl");
            assert!(!is_postable(wrong), "{wrong}");
        }
    }
}
