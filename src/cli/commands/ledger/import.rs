//! `ledger import`: joins other lockfiles, and outcomes that a store did not take, into the ledger.

use std::io::ErrorKind;
use std::path::Path;

use crate::cli::args::{Acceptance, ImportArgs};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::store::{expected, not_signed, open, visit};
use crate::ledger::{Authenticity, Damage, ImportFile, Ledger, LedgerDelta, RunId, STOPS_BYTES_MAX, Stops, Unclosed};
use crate::report::failure_code::FailureCode;
use crate::report::ledger::import::{ImportView, LedgerImportReport};
use crate::store::regular::{self, LEDGER_BYTES_MAX, Links};
use crate::store::{Binding, DamagedText, OpenLedger, StoreError, Visit};

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
    // What cannot be read leaves the ledger alone.
    let brought: Vec<BroughtFile> =
        args.files.iter().map(|file| BroughtFile::read(file, &expected)).collect::<Result<_, _>>()?;
    let store = open(context, &visit).await?;
    let taken = take_all(&store, brought, &expected, (unauthenticated, word("unclosed")));
    let written = match taken {
        Ok(taken) => write(context, &store, &expected, taken).await,
        Err(failure) => Err(failure),
    };
    // Whatever has failed, the ledger is put in order.
    let finished = store.finish().await;
    let files = written?;
    finished?;
    output.show(&LedgerImportReport { files })?;
    Ok(Exit::Done)
}

/// One file, as it was read.
struct BroughtFile {
    place: String,
    file: ImportFile,
    /// The stops beside it.
    stops: Stops,
}

impl BroughtFile {
    fn read(file: &Path, expected: &Binding) -> Result<Self, Failure> {
        let place = file.display().to_string();
        let stops = stops_beside(file)?;
        let text = regular::read(file, Links::Followed, LEDGER_BYTES_MAX).map_err(|error| {
            Failure::new(FailureCode::Environment, format!("`{place}` cannot be read: nothing was imported"))
                .because(&error)
        })?;
        let file = ImportFile::read(&text, &expected.seals).map_err(|damage| damaged(&place, damage))?;
        Ok(Self { place, file, stops })
    }
}

/// All files, taken in.
struct TakenIn {
    /// The ledger as it is to be.
    after: Ledger,
    /// Whether that is not as it is.
    is_changed: bool,
    stops: Stops,
    files: Vec<ImportView>,
}

/// Takes all files in, if so many entries may be unsigned, and so many may lack the end of their run.
fn take_all(
    store: &OpenLedger,
    brought: Vec<BroughtFile>,
    expected: &Binding,
    (unauthenticated, unclosed): (u64, u64),
) -> Result<TakenIn, Failure> {
    let before = store.ledger().clone();
    let mut after = before.clone();
    let (mut files, mut unsigned, mut stops) = (Vec::new(), 0, Stops::default());
    for brought in brought {
        stops.join(&brought.stops);
        files.push(take(&mut after, brought, expected, &mut unsigned)?);
    }
    if unsigned > unauthenticated {
        return Err(not_signed(unsigned, "entry", "")
            .hint("an older sendform has written them, or somebody without the key: nothing was imported")
            .hint(format!("if the files are surely as they were left: --accept unauthenticated={unsigned}")));
    }
    check_ends(store, &before, &after, unclosed)?;
    let is_changed = !LedgerDelta::between(&before, &after).is_empty();
    Ok(TakenIn { after, is_changed, stops, files })
}

/// Writes what was taken in.
async fn write(
    context: &Context,
    store: &OpenLedger,
    expected: &Binding,
    TakenIn { after, is_changed, stops, files }: TakenIn,
) -> Result<Vec<ImportView>, Failure> {
    if !stops.is_empty() {
        // First: what is stopped elsewhere is not sent from here because its claims were joined in.
        context.gateway.ledger.add_stops(&expected.project, stops).await?;
    }
    if is_changed {
        store.join(after).await?;
    }
    Ok(files)
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
            return Err(Failure::new(FailureCode::Environment, message).because(&error));
        }
    };
    Stops::parse(&text).map_err(|damage| {
        let error = StoreError::StopsDamage { place, damage, is_table: false };
        Failure::from(error).hint("nothing was imported")
    })
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
fn take(
    ledger: &mut Ledger,
    brought: BroughtFile,
    expected: &Binding,
    unsigned: &mut u64,
) -> Result<ImportView, Failure> {
    let BroughtFile { place, file, stops } = brought;
    let before = ledger.clone();
    let (passed_over, torn, can_be_deleted) = match file {
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
            (ledger.take_outcomes(&outcomes).map_err(|damage| damaged(&place, damage))?, false, true)
        }
    };
    let (news, passed_over) = (LedgerDelta::between(&before, ledger).into(), passed_over as u64);
    let stops = stops.standing().count() as u64;
    Ok(ImportView { file: place, news, passed_over, torn, stops, can_be_deleted })
}

/// A file that is damaged.
fn damaged(place: &str, damage: Damage) -> Failure {
    let error = StoreError::Damage { place: place.to_owned(), damage: Box::new(damage), of: DamagedText::Other };
    Failure::from(error).hint("nothing was imported")
}
