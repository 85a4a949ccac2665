//! What a server must be to hold a ledger: it keeps what it confirms, it is no replica, its clock is
//! right, and it is the one that held the ledger before.

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::error::DatabaseError;

/// By how much this machine's clock and the server's may differ.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(1);
/// Looked up and not called: a call of what is not there is an error in the server's log.
const AURORA: &str = "SELECT proname::text FROM pg_proc WHERE proname = 'aurora_version' LIMIT 1";

/// Which server it is, on which timeline, and which database of it: the first two change when a backup is
/// restored to another point or a replica is promoted, the last when a database is made as a copy of another
/// one, files and all. Databases that are not plain PostgreSQL have none.
pub(super) type Identity = Option<String>;

/// The server and its timeline, without the database: what the server's log belongs to.
pub(super) fn without_database(identity: &str) -> &str {
    identity.match_indices('/').nth(1).and_then(|(at, _)| identity.get(..at)).unwrap_or(identity)
}

/// Whether a ledger is where it was confirmed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// It is.
    Here,
    /// On this server, in a database whose number a version before did not write down.
    HerePerhaps,
    /// It was elsewhere.
    Elsewhere,
}

impl Where {
    /// Compares what was confirmed with what is.
    pub(super) fn of(confirmed: Option<&str>, now: Option<&str>) -> Self {
        match (confirmed, now) {
            (Some(confirmed), Some(now)) if confirmed == now => Self::Here,
            (Some(confirmed), Some(now)) if confirmed == without_database(now) => Self::HerePerhaps,
            (None, None) => Self::Here,
            (Some(_), _) | (None, Some(_)) => Self::Elsewhere,
        }
    }
}

/// Checks a server that was just connected to, and sees which one it is.
/// Also gives how commits wait for the disk, if the server knows that setting.
pub(super) async fn check(client: &Client) -> Result<(Identity, Option<String>), DatabaseError> {
    let version = ask(client, "SELECT version()").await?.unwrap_or_default();
    if ask(client, "SELECT pg_is_in_recovery()::text").await?.as_deref() == Some("true") {
        return Err(DatabaseError::Replica);
    }
    if setting(client, "fsync").await?.as_deref() == Some("off") {
        return Err(DatabaseError::NotDurable { setting: "fsync", value: "off".to_owned() });
    }
    let durability = keep_what_is_confirmed(client).await?;
    compare_clocks(client).await?;
    let is_plain =
        version.starts_with("PostgreSQL") && !version.contains("-YB-") && ask(client, AURORA).await?.is_none();
    if !is_plain {
        return Ok((None, durability));
    }
    let system = ask(client, "SELECT system_identifier::text FROM pg_control_system()").await?;
    // The checkpoint's timeline lags behind a promotion; the name of the log's file does not.
    let timeline = ask(client, "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)").await?;
    let number = ask(client, "SELECT oid::text FROM pg_database WHERE datname = current_database()").await?;
    let identity = system.zip(timeline).zip(number);
    let identity = identity.map(|((system, timeline), number)| format!("{system}/{timeline}/{number}"));
    Ok((Some(identity.ok_or(DatabaseError::Unidentified)?), durability))
}

/// Has commits wait for the disk in this session, whatever the default is.
async fn keep_what_is_confirmed(client: &Client) -> Result<Option<String>, DatabaseError> {
    const SETTING: &str = "synchronous_commit";
    let weak = |value: &Option<String>| matches!(value.as_deref(), Some("off" | "local"));
    if weak(&setting(client, SETTING).await?) {
        client.batch_execute("SET synchronous_commit = on").await?;
    }
    match setting(client, SETTING).await? {
        value if weak(&value) => Err(DatabaseError::NotDurable { setting: SETTING, value: value.unwrap_or_default() }),
        value => Ok(value),
    }
}

async fn compare_clocks(client: &Client) -> Result<(), DatabaseError> {
    let before = Timestamp::now();
    let theirs = ask(client, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text").await?;
    let after = Timestamp::now();
    let theirs = theirs.and_then(|text| Timestamp::from_microsecond(text.parse().ok()?).ok());
    let Some(theirs) = theirs else { return Err(DatabaseError::Foreign("clock_timestamp")) };
    let (ahead, behind) = (before.duration_since(theirs), theirs.duration_since(after));
    if ahead > SKEW_MAX {
        Err(DatabaseError::ClockOff(ahead))
    } else if behind > SKEW_MAX {
        Err(DatabaseError::ClockOff(-behind))
    } else {
        Ok(())
    }
}

/// The value of a setting; `None` if the server does not know it.
async fn setting(client: &Client, name: &str) -> Result<Option<String>, DatabaseError> {
    ask(client, &format!("SELECT current_setting('{name}', true)")).await
}

/// Asks for one text; `None` if it is null, or if the server does not know the function, or keeps it
/// from us.
async fn ask(client: &Client, query: &str) -> Result<Option<String>, DatabaseError> {
    let unknown = [
        SqlState::UNDEFINED_FUNCTION,
        SqlState::UNDEFINED_OBJECT,
        SqlState::UNDEFINED_TABLE,
        SqlState::INSUFFICIENT_PRIVILEGE,
        SqlState::FEATURE_NOT_SUPPORTED,
    ];
    match client.query_typed_opt(query, &[]).await.map_err(DatabaseError::from) {
        Ok(row) => Ok(row.map(|row| row.try_get(0)).transpose()?.flatten()),
        Err(error) if unknown.iter().any(|code| error.has_code(code)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_where_it_was_if_all_that_is_known_of_both_places_is_the_same() {
        let now = Some("7/00000001/5");
        assert_eq!(Where::of(now, now), Where::Here);
        assert_eq!(Where::of(None, None), Where::Here);
        assert_eq!(Where::of(Some("7/00000001"), now), Where::HerePerhaps);
        for confirmed in [Some("7/00000001/6"), Some("7/00000002/5"), Some("8/00000001"), Some("7"), Some(""), None] {
            assert_eq!(Where::of(confirmed, now), Where::Elsewhere, "{confirmed:?}");
        }
        assert_eq!(Where::of(now, None), Where::Elsewhere);
        assert_eq!(without_database("7/00000001/5"), "7/00000001");
        assert_eq!(without_database("7/00000001"), "7/00000001");
    }
}
