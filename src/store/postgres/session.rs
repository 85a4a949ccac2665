//! One connection to a server that was found good.

use futures_util::future;
use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Socket};

use super::config::Access;
use super::error::DatabaseError;
use super::server::{self, Identity};

/// A value of a statement with its type: so no statement is prepared beforehand, which poolers of
/// connections do not like.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// The values of a statement.
pub(super) type Values<'a> = [Value<'a>];

/// One connection. Dropping it ends it, and with it whatever it had not committed.
pub(super) struct Session {
    client: Client,
    connection: JoinHandle<()>,
    /// How a transaction begins.
    begin: String,
    /// Which server it is.
    pub(super) identity: Identity,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Session {
    /// Connects, and checks the server. Tables are looked for in the schema alone.
    pub(super) async fn connect(access: &Access, schema: &str) -> Result<Self, DatabaseError> {
        let (client, connection) = match &access.tls {
            Some(tls) => start(&access.config, tls.clone()).await?,
            None => start(&access.config, NoTls).await?,
        };
        let mut session = Self { client, connection, begin: "BEGIN".to_owned(), identity: None };
        // Schemas are lower-case letters, digits and `_`; see the project file.
        session.batch(&format!("SET search_path = \"{schema}\"")).await?;
        // A runner that hangs in the middle of a transaction must not hold up the others. Not all
        // databases know this setting.
        drop(session.batch("SET idle_in_transaction_session_timeout = '60s'").await);
        let (identity, durability) = server::check(&session.client).await?;
        session.identity = identity;
        // Poolers may have each transaction on another connection, with other settings.
        session.begin = format!("BEGIN; SET LOCAL search_path = \"{schema}\"");
        if let Some(value) = durability {
            session.begin.push_str("; SET LOCAL synchronous_commit = '");
            session.begin.push_str(&value.replace('\'', ""));
            session.begin.push('\'');
        }
        Ok(session)
    }

    /// Whether it is of no use any more.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs statements without values.
    pub(super) async fn batch(&self, statements: &str) -> Result<(), DatabaseError> {
        Ok(self.client.batch_execute(statements).await?)
    }

    /// Runs a statement, and takes all of its rows.
    pub(super) async fn rows(&self, statement: &str, values: &Values<'_>) -> Result<Vec<Row>, DatabaseError> {
        Ok(self.client.query_typed(statement, values).await?)
    }

    /// Runs a statement that gives one row or none.
    pub(super) async fn row(&self, statement: &str, values: &Values<'_>) -> Result<Option<Row>, DatabaseError> {
        Ok(self.client.query_typed_opt(statement, values).await?)
    }

    /// Runs a statement, and says how many rows it gave or touched.
    pub(super) async fn run(&self, statement: &str, values: &Values<'_>) -> Result<u64, DatabaseError> {
        Ok(self.client.execute_typed(statement, values).await?)
    }

    /// Runs a statement whose rows come one by one.
    pub(super) async fn stream(
        &self,
        statement: &str,
        values: &Values<'_>,
    ) -> Result<tokio_postgres::RowStream, DatabaseError> {
        Ok(self.client.query_typed_raw(statement, values.iter().map(|(value, of)| (*value, of.clone()))).await?)
    }

    /// Begins a transaction, and runs its first statement without waiting in between.
    pub(super) async fn begin(&self, statement: &str, values: &Values<'_>) -> Result<Vec<Row>, DatabaseError> {
        let (begun, rows) = future::join(self.batch(&self.begin), self.rows(statement, values)).await;
        begun?;
        rows
    }

    /// Ends a transaction: what it wrote is durable when this returns. If this fails, nobody knows.
    pub(super) async fn commit(&self) -> Result<(), DatabaseError> {
        self.batch("COMMIT").await
    }

    /// Undoes a transaction.
    pub(super) async fn roll_back(&self) -> Result<(), DatabaseError> {
        self.batch("ROLLBACK").await
    }
}

async fn start<T>(config: &Config, tls: T) -> Result<(Client, JoinHandle<()>), DatabaseError>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (client, connection) = config.connect(tls).await?;
    let task = tokio::spawn(async move {
        // Whoever waits for an answer on it is told.
        drop(connection.await);
    });
    Ok((client, task))
}
