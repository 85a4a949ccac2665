//! Reads what is asked of single messages and of their instants.

use jiff::Timestamp;

use super::MessageStore;
use super::table;
use crate::sandbox::error::SandboxError;
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::inputs::Inputs;
use crate::sandbox::model::reports::Marks;

/// The instants, in milliseconds of Unix time, at which all accepted messages leave and end, as far as is known now; in
/// no order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instants {
    /// When they leave, of those that do.
    pub sent: Vec<i64>,
    /// When they end.
    pub ended: Vec<i64>,
}

impl Instants {
    fn add(&mut self, bulk: &AcceptedBulk<'_>, inputs: &Inputs) {
        for (position, life) in bulk.lives(inputs).iter().enumerate() {
            if bulk.rejection(position).is_none() {
                let sent_at = life.sent_at.filter(|_| life.is_charged());
                self.sent.extend(sent_at.map(Timestamp::as_millisecond));
                self.ended.push(life.done_at.as_millisecond());
            }
        }
    }

    /// How many are until an instant.
    #[must_use]
    pub fn until(instants: &[i64], now: Timestamp) -> u64 {
        let now = now.as_millisecond();
        u64::try_from(instants.iter().filter(|instant| **instant <= now).count()).unwrap_or(u64::MAX)
    }

    /// When so many of them will have been; nothing if there are not so many.
    #[must_use]
    pub fn when(instants: &mut [i64], count: u64) -> Option<Timestamp> {
        let index = usize::try_from(count.checked_sub(1)?).ok()?;
        let (_, instant, _) = (index < instants.len()).then(|| instants.select_nth_unstable(index))?;
        Timestamp::from_millisecond(*instant).ok()
    }
}

impl MessageStore {
    /// Reads when all messages leave and end.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn instants(&self) -> Result<Instants, SandboxError> {
        self.fold(Instants::default(), Instants::add).await
    }

    /// Reads which reports of a bulk were handed out.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn handed_out(&self, bulk: i64) -> Result<Marks, SandboxError> {
        self.read(move |database| database.with_connection(|connection| table::marks(connection, bulk))).await
    }

    /// Reads the newest bulks, the newest first: as many as have so many messages, and no more.
    ///
    /// # Errors
    /// If the books cannot be read.
    pub async fn newest(&self, messages: usize) -> Result<Vec<AcceptedBulk<'static>>, SandboxError> {
        self.read(move |database| {
            let mut bulks: Vec<AcceptedBulk<'static>> = Vec::new();
            let mut number = database.with_connection(table::last_number)?;
            while number > 0 && bulks.iter().map(|bulk| bulk.table.messages.len()).sum::<usize>() < messages {
                bulks.extend(database.bulk(number)?);
                number -= 1;
            }
            Ok(bulks)
        })
        .await
    }
}
