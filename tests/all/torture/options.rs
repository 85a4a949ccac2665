//! What the environment asks of the test: how long, with which dice, on which stores.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::store::Kind;

/// What the environment asks for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    /// `SENDFORM_TORTURE_SEED`: the dice of the first life; each further one has the next number.
    pub(super) seed: u64,
    /// `SENDFORM_TORTURE_MINUTES`: when to begin no further life; else after each store had
    /// its share.
    pub(super) end: End,
    /// `SENDFORM_TORTURE_STORE`: one store; else all take turns.
    pub(super) stores: Vec<Kind>,
}

/// When no further life begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// When each store had its share.
    Shares,
    /// When so much time has passed.
    Time(Duration),
}

impl Options {
    /// Reads the environment.
    pub(super) fn read() -> Self {
        let number = |name: &str| {
            let text = env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
        };
        let stores = match env::var("SENDFORM_TORTURE_STORE").ok().filter(|name| !name.is_empty()) {
            None => Kind::ALL.to_vec(),
            Some(name) => {
                let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                vec![kind.unwrap_or_else(|| panic!("SENDFORM_TORTURE_STORE is no store: {name}"))]
            }
        };
        Self {
            seed: number("SENDFORM_TORTURE_SEED").unwrap_or_else(any_seed),
            end: number("SENDFORM_TORTURE_MINUTES")
                .map_or(End::Shares, |minutes| End::Time(Duration::from_secs(60 * minutes))),
            stores,
        }
    }
}

fn any_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    u64::from(now.subsec_nanos()) + now.as_secs()
}
