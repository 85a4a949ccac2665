//! What people really bring: inputs in the shape of real reports, with invented people, and what has to
//! come of them.

mod language;
mod mistakes;
mod together;
