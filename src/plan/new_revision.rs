//! A revision that goes out for the first time, held against the one that people have.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::campaign::Message;
use crate::identity::Revision;
use crate::ledger::Ledger;

/// A revision of which nobody was sent anything yet, and what people have of the last one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    /// The last one of which somebody was sent something.
    pub before: Revision,
    /// Its texts, the latest first: several, if it was edited in between. None at all, if nobody knows them.
    pub texts: Vec<TextBefore>,
}

/// A text of an older revision, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextBefore {
    /// The source of the template; `None` if it is that of the new revision.
    pub text: Option<String>,
    /// How many people's message of it the gateway took.
    pub people: u64,
}

impl NewRevision {
    /// Looks what the ledger has of older revisions; nothing, if somebody was sent this one, or no other. It takes no
    /// key.
    pub(super) fn of(message: &Message, ledger: &Ledger) -> Option<Self> {
        let key = &message.key;
        if ledger.is_begun(key, message.revision) {
            return None;
        }
        let older = ledger.messages().filter(|it| it.message == *key && it.revision < message.revision);
        let record = older.filter(|record| ledger.is_begun(key, record.revision)).max_by_key(|it| it.revision)?;
        let editions = record.editions();
        let mut texts: BTreeMap<&str, (Option<Timestamp>, u64)> = BTreeMap::new();
        for claim in ledger.claims_of(key, record.revision).filter(|claim| !claim.is_refused()) {
            if let Some(sent) = editions.sent_by(claim.claim()) {
                let (since, people) = texts.entry(sent.text).or_default();
                *since = sent.since.max(*since);
                *people += claim.accepted().count() as u64;
            }
        }
        let mut texts: Vec<_> = texts.into_iter().collect();
        // Clocks may stand still: of two texts that began at one instant the record's own is the later one.
        texts.sort_by_key(|(text, (since, _))| std::cmp::Reverse((*since, *text == record.text)));
        let now = message.content.joined();
        let texts = texts
            .into_iter()
            .map(|(text, (_, people))| TextBefore { text: (text != now).then(|| text.to_owned()), people });
        Some(Self { before: record.revision, texts: texts.collect() })
    }
}
