//! Where the ledger lives.

use crate::campaign::checked::State;
use crate::campaign::cursor::Cursor;
use crate::campaign::raw;
use crate::diagnostic::{Code, Diagnostic};

use super::findings::Findings;

/// How many bulks are claimed at most before their requests, unless the project says so.
const BULKS_AHEAD: usize = 256;

/// Checks `state`: a key that another kind of store has says that somebody meant that one.
pub(super) fn state(at: &Cursor<'_>, raw: &raw::State, findings: &mut Findings) -> State {
    let foreign: &[(&str, &str)] = match raw.home {
        raw::StateHome::Lockfile => {
            &[("remote", "git"), ("branch", "git"), ("bulksAhead", "git"), ("schema", "postgres")]
        }
        raw::StateHome::Git => &[("schema", "postgres")],
        raw::StateHome::Postgres => &[("remote", "git"), ("branch", "git"), ("bulksAhead", "git")],
    };
    for (key, home) in foreign.iter().filter(|(key, _)| at.key(key).is_written()) {
        let message = format!("`{key}` goes with `in: {home}` only");
        let place = at.key(key).key_place();
        findings.push(Diagnostic::error(Code::NotAllowed, message, place));
    }
    let or = |text: &Option<String>, default: &str| text.clone().unwrap_or_else(|| default.to_owned());
    match raw.home {
        raw::StateHome::Lockfile => State::Lockfile,
        raw::StateHome::Git => {
            let bulks_ahead = raw.bulks_ahead.and_then(|bulks| usize::try_from(bulks).ok()).unwrap_or(BULKS_AHEAD);
            State::Git { remote: or(&raw.remote, "origin"), branch: or(&raw.branch, "sendform-ledger"), bulks_ahead }
        }
        raw::StateHome::Postgres => State::Postgres { schema: or(&raw.schema, "sendform") },
    }
}
