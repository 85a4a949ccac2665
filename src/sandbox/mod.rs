//! The embedded gateway: it serves the API over loopback from books of its own, so that everything
//! can be tried without a network and without writing to anybody.

pub mod books;
pub mod clock;
pub mod error;
pub mod faults;
pub mod model;
pub mod options;
