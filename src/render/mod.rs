//! Templates and expressions over one row: strict, bounded, pure.

mod header;

pub use header::Header;
