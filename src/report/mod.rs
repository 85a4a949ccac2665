//! Plan and outcomes as text and JSON.

pub mod words;
