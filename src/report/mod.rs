//! What people and programs are told: diagnostics, plans and outcomes as text and JSON.

pub mod diagnostics;
