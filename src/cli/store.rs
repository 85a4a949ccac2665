//! What the store has to be for a command, and its errors in words.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::identity::Keys;
use crate::ledger::{Ledger, RunId, Seals, Trust, View};
use crate::report::failure_code::FailureCode;
use crate::report::trust;
use crate::report::words::plural;
use crate::store::{Binding, OpenLedger, ReadOnlyLedger, StoreError, Visit};
use crate::timing;

use super::args::LedgerReading;
use super::context::Context;
use super::failure::Failure;
use super::left_behind;
use super::output::Output;
use super::sandbox_time;
use super::unsaved_outcomes;

/// What a project's ledger must be bound to.
///
/// # Errors
/// If no key or no gateway is named.
pub(super) fn expected(context: &Context) -> Result<Binding, Failure> {
    if context.gateway.keys.is_none() { Err(no_key()) } else { expected_by_anybody(context) }
}

/// What a project's ledger must be bound to, for those who only look at it: without a key nobody is
/// recognised and no signature is checked, but what is not as it was written can be seen, and counted.
///
/// # Errors
/// If no gateway is named.
pub(super) fn expected_by_anybody(context: &Context) -> Result<Binding, Failure> {
    let gateway = &context.gateway;
    if gateway.base_url.is_none() {
        return Err(no_gateway());
    }
    let project = context.project.id.clone();
    let seals = gateway.keys.as_ref().map_or_else(Seals::none, |keys| Seals::new(keys, &project));
    Ok(Binding { project, gateway: gateway.name.clone(), keys: gateway.keys.as_ref().map(Keys::ids), seals })
}

/// A run that opens the ledger for writing, under the name of its command.
///
/// # Errors
/// If the operating system gives no random numbers.
pub(super) fn visit(context: &Context, note: &str) -> Result<Visit, Failure> {
    let gateway = &context.gateway;
    let visit = Visit::new(RunId(random()?), note, gateway.now());
    Ok(Visit { lives_at: gateway.lives_at(), is_gateway_sure: gateway.is_from_environment, ..visit })
}

/// Opens the ledger for writing. Every command comes to its ledger through here, or through one of the doors for looking
/// below: where a sandbox tells the time, and its time is before what the ledger has as sent, nothing is done by it.
///
/// # Errors
/// If it is missing, damaged, held by another run, or not this project's; if the time is before it.
pub(super) async fn open(context: &Context, visit: &Visit) -> Result<OpenLedger, Failure> {
    let opened = context.gateway.ledger.open(&expected(context)?, visit).await;
    let store = opened.map_err(|error| left_behind::explain(context, error))?;
    let timely = sandbox_time::check_ledger(&context.gateway, &store.ledger());
    match timely {
        Ok(()) => Ok(store),
        Err(failure) => {
            drop(store.finish().await);
            Err(failure)
        }
    }
}

/// Reads what the ledger's home has, to act upon it. The sandbox has an empty one until something was sent to it.
///
/// # Errors
/// If it is missing, damaged, or not this project's; if the time is before it.
pub(super) async fn look(context: &Context) -> Result<ReadOnlyLedger, Failure> {
    let seen = read(context).await?;
    sandbox_time::check_ledger(&context.gateway, &seen.ledger)?;
    Ok(seen)
}

/// Reads what the ledger's home has, to tell of it; says why nothing would be sent from it.
///
/// # Errors
/// As [`look`], but for the time.
pub(super) async fn look_to_tell(
    context: &Context,
    output: &Output,
) -> Result<(ReadOnlyLedger, Vec<Failure>), Failure> {
    let seen = read(context).await?;
    let mut refusals = refusal(context, output).await?;
    refusals.extend(untimely(context, &seen.ledger, output));
    Ok((seen, refusals))
}

/// Reads the ledger to tell of it, with the outcomes that it lacks: as it is, or as it was fetched last; then says how
/// old that is. Says what may be wrong with it, and why nothing would be sent from it.
///
/// # Errors
/// As [`look`], but for the time; and if it was never fetched.
pub(super) async fn look_as(
    reading: &LedgerReading,
    context: &Context,
    output: &Output,
) -> Result<LedgerSeen, Failure> {
    let mut seen = read_as(reading, context, output).await?;
    seen.refusals.extend(untimely(context, &seen.seen.ledger, output));
    Ok(seen)
}

/// Reads the ledger as [`look_as`] does, to plan by it.
///
/// # Errors
/// As [`look`]; and if it was never fetched.
pub(super) async fn look_to_plan(
    reading: &LedgerReading,
    context: &Context,
    output: &Output,
) -> Result<ReadOnlyLedger, Failure> {
    let LedgerSeen { seen, .. } = read_as(reading, context, output).await?;
    sandbox_time::check_ledger(&context.gateway, &seen.ledger)?;
    Ok(seen)
}

async fn read(context: &Context) -> Result<ReadOnlyLedger, Failure> {
    let expected = expected_by_anybody(context)?;
    let seen = context.gateway.ledger.look(&expected, context.gateway.lives_at()).await;
    seen_or_new(context, &expected, seen)
}

async fn read_as(reading: &LedgerReading, context: &Context, output: &Output) -> Result<LedgerSeen, Failure> {
    let (mut seen, refusals) = if reading.offline {
        let expected = expected_by_anybody(context)?;
        let seen = context.gateway.ledger.look_here(&expected, context.gateway.lives_at()).await;
        (seen_or_new(context, &expected, seen)?, Vec::new())
    } else {
        let seen = read(context).await?;
        (seen, refusal(context, output).await?)
    };
    tell_age(seen.since, output);
    tell_doubts(&seen.trust, output);
    let unstored = unsaved_outcomes::join_into(context, &mut seen.ledger, output)?;
    Ok(LedgerSeen { seen, unstored, refusals })
}

/// A ledger that was read for looking.
pub(super) struct LedgerSeen {
    /// The ledger, with the outcomes that its home lacks.
    pub(super) seen: ReadOnlyLedger,
    /// The files that had those outcomes, and how many.
    pub(super) unstored: Vec<(PathBuf, u64)>,
    /// Why nothing is sent from it, as far as that is so; it was said already.
    pub(super) refusals: Vec<Failure>,
}

/// Says how old a ledger is that was not asked for where it is kept.
fn tell_age(since: Option<Timestamp>, output: &Output) {
    let Some(since) = since else { return };
    let age = Timestamp::now().duration_since(since).max(SignedDuration::ZERO);
    let since = timing::utc(since);
    let age = if age.as_secs() == 0 {
        "was fetched just now".to_owned()
    } else {
        format!("is {} old, as it was fetched last", timing::duration(age))
    };
    output.tell(&format!("! the ledger {age}, at {since}: what others sent since is not in it\n"));
}

/// Says what may be wrong with a ledger whose lines are all as they were written.
pub(super) fn tell_doubts(found: &Trust, output: &Output) {
    for doubt in trust::doubts(found) {
        output.tell(&format!("! {doubt}\n"));
    }
}

/// Reads the ledger for somebody without the key, as in the pull request of a stranger: damage shows all the same, and
/// what it tells in clear. Where it cannot be reached, as without the address of its database, that is said, and a plan
/// goes without it.
///
/// # Errors
/// If it is damaged, or not this project's; if the time is before it.
pub(super) async fn look_in_clear(
    reading: &LedgerReading,
    context: &Context,
    output: &Output,
) -> Result<Option<ReadOnlyLedger>, Failure> {
    let (location, now) = (&context.gateway.ledger, context.gateway.lives_at());
    let expected = expected_by_anybody(context)?;
    let seen =
        if reading.offline { location.look_here(&expected, now).await } else { location.look(&expected, now).await };
    match seen {
        Ok(mut seen) => {
            tell_age(seen.since, output);
            tell_doubts(&seen.trust, output);
            unsaved_outcomes::join_into(context, &mut seen.ledger, output)?;
            sandbox_time::check_ledger(&context.gateway, &seen.ledger)?;
            Ok(Some(seen))
        }
        Err(error) if error.is_missing() => {
            left_behind::check(context, None, output)?;
            Ok(None)
        }
        Err(error) if !location.is_on_this_disk() && (error.needs_credentials() || error.is_environment()) => {
            output.tell(&format!("! nothing of the ledger is shown, because it could not be read: {error}\n"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Says that nothing is sent from a ledger, and why, if its home says so.
async fn refusal(context: &Context, output: &Output) -> Result<Vec<Failure>, Failure> {
    let refusal = context.gateway.ledger.refusal(&expected_by_anybody(context)?).await?.map(Failure::from);
    Ok(refusal.into_iter().inspect(|failure| output.tell(&failure.as_warning())).collect())
}

/// Says that nothing is sent because a sandbox's time is before the ledger, if that is so.
fn untimely(context: &Context, ledger: &Ledger, output: &Output) -> Option<Failure> {
    let found = sandbox_time::check_ledger(&context.gateway, ledger).err();
    found.inspect(|failure| output.tell(&failure.as_warning()))
}

/// The sandbox has an empty ledger until something was sent to it.
fn seen_or_new(
    context: &Context,
    expected: &Binding,
    seen: Result<ReadOnlyLedger, StoreError>,
) -> Result<ReadOnlyLedger, Failure> {
    let gateway = &context.gateway;
    match seen {
        Ok(seen) => Ok(seen),
        Err(StoreError::Missing { .. }) if gateway.is_sandbox() && !context.home.sandbox_was_used() => {
            Ok(ReadOnlyLedger::new(Ledger::new(expected.header()), View::Exclusive))
        }
        Err(error) => Err(left_behind::explain(context, error)),
    }
}

/// No gateway is named.
#[must_use]
pub(super) fn no_gateway() -> Failure {
    Failure::new(FailureCode::BaseUrlMissing, "no gateway is named")
        .hint("write `gateway: { baseUrl: https://xxxxx.api.infobip.com }` into the project file, or set SENDFORM_BASE_URL")
        .hint("or pass `--sandbox` to try everything without a gateway")
}

/// The key is missing.
#[must_use]
pub(super) fn no_key() -> Failure {
    Failure::new(FailureCode::KeyMissing, "the key is missing: set SENDFORM_KEY or SENDFORM_KEY_FILE")
        .hint("it is 32 random bytes in base64, made once: `head -c 32 /dev/urandom | base64`")
        .hint("keep it like a password, and use the same one everywhere: without it nobody would be recognised as sent")
}

/// Nothing shows that so many entries are genuine; `kept` says where they are, if that is worth a word.
#[must_use]
pub(super) fn not_signed(count: u64, one: &str, kept: &str) -> Failure {
    let is = if count == 1 { "is" } else { "are" };
    Failure::new(
        FailureCode::LedgerNotAuthenticated,
        format!("nothing shows that {}{kept} {is} genuine: not signed", plural(count, one)),
    )
}

/// What a store's error is called.
fn code(error: &StoreError) -> FailureCode {
    match error {
        StoreError::Missing { .. } | StoreError::NothingToCopy { .. } | StoreError::Deleted { .. } => {
            FailureCode::LedgerMissing
        }
        StoreError::Exists { .. } => FailureCode::LedgerExists,
        StoreError::Held { .. } => FailureCode::LedgerHeld,
        StoreError::Damage { .. } | StoreError::StopsDamage { .. } => FailureCode::LedgerDamaged,
        StoreError::Unauthenticated { .. } | StoreError::UnsignedHeader { .. } => FailureCode::LedgerNotAuthenticated,
        StoreError::Unclosed { .. } => FailureCode::RunsUnclosed,
        StoreError::Dropped { .. } => FailureCode::LedgerTakenBack,
        StoreError::Foreign { what: "project", .. } => FailureCode::OtherProject,
        StoreError::Foreign { .. } if error.is_moved() => FailureCode::LedgerMoved,
        StoreError::Foreign { .. } => FailureCode::OtherGateway,
        StoreError::KeyMissing { .. } => FailureCode::LedgerKeyMissing,
        StoreError::KeyUnknown { .. } => FailureCode::KeyUnknown,
        StoreError::KeyOrder { .. } => FailureCode::KeyOrder,
        StoreError::Backend(_) => backend_code(error),
        StoreError::Unpushed { cause, .. } | StoreError::Failed { cause } | StoreError::NotWritten { cause } => {
            if error.is_environment() { FailureCode::StoreFailed } else { code(cause) }
        }
        StoreError::StopsUnread { cause: Some(cause), .. } => code(cause),
        StoreError::StopsUnread { cause: None, .. }
        | StoreError::Io { .. }
        | StoreError::NotHere { .. }
        | StoreError::Busy { .. }
        | StoreError::StopsHeld { .. }
        | StoreError::Stopped => FailureCode::StoreFailed,
        StoreError::Join(_) | StoreError::Entry(_) | StoreError::Replaced { .. } | StoreError::Unconfirmed { .. } => {
            FailureCode::Ledger
        }
    }
}

/// What the error of a back end is called.
fn backend_code(error: &StoreError) -> FailureCode {
    if error.is_missing() {
        FailureCode::LedgerMissing
    } else if error.needs_credentials() {
        FailureCode::DatabaseCredentials
    } else if error.is_environment() {
        FailureCode::StoreFailed
    } else if error.is_damage() {
        FailureCode::LedgerDamaged
    } else if error.is_taken_back() {
        FailureCode::LedgerTakenBack
    } else {
        FailureCode::Ledger
    }
}

/// An error of the store in words.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::new(code(&error), error.to_string());
        let failure = match std::error::Error::source(&error) {
            Some(source) => failure.because(source),
            None => failure,
        };
        if let StoreError::Missing { place, .. } = &error
            && Path::new(place).components().any(|part| part.as_os_str() == "sandbox")
        {
            return failure
                .hint("the sandbox may still have what was sent: remove `.sendform/sandbox` to begin it afresh");
        }
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// A random number for this run.
///
/// # Errors
/// If the operating system has none.
fn random() -> Result<u64, Failure> {
    getrandom::u64().map_err(|error| {
        let message = format!("the operating system gives no random numbers: {error}");
        Failure::new(FailureCode::Environment, message)
    })
}
