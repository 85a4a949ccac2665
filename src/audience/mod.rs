//! Rows to recipients: reading an audience, over a stream that is handed in.

/// Where a row begins in its audience: a byte of the decompressed stream, or the number of an
/// inline row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowAt(pub u64);
