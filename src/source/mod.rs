//! Opening what a project names: confined to its folders, regular, decompressed, bounded.
//!
//! Effects: reads files, and writes unlinked temporary ones for what has to be expanded.

mod expand;
mod folders;
mod listing;
mod similar;
mod stamp;

pub use expand::Expansion;
pub use folders::{Folders, TEXT_BYTES_MAX};
pub use listing::{DEPTH_MAX, ENTRIES_MAX, Listing};
pub use stamp::FileStamp;
