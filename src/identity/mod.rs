//! Who and what things are: keys, persons, ids and digests. Everything is derived from one
//! written-down encoding ([`encoding`]), never from positions, file names or serialized bytes.

pub mod encoding;
mod fingerprint;
mod ids;
mod key;
mod meant;
mod person;
mod recipient;

pub use fingerprint::Fingerprint;
pub use ids::{BulkId, BulkTime, CampaignId, MessageId, MessageKey, MessageName, ProjectId, Revision, SenderId};
pub use key::{Key, KeyError, KeyId, KeyedEncoder, Keys};
pub use meant::meant;
pub use person::{ContentDigest, Person, PersonHasher, PersonMap, PersonSet};
pub use recipient::{CanonicalTo, IdRule, ToError};
