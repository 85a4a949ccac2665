//! `ledger import`: joins other lockfiles, and outcomes that a store did not take, into the ledger.

use std::io::ErrorKind;
use std::path::Path;

use crate::cli::args::{Acceptance, ImportArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::store::{expected, not_signed, visit};
use crate::ledger::{Authenticity, Damage, ImportFile, Ledger, LedgerDelta, RunId, STOPS_BYTES_MAX, Stops, Unclosed};
use crate::report::ledger::import::{ImportView, LedgerImportReport};
use crate::store::regular::{self, LEDGER_BYTES_MAX, Links};
use crate::store::{Binding, OpenLedger, StoreError, Visit};

/// Runs the command: all files, or none.
///
/// # Errors
/// If a file cannot be read, is damaged, or does not belong to this ledger; if the ledger cannot be
/// written.
pub(super) async fn run(context: &Context, args: &ImportArgs, output: &Output) -> Result<Exit, Failure> {
    let expected = expected(context)?;
    let word = |kind| Acceptance::number(&args.accept, kind).unwrap_or(0);
    let unauthenticated = word("unauthenticated");
    let visit = Visit { brings_more: true, unauthenticated, ..visit(context, "ledger import")? };
    let store = context.gateway.ledger.open(&expected, &visit).await?;
    let before = store.ledger().clone();
    let mut after = before.clone();
    let mut files = Vec::new();
    let mut unsigned = 0;
    let mut stops = Stops::default();
    for file in &args.files {
        let beside = stops_beside(file)?;
        let standing = beside.standing().count() as u64;
        stops.join(&beside);
        files.push(ImportView { stops: standing, ..take(&mut after, file, &expected, &mut unsigned)? });
    }
    if unsigned > unauthenticated {
        drop(store.finish().await);
        return Err(not_signed(unsigned, "entry", "")
            .hint("an older sendform has written them, or somebody without the key: nothing was imported")
            .hint(format!("if the files are surely as they were left: --accept unauthenticated={unsigned}")));
    }
    if let Err(failure) = check_ends(&store, &before, &after, word("unclosed")) {
        drop(store.finish().await);
        return Err(failure);
    }
    if !stops.is_empty() {
        // First: what is stopped elsewhere is not sent from here because its claims were joined in.
        context.gateway.ledger.add_stops(&expected.project, stops).await?;
    }
    if !LedgerDelta::between(&before, &after).is_empty() {
        store.join(after).await?;
    }
    store.finish().await?;
    output.show(&LedgerImportReport { files })?;
    Ok(Exit::Done)
}

/// Reads the stops that lie beside a lockfile from elsewhere; there need be none.
fn stops_beside(file: &Path) -> Result<Stops, Failure> {
    let path = file.with_extension("stops");
    let place = path.display().to_string();
    let text = match regular::read(&path, Links::Followed, STOPS_BYTES_MAX as u64) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Stops::default()),
        Err(error) => {
            let message = format!("`{place}` cannot be read: nothing was imported");
            return Err(Failure::new(Exit::Environment, message).because(&error));
        }
    };
    Stops::parse(&text).map_err(|damage| Failure::from(StoreError::StopsDamage { place, damage, is_table: false }))
}

/// Makes sure that no run loses its end for good: only a lockfile goes on to say that a run which was killed
/// elsewhere may lack it.
fn check_ends(store: &OpenLedger, before: &Ledger, after: &Ledger, accepted: u64) -> Result<(), Failure> {
    if store.tells_unclosed_runs() {
        return Ok(());
    }
    let known: Vec<RunId> = before.unclosed().iter().map(|unclosed| unclosed.run).collect();
    let mut unclosed = after.unclosed();
    unclosed.retain(|unclosed| !known.contains(&unclosed.run));
    let entries = Unclosed::entries(&unclosed);
    if entries <= accepted {
        return Ok(());
    }
    let error = StoreError::Unclosed { runs: unclosed.len(), entries };
    Err(Failure::from(error).hint("nothing was imported"))
}

/// Takes one file in, and counts the entries that are not signed.
fn take(ledger: &mut Ledger, file: &Path, expected: &Binding, unsigned: &mut u64) -> Result<ImportView, Failure> {
    let place = file.display().to_string();
    let text = regular::read(file, Links::Followed, LEDGER_BYTES_MAX).map_err(|error| {
        Failure::new(Exit::Environment, format!("`{place}` cannot be read: nothing was imported")).because(&error)
    })?;
    let damaged = |damage: Damage| {
        let error = StoreError::Damage { place: place.clone(), damage: Box::new(damage) };
        Failure::from(error).hint("nothing was imported")
    };
    let before = ledger.clone();
    let (passed_over, torn, can_be_deleted) = match ImportFile::read(&text, &expected.seals).map_err(damaged)? {
        ImportFile::Whole(mut read) => {
            if read.authenticity == Authenticity::Unsigned {
                *unsigned += read.ledger.claims().len() as u64;
            }
            // What it was bound to before is what this one was bound to as well.
            let is_older = read.authenticity == Authenticity::Signed && ledger.is_bound_after(&read.ledger);
            if !is_older {
                expected.check_joined(read.ledger.header(), &place)?;
            }
            read.ledger.follow(ledger.header());
            ledger.join(&read.ledger).map_err(StoreError::Join)?;
            (0, read.torn.is_some(), false)
        }
        ImportFile::Outcomes(outcomes) => {
            if !outcomes.is_signed {
                *unsigned += outcomes.len() as u64;
            }
            (ledger.take_outcomes(&outcomes).map_err(damaged)?, false, true)
        }
    };
    let (news, passed_over) = (LedgerDelta::between(&before, ledger).into(), passed_over as u64);
    Ok(ImportView { file: place, news, passed_over, torn, stops: 0, can_be_deleted })
}
