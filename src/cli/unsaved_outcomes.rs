//! Outcomes that the ledger's store did not take: kept in files of ledger lines under `.sendform`,
//! and joined in by the next apply.
//!
//! That is safe without being asked for: an outcome only ever says more of a claim that the ledger
//! has, and saying it twice changes nothing. A file is never deleted here. One that speaks of a claim
//! that the ledger does not have stops everything: then the ledger has lost claims, whose people
//! would be sent to again. Once the gateway's logs have told who they are, it is put aside.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::apply::Summary;
use crate::ledger::{Damage, ImportFile, Ledger, LedgerDelta, Outcomes, Reason, RunId, Seals, text};
use crate::report::failure_code::FailureCode;
use crate::report::words::plural;
use crate::store::OpenLedger;
use crate::store::regular::{self, LEDGER_BYTES_MAX, Links};

use super::context::Context;
use super::failure::Failure;
use super::output::{Output, tell};
use super::store::{expected, not_signed};

/// How the names of the files begin and end.
const NAME: (&str, &str) = ("outcomes-", ".jsonl");

/// Outcomes in a file.
pub(super) struct UnsavedOutcomes {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub outcomes: Outcomes,
}

/// The folder of the files: the sandbox's own in a sandbox run.
fn folder(context: &Context) -> PathBuf {
    if context.gateway.is_sandbox() { context.home.sandbox() } else { context.home.private() }
}

/// Keeps the outcomes that the store did not take: without them their people stay in doubt, with
/// them nobody has to.
///
/// # Errors
/// If the file cannot be written; then the error has the lines.
pub(super) fn keep(context: &Context, summary: &Summary, run: RunId, output: &Output) -> Result<(), Failure> {
    if summary.unsettled.is_empty() {
        return Ok(());
    }
    let path = folder(context).join(format!("{}{:016x}{}", NAME.0, run.0, NAME.1));
    let expected = expected(context)?;
    let by = expected.seals.signing(&expected.header());
    let lines: String = summary.unsettled.iter().map(|outcome| text::outcome_line(outcome, None, &by)).collect();
    write(&path, &lines).map_err(|error| {
        let message = format!("`{}` cannot be written, so these outcomes are only here:\n{lines}", path.display());
        Failure::new(FailureCode::Environment, message).because(&error)
    })?;
    let count = plural(summary.unsettled.len() as u64, "outcome");
    let path = path.display();
    output.tell(&format!(
        "! {count} could not be stored in the ledger: kept in {path}, which the next apply takes in, as does \
         `sendform ledger import {path}`\n"
    ));
    Ok(())
}

/// Writes a file whole, durably, or not at all: half of it would stop the next run.
fn write(path: &Path, lines: &str) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(lines.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Reads all files of outcomes, in the order of their names.
///
/// # Errors
/// If one cannot be read, or is damaged.
pub(super) fn read(context: &Context) -> Result<Vec<UnsavedOutcomes>, Failure> {
    let Ok(entries) = std::fs::read_dir(folder(context)) else { return Ok(Vec::new()) };
    let keys = context.gateway.keys.as_ref();
    let seals = keys.map_or_else(Seals::none, |keys| Seals::new(keys, &context.project.id));
    let is_dump = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(NAME.0) && name.ends_with(NAME.1)
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_dump).collect();
    paths.sort();
    let dumps = paths.into_iter().map(|path| {
        let text = regular::read(&path, Links::Refused, LEDGER_BYTES_MAX).map_err(|error| {
            Failure::new(FailureCode::Ledger, format!("`{}` cannot be read", path.display())).because(&error)
        })?;
        match ImportFile::read(&text, &seals) {
            Ok(ImportFile::Outcomes(outcomes)) => Ok(UnsavedOutcomes { path, outcomes }),
            Ok(ImportFile::Whole(_)) => {
                Err(Failure::new(FailureCode::Ledger, format!("`{}` is a whole ledger", path.display()))
                    .hint("`sendform ledger import` joins it in; move it away from here"))
            }
            Err(damage) => Err(refused(&path, &damage)),
        }
    });
    dumps.collect()
}

/// Takes the outcomes into a ledger that was read, tells which of them the ledger's home lacks, and gives the files that
/// have them.
///
/// # Errors
/// If a file cannot be read, or does not go with the ledger.
pub(super) fn join_into(
    context: &Context,
    ledger: &mut Ledger,
    output: &Output,
) -> Result<Vec<(PathBuf, u64)>, Failure> {
    let news = news(context, ledger)?;
    for (path, count) in &news {
        let (path, count) = (path.display(), plural(*count, "outcome"));
        output.tell(&format!(
            "! not in the ledger yet: {count} of an earlier run, in {path}, which the next apply takes in, as does \
             `sendform ledger import {path}`\n"
        ));
    }
    Ok(news)
}

/// Takes the outcomes into an open ledger.
///
/// # Errors
/// If a file cannot be read, or does not go with the ledger, or that cannot be written.
pub(super) async fn take_in(context: &Context, store: &OpenLedger, accepted: u64) -> Result<(), Failure> {
    join(store, genuine(context, accepted)?, &[]).await
}

/// Takes those outcomes into an open ledger whose claims it has; gives the rest.
///
/// # Errors
/// If a file cannot be read, or does not go with the ledger, or that cannot be written.
pub(super) async fn take_what_goes(context: &Context, store: &OpenLedger) -> Result<Vec<UnsavedOutcomes>, Failure> {
    let ledger = store.ledger().clone();
    let (mut known, mut lost) = (Vec::new(), Vec::new());
    for UnsavedOutcomes { path, outcomes } in genuine(context, 0)? {
        let [here, gone] = outcomes.split(&ledger);
        known.push(UnsavedOutcomes { path: path.clone(), outcomes: here });
        if !gone.is_empty() {
            lost.push(UnsavedOutcomes { path, outcomes: gone });
        }
    }
    join(store, known, &lost).await?;
    Ok(lost)
}

/// Makes sure that the ledger knows now who was in the bulks of outcomes whose claims it has lost.
///
/// # Errors
/// If there is a bulk of which it knows nobody: what is still to leave the logs do not show.
pub(super) fn check_told(lost: &[UnsavedOutcomes], ledger: &Ledger) -> Result<(), Failure> {
    for UnsavedOutcomes { path, outcomes } in lost {
        let untold = outcomes.untold(ledger);
        if let Some(first) = untold.first() {
            let (path, count) = (path.display(), plural(untold.len() as u64, "bulk"));
            let message =
                format!("`{path}` says that {count} reached the gateway, and its logs do not show whom: `{first}`");
            return Err(Failure::new(FailureCode::Ledger, message)
                .hint("messages that are scheduled or paced show when they leave: run the same command again then")
                .hint(format!(
                    "or bring a ledger that has their claims, with `sendform ledger import`; move `{path}` away only if \
                     nobody in them is to be kept from getting the message again"
                )));
        }
    }
    Ok(())
}

/// Puts files aside whose claims are lost: who was in those, the ledger knows by the gateway's logs now.
///
/// # Errors
/// If one cannot be renamed.
pub(super) fn put_aside(lost: &[UnsavedOutcomes]) -> Result<(), Failure> {
    for UnsavedOutcomes { path, .. } in lost {
        let aside = aside(path).map_err(|error| {
            Failure::new(FailureCode::Environment, format!("`{}` cannot be put aside", path.display())).because(&error)
        })?;
        let (from, to) = (path.display(), aside.display());
        tell(&format!(
            "put aside: the outcomes in {from} are of claims that are lost, and of people whom the ledger knows now; \
             {to} can be deleted\n"
        ));
    }
    Ok(())
}

/// Gives a file a name that no other one has.
fn aside(path: &Path) -> std::io::Result<PathBuf> {
    let mut number = 1_u32;
    loop {
        let name = if number == 1 { "lost".to_owned() } else { format!("{number}.lost") };
        let aside = path.with_extension(name);
        match std::fs::hard_link(path, &aside) {
            Ok(()) => return std::fs::remove_file(path).map(|()| aside),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Reads all files, and makes sure that runs have written them, or that somebody says so of so many outcomes.
fn genuine(context: &Context, accepted: u64) -> Result<Vec<UnsavedOutcomes>, Failure> {
    let dumps = read(context)?;
    let unsigned: usize = dumps.iter().filter(|dump| !dump.outcomes.is_signed).map(|dump| dump.outcomes.len()).sum();
    if unsigned as u64 > accepted { Err(unsigned_outcomes(unsigned)) } else { Ok(dumps) }
}

/// Joins them in; of which files some are `lost` nobody is told that they can be deleted.
async fn join(store: &OpenLedger, dumps: Vec<UnsavedOutcomes>, lost: &[UnsavedOutcomes]) -> Result<(), Failure> {
    if dumps.is_empty() {
        return Ok(());
    }
    let mut ledger = store.ledger().clone();
    let news = news_of(dumps, &mut ledger)?;
    if news.is_empty() {
        return Ok(());
    }
    store.join(ledger).await?;
    for (path, count) in news {
        let is_all = lost.iter().all(|lost| lost.path != path);
        let advice = if is_all { ", which can be deleted after this run" } else { "" };
        let (path, count) = (path.display(), plural(count, "outcome"));
        tell(&format!("taken into the ledger: {count} of an earlier run, from {path}{advice}\n"));
    }
    Ok(())
}

/// Outcomes that anybody may have written.
fn unsigned_outcomes(count: usize) -> Failure {
    not_signed(count as u64, "outcome", " kept under `.sendform`")
        .hint("an older sendform has kept them, or somebody without the key has put them there")
        .hint(format!("if they are surely of a run on this machine: `sendform apply --accept unauthenticated={count}`"))
}

/// Takes the outcomes into a ledger that was read, and lists the files that had news for it, with how many outcomes.
///
/// # Errors
/// If a file cannot be read, or does not go with the ledger.
pub(super) fn news(context: &Context, ledger: &mut Ledger) -> Result<Vec<(PathBuf, u64)>, Failure> {
    news_of(read(context)?, ledger)
}

/// Takes outcomes into a ledger, and lists the files that had news for it.
fn news_of(dumps: Vec<UnsavedOutcomes>, ledger: &mut Ledger) -> Result<Vec<(PathBuf, u64)>, Failure> {
    let mut news = Vec::new();
    for UnsavedOutcomes { path, outcomes } in dumps {
        let before = ledger.clone();
        ledger.take_outcomes(&outcomes).map_err(|damage| refused(&path, &damage))?;
        let count = LedgerDelta::between(&before, ledger).outcomes;
        if count > 0 {
            news.push((path, count as u64));
        }
    }
    Ok(news)
}

/// A file that is damaged, or does not go with the ledger.
fn refused(path: &Path, damage: &Damage) -> Failure {
    let path = path.display();
    let (code, message, hint) = if matches!(&damage.reason, Reason::Entry(_)) {
        let message = format!("the outcomes in `{path}` do not go with the ledger");
        let hint = "the ledger lacks claims that a run has made, and their people would look unsent: bring the ledger \
                    that has them back from git or another clone, with `sendform ledger import`; if it is lost, \
                    `sendform ledger recover` writes down what the gateway's logs still know";
        (FailureCode::Ledger, message, hint)
    } else {
        let hint = "move it away to go on without it: the people of its outcomes stay in doubt then";
        (FailureCode::LedgerDamaged, format!("the outcomes in `{path}` are damaged"), hint)
    };
    Failure::new(code, message).because(damage).hint(hint)
}
