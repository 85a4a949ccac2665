//! A lockfile beside a project whose ledger is kept elsewhere: what it tells and that ledger lacks was never carried
//! over, so that its people look unsent there.

use crate::ledger::{ClaimState, Ledger, Seals};

use super::append_file;
use super::binding::Binding;
use super::git::{GitSilence, KeptBy, KeptText, kept_texts};
use super::paths::Paths;
use super::retired::Retired;

/// What was found beside a ledger that is kept elsewhere.
#[derive(Debug, Default)]
pub struct Beside {
    /// The first lockfile that tells more than the ledger, or may do so.
    pub left: Option<LeftBehind>,
    /// Commits whose lockfile is not all in this clone.
    pub not_here: Vec<String>,
    /// Why git does not answer, if there is a repository and it does not.
    pub silence: Option<GitSilence>,
}

/// A lockfile that tells more than the ledger, or may do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// The commit or branch that has it; `None`, if it is the file itself.
    pub commit: Option<String>,
    /// What it tells.
    pub tells: LeftClaims,
}

/// What a lockfile tells that was left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftClaims {
    /// Claims that the ledger lacks.
    Lacking {
        /// How many.
        claims: usize,
        /// The gateway that they were made for.
        gateway: String,
        /// Where it was copied to before, if it was.
        moved_to: Option<String>,
    },
    /// Nobody knows: it cannot be read.
    Unreadable {
        /// Why.
        why: String,
    },
}

/// Looks for a lockfile of the project that has claims which its ledger lacks: in its folder, in the commit that is
/// checked out, and in what was fetched last of the branch that this one follows and of the remote's default branch.
/// Without a ledger every claim is lacking. Nothing needs the network, or a key, or changes anything.
#[must_use]
pub fn left_behind(paths: &Paths, ledger: Option<&Ledger>, expected: &Binding) -> Beside {
    let mut beside = Beside::default();
    let mut texts = Vec::new();
    match append_file::read(&paths.lockfile) {
        Ok(None) => {}
        Ok(Some(text)) => texts.push((None, KeptText::Whole(text))),
        Err(error) => {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
            texts.push((None, KeptText::Unreadable { why: format!("{error}{}", source.unwrap_or_default()) }));
        }
    }
    match kept_texts(&paths.lockfile) {
        Ok(kept) => texts.extend(kept.into_iter().map(|(by, text)| (Some(by), text))),
        Err(silence) => beside.silence = Some(silence),
    }
    for at in 0..texts.len() {
        let (earlier, rest) = texts.split_at(at);
        let Some((by, text)) = rest.first() else { continue };
        // Mostly all of them are one text, which may be long.
        if earlier.iter().any(|(_, known)| known == text) {
            continue;
        }
        let commit = by.clone().map(KeptBy::commit);
        let tells = match text {
            KeptText::Absent => None,
            KeptText::NotHere => {
                beside.not_here.extend(commit.clone());
                None
            }
            KeptText::Unreadable { why } => Some(LeftClaims::Unreadable { why: why.clone() }),
            KeptText::Whole(text) => tells(text, ledger, expected),
        };
        if let Some(tells) = tells {
            beside.left = Some(LeftBehind { commit, tells });
            break;
        }
    }
    beside
}

/// What a text tells that the ledger lacks; nothing, if it is another project's. No signature is checked: whoever has
/// forged it keeps something from being sent, and sends nothing.
fn tells(text: &[u8], ledger: Option<&Ledger>, expected: &Binding) -> Option<LeftClaims> {
    let read = match Ledger::read(text, &Seals::none()) {
        Ok(read) => read.ledger,
        Err(damage) => return Some(LeftClaims::Unreadable { why: damage.to_string() }),
    };
    let header = read.header();
    if header.project != expected.project {
        return None;
    }
    let is_lacking =
        |claim: &ClaimState<'_>| ledger.is_none_or(|ledger| ledger.claim_state(&claim.claim().id).is_none());
    let claims = read.claims().filter(is_lacking).count();
    let retired = Retired::read(&header.gateway);
    let gateway = retired.map_or(header.gateway.as_str(), |retired| retired.gateway).to_owned();
    let moved_to = retired.map(|retired| retired.place.to_owned());
    (claims > 0).then_some(LeftClaims::Lacking { claims, gateway, moved_to })
}
