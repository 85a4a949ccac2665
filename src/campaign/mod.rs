//! What a user wrote: from the text of a file to a checked campaign or project.
//!
//! Checking goes in three steps, and every mistake is collected with its place. First the bytes are
//! linted (`profile`), and the walk (`walk`) turns the parser's events into a tree with places
//! (`tree`), refusing what the strict profile of YAML refuses. Then the tree is validated against the
//! generated JSON Schema (`schema_check`, [`schema`]), and another parser must read the same (`second_parser`).
//! Last, serde reads the parts into [`raw`] types, and `check` turns them into the checked types of
//! [`checked`], which cannot be wrong. `read` puts the steps together.

mod profile;
mod positions;
mod scalar;
mod whole_number;
mod tree;
mod blocks;
mod lookalikes;
mod syntax;
mod walk;
mod cursor;
mod near;
mod forms;
mod schema_check;
mod explain;
mod second_parser;
mod check;
mod read;
mod stranger;
mod names;
mod text_file;
#[cfg(test)]
#[expect(clippy::string_slice, reason = "a bad slice in a test is a failed test")]
mod testing;
pub mod raw;
pub mod schema;
pub mod checked;
mod draft;
mod files;

pub use check::Declared;
pub use checked::{
    Audience, AudiencePlaces, AudienceSource, Campaign, Columns, DeclaredAudience, Expect, Expression, IfPast, Ignored,
    Limits, Message, OwnStopAfter, Project, SandboxSettings, Schedule, SendAt, SharedParts, State, StateNames,
    StopAfter, TemplateText, Webhooks, Zone,
};
pub use draft::{DraftMessage, DraftPart};
pub use files::{AudienceStream, Files, FilesError};
pub use names::{git_name, schema_name};
pub use profile::{FILE_BYTES_MAX, decode};
pub use raw::{StateHome, Witness};
pub use read::{ReadCampaign, ReadProject, duplicates, read_campaign, read_project};
pub use scalar::id_in_yaml;
pub use stranger::{remedy, stranger, tell};
pub use text_file::{TextFileError, text_file};
