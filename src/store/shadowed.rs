//! The shadow of a lockfile: what this machine knows of it, whatever git has done with the file since.

use std::collections::HashSet;
use std::path::Path;

use crate::ledger::{Authenticity, Fact, Ledger, LedgerDelta, RunId};

use super::append_file;
use super::binding::Binding;
use super::error::StoreError;
use super::git::is_tracked;
use super::mark;
use super::paths::Paths;
use super::paths::place;
use super::visit::Visit;

/// A shadow that was read, if there is one.
pub(super) struct Shadowed {
    /// Whether the ledger has no shadow because git never sees it: all of it is this machine's.
    is_private: bool,
    /// The text of its file.
    pub(super) text: Option<Vec<u8>>,
    /// What it knows.
    pub(super) ledger: Option<Ledger>,
    /// Whether its lines are signed.
    is_signed: bool,
    /// The run that has opened the ledger for writing here last.
    own: Option<RunId>,
}

impl Shadowed {
    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub(super) fn read(paths: &Paths, expected: &Binding) -> Result<Self, StoreError> {
        let own = mark::read(paths, &expected.seals);
        let Some(path) = &paths.shadow else {
            return Ok(Self { is_private: true, text: None, ledger: None, is_signed: true, own });
        };
        let text = append_file::read(path)?;
        let read = text.as_ref().map(|text| append_file::parse(path, text, &expected.seals)).transpose()?;
        let is_signed = read.as_ref().is_none_or(|read| read.authenticity != Authenticity::Unsigned);
        Ok(Self { is_private: false, text, ledger: read.map(|read| read.ledger), is_signed, own })
    }

    /// Whether it may know what the text of the file does not tell.
    pub(super) fn may_know_more(&self, file: &[u8]) -> bool {
        self.text.as_ref().is_some_and(|text| text != file)
    }

    /// Makes sure that the lines of the file beside it are genuine: they are signed, they are what this
    /// machine has written, or somebody takes them for genuine. Nothing but a signature is enough for the
    /// header, which says to which gateway everything is sent, with which credentials: a change of the
    /// files may bring a shadow along.
    ///
    /// # Errors
    /// If nothing shows it.
    pub(super) fn check_genuine(
        &self,
        file: &Ledger,
        authenticity: Authenticity,
        paths: &Paths,
        expected: &Binding,
        visit: &Visit,
    ) -> Result<(), StoreError> {
        let is_signed = authenticity != Authenticity::Unsigned || expected.seals.is_empty();
        if is_signed || self.is_private {
            return Ok(());
        }
        let knows_all = |shadow: &Ledger| {
            let mut both = shadow.clone();
            both.join(file).is_ok()
                && LedgerDelta::between(shadow, &both).is_empty()
                && shadow.header() == both.header()
        };
        let place = place(&paths.lockfile);
        // What git knows may have come with the same change.
        let is_own = || paths.shadow.as_ref().is_some_and(|shadow| !is_tracked(shadow));
        if self.ledger.as_ref().is_some_and(knows_all) && is_own() {
            visit.check_unsigned_header(file, place)
        } else {
            visit.check_unsigned(file, place)
        }
    }

    /// Joins it into the ledger of the file, and checks what both are bound to, and the keys of both. It may
    /// name a key that a ledger from before its change does not: whom it knows by that key must be
    /// recognised too. A shadow without signatures beside a file with them has been joined in before; if it
    /// knows more all the same, somebody has to take that for genuine, by its number: never what it is bound
    /// to, which entries its lines are, and how runs have ended. Gives back the ledger before, if it was
    /// taken so.
    ///
    /// # Errors
    /// If the two do not go together; if they are not what is expected; if nothing shows that the shadow is
    /// genuine.
    pub(super) fn join_into(
        &self,
        ledger: &mut Ledger,
        authenticity: Authenticity,
        accepted: u64,
        (paths, expected): (&Paths, &Binding),
    ) -> Result<Option<Ledger>, StoreError> {
        let before = match (&self.ledger, &paths.shadow) {
            (Some(known), Some(path)) => self.join_known(known.clone(), ledger, authenticity, accepted, path)?,
            (None, _) | (_, None) => None,
        };
        expected.check(ledger.header(), &place(&paths.lockfile))?;
        Ok(before)
    }

    /// Joins what it knows into the ledger of the file, however that is bound; see [`Shadowed::join_into`].
    ///
    /// # Errors
    /// If the two do not go together; if nothing shows that the shadow is genuine.
    pub(super) fn join_known(
        &self,
        mut known: Ledger,
        ledger: &mut Ledger,
        authenticity: Authenticity,
        accepted: u64,
        path: &Path,
    ) -> Result<Option<Ledger>, StoreError> {
        if self.is_signed || authenticity == Authenticity::Unsigned {
            ledger.join(&known).map_err(StoreError::Join)?;
            return Ok(None);
        }
        known.forget_numbers();
        known.take_header(ledger);
        let mut joined = ledger.clone();
        joined.join(&known).map_err(StoreError::Join)?;
        let news = LedgerDelta::between(ledger, &joined);
        let claims = news.records + news.claims + news.outcomes;
        if claims as u64 > accepted {
            return Err(StoreError::Unauthenticated { place: place(path), claims, is_shadow: true });
        }
        Ok((claims > 0).then(|| std::mem::replace(ledger, joined)))
    }

    /// Whether all that a run has written is surely in a ledger: no other machine has run it, and what it
    /// has written first is whole. A file that was taken back, beside no shadow or an older one, shows nothing.
    pub(super) fn is_here(&self, run: RunId, ledger: &Ledger) -> bool {
        let knows_all = |shadow: &Ledger| {
            let known: HashSet<Fact> = shadow.facts().collect();
            ledger.facts().filter(|fact| fact.run == run).all(|fact| known.contains(&fact))
        };
        self.is_private || self.own == Some(run) && self.ledger.as_ref().is_some_and(knows_all)
    }

    /// Closes the run that was killed on this machine, with what there is of it: all that it has written is
    /// here. So is what grew afterwards of runs that others have closed.
    pub(super) fn close_in(&self, ledger: &mut Ledger, visit: &Visit) {
        let killed = ledger.unclosed().into_iter().map(|unclosed| unclosed.run);
        let killed: Vec<RunId> = killed.filter(|run| *run != visit.run && self.is_here(*run, ledger)).collect();
        for run in killed {
            ledger.close_as_it_is(run, visit.now);
        }
        ledger.close_outgrown(visit.run, visit.now);
    }
}
