//! What the store has to be for a command, and its errors in words.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::ledger::{Ledger, View};
use crate::store::{DatabaseError, Expected, Home, StoreError};
use crate::timing;

use super::args::Reading;
use super::dumps;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::world::World;

/// What a project's ledger must be bound to.
///
/// # Errors
/// If no key or no gateway is named.
pub(super) fn expected(world: &World) -> Result<Expected, Failure> {
    let gateway = &world.gateway;
    let keys = gateway.keys.as_ref().ok_or_else(no_key)?;
    if gateway.base_url.is_none() {
        return Err(Failure::new(Exit::Files, "no gateway is named")
            .hint("write `gateway: { baseUrl: https://xxxxx.api.infobip.com }` into the project file, or set SENDFORM_BASE_URL")
            .hint("or pass `--sandbox` to try everything without a gateway"));
    }
    Ok(Expected { project: world.project.id.clone(), gateway: gateway.name.clone(), keys: Some(keys.ids()) })
}

/// Reads the ledger for looking, with the outcomes that it lacks, and says whether its open claims may belong to a run that lives. The
/// sandbox has an empty one until something was sent to it.
///
/// # Errors
/// If it is missing, damaged, or not this project's.
pub(super) async fn look(world: &World) -> Result<(Ledger, View), Failure> {
    let (mut ledger, view) = look_without_dumps(world).await?;
    dumps::join_into(world, &mut ledger)?;
    Ok((ledger, view))
}

/// Reads what the ledger's home has, and nothing else.
///
/// # Errors
/// As [`look`].
pub(super) async fn look_without_dumps(world: &World) -> Result<(Ledger, View), Failure> {
    let expected = expected(world)?;
    let seen = world.gateway.ledger.look(&expected, world.gateway.now()).await;
    seen_or_new(world, &expected, seen)
}

/// Reads the ledger for looking: as it is, or as it was fetched last; then says how old that is.
///
/// # Errors
/// As [`look`]; and if it was never fetched.
pub(super) async fn look_as(reading: &Reading, world: &World, output: &Output) -> Result<(Ledger, View), Failure> {
    if !reading.offline {
        let seen = look(world).await?;
        warn_of_another_server(world, output).await?;
        return Ok(seen);
    }
    let expected = expected(world)?;
    let seen = world.gateway.ledger.look_here(&expected, world.gateway.now()).await;
    if let Ok((_, _, Some(since))) = &seen {
        let age = Timestamp::now().duration_since(*since).max(SignedDuration::ZERO);
        let since = timing::utc(*since);
        let age = if age.as_secs() == 0 {
            "was fetched just now".to_owned()
        } else {
            format!("is {} old, as it was fetched last", timing::duration(age))
        };
        output.tell(&format!("! the ledger {age}, at {since}: what others sent since is not in it\n"));
    }
    let (mut ledger, view) = seen_or_new(world, &expected, seen.map(|(ledger, view, _)| (ledger, view)))?;
    dumps::join_into(world, &mut ledger)?;
    Ok((ledger, view))
}

/// Says that nothing is sent from a database that another server holds now.
async fn warn_of_another_server(world: &World, output: &Output) -> Result<(), Failure> {
    let Home::Postgres(database) = &world.gateway.ledger else { return Ok(()) };
    if database.is_changed(&expected(world)?).await.map_err(|error| store_failure(&error))? {
        output.tell(&format!("! `sendform apply` is refused: {}\n", DatabaseError::Changed));
        output.tell(&format!("  {}\n", DatabaseError::Changed.hint().unwrap_or_default()));
    }
    Ok(())
}

/// The sandbox has an empty ledger until something was sent to it.
fn seen_or_new(
    world: &World,
    expected: &Expected,
    seen: Result<(Ledger, View), StoreError>,
) -> Result<(Ledger, View), Failure> {
    let gateway = &world.gateway;
    match seen {
        Ok(seen) => Ok(seen),
        Err(StoreError::Missing { .. }) if gateway.is_sandbox() && !world.home.sandbox_was_used() => {
            Ok((Ledger::new(expected.header()), View::Exclusive))
        }
        Err(error) => Err(store_failure(&error)),
    }
}

/// The key is missing.
#[must_use]
pub(super) fn no_key() -> Failure {
    Failure::new(Exit::Credentials, "the key is missing: set SENDFORM_KEY or SENDFORM_KEY_FILE")
        .hint("it is 32 random bytes in base64, made once: `head -c 32 /dev/urandom | base64`")
        .hint("keep it like a password, and use the same one everywhere: without it nobody would be recognised as sent")
}

/// Puts an error of the store into words.
#[must_use]
pub(super) fn store_failure(error: &StoreError) -> Failure {
    let exit = if matches!(
        error,
        StoreError::Database(DatabaseError::NoUrl | DatabaseError::Url(_) | DatabaseError::Login(_))
    ) {
        Exit::Credentials
    } else if error.is_environment() {
        Exit::Environment
    } else {
        Exit::Ledger
    };
    let failure = Failure::new(exit, error.to_string());
    let failure = match std::error::Error::source(error) {
        Some(source) => failure.because(source),
        None => failure,
    };
    if let StoreError::Missing { place, .. } = error
        && Path::new(place).components().any(|part| part.as_os_str() == "sandbox")
    {
        return failure.hint("the sandbox may still have what was sent: remove `.sendform/sandbox` to begin it afresh");
    }
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
