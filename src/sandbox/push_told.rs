//! What is told of each try to post: which push it was, to whom, and what came of it. Nobody is named: of a URL there is the
//! host and the port.

use serde::Serialize;
use url::Url;

use super::model::webhook::push::{Push, PushState, TryOutcome};

/// A try to post that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushTold {
    /// The number of the push.
    pub number: i64,
    /// The host to which it goes, with a port if the URL has one; nothing if it is no URL.
    pub host: Option<String>,
    /// How the try ended.
    pub outcome: TryOutcome,
    /// What became of the push.
    pub state: PushState,
}

impl PushTold {
    /// Of a push that has a number in the books.
    #[must_use]
    pub fn new(number: i64, push: &Push, outcome: TryOutcome) -> Self {
        let url = Url::parse(&push.url).ok();
        let host = url.and_then(|url| {
            let host = url.host_str()?.to_owned();
            Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
        });
        Self { number, host, outcome, state: push.state }
    }
}
