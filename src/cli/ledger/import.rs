//! `ledger import`: joins other lockfiles, and outcomes that a store did not take, into the ledger.

use std::path::Path;

use crate::cli::args::ImportArgs;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{Forms, Output};
use crate::cli::store::{expected, store_failure, visit};
use crate::cli::world::World;
use crate::ledger::{Authenticity, Damage, Ledger, News, Piece};
use crate::report::ledger::{Imported, imported_json, imported_text};
use crate::report::words::plural;
use crate::store::regular::{self, LEDGER_BYTES_MAX, Links};
use crate::store::{Expected, StoreError, Visit};

/// Runs the command: all files, or none.
///
/// # Errors
/// If a file cannot be read, is damaged, or does not belong to this ledger; if the ledger cannot be
/// written.
pub(super) async fn run(world: &World, args: &ImportArgs, output: &Output) -> Result<Exit, Failure> {
    let expected = expected(world)?;
    let visit = Visit { brings_more: true, ..visit(world, "ledger import")? };
    let store = world.gateway.ledger.open(&expected, &visit).await.map_err(|error| store_failure(&error))?;
    let before = store.ledger().clone();
    let mut after = before.clone();
    let mut files = Vec::new();
    let mut unsigned = 0;
    for file in &args.files {
        files.push(take(&mut after, file, &expected, &mut unsigned)?);
    }
    if unsigned > args.accept.unwrap_or(0) {
        drop(store.finish().await);
        let message = format!(
            "nothing shows that {} {} genuine: not signed",
            plural(unsigned, "entry"),
            if unsigned == 1 { "is" } else { "are" }
        );
        return Err(Failure::new(Exit::Ledger, message)
            .hint("an older sendform has written them, or somebody without the key: nothing was imported")
            .hint(format!("if the files are surely as they were left: --accept unauthenticated={unsigned}")));
    }
    if !News::between(&before, &after).is_empty() {
        store.join(after).await.map_err(|error| store_failure(&error))?;
    }
    store.finish().await.map_err(|error| store_failure(&error))?;
    output.show(&Forms { text: &|_| imported_text(&files), json: &|| imported_json(&files) })?;
    Ok(Exit::Done)
}

/// Takes one file in, and counts the entries that are not signed.
fn take(ledger: &mut Ledger, file: &Path, expected: &Expected, unsigned: &mut u64) -> Result<Imported, Failure> {
    let place = file.display().to_string();
    let text = regular::read(file, Links::Followed, LEDGER_BYTES_MAX).map_err(|error| {
        Failure::new(Exit::Environment, format!("`{place}` cannot be read: nothing was imported")).because(&error)
    })?;
    let damaged = |damage: Damage| {
        let error = StoreError::Damage { place: place.clone(), damage: Box::new(damage) };
        store_failure(&error).hint("nothing was imported")
    };
    let before = ledger.clone();
    let (passed_over, is_torn, is_dump) = match Piece::read(&text, &expected.seals).map_err(damaged)? {
        Piece::Whole(mut read) => {
            if read.authenticity == Authenticity::Unsigned {
                *unsigned += read.ledger.claims().len() as u64;
            }
            expected.check_joined(read.ledger.header(), &place).map_err(|error| store_failure(&error))?;
            read.ledger.follow(ledger.header());
            ledger.join(&read.ledger).map_err(|error| store_failure(&StoreError::Join(error)))?;
            (0, read.torn.is_some(), false)
        }
        Piece::Outcomes(outcomes) => {
            if !outcomes.is_signed {
                *unsigned += outcomes.len() as u64;
            }
            (ledger.take_outcomes(&outcomes).map_err(damaged)?, false, true)
        }
    };
    Ok(Imported { file: place, news: News::between(&before, ledger), passed_over, is_torn, is_dump })
}
