//! Rows to recipients: reading an audience, over a stream that is handed in.
//!
//! A [`AudienceReader`] gives the rows of a CSV file, of an NDJSON file, or of the campaign file itself,
//! and can go back to any row. A row that cannot be read is given as such and never ends the
//! reading; memory is bounded whatever the file holds.

mod cells;
mod decoding;
mod delimited;
mod dialect;
mod digest;
mod encoding;
mod header;
mod heading;
mod inline;
mod json;
mod lines;
mod moment;
pub(crate) mod nature;
mod ndjson;
mod opening;
#[cfg(test)]
mod properties;
mod reader;
mod records;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod title;
mod usual;

pub use dialect::Dialect;
pub use digest::used_digest;
pub use moment::{CellInstant, TimeForm, TimeForms, masked_time, time_cure};
pub use reader::AudienceReader;
pub use row::{Row, RowAt, RowProblem};

/// The largest row, in bytes, as it stands in the file.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;
/// The largest cell, in bytes.
pub const CELL_BYTES_MAX: usize = 64 * 1024;
/// How many columns an audience has at most.
pub const COLUMNS_MAX: usize = 1000;
