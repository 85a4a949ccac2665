//! Where the ledger lives.

use crate::campaign::checked::{State, StateNames};
use crate::campaign::cursor::Cursor;
use crate::campaign::raw;
use crate::diagnostic::{Code, Diagnostic};

use super::findings::Findings;

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
    let names = StateNames {
        remote: raw.remote.as_deref(),
        branch: raw.branch.as_deref(),
        schema: raw.schema.as_deref(),
        bulks_ahead: raw.bulks_ahead.and_then(|bulks| usize::try_from(bulks).ok()),
    };
    State::new(raw.home, names)
}
