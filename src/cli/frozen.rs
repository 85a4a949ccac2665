//! Frozen plans as files: `plan --out FILE` writes one, `apply FILE` reads it.

use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use atomic_write_file::AtomicWriteFile;

use crate::plan::{Accepted, Frozen, FrozenError, Input, Plan};
use crate::report::failure_code::FailureCode;
use crate::store::regular::{self, Links};

use super::args::{ApplyArgs, Scope};
use super::context::{Context, PlanOptions};
use super::failure::Failure;

/// How every frozen plan begins.
const BEGINNING: &[u8] = b"{\"sendform\":\"plan\",";

/// Makes room for a plan before it is made, so that no older one is taken for it if this one fails.
///
/// # Errors
/// If something else is in its place, or cannot be removed.
pub(super) fn make_room(path: &Path) -> Result<(), Failure> {
    let wrong = |error: io::Error| cannot("replaced", path, &error);
    let mut beginning = Vec::new();
    match regular::open_to_read(path, Links::Followed) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // Of a pipe or a device nothing is read, and nothing remains.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(other(path)),
        Err(error) => return Err(wrong(error)),
        Ok(file) if file.metadata().is_ok_and(|data| data.is_file()) => {
            file.take(BEGINNING.len() as u64).read_to_end(&mut beginning).map_err(wrong)?;
        }
        Ok(_) => return Err(other(path)),
    }
    if !BEGINNING.starts_with(&beginning) {
        return Err(other(path));
    }
    std::fs::remove_file(path).map_err(wrong)
}

fn other(path: &Path) -> Failure {
    let message = format!("`{}` is there already, and is not a plan: it is left as it is", path.display());
    Failure::new(FailureCode::Usage, message).hint("name another file for the plan")
}

/// Writes a plan, whole or not at all; `false` if it binds nobody, because it has errors.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write(path: &Path, input: &Input<'_>, plan: &Plan) -> Result<bool, Failure> {
    let Some(frozen) = Frozen::freeze(input, plan, env!("CARGO_PKG_VERSION")) else { return Ok(false) };
    let write = || {
        let mut file = BufWriter::new(AtomicWriteFile::open(path)?);
        frozen.write(&mut file)?;
        file.flush()?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.commit()
    };
    write().map(|()| true).map_err(|error| cannot("written", path, &error))
}

/// What an apply is told: by a plan file, or by the command line alone.
///
/// # Errors
/// If the plan cannot be used here, or the command line says something else than it.
pub(super) fn plan_options(args: &ApplyArgs, context: &Context) -> Result<PlanOptions, Failure> {
    let Some(path) = &args.plan else { return PlanOptions::read(&args.scope, &context.campaigns) };
    let frozen = read(path)?;
    belongs(&frozen, path, context)?;
    if let Some(digest) = args.expect_digest.as_ref().filter(|digest| **digest != frozen.digest.to_string()) {
        let message = format!("the digest of `{}` is `{}`, but `{digest}` was expected", path.display(), frozen.digest);
        return Err(Failure::new(FailureCode::DigestDiffers, message)
            .hint("this is another plan than the one that was reviewed"));
    }
    Ok(PlanOptions {
        selection: frozen.selection.clone(),
        accepted: accepted(&frozen, &args.scope)?,
        retry_rejected: frozen.retry_rejected.clone(),
        frozen: Some(frozen),
        without_data: false,
    })
}

/// Reads a frozen plan.
///
/// # Errors
/// If the file cannot be read, or is no whole plan.
pub(super) fn read(path: &Path) -> Result<Frozen, Failure> {
    let file = regular::open_to_read(path, Links::Followed).map_err(|error| cannot("read", path, &error))?;
    Frozen::read(BufReader::new(file)).map_err(|error| {
        if let FrozenError::Io(error) = &error {
            return cannot("read", path, error);
        }
        let message = format!("`{}` cannot be applied: {error}", path.display());
        Failure::new(FailureCode::Mismatch, message).hint(error.hint())
    })
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureCode::Environment, format!("the plan `{}` cannot be {what}", path.display())).because(error)
}

/// A plan is for one project on one gateway, and its people are known under one key.
fn belongs(frozen: &Frozen, path: &Path, context: &Context) -> Result<(), Failure> {
    let gateway = &context.gateway;
    let path = path.display();
    let wrong = |is: &str, here: &str| {
        Failure::new(FailureCode::Mismatch, format!("`{path}` is a plan for {is}, and this is {here}"))
    };
    if frozen.project != context.project.id {
        return Err(wrong(&format!("the project `{}`", frozen.project), &format!("`{}`", context.project.id)));
    }
    if frozen.gateway != gateway.name {
        let failure = wrong(&format!("the gateway `{}`", frozen.gateway), &format!("`{}`", gateway.name));
        return Err(match (frozen.gateway.as_str(), gateway.is_sandbox()) {
            ("sandbox", false) => failure.hint("it was made with `--sandbox`: apply it with `--sandbox`, too"),
            (_, true) => failure.hint("it was made without `--sandbox`"),
            _ => failure,
        });
    }
    let Some(keys) = &gateway.keys else { return Err(super::store::no_key()) };
    let (here, there) = (keys.ids(), frozen.keys.first());
    if here.first() == there {
        return Ok(());
    }
    if there.is_some_and(|key| here.contains(key)) {
        let message = format!("`{path}` was made before the key was changed, and its people go by the old one");
        return Err(Failure::new(FailureCode::Mismatch, message).hint("plan anew: `sendform plan --out FILE`"));
    }
    let key = there.map(ToString::to_string).unwrap_or_default();
    let message = format!("the key `{key}`, which `{path}` was made with, is not among those that are set");
    Err(Failure::new(FailureCode::KeyMissing, message).hint("nobody of it would be recognised with another key"))
}

/// The numbers in the plan; beside it the command line may say the same again, and what is about the
/// machine and its ledger, not about the plan.
fn accepted(frozen: &Frozen, scope: &Scope) -> Result<Accepted, Failure> {
    let mut said = Accepted::default();
    for text in &scope.accept {
        said.add(text).map_err(|message| Failure::new(FailureCode::Usage, message))?;
    }
    let mut accepted = frozen.accepted.clone();
    for (kind, number) in said.iter() {
        if kind.is_of_the_ledger() {
            accepted.put(kind, number);
        } else if frozen.accepted.get(kind) != Some(number) {
            let name = kind.name();
            let there =
                frozen.accepted.get(kind).map_or("nothing of it".to_owned(), |number| format!("{name}={number}"));
            let message = format!("`--accept {name}={number}` is said, but the plan has {there}");
            return Err(Failure::new(FailureCode::Usage, message)
                .hint("numbers are accepted when a plan is made: `sendform plan --out FILE --accept …`"));
        }
    }
    Ok(accepted)
}

/// Why nothing of a plan that was shown can be sent.
#[must_use]
pub(super) fn mismatch(plan: &Plan) -> Failure {
    let failure = if plan.is_too_old() {
        Failure::new(FailureCode::PlanTooOld, "the plan is too old: some of its times are past, so nothing was sent")
    } else {
        Failure::new(FailureCode::Mismatch, "the files do not match the plan any more, so nothing was sent")
    };
    failure.hint("plan anew, and review it: `sendform plan --out FILE`")
}
